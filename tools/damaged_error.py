"""What is raised for a damaged file of our own; it needs nothing but Python, since `make venv` imports it too."""

from __future__ import annotations

from pathlib import Path

WAY_OUT = "make recover (sets it aside and rebuilds what can be rebuilt), or make down (removes everything)"


class DamagedError(Exception):
    """A file of our own that cannot be used. `str()` is one line: path, what is wrong, way out; never its content."""

    def __init__(self, path: Path, what: str, out: str = WAY_OUT) -> None:
        """Say what is wrong with `path`, as the end of a sentence that begins with it."""
        self.path = path
        self.what = what
        super().__init__(f"{path}: {what}; way out: {out}")
