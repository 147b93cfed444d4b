"""Log files of commands: all that the engine said, for the owner's eyes, and the newest of them alone."""

from __future__ import annotations

import os
import stat
from datetime import UTC, datetime
from pathlib import Path

from tools.own_file import remove

LOGS = "logs"
_KEPT = 10


class Log:
    """A file that one command writes: `<folder>/logs/2026-02-01T09-30-00-up.log`, mode 0600.

    Secrets are hidden by the engine before it writes; what this project adds holds none.
    """

    def __init__(self, folder: Path, command: str) -> None:
        """Name the file and make it; of older ones the newest are kept."""
        self._folder = folder / LOGS
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        self.path = self._made(f"{datetime.now(UTC):%Y-%m-%dT%H-%M-%S}-{command}")
        self._remove_old()

    def line(self, text: str) -> None:
        """Add a line of this project's own."""
        with self.path.open("a", encoding="utf-8") as file:
            file.write(f"{datetime.now(UTC):%H:%M:%S} {text}\n")

    def shown(self) -> str:
        """Its path as one types it from here."""
        return shown(self.path)

    def _made(self, name: str) -> Path:
        for number in range(100):
            path = self._folder / (f"{name}-{number}.log" if number else f"{name}.log")
            try:
                os.close(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
            except FileExistsError:
                continue
            return path
        raise FileExistsError(0, "a hundred commands began here in one second", str(self._folder))

    def _remove_old(self) -> None:
        every = [path for path in self._folder.glob("*.log") if stat.S_ISREG(path.lstat().st_mode)]
        for path in sorted(every, key=lambda path: path.lstat().st_mtime_ns)[:-_KEPT]:
            remove(path)


def shown(path: Path) -> str:
    """A path as one types it from here: relative where it lies below this folder."""
    here = Path.cwd()
    return str(path.relative_to(here)) if path.is_relative_to(here) else str(path)
