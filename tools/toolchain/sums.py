"""Sums of the installed files, written beside them, and the check that a tool is still the file that was installed.

The check is cheap where a file has the size and the time of change that it had; else its sum decides.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tools.toolchain.family import Family
from tools.toolchain.files import executables

RECEIPT = "receipt.json"


def sum_of(path: Path) -> str:
    """Return the sha256 of a file as hexadecimal digits."""
    with path.open("rb") as content:
        return hashlib.file_digest(content, "sha256").hexdigest()


def taken(folder: Path) -> dict[str, dict[str, Any]]:
    """Return sha256, size in bytes and time of change of each file below a folder, by relative path."""
    found: dict[str, dict[str, Any]] = {}
    for path in sorted(path for path in folder.rglob("*") if path.is_file() and path.name != RECEIPT):
        stat = path.stat()
        name = path.relative_to(folder).as_posix()
        found[name] = {"sha256": sum_of(path), "size": stat.st_size, "mtime_ns": stat.st_mtime_ns}
    return found


def damage(family: Family, folder: Path, receipt: Mapping[str, Any], *, thorough: bool = False) -> str:
    """Say what is wrong with an installed family, "" if nothing is; `thorough` reads every file whole.

    A family that an earlier release installed has no sums: then its executables must be there and not be empty.
    """
    recorded = receipt.get("files")
    if not isinstance(recorded, dict):
        recorded = {name: {} for name in executables(family)}
    for name in sorted(recorded):
        if said := _complaint(folder / name, recorded[name], is_executable=name in executables(family), read=thorough):
            return said
    return ""


def _complaint(path: Path, expected: Mapping[str, Any], *, is_executable: bool, read: bool) -> str:
    try:
        stat = path.stat()
    except OSError as error:
        return f"{path} cannot be read ({error.strerror})"
    complaint = ""
    if stat.st_size == 0 and expected.get("size") != 0:
        complaint = f"{path} is empty"
    elif is_executable and not os.access(path, os.X_OK):
        complaint = f"{path} is not executable"
    elif expected and stat.st_size != expected["size"]:
        complaint = f"{path} has {stat.st_size} bytes, and had {expected['size']} when it was installed"
    elif expected and (read or stat.st_mtime_ns != expected["mtime_ns"]) and sum_of(path) != expected["sha256"]:
        complaint = f"{path} is not the file that was installed: its sha256 is not {expected['sha256']}"
    return complaint
