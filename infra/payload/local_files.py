"""Files of a pod's volume: whether they are right, and how they go away; no link is ever followed.

On Python 3.9+ and nothing else.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import stat
from pathlib import Path
from typing import Any

MIB = 1024 * 1024


class Sum:
    """The sha256 sum of what it was given, and nothing else of it."""

    def __init__(self) -> None:
        """Begin."""
        self.begin()

    def begin(self) -> None:
        """Begin anew: the file is read from its start again."""
        self._digest = hashlib.sha256()

    def update(self, piece: bytes) -> None:
        """The next bytes."""
        self._digest.update(piece)

    def sha256(self) -> str:
        """The sum so far, 64 hexadecimal digits."""
        return self._digest.hexdigest()


def is_right(path: Path, file: dict[str, Any], watch: Sum | None = None) -> bool:
    """Whether `path` is a regular file, not a link, with the manifest's size and sum; `watch` sees its bytes."""
    watch = watch or Sum()
    watch.begin()
    try:
        status = path.lstat()
        if not stat.S_ISREG(status.st_mode) or status.st_size != file["sizeBytes"]:
            return False
        with path.open("rb") as content:
            for chunk in iter(lambda: content.read(MIB), b""):
                watch.update(chunk)
    except OSError:
        return False
    return bool(watch.sha256() == file["sha256"])


def discard(path: Path) -> None:
    """Remove a file, link or folder without following links; absent is fine."""
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)


def entries(folder: Path) -> set[str]:
    """Relative paths of all files and links below `folder`."""
    found = [Path(root, name) for root, folders, files in os.walk(folder) for name in (*files, *folders)]
    return {path.relative_to(folder).as_posix() for path in found if path.is_symlink() or not path.is_dir()}


def sync(folder: Path) -> None:
    """Make a folder's entries last through a crash."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    os.fsync(descriptor)
    os.close(descriptor)
