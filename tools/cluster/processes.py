"""Child processes that outlive this program: started, recognised again, ended; never one of somebody else."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from pathlib import Path

OWNER_VARIABLE = "KITCHEN_CLUSTER_DIRECTORY"
"""Environment variable of every process of a cluster: finds one whose start was not recorded."""

_PROC = Path("/proc")
_CHILDREN: dict[int, subprocess.Popen[bytes]] = {}


@dataclass(frozen=True, kw_only=True)
class Identity:
    """A process id with its start time: a later process that got the same id is not the same process."""

    pid: int
    started: str


def spawn(argv: Sequence[str], *, owner: Path, env: Mapping[str, str], log: Path) -> Identity:
    """Start a process in a session of its own (Ctrl-C does not reach it), with its output in `log`."""
    if log.exists():
        log.replace(log.with_suffix(".previous.log"))
    with log.open("wb") as out:
        process = subprocess.Popen(
            argv,
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=subprocess.STDOUT,
            env={**env, OWNER_VARIABLE: str(owner)},
            cwd=owner,
            start_new_session=True,
        )
    _CHILDREN[process.pid] = process
    return Identity(pid=process.pid, started=_started(process.pid) or "ended")


def identify(pid: int) -> Identity | None:
    """Return the identity of a process that runs, or None."""
    started = _started(pid)
    return Identity(pid=pid, started=started) if started is not None else None


def parent(pid: int) -> int | None:
    """Return the number of a process's parent (Linux), or None."""
    fields = _stat(pid)
    return int(fields[1]) if fields else None


def alive(identity: Identity) -> bool:
    """Say whether this very process still runs; a zombie does not."""
    child = _CHILDREN.get(identity.pid)
    if child is not None and child.poll() is not None:
        return False
    return _started(identity.pid) == identity.started


def exit_text(identity: Identity) -> str:
    """Say how a dead process ended, as far as that is known."""
    child = _CHILDREN.get(identity.pid)
    code = child.poll() if child is not None else None
    if code is None:
        return "ended"
    return f"ended with code {code}" if code >= 0 else f"ended by signal {signal.Signals(-code).name}"


def end(identities: Sequence[Identity], *, patience_seconds: float) -> None:
    """Ask the processes to end, then kill those that have not; return when none is left."""
    _signal(identities, signal.SIGTERM)
    if not _wait(identities, patience_seconds):
        _signal(identities, signal.SIGKILL)
        _wait(identities, 10.0)


def strays(owner: Path) -> list[Identity]:
    """Find processes of a cluster by their environment (Linux): those of a start that was cut off."""
    return with_variable(OWNER_VARIABLE, str(owner))


def with_variable(name: str, value: str) -> list[Identity]:
    """Find processes, other than this one, that were started with an environment variable (Linux)."""
    wanted = f"{name}={value}".encode()
    found = []
    for folder in _PROC.glob("[0-9]*") if _PROC.is_dir() else ():
        with suppress(OSError):
            if wanted in (folder / "environ").read_bytes().split(b"\0"):
                identity = identify(int(folder.name))
                if identity is not None and identity.pid != os.getpid():
                    found.append(identity)
    return found


def log_end(log: Path, lines: int = 15) -> str:
    """Return the last lines of a log, indented; long lines are cut."""
    try:
        with log.open("rb") as handle:
            handle.seek(max(0, log.stat().st_size - 64 * 1024))
            text = handle.read().decode(errors="replace")
    except OSError:
        return "  (no log)"
    tail = text.splitlines()[-lines:] or ["(the log is empty)"]
    return "\n".join(f"  {line[:500]}" for line in tail)


def _signal(identities: Sequence[Identity], number: signal.Signals) -> None:
    for identity in identities:
        if alive(identity):
            with suppress(ProcessLookupError):
                os.kill(identity.pid, number)


def _wait(identities: Sequence[Identity], seconds: float) -> bool:
    limit = time.monotonic() + seconds
    while any(alive(identity) for identity in identities):
        if time.monotonic() > limit:
            return False
        time.sleep(0.03)
    return True


def _started(pid: int) -> str | None:
    """Return a process's start time as text, or None if it does not run."""
    if not _PROC.is_dir():
        return _started_by_ps(pid)
    fields = _stat(pid)
    return None if fields is None or fields[0] in "ZX" else f"{_boot()}:{fields[19]}"


def _stat(pid: int) -> list[str] | None:
    """The fields of /proc/PID/stat behind the command name, from the state on; None if there is no such process."""
    try:
        # The command name, in parentheses, may hold spaces: fields count from the last parenthesis.
        return (_PROC / str(pid) / "stat").read_text().rpartition(")")[2].split()
    except OSError:
        return None


@cache
def _boot() -> str:
    try:
        return (_PROC / "sys/kernel/random/boot_id").read_text().strip()
    except OSError:
        return "unknown"


def _started_by_ps(pid: int) -> str | None:
    answer = subprocess.run(
        ["ps", "-o", "stat=,lstart=", "-p", str(pid)], capture_output=True, text=True, check=False
    ).stdout.split(maxsplit=1)
    return answer[1].strip() if len(answer) == 2 and not answer[0].startswith("Z") else None
