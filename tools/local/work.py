"""One command at a time in a folder: who works there, since when and how far; and which engines it has started.

The lock is an advisory one of the kernel (`flock`) on a file that the engine and its plugins inherit. It goes when the
last of them has ended, however it ended, and it is seen from every container and under every host name. Whoever holds
it knows that no engine that such a command has started is at work (docs/adr/0027).
"""

from __future__ import annotations

import fcntl
import json
import os
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from tools.cluster.processes import Identity, alive, identify
from tools.damaged_error import DamagedError
from tools.local.errors import LocalError
from tools.local.orphans import end_orphans, engines
from tools.own_file import is_there, read_json, write
from tools.own_form import number, optional, record, rows, words

LOCK, RECORD = "work.lock", "work.json"
_PATIENCE_SECONDS = 6.0
"""For the plugins of an engine that has ended, and for a command that has the lock and not yet said who it is."""
_KEPT_ENGINES = 20
_CLOCK_SECONDS, _BEGIN_SECONDS = 5.0, 600.0
"""An engine makes its lock within seconds of its start; a number that is used again is another engine."""
_PID = number(1, 2**31)
_ENGINE = record({"host": words, "pid": _PID, "since": number(0, 2**40)})
_FORM = record(
    {
        "command": words,
        "host": words,
        "pid": _PID,
        "started": words,
        "since": words,
        "step": optional(words),
        "engines": rows(_ENGINE),
    }
)


@dataclass(frozen=True, kw_only=True)
class Engine:
    """An engine that a command in this folder has started: where, its number there, and when (seconds since 1970)."""

    host: str
    pid: int
    since: int


@dataclass(frozen=True, kw_only=True)
class Record:
    """Who works, or who worked last."""

    command: str
    host: str
    pid: int
    started: str
    since: str
    step: str | None = None
    engines: tuple[Engine, ...] = field(default=())

    def __str__(self) -> str:
        """Return `make up (process 12 on host, since ..., at [4/5] pulumi up)`."""
        step = f", at {self.step}" if self.step else ""
        return f"`make {self.command}` (process {self.pid} on {self.host}, since {self.since}{step})"


class Work:
    """The right to work in a folder."""

    def __init__(self, folder: Path) -> None:
        """Describe it; nothing is touched."""
        self._folder = folder
        self._descriptor: int | None = None
        self._record: Record | None = None

    @property
    def descriptor(self) -> int | None:
        """The lock's file, for an engine to inherit; None when no command works."""
        return self._descriptor

    @contextmanager
    def begin(self, command: str, workspace: Path, clear: Callable[[Path], object] | None = None) -> Iterator[None]:
        """Work alone; raise LocalError that says who works already. `workspace` names its engines and their plugins.

        What stands in the place of the lock or the record and is no file goes to `clear`, or raises DamagedError.
        """
        for path in self._odd():
            if clear is None:
                raise DamagedError(path, "is no file, and must be one")
            clear(path)
        self._descriptor = self._locked(workspace)
        try:
            me, before = identify(os.getpid()), self.last()
            self._write(
                Record(
                    command=command,
                    host=socket.gethostname(),
                    pid=os.getpid(),
                    started=me.started if me else "unknown",
                    since=datetime.now(UTC).isoformat(timespec="seconds"),
                    engines=before.engines if before else (),
                )
            )
            yield
        finally:
            os.close(self._descriptor)
            self._descriptor = self._record = None

    def _odd(self) -> list[Path]:
        names = (LOCK, RECORD) if self._folder.is_dir() else ()
        return [path for name in names if is_there(path := self._folder / name) and not path.is_file()]

    def tell(self, step: str) -> None:
        """Say how far the command is."""
        if self._record:
            self._write(replace(self._record, step=step))

    def started(self, pid: int) -> None:
        """Remember an engine: its lock on the state is known to be stale once nobody works here any more."""
        if self._record:
            engine = Engine(host=socket.gethostname(), pid=pid, since=int(time.time()))
            self._write(replace(self._record, engines=(*self._record.engines, engine)[-_KEPT_ENGINES:]))

    def is_ended(self, host: str, pid: int, locked: float | None) -> bool:
        """Whether an engine of ours, which has ended, made a lock at that time: proven only under this lock."""
        if self._descriptor is None or self._record is None or locked is None:
            return False
        return any(
            (entry.host, entry.pid) == (host, pid) and -_CLOCK_SECONDS <= locked - entry.since <= _BEGIN_SECONDS
            for entry in self._record.engines
        )

    def last(self) -> Record | None:
        """Who works or worked last; None where that cannot be read."""
        try:
            found: dict[str, Any] = read_json(self._folder / RECORD, _FORM)
        except (DamagedError, FileNotFoundError):
            return None
        return Record(**(found | {"engines": tuple(Engine(**entry) for entry in found["engines"])}))

    def _write(self, value: Record) -> None:
        self._record = value
        write(self._folder / RECORD, json.dumps(asdict(value), indent=2))

    def _locked(self, workspace: Path) -> int:
        """Take the lock; plugins whose engine is gone are ended first, everybody else is respected."""
        limit = time.monotonic() + _PATIENCE_SECONDS
        while (descriptor := self._try()) is None:
            holder = self.last()
            if holder is None or _works(holder) or engines(workspace):
                raise LocalError(self._refusal(holder, engines(workspace)))
            if time.monotonic() > limit:
                raise LocalError(self._refusal(holder, []))
            end_orphans(workspace)
            time.sleep(0.1)
        return descriptor

    def _try(self) -> int | None:
        if is_there(self._folder) and not self._folder.is_dir():
            raise LocalError(f"{self._folder}: is no folder; way out: move it away, or name another: KITCHEN_DIRECTORY")
        path = self._folder / LOCK
        self._folder.mkdir(parents=True, exist_ok=True)
        while True:
            descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
                # Whoever held it before may have removed the file.
                if path.stat().st_ino == os.fstat(descriptor).st_ino:
                    return descriptor
            except BlockingIOError:
                os.close(descriptor)
                return None
            except FileNotFoundError:
                pass
            except OSError as error:
                os.close(descriptor)
                raise LocalError(
                    f"{path}: cannot be locked: {error.strerror}; rule: a file system with locks"
                ) from None
            os.close(descriptor)

    def _refusal(self, holder: Record | None, left: list[Identity]) -> str:
        head = f"{self._folder}: nothing was changed: "
        if holder and _works(holder):
            return f"{head}{holder} works here; wait until it ends, or end it there with Ctrl-C"
        if left:
            numbers = ", ".join(str(identity.pid) for identity in left)
            return (
                f"{head}the engine of a command that was killed still works here (process {numbers}); wait for its end"
            )
        who = f"; the last one was {holder}" if holder else ""
        return (
            f"{head}another command works here, in a container or on a machine that cannot be seen from this one{who}"
        )


def _works(holder: Record) -> bool:
    """Whether the recorded command lives; one on another host is taken to, while its lock is held."""
    if holder.host != socket.gethostname():
        return True
    return alive(Identity(pid=holder.pid, started=holder.started))
