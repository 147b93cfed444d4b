"""The files that a bundle is made of, as they lie in `--from`, and what is wrong with them."""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Sequence
from pathlib import Path

from infra.catalog import FileSum
from infra.faults import MISSING, Fault, FaultsError
from ops.bundle.bring_in import Asked
from ops.bundle.entry import Entry
from ops.bundle.holes import hole_fault
from ops.bundle.names import name_faults
from ops.bundle.wanted import IMAGE, Wanted
from ops.checks.content import pointer
from ops.checks.left_out import is_left_out

_FILE_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,127}")
_LAYOUT_FILE = re.compile(r"oci-layout|index\.json|blobs/sha256/[0-9a-f]{64}|[A-Za-z0-9][A-Za-z0-9_.-]{0,127}\.sig")

_DOCKERS = ("manifest.json", "repositories")
"""What `docker save` and BuildKit write beside a layout's index, for readers of before: lists of the same blobs."""


def gather(asked: Asked, source: Path, fetched: Path) -> list[Entry]:
    """Return the files of every artifact, named as in the bundle; raise FaultsError with every fault.

    Images that are not below `source` are those that have been copied to `fetched`.
    """
    faults: list[Fault] = []
    entries: list[Entry] = []
    for wanted in asked.wanted:
        folder = source / wanted.folder
        if wanted.kind == IMAGE and not folder.is_dir():
            folder = fetched / wanted.folder
        found, wrong = _files(wanted, folder)
        faults += wrong
        faults += _stated_faults(wanted, found, asked.files.get(wanted.folder))
        entries += found
    faults += name_faults((entry.name for entry in entries), "--from")
    if faults:
        raise FaultsError("bundle", faults)
    return sorted(entries, key=lambda entry: entry.name)


def by_copier(asked: Asked, source: Path) -> list[Wanted]:
    """Return the images that have no layout below `source`."""
    return [entry for entry in asked.wanted if entry.kind == IMAGE and not (source / entry.folder).is_dir()]


def sum_faults(asked: Asked, sums: dict[str, str]) -> list[Fault]:
    """Return a fault for every file whose sum is not the catalog's; `sums` are by name in the bundle."""
    return [
        Fault(path=name, value=sums[name], rule="must have the catalog's sha256 sum", example=file.sha256)
        for folder, files in asked.files.items()
        for file in files
        if sums.get(name := f"{folder}/{file.path}", file.sha256) != file.sha256
    ]


def _files(wanted: Wanted, folder: Path) -> tuple[list[Entry], list[Fault]]:
    if not folder.is_dir():
        rule = f"{wanted.label} must lie in this folder"
        return [], [Fault(path=str(folder), value=MISSING, rule=rule, example=f"--from DIR with {wanted.folder}/")]
    entries, faults = [], []
    pattern = _LAYOUT_FILE if wanted.kind == IMAGE else _FILE_NAME
    for path in _paths(wanted, folder):
        name, status = path.relative_to(folder).as_posix(), path.lstat()
        if stat.S_ISDIR(status.st_mode) and wanted.kind == IMAGE:
            continue
        if not stat.S_ISREG(status.st_mode):
            rule = "must be a regular file: copy what a link leads to; a model's files lie in one folder"
            faults.append(Fault(path=str(path), value="no regular file", rule=rule, example="model.safetensors"))
        elif not pattern.fullmatch(name):
            rule = f"files of {wanted.label} must match {pattern.pattern}"
            example = "index.json" if wanted.kind == IMAGE else "model.safetensors"
            faults.append(Fault(path=str(path), value=name, rule=rule, example=example))
        elif (wrong := _content_fault(path, status)) is not None:
            faults.append(wrong)
        else:
            entries.append(Entry(name=f"{wanted.folder}/{name}", path=path, size=status.st_size))
    if not entries and not faults:
        faults.append(Fault(path=str(folder), value="empty", rule="must hold files", example="model.safetensors"))
    return entries, faults


def _paths(wanted: Wanted, folder: Path) -> list[Path]:
    """Everything below a folder, without what downloads, desktops and `docker save` leave at its top."""
    top = [path for path in sorted(folder.iterdir()) if not _left_out(wanted, path)]
    return sorted(path for entry in top for path in (entry, *(entry.rglob("*") if _is_folder(entry) else ())))


def _left_out(wanted: Wanted, path: Path) -> bool:
    return is_left_out(path) or (wanted.kind == IMAGE and path.name in _DOCKERS and path.is_file())


def _is_folder(path: Path) -> bool:
    return path.is_dir() and not path.is_symlink()


def _content_fault(path: Path, status: os.stat_result) -> Fault | None:
    """What is told at once, and not behind the gap: a file that stands for another, or was never all written."""
    if what := pointer(path):
        rule = f"is {what} and not the file: fetch it first (git lfs pull, or the hub's own client)"
        return Fault(path=str(path), value=f"{status.st_size} bytes", rule=rule, example="the file itself")
    return hole_fault(path, status, str(path))


def left_out(asked: Asked, source: Path) -> list[str]:
    """What is left out of the folders of the artifacts, for people to be told."""
    folders = [(wanted, source / wanted.folder) for wanted in asked.wanted]
    return [
        str(path)
        for wanted, folder in folders
        if folder.is_dir()
        for path in sorted(folder.iterdir())
        if _left_out(wanted, path)
    ]


def _stated_faults(wanted: Wanted, found: Sequence[Entry], files: Sequence[FileSum] | None) -> list[Fault]:
    if files is None or not found:
        return []
    faults = []
    sizes = {entry.name: entry for entry in found}
    for file in files:
        entry = sizes.pop(f"{wanted.folder}/{file.path}", None)
        if entry is None:
            rule = "every file of the catalog's entry must be there"
            faults.append(Fault(path=f"{wanted.folder}/{file.path}", value=MISSING, rule=rule, example=file.path))
        elif entry.size != file.size_bytes:
            rule = "must have the catalog's size in bytes"
            faults.append(Fault(path=str(entry.path), value=entry.size, rule=rule, example=str(file.size_bytes)))
    rule = "a file that the catalog's entry does not have must not be there"
    faults += [Fault(path=str(e.path), value="extra file", rule=rule, example=files[0].path) for e in sizes.values()]
    return faults
