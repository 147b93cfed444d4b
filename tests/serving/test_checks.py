"""The checks against vLLM's own reader of adapter_config.json: what is accepted here, vLLM accepts."""

from __future__ import annotations

import json
import os
import random
import subprocess
from pathlib import Path
from typing import Any

import pytest

from infra.catalog import load_catalog
from ops.checks import check_artifact
from tests.serving.support.served_kitchen import PYTHON
from tests.support.artifacts import catalog_folder, change_config, write_adapter
from tests.unit.support import hostile

READ = """
import json, sys
from vllm.config.lora import LoRAConfig
from vllm.lora.peft_helper import PEFTHelper

said = {}
for folder in json.load(sys.stdin):
    try:
        PEFTHelper.from_local_dir(folder, 2048).validate_legal(LoRAConfig(max_lora_rank=512, max_loras=1))
        said[folder] = None
    except Exception as error:
        said[folder] = str(error)
print("\\n" + json.dumps(said))
"""
VALUES: dict[str, list[Any]] = {
    "lora_alpha": [1, 16, 0.5, 0, -1, "16", None],
    "r": [8, 0, "8", 8.0, True, None],
    "target_modules": [["q_proj", "v_proj"], ["self_attn.q_proj", "v_proj"], [], None, 3],
    "bias": ["none", "all", None],
    "use_rslora": [True, False, None],
    "use_dora": [True, False, None],
    "modules_to_save": [None, [], ["lm_head"]],
    "rank_pattern": [{}, {"q_proj": 4}],
    "peft_version": ["0.18.0"],
}


def vllm(folders: list[Path]) -> dict[str, str | None]:
    """What vLLM says against each folder's configuration; None where it accepts it."""
    given = json.dumps([str(folder) for folder in folders])
    done = subprocess.run(
        [os.environ[PYTHON], "-c", READ], input=given, capture_output=True, text=True, check=True, timeout=300
    )
    said: dict[str, str | None] = json.loads(done.stdout.splitlines()[-1])
    return said


@pytest.fixture(scope="module")
def known(tmp_path_factory: pytest.TempPathFactory) -> Any:
    return load_catalog(catalog_folder(tmp_path_factory.mktemp("catalog") / "catalog"))


def test_what_is_accepted_vllm_accepts(tmp_path: Path, known: Any) -> None:
    choose = random.Random(19)  # noqa: S311 (no secret)
    folders = []
    for number in range(300):
        folders.append(write_adapter(tmp_path / str(number)))
        keys = choose.sample(sorted(VALUES), choose.randint(1, 3))
        change_config(folders[-1], **{key: choose.choice(VALUES[key]) for key in keys})
    accepted = [str(folder) for folder in folders if not check_artifact("adapter", "", folder, known)]
    said = vllm(folders)
    assert [(folder, said[folder]) for folder in accepted if said[folder]] == []
    assert 10 < len(accepted) < 290


def test_some_of_what_is_refused_vllm_would_load(tmp_path: Path, known: Any) -> None:
    """These are the reason for the checks: vLLM takes them, and answers wrongly or not as was reviewed."""
    folders = {}
    for name, spoil, _ in hostile.CONFIGS:
        folders[name] = write_adapter(tmp_path / name.replace(" ", "-"))
        spoil(folders[name])
        assert check_artifact("adapter", "", folders[name], known)
    said = vllm(list(folders.values()))
    loaded = {name for name, folder in folders.items() if said[str(folder)] is None}
    assert {"NaN rank", "infinite alpha", "ranks by module", "twice", "another method", "new tokens"} <= loaded
    assert {"DoRA", "whole modules", "biases", "rank 0", "rank over the limit"}.isdisjoint(loaded)
