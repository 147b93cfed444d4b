"""Locks of the engine's file backend: whose each is, and whether it may be taken away (docs/adr/0027)."""

from __future__ import annotations

import socket
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from tools.damaged_error import DamagedError
from tools.local.errors import LocalError
from tools.local.orphans import engines, is_engine
from tools.local.work import Work
from tools.own_file import read_json, remove
from tools.own_form import anything, number, record, words
from tools.progress import note

FORCE = "make recover FORCE_UNLOCK=yes"
_ONCE = f"{FORCE}, once no update of this stack is running any more, on no machine and in no container"
_FORM = record({"pid": number(1, 2**31), "hostname": words, "timestamp": words, "username": anything},
               may_lack=("username",), closed=False)  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class Lock:
    """A lock: the process that made it, where and when."""

    path: Path
    pid: int
    host: str
    since: str

    def __str__(self) -> str:
        """Return `process 12 on host, since ...`."""
        return f"process {self.pid} on {self.host}, since {self.since}"

    @property
    def seconds(self) -> float | None:
        """When it was made, in seconds since 1970; None when that cannot be read."""
        try:
            return datetime.fromisoformat(self.since).timestamp()
        except ValueError:
            return None


def locks(folder: Path) -> Iterator[Lock | DamagedError]:
    """Every lock in a stack's folder. The engine counts each file as one, so a damaged one too locks the stack."""
    for path in sorted(folder.iterdir()) if folder.is_dir() else ():
        try:
            found: Mapping[str, Any] = read_json(path, _FORM)
        except FileNotFoundError:  # its engine has just ended
            continue
        except DamagedError as error:
            yield DamagedError(path, f"{error.what}, so nobody can say which engine made this lock", _ONCE)
            continue
        yield Lock(path=path, pid=found["pid"], host=found["hostname"], since=found["timestamp"])


def holder(lock: Lock, work: Work | None) -> str:
    """Who may still hold a lock: an empty text when it is proven that nobody does."""
    here = lock.host == socket.gethostname()
    if is_held_here(lock):
        return f"another update is running ({lock}); wait for it to end"
    if here or (work and work.is_ended(lock.host, lock.pid, lock.seconds)):
        return ""
    return (
        f"locked by {lock}; this machine is {socket.gethostname()}, so nobody can see from here whether that update "
        f"still runs; way out: when that machine or container is gone, or its update has ended: {FORCE}"
    )


def is_held_here(lock: Lock) -> bool:
    """Whether an engine of this machine holds it: then nothing takes it away."""
    return lock.host == socket.gethostname() and is_engine(lock.pid)


def free_stale(folder: Path, stack: str, work: Work | None) -> bool:
    """Take away the locks whose engine is proven to have ended; raise LocalError for any other. False: no lock."""
    found = list(locks(folder))
    for lock in found:
        if isinstance(lock, DamagedError):
            raise LocalError(f"stack {stack}: nothing was changed: {lock}")
        if who := holder(lock, work):
            raise LocalError(f"stack {stack}: {who}")
    for lock in found:
        note(f"stack {stack}: an earlier update was killed ({lock}); its lock is released")
        remove(lock.path)
    return bool(found)


def refuse_living(workspace: Path) -> None:
    """Raise LocalError while an engine of this machine works on a workspace; nothing else is an obstacle."""
    if found := engines(workspace):
        raise LocalError(f"{workspace}: an engine still works here (process {found[0].pid}); wait for it to end")
    root = workspace / "state" / ".pulumi" / "locks"
    for folder in {path.parent for path in root.rglob("*") if path.is_file()} if root.is_dir() else ():
        for lock in locks(folder):
            if isinstance(lock, Lock) and is_held_here(lock):
                raise LocalError(f"stack {folder.name}: another update is running ({lock}); wait for it to end")
