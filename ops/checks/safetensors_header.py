"""The header of a safetensors file, read strictly and without its weights.

The rules are those of the format (https://github.com/huggingface/safetensors, README "Format" and src/tensor.rs): what
is accepted here the reference library accepts too, which a property test holds. Stricter here: no leading space, no
unknown keys beside a tensor's three, no data types that vLLM does not load.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from infra.strict_json import JsonError, parse

MAX_HEADER_BYTES = 100_000_000
"""Largest header of the format (src/tensor.rs, MAX_HEADER_SIZE)."""

DTYPE_BYTES = {
    "BOOL": 1,
    "U8": 1,
    "I8": 1,
    "F8_E5M2": 1,
    "F8_E4M3": 1,
    "I16": 2,
    "U16": 2,
    "F16": 2,
    "BF16": 2,
    "I32": 4,
    "U32": 4,
    "F32": 4,
    "I64": 8,
    "U64": 8,
    "F64": 8,
}
"""Data types that are accepted, with their bytes an element."""

_MAX_METADATA = 1_000_000
"""Nobody reads it, and every server that loads the file holds it in memory; trainers write some kilobytes."""

_MAX_ELEMENTS = 2**63 - 1
_PREFIX_BYTES = 8


class HeaderError(Exception):
    """Why a file is no safetensors file; `faults` are phrases, `str()` is all of them."""

    def __init__(self, *faults: str) -> None:
        """Keep the phrases."""
        self.faults = faults
        super().__init__("; ".join(faults))


@dataclass(frozen=True, kw_only=True)
class Tensor:
    """One tensor: `begin` and `end` are bytes behind the header."""

    name: str
    dtype: str
    shape: tuple[int, ...]
    begin: int
    end: int

    @property
    def elements(self) -> int:
        """The number of its elements."""
        count = 1
        for size in self.shape:
            count *= size
        return count


def read_header(path: Path) -> dict[str, Tensor]:
    """Return the tensors by name; raise HeaderError with everything that is wrong, OSError when it cannot be read."""
    with path.open("rb") as content:
        size = os.fstat(content.fileno()).st_size
        if size < _PREFIX_BYTES:
            raise HeaderError(f"has {size} bytes, fewer than the 8 of a header's size")
        length = int.from_bytes(content.read(_PREFIX_BYTES), "little")
        if length > MAX_HEADER_BYTES:
            raise HeaderError(f"says that its header has {length} bytes, at most {MAX_HEADER_BYTES} are allowed")
        if length > size - _PREFIX_BYTES:
            raise HeaderError(f"says that its header has {length} bytes, the file has {size} in all: it is cut off")
        header = content.read(length)
    if not header.startswith(b"{"):
        raise HeaderError("has a header that does not begin with {")
    try:
        parsed = parse(header, most=MAX_HEADER_BYTES)
    except JsonError as error:
        raise HeaderError(f"has a header that {error}") from None
    return _tensors(parsed, size - _PREFIX_BYTES - length)


def _tensors(header: Mapping[str, Any], data_bytes: int) -> dict[str, Tensor]:
    faults: list[str] = []
    tensors: dict[str, Tensor] = {}
    for name, entry in header.items():
        if name == "__metadata__":
            faults += _metadata_faults(entry)
            continue
        found = _tensor(name, entry)
        if isinstance(found, Tensor):
            tensors[name] = found
        else:
            faults.append(f"tensor {name[:80]!r}: {found}")
    # Where a tensor could not be read the layout is not known, and a second message would say nothing.
    faults += [] if faults else _layout_faults(tensors, data_bytes)
    if faults:
        raise HeaderError(*faults)
    return tensors


def _metadata_faults(entry: object) -> list[str]:
    if not isinstance(entry, dict) or not all(isinstance(value, str) for value in entry.values()):
        return ["__metadata__ must map texts to texts"]
    size = sum(len(key) + len(value) for key, value in entry.items())
    return [f"has {size} characters of __metadata__, at most {_MAX_METADATA} are taken"] if size > _MAX_METADATA else []


def _tensor(name: str, entry: object) -> Tensor | str:
    """The tensor, or what is wrong with its entry."""
    if not isinstance(entry, dict) or set(entry) != {"dtype", "shape", "data_offsets"}:
        return "must have dtype, shape and data_offsets, and nothing else"
    dtype, shape, offsets = entry["dtype"], entry["shape"], entry["data_offsets"]
    if not isinstance(dtype, str) or dtype not in DTYPE_BYTES:
        return f"unknown data type {str(dtype)[:20]!r}; known: {', '.join(DTYPE_BYTES)}"
    if not _counts(shape) or not _counts(offsets) or len(offsets) != 2:
        return "its shape and its two data_offsets must be whole numbers from 0 on"
    size = _bytes(shape, DTYPE_BYTES[dtype])
    begin, end = offsets
    if size is None:
        return "its shape overflows 64 bits"
    if end - begin != size:
        return f"its data_offsets hold {end - begin} bytes, its shape and type {size}"
    return Tensor(name=name, dtype=dtype, shape=tuple(shape), begin=begin, end=end)


def _bytes(shape: list[int], element_bytes: int) -> int | None:
    """Bytes of a tensor, None on overflow: the reference multiplies left to right, so a zero further on is no help."""
    total = element_bytes
    for size in shape:
        total *= size
        if total > _MAX_ELEMENTS:
            return None
    return total


def _counts(value: object) -> bool:
    return isinstance(value, list) and all(type(entry) is int and 0 <= entry <= _MAX_ELEMENTS for entry in value)


def _layout_faults(tensors: Mapping[str, Tensor], data_bytes: int) -> list[str]:
    """Tensors must follow each other without hole or overlap up to the last byte: nothing else hides in the file."""
    position = 0
    for tensor in sorted(tensors.values(), key=lambda tensor: (tensor.begin, tensor.end)):
        if tensor.begin < position:
            return [f"tensor {tensor.name[:80]!r} overlaps the one before: it begins at {tensor.begin}, not {position}"]
        if tensor.begin > position:
            return [f"has a hole of {tensor.begin - position} bytes before tensor {tensor.name[:80]!r}"]
        position = tensor.end
    if position > data_bytes:
        return [f"is cut off: its tensors end at byte {position}, its data has {data_bytes}"]
    if position < data_bytes:
        return [f"has {data_bytes - position} bytes behind its last tensor"]
    return []
