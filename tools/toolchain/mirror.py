"""Archives on the organisation's own mirror, named with their sums in one small YAML file.

The file is `tools/mirror.yaml` or the one that `KITCHEN_MIRROR_FILE` names:

    families:
      pulumi:
        url: https://mirror.kitchen.example/pulumi/pulumi-v3.259.0-linux-x64.tar.gz
        sha256: <64 hexadecimal digits>
      kubernetes:
        files:
          - url: https://mirror.kitchen.example/kubernetes/kube-apiserver
            name: kube-apiserver
            sha256: <64 hexadecimal digits>
          - ...

An entry is a decision: when a file of it cannot be had or its sum is wrong, nothing else is tried.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from tools.toolchain.errors import ToolchainError
from tools.toolchain.families import FAMILIES
from tools.toolchain.files import RemoteFile, families_of, file_faults, file_from

_EXAMPLE = "example: pulumi: {url: https://mirror.kitchen.example/pulumi.tar.gz, sha256: <64 hex digits>}"


def mirror_file() -> Path:
    """The mirror file in force, whether or not it exists."""
    chosen = os.environ.get("KITCHEN_MIRROR_FILE")
    return Path(chosen) if chosen else Path(__file__).resolve().parent.parent / "mirror.yaml"


def archives(path: Path | None = None) -> dict[str, tuple[RemoteFile, ...]]:
    """Read the mirror file; all its faults are one ToolchainError. Without a file there are no archives."""
    path = path or mirror_file()
    if not path.exists():
        if os.environ.get("KITCHEN_MIRROR_FILE"):
            raise ToolchainError(f"KITCHEN_MIRROR_FILE: {path} does not exist; {_EXAMPLE}")
        return {}
    entries = families_of(path, _EXAMPLE)
    faults = [fault for name, entry in entries.items() for fault in _faults(name, entry)]
    if faults:
        raise ToolchainError("\n".join(f"{path}: {fault}; {_EXAMPLE}" for fault in faults))
    return {
        name: tuple(file_from(file, "the mirror file") for _, file in _files(name, entry))
        for name, entry in entries.items()
    }


def _files(name: str, entry: Any) -> list[tuple[str, Any]]:
    """Give the files of an entry with their place in the document: a list of them, or the entry itself."""
    if isinstance(entry, dict) and isinstance(entry.get("files"), list):
        return [(f"families.{name}.files[{index}]", file) for index, file in enumerate(entry["files"])]
    return [(f"families.{name}", entry)]


def _faults(name: str, entry: object) -> Iterator[str]:
    if name not in FAMILIES:
        yield f"families.{name}: rule: one of {', '.join(FAMILIES)}"
        return
    if isinstance(entry, dict) and "files" in entry:
        if not isinstance(entry["files"], list) or not entry["files"]:
            yield f"families.{name}.files: {entry['files']!r}; rule: a list of files, each with url and sha256"
            return
        yield from (f"families.{name}.{key}: unknown key" for key in entry if key != "files")
    for where, file in _files(name, entry):
        yield from file_faults(where, file, FAMILIES[name])
