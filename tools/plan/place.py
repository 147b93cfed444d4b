"""Where a plan works: the project's own folder, or one for this plan alone where that cannot be used."""

from __future__ import annotations

import fcntl
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from infra.faults import MISSING, Fault, FaultsError, printable
from tools.local.logs import LOGS
from tools.own_file import remove
from tools.progress import note

PLAN, CACHE, LOCK = "plan", "cache", "lock"


@contextmanager
def place(directory: Path) -> Iterator[Path]:
    """`directory`, with the folder PLAN in it, or another one that is gone after the block; that is said then.

    Raise FaultsError where there is no room for that either.
    """
    try:
        _try(directory)
    except OSError as error:
        where = printable(str(error.filename or directory))
        note(
            f"{where}: cannot be used ({error.strerror}): this plan goes on without what earlier ones have kept; "
            "way out: move it away, or name another folder: KITCHEN_DIRECTORY=FOLDER"
        )
    else:
        yield directory
        return
    with _own() as other:
        yield other


def _try(directory: Path) -> None:
    """Raise OSError where something that a plan writes could not be written."""
    plan = directory / PLAN
    for folder in (directory, directory / LOGS, plan, plan / CACHE):
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    with (plan / LOCK).open("a"):
        pass
    left = [one for one in plan.iterdir() if one.name != LOCK]
    for folder in (directory / LOGS, plan, *left):
        os.close(os.open(folder, os.O_RDONLY | os.O_DIRECTORY))
        with tempfile.TemporaryFile(dir=folder):
            pass


@contextmanager
def _own() -> Iterator[Path]:
    try:
        found = tempfile.TemporaryDirectory(prefix="kitchen-", ignore_cleanup_errors=True)
        _try(Path(found.name))
    except OSError as error:
        rule = f"must name a folder that can be written to: {error.strerror}"
        fault = Fault(path="TMPDIR", value=os.environ.get("TMPDIR", MISSING), rule=rule, example="TMPDIR=/big/disk/tmp")
        raise FaultsError("plan", [fault]) from None
    with found as name:
        yield Path(name)


@contextmanager
def cleared(folder: Path) -> Iterator[None]:
    """Without what a plan that was ended midway has left; nobody else is at work in the folder."""
    for left in folder.glob("base-*"):
        remove(left)
    yield


@contextmanager
def alone(folder: Path) -> Iterator[None]:
    """One plan at a time in a folder; the next one waits."""
    with (folder / LOCK).open("a") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            note("another plan is being made in this folder; this one waits for it")
            fcntl.flock(file, fcntl.LOCK_EX)
        yield
