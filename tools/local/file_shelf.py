"""The journal of a local stack, a file beside its state."""

from __future__ import annotations

from pathlib import Path

from tools.damaged_error import DamagedError
from tools.engine.journal import Journal
from tools.own_file import remove, text, write


class FileShelf:
    """Keeps the journal in one file; one that cannot be read counts as `Journal.unknown`."""

    def __init__(self, path: Path) -> None:
        """Keep it at `path`, in a folder that is there when it is written."""
        self._path = path

    def read(self) -> Journal | None:
        """The journal; None without one."""
        try:
            return Journal.read(text(self._path))
        except FileNotFoundError:
            return None
        except DamagedError:
            return Journal.unknown()

    def write(self, journal: Journal) -> None:
        """Put this one there, whole or not at all; raise OSError."""
        if self._path.is_dir():  # somebody else's, in our place
            remove(self._path)
        write(self._path, journal.text())

    def clear(self) -> None:
        """Take it away; none is fine."""
        remove(self._path)
