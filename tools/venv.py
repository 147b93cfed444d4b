"""`python3.11 -m tools.venv`: make `.venv` from requirements.lock, with every hash checked, and say how far it is.

Standard library alone: it runs before there is anything else.
"""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from tools.command import exit_status
from tools.progress import say, step

REPOSITORY = Path(__file__).resolve().parent.parent
OLDEST = (3, 11)
_TAIL_LINES = 15
_BEAT_SECONDS = 10.0
_PINNED = re.compile(r"^[A-Za-z0-9][\w.-]*==", re.MULTILINE)


class VenvError(Exception):
    """The environment cannot be made. The text is one message for a person."""


class Count:
    """How many packages pip has taken up, read from what it prints."""

    def __init__(self, total: int) -> None:
        """Expect `total` packages."""
        self._total = total
        self._taken = 0
        self._installing = False

    def line(self, text: str) -> None:
        """Take one line of pip's."""
        self._taken += text.startswith("Collecting ")
        self._installing = self._installing or text.startswith("Installing collected packages")

    def __str__(self) -> str:
        """Return such as `34 of 61 packages fetched`."""
        if self._installing:
            return f"installing {self._total} packages"
        return f"{min(self._taken, self._total)} of {self._total} packages fetched"


def make(venv: Path, lock: Path) -> None:
    """Make the environment, or bring it up to the lock file; raise VenvError with the end of pip's output."""
    if sys.version_info < OLDEST:
        found = ".".join(str(part) for part in sys.version_info[:2])
        raise VenvError(f"Python {found}; rule: {OLDEST[0]}.{OLDEST[1]} or newer; example: make PYTHON=python3.11 venv")
    count = Count(len(_PINNED.findall(lock.read_text())))
    python = venv / "bin" / "python"
    say(f"python: making {venv} from {lock.name}, one to three minutes; later runs start at once")
    with step(lambda: f"python: {count}", f"python: {venv} is ready", _BEAT_SECONDS, rewrites=True):
        if not python.exists():
            _run([sys.executable, "-m", "venv", str(venv)])
        # Of five thousand modules a few hundred are ever imported: each is compiled then, not all of them now.
        pip = [str(python), "-m", "pip", "install", "--disable-pip-version-check", "--progress-bar=off", "--no-compile"]
        _run([*pip, "--require-hashes", "-r", str(lock)], count)
        _run([*pip, "--no-deps", "--no-build-isolation", "-e", str(REPOSITORY)])


def _run(argv: Sequence[str], count: Count | None = None) -> None:
    lines: list[str] = []
    with subprocess.Popen(argv, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT) as process:
        for text in process.stdout or ():
            lines = [*lines[1 - _TAIL_LINES :], text.rstrip()]
            if count is not None:
                count.line(text)
    if process.returncode != 0:
        tail = "\n  ".join(lines)
        raise VenvError(f"`{' '.join(argv[1:4])}` failed; the package mirror must be reachable for pip:\n  {tail}")


def main() -> int:
    """Make `.venv` in the current folder; 1 with one message if that fails."""

    def run() -> int:
        make(Path(".venv"), Path("requirements.lock"))
        return 0

    return exit_status(run, prefix="python", errors=(VenvError,), interrupted="python: interrupted; run it again")


if __name__ == "__main__":
    sys.exit(main())
