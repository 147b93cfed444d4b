"""`kitchen adapter adopt`: what trainers write becomes what may be published, and what cannot is refused whole."""

from __future__ import annotations

import json
import pickle
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from safetensors.numpy import load_file, save_file

from infra.catalog import load_catalog
from ops.__main__ import main
from ops.catalog.entries import new_entry
from ops.catalog.kinds import KINDS
from ops.checks import read_artifact
from ops.sums import sha256
from tests.support.artifacts import CONFIG, MODEL, WEIGHTS, catalog_folder, change_config, write_adapter

EXPRESSION = "(?:.*?(?:language|text).*?(?:q_proj|v_proj))|(?:\\bmodel\\.layers\\.[\\d]{1,}\\.self_attn\\.(?:q_proj))"


@pytest.fixture(scope="module")
def catalog(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return catalog_folder(tmp_path_factory.mktemp("catalog") / "catalog")


def trainer(folder: Path) -> Path:
    """A folder as TRL's SFTTrainer leaves it."""
    write_adapter(folder)
    change_config(folder, base_model_name_or_path="/home/someone/models/tiny", task_type=None)
    change_config(folder, auto_mapping={"base_model_class": "LlamaForCausalLM", "parent_library": "transformers"})
    (folder / "training_args.bin").write_bytes(pickle.dumps({}))
    for name in ("tokenizer.json", "tokenizer_config.json", "special_tokens_map.json", "trainer_state.json"):
        (folder / name).write_text("{}")
    (folder / "chat_template.jinja").write_text("{{ x }}")
    (folder / "README.md").write_text("# menu\n")
    for name in ("checkpoint-25", "runs"):
        (folder / name).mkdir()
    write_adapter(folder / "checkpoint-25")
    return folder


def listing(folder: Path) -> list[tuple[str, int, str]]:
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    return [(str(path), path.stat().st_mtime_ns, sha256(path)) for path in files]


def adopted(catalog: Path, folder: Path, *words: str) -> int:
    options = ["--to", str(folder.parent / "menu"), "--catalog", str(catalog), "--base-model", MODEL]
    return main(["adapter", "adopt", str(folder), *options, *words])


def test_a_trainer_s_folder_becomes_an_adapter(
    tmp_path: Path, catalog: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    origin = trainer(tmp_path / "out")
    assert main(["adapter", "lint", str(origin), "--catalog", str(catalog)]) == 1
    before = listing(origin)
    capsys.readouterr()
    assert adopted(catalog, origin) == 0
    said = capsys.readouterr().out
    assert '-  "base_model_name_or_path": "/home/someone/models/tiny"' in said
    assert f'+  "base_model_name_or_path": "{MODEL}"' in said
    for left in ("chat_template.jinja", "checkpoint-25/", "runs/", "tokenizer.json", "training_args.bin"):
        assert left in said.partition("left out: ")[2]
    new = tmp_path / "menu"
    assert sorted(path.name for path in new.iterdir()) == ["README.md", CONFIG, WEIGHTS, "adopted.json"]
    assert (new / WEIGHTS).read_bytes() == (origin / WEIGHTS).read_bytes()
    assert main(["adapter", "lint", str(new), "--catalog", str(catalog)]) == 0
    assert listing(origin) == before, "the origin stays as it is"


def test_the_entry_keeps_the_origin_s_sums(tmp_path: Path, catalog: Path) -> None:
    origin = trainer(tmp_path / "out")
    assert adopted(catalog, origin) == 0
    content, faults = read_artifact("adapter", "", tmp_path / "menu", load_catalog(catalog))
    assert faults == []
    entry = new_entry(KINDS["adapter"], content, {}, content.sums.of_all(content.sizes))
    assert entry["adopted"] == {CONFIG: sha256(origin / CONFIG), WEIGHTS: sha256(origin / WEIGHTS)}
    assert entry["targetModules"] == ["q_proj", "v_proj"]


@pytest.mark.parametrize("content", ["[]", "{}", '{"a": "b"}', '{"../x": "' + "0" * 64 + '"}', '{"a.json": 1}'])
def test_sums_of_an_origin_are_sums(tmp_path: Path, catalog: Path, content: str) -> None:
    folder = write_adapter(tmp_path / "menu")
    (folder / "adopted.json").write_text(content)
    _, (fault,) = read_artifact("adapter", "", folder, load_catalog(catalog))
    assert "must map names of the origin's files to their sha256 sums" in fault.rule


def sharded(folder: Path) -> dict[str, Any]:
    tensors = load_file(folder / WEIGHTS)
    (folder / WEIGHTS).unlink()
    names, weight_map = sorted(tensors), {}
    for number, some in enumerate((names[:3], names[3:]), start=1):
        shard = f"adapter_model-{number:05}-of-00002.safetensors"
        save_file({name: tensors[name] for name in some}, folder / shard)
        weight_map |= dict.fromkeys(some, shard)
    (folder / f"{WEIGHTS}.index.json").write_text(json.dumps({"metadata": {}, "weight_map": weight_map}))
    return tensors


def test_shards_are_joined_and_every_number_stays(tmp_path: Path, catalog: Path) -> None:
    origin = trainer(tmp_path / "out")
    tensors = sharded(origin)
    assert adopted(catalog, origin) == 0
    found = load_file(tmp_path / "menu" / WEIGHTS)
    assert found.keys() == tensors.keys()
    assert all(np.array_equal(found[name], tensors[name]) for name in tensors)
    sums = json.loads((tmp_path / "menu" / "adopted.json").read_text())
    assert sorted(sums) == [
        "adapter_config.json",
        "adapter_model-00001-of-00002.safetensors",
        "adapter_model-00002-of-00002.safetensors",
        "adapter_model.safetensors.index.json",
    ]


def test_names_are_resolved_and_set_right(tmp_path: Path, catalog: Path, capsys: pytest.CaptureFixture[str]) -> None:
    origin = trainer(tmp_path / "out")
    change_config(origin, target_modules=EXPRESSION)
    tensors = load_file(origin / WEIGHTS)
    right = dict(tensors)
    save_file(
        {
            name.replace("lora_A", "lora_A.default").replace("model.layers.1", "_orig_mod.model.layers.1"): value
            for name, value in tensors.items()
        }
        | {"base_model.model.model.embed_tokens.base_layer.weight": np.ones((320, 64), dtype=np.float32)},
        origin / WEIGHTS,
    )
    assert adopted(catalog, origin) == 0
    said = capsys.readouterr().out
    first = "renamed: base_model.model._orig_mod.model.layers.1.self_attn.q_proj.lora_A.default.weight -> "
    assert f"{first}base_model.model.model.layers.1.self_attn.q_proj.lora_A.weight" in said
    assert "left out, the base model has it: base_model.model.model.embed_tokens.base_layer.weight" in said
    assert load_file(tmp_path / "menu" / WEIGHTS).keys() == right.keys()
    assert json.loads((tmp_path / "menu" / CONFIG).read_text())["target_modules"] == ["q_proj", "v_proj"]


def without_index(folder: Path) -> None:
    sharded(folder)
    (folder / f"{WEIGHTS}.index.json").unlink()


def without_shard(folder: Path) -> None:
    sharded(folder)
    (folder / "adapter_model-00002-of-00002.safetensors").unlink()


REFUSED: list[tuple[str, Callable[[Path], object], str]] = [
    ("DoRA", lambda folder: change_config(folder, use_dora=True), "must be off: vLLM refuses DoRA"),
    (
        "other prefix",
        lambda folder: renamed(folder, "model.layers", "model.model.layers"),
        "meets no module of tiny/v1",
    ),
    ("no shard", without_shard, '"adapter_model-00002-of-00002.safetensors"; rule: names a file that is not there'),
    ("no index", without_index, "several files of weights need an index with a weight_map"),
    ("pickle", lambda folder: (folder / WEIGHTS).rename(folder / "adapter_model.bin"), "convert what is a pickle"),
    ("no config", lambda folder: (folder / CONFIG).unlink(), "there is one in checkpoint-25: give that folder"),
    ("broken config", lambda folder: (folder / CONFIG).write_text('{"r": NaN}'), "has NaN, which is no JSON number"),
    ("more weights", lambda folder: save_file({}, folder / "more.safetensors"), "are weights beside the adapter's"),
    (
        "broken weights",
        lambda folder: (folder / WEIGHTS).write_bytes(b"x"),
        "must be a safetensors file that can be",
    ),
    ("there already", lambda folder: (folder.parent / "menu").mkdir(), "must be a folder that is not there yet"),
]


def renamed(folder: Path, old: str, new: str) -> None:
    tensors = load_file(folder / WEIGHTS)
    save_file({name.replace(old, new, 1): value for name, value in tensors.items()}, folder / WEIGHTS)


@pytest.mark.parametrize(("spoil", "message"), [case[1:] for case in REFUSED], ids=[case[0] for case in REFUSED])
def test_what_cannot_be_made_right_is_refused_and_nothing_is_left(
    spoil: Callable[[Path], object],
    message: str,
    tmp_path: Path,
    catalog: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    origin = trainer(tmp_path / "out")
    spoil(origin)
    before, there = listing(origin), sorted(path.name for path in tmp_path.iterdir())
    assert adopted(catalog, origin) == 2
    assert message in capsys.readouterr().err
    assert listing(origin) == before
    assert sorted(path.name for path in tmp_path.iterdir()) == there


def test_the_base_model_is_one_of_the_catalog(
    tmp_path: Path, catalog: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    origin = trainer(tmp_path / "out")
    assert main(["adapter", "adopt", str(origin), "--to", str(tmp_path / "menu"), "--catalog", str(catalog)]) == 2
    assert '--base-model: "/home/someone/models/tiny"; rule: says on which base model' in capsys.readouterr().err
    inside = ["adapter", "adopt", str(origin), "--to", str(origin / "menu"), "--catalog", str(catalog)]
    assert main(inside) == 2
    assert "must not lie in the origin's folder" in capsys.readouterr().err
