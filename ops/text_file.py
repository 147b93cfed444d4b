"""Text files in Git that commands edit: read byte for byte, replaced by one rename."""

from __future__ import annotations

import fcntl
import os
import stat
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from infra.faults import Fault, FaultsError
from ops.whole_file import put


def read_text(path: Path, source: str, example: str) -> str:
    """The text with its line ends; raise FaultsError when it cannot be read as UTF-8."""
    try:
        return path.read_bytes().decode("utf-8")
    except (OSError, UnicodeDecodeError):
        raise _fault(path, "must be a readable text file", source, example) from None


def replace_text(path: Path, before: str, after: str, source: str, example: str) -> None:
    """Put the new text in place; raise FaultsError when the file is no longer `before`, or cannot be written."""
    path = path.resolve()  # a link stays a link
    try:
        with _alone_in(path.parent):
            if read_text(path, source, example) != before:
                raise _fault(path, "has changed meanwhile: run the command again", source, example)
            put(path, after.encode("utf-8"), stat.S_IMODE(path.stat().st_mode))
    except OSError as error:
        raise _fault(path, f"must be writable: {error.strerror}", source, example) from None


@contextmanager
def _alone_in(folder: Path) -> Iterator[None]:
    """Between the last look at a file and its replacement no other command replaces it."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


def writable_faults(paths: Iterable[Path], example: str) -> list[Fault]:
    """A fault for each file that `replace_text` could not replace."""
    return [
        Fault(path=path.name, value=str(path), rule="must lie in a folder that can be written to", example=example)
        for path in paths
        if not os.access(path.parent, os.W_OK | os.X_OK)
    ]


def _fault(path: Path, rule: str, source: str, example: str) -> FaultsError:
    return FaultsError(source, [Fault(path=path.name, value=str(path), rule=rule, example=example)])
