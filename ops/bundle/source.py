"""Where a bundle is read from: a folder, or one archive that is never unpacked to be verified."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

from infra.faults import Fault, FaultsError
from ops.bundle.entry import Entry, Source
from ops.bundle.errors import ToolError
from ops.bundle.holes import hole_fault
from ops.bundle.names import EXAMPLE, name_faults
from ops.bundle.tar import read_archive


def open_source(path: Path) -> Source:
    """List a bundle; raise FaultsError when there is none, ToolError when it cannot be read.

    Nothing but regular files with safe names becomes an entry: links, devices and the like are faults.
    """
    try:
        if path.is_dir():
            return _folder(path)
        if path.is_file():
            return _archive(path.resolve())
    except OSError as error:
        raise ToolError(f"{path}: {error.strerror}; check: the disk, and that you may read it") from error
    rule = "must be the folder or archive of a bundle"
    raise FaultsError("bundle", [Fault(path="BUNDLE", value=str(path), rule=rule, example="bundle-2026-02")])


def _archive(path: Path) -> Source:
    """List an archive that is all there: of one with holes nothing is read."""
    sparse = hole_fault(path, path.stat(), str(path))
    if sparse is not None:
        return Source(where=path, archive=True, broken=True, faults=[sparse])
    return read_archive(path)


def _folder(root: Path) -> Source:
    source = Source(where=root, archive=False)
    folders = set()
    for name, found in _walk(root, ""):
        if isinstance(found, Fault):
            source.faults.append(found)
        elif found is None:
            folders.add(name)
        else:
            source.entries[name] = found
    used = {parent for name in source.entries for parent in _parents(name)}
    source.faults += [
        Fault(path=name, value="folder", rule="no folder without a file of the bundle", example=EXAMPLE)
        for name in sorted(folders - used)
    ]
    source.faults += name_faults(sorted([*source.entries, *folders]), str(root))
    return source


def _walk(folder: Path, prefix: str) -> Iterator[tuple[str, Entry | Fault | None]]:
    """Yield an entry a file, None a folder, a fault for anything else."""
    with os.scandir(folder) as found:
        items = sorted(found, key=lambda item: item.name)
    for item in items:
        name = prefix + item.name
        if item.is_symlink():
            yield name, _kind_fault(name, "symbolic link")
        elif item.is_dir(follow_symlinks=False):
            yield name, None
            yield from _walk(Path(item.path), f"{name}/")
        elif not item.is_file(follow_symlinks=False):
            yield name, _kind_fault(name, "device, pipe or socket")
        else:
            status = item.stat(follow_symlinks=False)
            if status.st_nlink > 1:
                yield name, _kind_fault(name, "hard link")
            else:
                yield name, Entry(name=name, path=Path(item.path), size=status.st_size)


def _kind_fault(name: str, kind: str) -> Fault:
    return Fault(path=name, value=kind, rule="a bundle holds regular files only", example=EXAMPLE)


def _parents(name: str) -> Iterator[str]:
    parts = name.split("/")[:-1]
    for length in range(1, len(parts) + 1):
        yield "/".join(parts[:length])
