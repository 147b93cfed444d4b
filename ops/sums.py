"""Sums of files, as catalog entries and signatures state them."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from pathlib import Path


def sha256(path: Path) -> str:
    """The sum of a file, 64 lower-case hexadecimal digits; raise OSError when it cannot be read."""
    with path.open("rb") as content:
        return hashlib.file_digest(content, "sha256").hexdigest()


class Sums:
    """Sums of the files in a folder, each computed at most once: weights are large, and several checks ask."""

    def __init__(self, folder: Path) -> None:
        """Nothing is read yet."""
        self._folder = folder
        self._found: dict[str, str] = {}

    def of(self, name: str) -> str:
        """The sum of a file; raise OSError when it cannot be read."""
        if name not in self._found:
            self._found[name] = sha256(self._folder / name)
        return self._found[name]

    def of_all(self, names: Iterable[str]) -> dict[str, str]:
        """The sums of files by name; raise OSError."""
        return {name: self.of(name) for name in names}
