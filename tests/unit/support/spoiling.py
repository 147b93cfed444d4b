"""How a right adapter is spoilt, one way a function. Nothing here does harm: a pickle names `print`."""

from __future__ import annotations

import io
import math
import pickle
import struct
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tests.support.artifacts import CONFIG, WEIGHTS, change_config, header_of, safetensors

Spoil = Callable[[Path], object]
F32 = 4


class LooksDangerous:
    """Its pickle calls print when it is loaded."""

    def __reduce__(self) -> tuple[Any, ...]:
        return print, ("benign",)


def weights(**change: Any) -> Spoil:
    """Write other weights: `header` is a function of the right one, `data` and `size` as in `safetensors`."""

    def spoil(folder: Path) -> None:
        header, data = header_of((folder / WEIGHTS).read_bytes())
        new = change["header"](header) if "header" in change else header
        content = safetensors(new, change["data"](data) if "data" in change else data, size=change.get("size"))
        (folder / WEIGHTS).write_bytes(content)

    return spoil


def tensors(change: Callable[[list[tuple[str, dict[str, Any]]]], None]) -> Spoil:
    """Change the list of tensors of the header, in place."""

    def header(right: dict[str, Any]) -> dict[str, Any]:
        listed = [entry for entry in right.items() if entry[0] != "__metadata__"]
        change(listed)
        return dict(listed)

    return weights(header=header)


def rebuilt(change: Callable[[str, list[int]], tuple[str, list[int]] | None]) -> Spoil:
    """Write the tensors anew with other names or shapes, with offsets and data that fit."""

    def spoil(folder: Path) -> None:
        header, _ = header_of((folder / WEIGHTS).read_bytes())
        built, position = {}, 0
        for name, entry in header.items():
            if name == "__metadata__" or (new := change(name, entry["shape"])) is None:
                continue
            size = F32 * math.prod(new[1])
            built[new[0]] = {"dtype": "F32", "shape": new[1], "data_offsets": [position, position + size]}
            position += size
        (folder / WEIGHTS).write_bytes(safetensors(built, struct.pack("<f", 0.5) * (position // F32)))

    return spoil


def text(name: str, content: bytes | str) -> Spoil:
    return lambda folder: (folder / name).write_bytes(content.encode() if isinstance(content, str) else content)


def config(**values: Any) -> Spoil:
    return lambda folder: change_config(folder, **values)


def raw_config(old: str, new: str) -> Spoil:
    """Replace text of the config file, for what no JSON writer writes."""

    def spoil(folder: Path) -> None:
        path = folder / CONFIG
        content = path.read_text()
        assert old in content
        path.write_text(content.replace(old, new, 1))

    return spoil


def zipped() -> bytes:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        archive.writestr("archive/data.pkl", pickle.dumps(LooksDangerous()))
    return content.getvalue()


def zip_bomb() -> bytes:
    """100 KB that unpack to 100 MB."""
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as archive, archive.open("archive/data.pkl", "w") as file:
        for _ in range(100):
            file.write(bytes(1_000_000))
    return content.getvalue()


def zip_in_last_tensor(folder: Path) -> None:
    """A polyglot: a safetensors file by its head, a ZIP archive by its tail."""
    archive = zipped()
    content = (folder / WEIGHTS).read_bytes()
    (folder / WEIGHTS).write_bytes(content[: -len(archive)] + archive)


def overlap(listed: list[tuple[str, dict[str, Any]]]) -> None:
    for _, entry in listed[1:]:
        entry["data_offsets"] = [offset - 4 for offset in entry["data_offsets"]]


def hole(listed: list[tuple[str, dict[str, Any]]]) -> None:
    for _, entry in listed[1:]:
        entry["data_offsets"] = [offset + 4 for offset in entry["data_offsets"]]


def swapped(folder: Path) -> None:
    one, other = (folder / CONFIG).read_bytes(), (folder / WEIGHTS).read_bytes()
    (folder / CONFIG).write_bytes(other)
    (folder / WEIGHTS).write_bytes(one)


def set_first(key: str, value: Any) -> Callable[[list[tuple[str, dict[str, Any]]]], None]:
    return lambda listed: listed[0][1].update({key: value})
