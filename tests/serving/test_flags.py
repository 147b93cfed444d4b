"""The catalog's list of flags is that of the vLLM that is installed, and its parser takes what settings render."""

from __future__ import annotations

import json
import os
import subprocess
from dataclasses import replace
from typing import Any

import pytest

from components.serving import LoraOptions, VllmOptions
from infra.catalog import load_catalog
from infra.flag_words import FILE, VERSION
from infra.kitchen.features import features
from tests.serving.support.served_kitchen import PYTHON
from tests.unit.infra.rules.test_server_options import EVERY, TEMPLATE, changed, kitchen, mixture, seeing
from tools.server_flags import FACTS, merged, text
from tools.server_flags.__main__ import READING

PARSE = """
import json, sys
from vllm.entrypoints.openai.cli_args import make_arg_parser
from vllm.utils.argparse_utils import FlexibleArgumentParser
from vllm.engine.arg_utils import AsyncEngineArgs

for line in sys.stdin:
    said = vars(make_arg_parser(FlexibleArgumentParser()).parse_args(json.loads(line)))
    print("\\n" + json.dumps({key: value for key, value in said.items()}, default=str))
"""


def run(*words: str, given: str = "") -> str:
    done = subprocess.run(
        [os.environ[PYTHON], *words], input=given, capture_output=True, text=True, check=False, timeout=300
    )
    assert done.returncode == 0, done.stderr[-2000:]
    return done.stdout


@pytest.fixture(scope="module")
def said() -> dict[str, Any]:
    found: dict[str, Any] = json.loads(run(str(READING)).splitlines()[-1])
    return found


def test_the_catalog_knows_the_flags_of_this_vllm(said: dict[str, Any]) -> None:
    listed = json.loads(FILE.read_text())["flags"]
    here = {
        name: {key: value for key, value in entry.items() if key in FACTS}
        for name, entry in listed.items()
        if not entry.get("elsewhere")
    }
    assert said["version"] == VERSION
    assert here == said["flags"]


def test_the_list_is_as_its_target_writes_it(said: dict[str, Any]) -> None:
    assert text(merged(json.loads(FILE.read_text()), said)) == FILE.read_text()


def test_keys_that_may_be_given_are_keys_that_vllm_reads(said: dict[str, Any]) -> None:
    for name, entry in json.loads(FILE.read_text())["flags"].items():
        keys = said["flags"].get(name, {}).get("keys")
        if keys is not None:
            assert {key.partition(".")[0] for key in entry.get("parts", {})} <= set(keys), name


def test_what_is_gone_is_not_there(said: dict[str, Any]) -> None:
    assert not set(json.loads(FILE.read_text())["removed"]) & set(said["flags"])


def test_the_parser_takes_what_every_setting_renders() -> None:
    """Also the values arrive: each flag's name is a field of what the parser returns."""
    catalog = load_catalog()
    with_template = changed(seeing(mixture(catalog)), lambda model: replace(model, files=(*model.files, TEMPLATE)))
    found = kitchen(with_template, EVERY)
    options = VllmOptions(
        served_model_name="m",
        max_model_len=8192,
        max_num_seqs=32,
        gpu_memory_utilization=0.9,
        tensor_parallel_size=2,
        dtype="auto",
        shutdown_timeout=300,
        features=features(found),
        entry_name="support",
    )
    lora = LoraOptions(max_loras=2, max_lora_rank=16, max_cpu_loras=4)
    lines = [json.dumps([*options.flags(), *lora.flags(["a"])])]
    lines += [json.dumps(["/m", *features(kitchen(catalog, {}, task=task)).flags()]) for task in ("embed", "classify")]
    first, embed, classify = (
        json.loads(line) for line in run("-c", PARSE, given="\n".join(lines)).splitlines() if line.startswith("{")
    )
    assert first["model_tag"] == "/mnt/models"
    assert first["served_model_name"] == ["m", "support"]
    assert (first["enable_prefix_caching"], first["enable_chunked_prefill"]) == (False, True)
    assert (first["kv_cache_dtype"], first["max_num_batched_tokens"]) == ("fp8", 4096)
    assert (first["enable_auto_tool_choice"], first["tool_call_parser"]) == (True, "hermes")
    assert (first["reasoning_parser"], first["chat_template"]) == ("qwen3", "/mnt/models/chat_template.jinja")
    assert "backend='xgrammar'" in str(first["structured_outputs_config"])
    assert json.loads(json.dumps(first["speculative_config"]))["prompt_lookup_max"] == 4
    assert first["limit_mm_per_prompt"] == {"image": 2, "video": 0}
    assert (first["fully_sharded_loras"], first["enable_expert_parallel"]) == (True, False)
    assert (embed["runner"], embed["convert"], classify["convert"]) == ("pooling", "embed", "classify")
