"""Whatever bytes an artifact has, the checks answer with faults: they never raise, and accept nothing damaged."""

from __future__ import annotations

import json
import tempfile
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from infra.catalog import Catalog
from ops.checks import check_artifact
from tests.support.artifacts import ADAPTER, CONFIG, MODEL, RANK, WEIGHTS, write
from tools.fixtures import AdapterFixture, adapter_files, base_model_files

RIGHT = adapter_files(AdapterFixture(ref=ADAPTER, base_model=MODEL, rank=RANK))
MODEL_FILES = base_model_files(MODEL)
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=True) | st.text(max_size=6),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=6), inner, max_size=3),
    max_leaves=5,
)
KEYS = (*json.loads(RIGHT[CONFIG]), "rank_pattern", "use_dora", "use_rslora", "init_lora_weights", "unheard_of")


def faults(kind: str, name: str, files: dict[str, bytes], catalog: Catalog) -> list[str]:
    with tempfile.TemporaryDirectory() as folder:
        found = check_artifact(kind, name, write(Path(folder) / "artifact", files), catalog)
    lines = [str(fault) for fault in found]
    assert all(line.isprintable() for line in lines)
    return lines


@settings(max_examples=120, deadline=None)
@given(st.sampled_from([CONFIG, WEIGHTS]), st.integers(0, 2000), st.binary(max_size=12), st.integers(0, 12))
def test_damaged_bytes_are_answered(catalog: Catalog, name: str, at: int, new: bytes, dropped: int) -> None:
    content = RIGHT[name]
    faults("adapter", "", RIGHT | {name: content[:at] + new + content[at + dropped :]}, catalog)


@settings(max_examples=120, deadline=None)
@given(st.dictionaries(st.sampled_from(KEYS), VALUES, max_size=3))
def test_any_configuration_is_answered(catalog: Catalog, changes: dict[str, object]) -> None:
    config = json.loads(RIGHT[CONFIG]) | changes
    found = faults("adapter", "", RIGHT | {CONFIG: json.dumps(config).encode()}, catalog)
    rank = config["r"]
    if type(rank) is not int or rank != RANK or config["base_model_name_or_path"] != MODEL:
        assert found


@settings(max_examples=60, deadline=None)
@given(st.sampled_from(["config.json", "tokenizer_config.json", "model.safetensors.index.json"]), VALUES)
def test_any_json_of_a_base_model_is_answered(catalog: Catalog, name: str, value: object) -> None:
    assert faults("base-model", MODEL, MODEL_FILES | {name: json.dumps(value).encode()}, catalog)


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 10_000), st.integers(1, 255))
def test_one_changed_byte_is_not_what_was_approved(catalog: Catalog, at: int, change: int) -> None:
    """With an entry in the catalog every byte counts, in the weights as well."""
    name = sorted(MODEL_FILES)[at % len(MODEL_FILES)]
    content = bytearray(MODEL_FILES[name])
    content[at % len(content)] ^= change
    assert faults("base-model", MODEL, MODEL_FILES | {name: bytes(content)}, catalog)
