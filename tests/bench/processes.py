"""Runs one command: seconds, when each line of its output came, and the largest memory of its process tree."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

_PAGE_MIB = os.sysconf("SC_PAGE_SIZE") / 2**20
_TICKS_A_SECOND = os.sysconf("SC_CLK_TCK")
_BEAT_SECONDS = 0.2

_ROLES = (
    ("policy pack", re.compile(r"-m pulumi\.policy ")),
    ("store providers", re.compile(r"-m pulumi\.dynamic |pulumi-resource-pulumi-python")),
    ("program", re.compile(r"pulumi-language-python-exec ")),
    ("language hosts", re.compile(r"pulumi-language-python ")),
    ("kubernetes provider", re.compile(r"pulumi-resource-kubernetes ")),
    ("random provider", re.compile(r"pulumi-resource-random ")),
    ("engine", re.compile(r"^pulumi ")),
)
"""Which process of an update is which, by its command line."""


@dataclass(frozen=True, kw_only=True)
class Done:
    """A command that has ended.

    `lines` are those of its output with the seconds at which they came. `peak_mib` is the largest sum of the resident
    memory of the command and its descendants, `roles` what each had at that moment; memory that processes share counts
    in each of them. `cpu` are the CPU seconds of each role, as far as they were seen before its processes ended.
    """

    status: int
    seconds: float
    lines: tuple[tuple[float, str], ...]
    peak_mib: float
    roles: Mapping[str, float]
    cpu: Mapping[str, float] = field(default_factory=dict)

    @property
    def text(self) -> str:
        """All of its output."""
        return "\n".join(line for _, line in self.lines)

    def when(self, beginning: str) -> float:
        """Seconds until the first line with this beginning; the whole time where there is none."""
        return next((at for at, line in self.lines if line.startswith(beginning)), self.seconds)


def run(words: Sequence[str], cwd: Path, env: Mapping[str, str], allowed: Sequence[int] = (0,)) -> Done:
    """Run a command; end the bench with what it said when its status is not one of `allowed`."""
    start = time.perf_counter()
    process = subprocess.Popen(
        words,
        cwd=cwd,
        env=env,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
    )
    memory = _Memory(process.pid)
    lines = []
    assert process.stdout is not None
    for line in process.stdout:
        lines.append((time.perf_counter() - start, line.rstrip("\n")))
    status = process.wait()
    seconds = time.perf_counter() - start
    memory.end()
    done = Done(
        status=status,
        seconds=seconds,
        lines=tuple(lines),
        peak_mib=memory.peak,
        roles=memory.roles,
        cpu=memory.cpu(),
    )
    if status not in allowed:
        sys.exit(f"bench: {' '.join(words[:3])} ... ended with {status}:\n{done.text[-6000:]}")
    return done


class _Memory:
    """Looks at a process tree from a thread of its own until told to end."""

    def __init__(self, pid: int) -> None:
        self.peak = 0.0
        self.roles: dict[str, float] = {}
        self._cpu: dict[tuple[str, int], float] = {}
        self._pid = pid
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._look, daemon=True)
        self._thread.start()

    def end(self) -> None:
        self._ended.set()
        self._thread.join()

    def cpu(self) -> dict[str, float]:
        found: dict[str, float] = {}
        for (role, _), seconds in self._cpu.items():
            found[role] = found.get(role, 0.0) + seconds
        return found

    def _look(self) -> None:
        while True:
            roles: dict[str, float] = {}
            for pid in tree(self._pid):
                with suppress(OSError, IndexError, ValueError):
                    mib = int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * _PAGE_MIB
                    command = Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode()
                    if not command:  # it has ended, and nobody has asked for its status yet
                        continue
                    role = role_of(command)
                    roles[role] = roles.get(role, 0.0) + mib
                    self._cpu[role, pid] = cpu_seconds(pid)
            if sum(roles.values()) > self.peak:
                self.peak, self.roles = sum(roles.values()), roles
            if self._ended.wait(_BEAT_SECONDS):
                return


def cpu_seconds(pid: int) -> float:
    """CPU time that a process has used; raises OSError when it is gone."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / _TICKS_A_SECOND


def role_of(command: str) -> str:
    """What a process of the engine is; its executable's name where it is none of them."""
    found = next((role for role, pattern in _ROLES if pattern.search(command)), None)
    return found or Path(command.split(" ", maxsplit=1)[0]).name or "?"


def tree(root: int) -> Iterator[int]:
    """Process numbers of a process and its descendants; those that end meanwhile are left out."""
    children: dict[int, list[int]] = {}
    for folder in Path("/proc").glob("[0-9]*"):
        with suppress(OSError, IndexError, ValueError):
            parent = int((folder / "stat").read_text().rpartition(")")[2].split()[1])
            children.setdefault(parent, []).append(int(folder.name))
    waiting = [root]
    while waiting:
        pid = waiting.pop()
        yield pid
        waiting += children.get(pid, ())
