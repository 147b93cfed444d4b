"""The header reader against the reference library: what is accepted here, the library accepts and reads alike."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from safetensors import SafetensorError, safe_open

from ops.checks.safetensors_header import DTYPE_BYTES, HeaderError, read_header
from tests.support.artifacts import safetensors

SHAPES = st.lists(st.integers(0, 3), max_size=3)
NAMES = st.text(max_size=8).filter(lambda name: name != "__metadata__" and name.isprintable())


def laid_out(named: dict[str, tuple[str, list[int]]]) -> tuple[dict[str, Any], int]:
    """A right header for tensors of these types and shapes, and the bytes of its data."""
    header, position = {}, 0
    for name, (dtype, shape) in named.items():
        size = DTYPE_BYTES[dtype] * math.prod(shape)
        header[name] = {"dtype": dtype, "shape": shape, "data_offsets": [position, position + size]}
        position += size
    return header, position


RIGHT = st.dictionaries(NAMES, st.tuples(st.sampled_from(sorted(DTYPE_BYTES)), SHAPES), min_size=1, max_size=4)


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("headers") / "x.safetensors"


def ours(path: Path, content: bytes) -> dict[str, tuple[int, ...]] | None:
    path.write_bytes(content)
    try:
        return {name: tensor.shape for name, tensor in read_header(path).items()}
    except HeaderError:
        return None


def reference(path: Path, content: bytes) -> dict[str, tuple[int, ...]] | None:
    path.write_bytes(content)
    try:
        with safe_open(path, framework="np") as file:
            return {name: tuple(file.get_slice(name).get_shape()) for name in file.keys()}  # noqa: SIM118
    except (SafetensorError, OSError):
        return None


@settings(max_examples=100, deadline=None)
@given(RIGHT, st.integers(0, 7), st.dictionaries(NAMES, NAMES, max_size=2))
def test_a_right_file_is_read_as_the_library_reads_it(
    path: Path, named: dict[str, tuple[str, list[int]]], spaces: int, metadata: dict[str, str]
) -> None:
    header, size = laid_out(named)
    text = json.dumps({"__metadata__": metadata} | header).encode() + b" " * spaces
    content = safetensors(text, bytes(size))
    assert ours(path, content) == reference(path, content) == {name: tuple(shape) for name, (_, shape) in named.items()}


NUMBERS = st.one_of(
    st.integers(-2, 40),
    st.sampled_from([2**31, 2**32, 2**61, 2**62, 2**63 - 1, 2**63, 2**64, 1.0, 1e3, True, None, "1"]),
)


@st.composite
def spoilt(draw: st.DrawFn) -> bytes:
    """A right file with one or two things changed: a value of its header, or bytes anywhere."""
    header, size = laid_out(draw(RIGHT))
    entry = header[draw(st.sampled_from(sorted(header)))]
    change = draw(st.sampled_from(["shape", "offsets", "dtype", "key", "shift", "nothing", "text"]))
    if change == "shape":
        entry["shape"] = draw(st.lists(NUMBERS, max_size=3))
    elif change == "offsets":
        entry["data_offsets"] = draw(st.lists(NUMBERS, max_size=3))
    elif change == "dtype":
        entry["dtype"] = draw(st.sampled_from([*DTYPE_BYTES, "F4", "f32", "", 32]))
    elif change == "shift":
        by = draw(st.sampled_from([-2, -1, 1, 2]))
        for moved in list(header.values())[draw(st.integers(0, len(header))) :]:
            moved["data_offsets"] = [offset + by for offset in moved["data_offsets"]]
        size = max(0, size + by)
    elif change == "key":
        entry[draw(NAMES)] = draw(NUMBERS)
    text = bytearray(json.dumps(header).encode())
    if change == "text":
        for _ in range(draw(st.integers(1, 3))):
            position = draw(st.integers(0, len(text) - 1))
            text[position : position + draw(st.integers(0, 2))] = draw(
                st.sampled_from(
                    [b"", b" ", b"-", b"0", b"-0", b"1", b"{", b"}", b",", b'"', b"\\", b"\x00", b"\xff", b"e1", b"."]
                )
            )
    data = bytes(max(0, size + draw(st.sampled_from([0, 0, 0, -1, 1]))))
    length = len(text) + draw(st.sampled_from([0, 0, 0, -1, 1]))
    return safetensors(bytes(text), data, size=max(0, length))


@settings(max_examples=800, deadline=None)
@given(spoilt())
def test_what_is_accepted_the_library_accepts(path: Path, content: bytes) -> None:
    accepted = ours(path, content)
    if accepted is not None:
        assert reference(path, content) == accepted


@pytest.mark.parametrize("text", [b'{"a":{"dtype":"F32","shape":[-0],"data_offsets":[0,0]}}', b'{"a\\ud800":{}}'])
def test_where_readers_differ_it_is_refused(path: Path, text: bytes) -> None:
    assert ours(path, safetensors(text)) is None
    assert reference(path, safetensors(text)) is None
