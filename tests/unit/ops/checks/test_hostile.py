"""Hostile and broken artifacts: each is refused with a message of its own, and nothing is left behind."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from infra.catalog import Catalog
from ops.__main__ import main
from ops.checks import check_artifact
from ops.checks.files import unsafe_name
from tests.support.artifacts import ADAPTER, CONFIG, MODEL, WEIGHTS, catalog_folder, safetensors, write, write_adapter
from tests.unit.support import hostile
from tools import fixtures
from tools.local.workspace import REPOSITORY

CASES = [
    *(("files", *case) for case in hostile.FILES),
    *(("pickle", *case) for case in hostile.PICKLES),
    *(("header", *case) for case in hostile.HEADERS),
    *(("config", *case) for case in hostile.CONFIGS),
    *(("tensors", *case) for case in hostile.TENSORS),
]
FAQ = "helpdesk-faq/v2026-02-01"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return write_adapter(tmp_path / "artifact")


def told(kind: str, name: str, folder: Path, catalog: Catalog) -> str:
    return "\n".join(map(str, check_artifact(kind, name, folder, catalog)))


def listing(folder: Path) -> list[tuple[str, int, int]]:
    return sorted((ascii(str(p)), p.lstat().st_size, p.lstat().st_mtime_ns) for p in folder.parent.rglob("*"))


def test_a_right_adapter_has_no_fault(folder: Path, catalog: Catalog) -> None:
    assert told("adapter", ADAPTER, folder, catalog) == ""


@pytest.mark.parametrize(("spoil", "message"), [case[2:] for case in CASES], ids=[f"{c[0]}: {c[1]}" for c in CASES])
def test_it_is_refused_and_nothing_changes(spoil: Any, message: str, folder: Path, catalog: Catalog) -> None:
    spoil(folder)
    before = listing(folder)
    said = told("adapter", ADAPTER, folder, catalog)
    assert message in said
    assert all(line.isprintable() for line in said.split("\n")), "a name must not reach the terminal as it is"
    assert listing(folder) == before


@pytest.mark.parametrize("change", [case[1] for case in hostile.ACCEPTED], ids=[case[0] for case in hostile.ACCEPTED])
def test_what_people_have_is_accepted(change: Any, folder: Path, catalog: Catalog) -> None:
    change(folder)
    assert told("adapter", ADAPTER, folder, catalog) == ""


def test_each_case_has_a_message_of_its_own() -> None:
    """Two cases share a message only where they are one thing in several shapes."""
    fragments = [(group, message) for group, _, _, message in CASES]
    assert len(set(fragments)) > 0.7 * len(fragments)


def test_all_faults_are_told_at_once(folder: Path, catalog: Catalog) -> None:
    for _, spoil, _ in (hostile.FILES[0], hostile.CONFIGS[11], hostile.CONFIGS[23], hostile.HEADERS[21]):
        spoil(folder)  # type: ignore[operator]  # a list of tuples of several lengths
    said = told("adapter", ADAPTER, folder, catalog)
    for part in ("is a path", 'r: "8"', "use_dora", "behind its last tensor"):
        assert part in said


@pytest.mark.parametrize(
    "name", ["../x", "a/../../x", "/etc/passwd", "..", "a\\b", "C:\\x", "a\0b", ".", "", "-x", "é"]
)
def test_unsafe_names(name: str) -> None:
    assert unsafe_name(name)


def test_a_folder_that_is_none(tmp_path: Path, catalog: Catalog) -> None:
    assert "holds no file" in told("adapter", ADAPTER, tmp_path, catalog)
    assert "must be a folder that can be read" in told("adapter", ADAPTER, tmp_path / "absent", catalog)


def test_sums_and_the_entry_s_word_count(tmp_path: Path, catalog: Catalog) -> None:
    files = fixtures.all_files()
    right = write(tmp_path / "right", files[f"lora/{FAQ}"])
    assert told("adapter", FAQ, right, catalog) == ""
    other = write(tmp_path / "other", files["lora/sales-summary/v2026-03-15"])
    assert "must have the catalog's sha256 sum" in told("adapter", FAQ, other, catalog)
    bigger = write(tmp_path / "bigger", files["lora/helpdesk-classifier/v2026-02-01"])
    said = told("adapter", FAQ, bigger, catalog)
    assert "must have the catalog's size in bytes" in said
    assert "the catalog's entry has rank 8" in said
    elsewhere = write(tmp_path / "elsewhere", files["lora/code-review/v2026-05-01"])
    assert "the catalog's entry has baseModel tsuzumi-7b-instruct/v1" in told("adapter", FAQ, elsewhere, catalog)
    (right / "NOTES.txt").write_text("x")
    assert "is not in the catalog's entry" in told("adapter", FAQ, right, catalog)
    (right / WEIGHTS).unlink()
    assert "every file of the catalog's entry must be there" in told("adapter", FAQ, right, catalog)


def test_sizes_count_on_a_real_base_model_alone(tmp_path: Path, catalog: Catalog) -> None:
    """The config of a stand-in is that of the model that it stands for: its own files have other sizes."""
    on_stand_in = write(tmp_path / "faq", fixtures.all_files()[f"lora/{FAQ}"])
    assert told("adapter", "faq/v2026-06-01", on_stand_in, catalog) == ""
    spoilt = write_adapter(tmp_path / "menu")
    hostile.TENSORS[3][1](spoilt)
    assert check_artifact("adapter", ADAPTER, spoilt, catalog)
    assert check_artifact("adapter", ADAPTER, spoilt, catalog, stand_in=True) == []


def test_a_tokenizer_may_be_accepted(folder: Path, catalog: Catalog) -> None:
    (folder / "tokenizer.json").write_text("{}")
    assert check_artifact("adapter", ADAPTER, folder, catalog)
    assert check_artifact("adapter", ADAPTER, folder, catalog, own_tokenizer=True) == []


def sharded(folder: Path, **weight_map: str) -> None:
    (folder / "model.safetensors").unlink()
    for number in (1, 2):
        entry = {"dtype": "F32", "shape": [1], "data_offsets": [0, 4]}
        (folder / f"model-{number}.safetensors").write_bytes(safetensors({f"t{number}": entry}, bytes(4)))
    index = {"weight_map": {"t1": "model-1.safetensors", "t2": "model-2.safetensors"} | weight_map}
    (folder / "model.safetensors.index.json").write_text(json.dumps(index))


def changed(folder: Path, name: str, **values: Any) -> None:
    content = json.loads((folder / name).read_text())
    (folder / name).write_text(json.dumps(content | values))


def two_tensors_of_one_name(folder: Path) -> None:
    sharded(folder)
    (folder / "model-2.safetensors").write_bytes((folder / "model-1.safetensors").read_bytes())


MODELS: list[tuple[str, hostile.Spoil, str]] = [
    ("custom code", lambda f: changed(f, "config.json", auto_map={"AutoModel": "x.X"}), "config.json: auto_map: "),
    (
        "custom code within",
        lambda f: changed(f, "config.json", text_config={"auto_map": {"AutoModel": "x.X"}}),
        "config.json: text_config.auto_map: ",
    ),
    ("adapter inside", lambda f: (f / "adapter_config.json").write_text("{}"), "load the model that it names instead"),
    ("tokenizer a list", lambda f: (f / "tokenizer.json").write_text("[]"), "tokenizer.json: []; rule: must be a JSON"),
    ("no tensor", lambda f: (f / "model.safetensors").write_bytes(safetensors({})), "a base model has weights"),
    ("layers gone", lambda f: changed(f, "config.json", num_hidden_layers=3), "the weights have 2 layers, 2 is not"),
    ("unknown type", lambda f: changed(f, "config.json", torch_dtype="int4"), "must be one of bfloat16, float16"),
    ("heads", lambda f: changed(f, "config.json", num_key_value_heads=3), "must divide num_attention_heads, 4"),
    ("GGUF", lambda f: (f / "model.gguf").write_bytes(b"GGUF"), "must be a known kind of file"),
    ("tokenizer code", lambda f: changed(f, "tokenizer_config.json", auto_map={"A": "x"}), "names code to run"),
    ("module", lambda f: (f / "modeling_x.py").write_text(""), "code is refused"),
    ("pickled weights", lambda f: (f / "pytorch_model.bin").write_bytes(b"\x80\x02}."), "convert it to safetensors"),
    ("no weights", lambda f: (f / "model.safetensors").unlink(), "has its weights as safetensors"),
    ("no config", lambda f: (f / "config.json").unlink(), "a base model has a config.json"),
    ("no tokenizer", lambda f: (f / "tokenizer.json").unlink(), "brings its tokenizer"),
    ("other size", lambda f: changed(f, "config.json", hidden_size=128), "the config of the catalog's entry has 64"),
    ("size as text", lambda f: changed(f, "config.json", hidden_size="64"), "must be a whole number from 1 on"),
    ("other type", lambda f: changed(f, "config.json", torch_dtype="float16"), "entry has float32"),
    (
        "quantized in silence",
        lambda f: changed(f, "config.json", quantization_config={"quant_method": "awq"}),
        "quantization_config.quant_method",
    ),
    ("experts by another name", lambda f: changed(f, "config.json", num_experts=8), "entry has 0"),
    (
        "no index",
        lambda f: (f / "model.safetensors").rename(f / "a.safetensors"),
        "say",
    ),
    ("index to nowhere", lambda f: sharded(f, t3="gone.safetensors"), "names a file that is not there"),
    ("index out of the folder", lambda f: sharded(f, t3="../../x.safetensors"), "the name is a path"),
    (
        "tensor elsewhere",
        lambda f: sharded(f, t2="model-1.safetensors"),
        "is not named in model.safetensors.index.json",
    ),
    ("unknown tensor", lambda f: sharded(f, t9="model-1.safetensors"), "1 tensors are not where the index says"),
    ("tensor twice", two_tensors_of_one_name, "a tensor stands in two files"),
    (
        "no map",
        lambda f: [sharded(f), changed(f, "model.safetensors.index.json", weight_map=[])],
        "must have a weight_map",
    ),
]


@pytest.mark.parametrize(("spoil", "message"), [case[1:] for case in MODELS], ids=[case[0] for case in MODELS])
def test_a_base_model_is_refused(spoil: hostile.Spoil, message: str, tmp_path: Path, catalog: Catalog) -> None:
    folder = write(tmp_path / "model", fixtures.base_model_files(MODEL))
    assert told("base-model", MODEL, folder, catalog) == ""
    spoil(folder)
    assert message in told("base-model", MODEL, folder, catalog)


def test_a_sharded_base_model_is_fine_before_it_has_an_entry(tmp_path: Path, catalog: Catalog) -> None:
    folder = write(tmp_path / "model", fixtures.base_model_files(MODEL))
    sharded(folder)
    assert told("base-model", "tiny/v2", folder, catalog) == ""


def test_config_file_names(folder: Path) -> None:
    assert sorted(path.name for path in folder.iterdir()) == [CONFIG, WEIGHTS]


def test_a_file_that_goes_away_is_told(folder: Path, catalog: Catalog, monkeypatch: pytest.MonkeyPatch) -> None:
    """Between the listing and the reading a file may vanish or lose its rights: a fault, no exception."""
    right = write(folder.parent / "right", fixtures.all_files()[f"lora/{FAQ}"])
    real = Path.open

    def gone(path: Path, *arguments: Any, **options: Any) -> Any:
        if path.name == WEIGHTS:
            raise PermissionError(13, "Permission denied")
        return real(path, *arguments, **options)

    monkeypatch.setattr(Path, "open", gone)
    assert "must be readable: Permission denied" in told("adapter", ADAPTER, folder, catalog)
    assert "not readable: Permission denied" in told("adapter", FAQ, right, catalog)


def test_nothing_hostile_reaches_the_store_or_the_catalog(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The store's address leads nowhere: one request to it would end with 1 instead of 2."""
    monkeypatch.setenv("KITCHEN_OBJECT_STORE_ACCESS_KEY", "someone")
    monkeypatch.setenv("KITCHEN_OBJECT_STORE_SECRET_KEY", "canary-secret")
    said = ("--licence", "MIT", "--origin", "https://models.example.com/menu", "--owner", "support-team")
    store = ("--settings", str(REPOSITORY / "Pulumi.dev.yaml"), "--endpoint", "http://127.0.0.1:1")
    entries = catalog_folder(tmp_path / "catalog")
    before = {path.name: path.read_bytes() for path in entries.iterdir()}
    for number, (name, spoil, message) in enumerate(case[1:] for case in CASES):
        folder = write_adapter(tmp_path / str(number))
        spoil(folder)
        words = ["adapter", "publish", str(folder), "--name", ADAPTER, "--catalog", str(entries)]
        assert main([*words, *said, *store]) == 2, name
        output = capsys.readouterr()
        assert message in output.err
        assert output.out == ""
        assert "canary-secret" not in output.err
    assert {path.name: path.read_bytes() for path in entries.iterdir()} == before
