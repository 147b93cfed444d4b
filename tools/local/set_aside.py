"""Damaged files set aside: moved into a folder with a time stamp, never deleted."""

from __future__ import annotations

import shutil
from datetime import UTC, datetime
from pathlib import Path

from tools.own_file import is_there

FOLDER = "set-aside"


class Aside:
    """One folder with a time stamp, made when the first file comes; paths in it are those below `folder`."""

    done = "set aside"

    def __init__(self, folder: Path) -> None:
        """Describe it; nothing is touched."""
        self._folder = folder
        self.place: Path | None = None

    def __call__(self, path: Path) -> Path:
        """Move whatever has this name and return where it is now; raise OSError, and it is still there."""
        place = self._made()
        target = place / path.relative_to(self._folder)
        target.parent.mkdir(parents=True, exist_ok=True)
        if path.is_symlink():
            path.rename(target)  # the link, not what it leads to
        else:
            shutil.move(path, target)
        return target

    def move(self, path: Path) -> str:
        """Move what is there, if anything is; returns what was done."""
        if not is_there(path):
            return "`make up` makes it anew"
        self(path)
        return self.done

    def _made(self) -> Path:
        if self.place is None:
            stamp = datetime.now(UTC).strftime("%Y%m%dT%H%M%S.%fZ")
            self.place = self._folder / FOLDER / stamp
            self.place.mkdir(parents=True, mode=0o700)
        return self.place
