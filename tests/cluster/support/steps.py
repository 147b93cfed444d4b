"""Commands that are killed in their middle and run again: what each took, and that the moment was a middle."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

_BEAT_SECONDS = 0.002
_LOOK_SECONDS = 0.02
_TRIES = 20
_AT_LIMIT = """\
import resource, signal
resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
resource.setrlimit(resource.RLIMIT_FSIZE, ({most}, {most}))
signal.signal(signal.SIGXFSZ, signal.SIG_DFL)
"""
"""What Python runs first: a file that grows beyond the limit ends the process. Else its write would fail."""


@dataclass(frozen=True, kw_only=True)
class Took:
    """One run of a step: seconds, and the largest memory of its processes together in MB."""

    step: str
    seconds: float
    peak_mb: float
    killed: bool

    def line(self) -> str:
        how = "killed" if self.killed else "to its end"
        return f"{self.step:<12} {how:<11} {self.seconds:7.1f} s {self.peak_mb:6.0f} MB"


@dataclass
class Steps:
    """Runs of commands in one folder, each in a process group of its own; what they say goes into one log."""

    place: Path
    env: Mapping[str, str]
    log: Path
    took: list[Took] = field(default_factory=list)

    def killed(
        self, step: str, words: Sequence[str], middle: Callable[[int], object], unfinished: Path | None = None
    ) -> None:
        """Start a command, and kill its whole group as soon as `middle` holds, which is given its process id.

        That it was not at its end yet is shown by the kill's status, and by `unfinished`, which must not be there.
        """
        status = self._run(step, words, middle)
        assert status == -signal.SIGKILL, f"{step} had ended with {status} before its middle\n{self.said()}"
        assert unfinished is None or not unfinished.exists(), f"{step} was done already"

    def killed_in(
        self, step: str, words: Sequence[str], part: Path, count: int, unfinished: Path | None = None
    ) -> None:
        """Start a command of Python, which the kernel kills when `part` has so many bytes; then its whole group.

        A file is written in less time than it may take to look at it: nobody has to look.
        """
        first = self.log.with_name(f"at-{count}")
        first.mkdir(exist_ok=True)
        (first / "sitecustomize.py").write_text(_AT_LIMIT.format(most=count))
        path = os.pathsep.join([str(first), *filter(None, [self.env.get("PYTHONPATH")])])
        status = self._run(step, words, lambda _: False, PYTHONPATH=path)
        assert status == -signal.SIGXFSZ, f"{step} ended with {status}, and not in its middle\n{self.said()}"
        assert part.stat().st_size == count
        assert unfinished is None or not unfinished.exists(), f"{step} was done already"

    def killed_reading(self, step: str, words: Sequence[str], path: Path, count: int) -> None:
        """Kill a command that leaves nothing when it has read so much; it runs again where somebody looked too late."""
        status = 0
        for _ in range(_TRIES):
            if (status := self._run(step, words, _has_read(path, count))) != 0:
                break
        assert status == -signal.SIGKILL, f"{step} had ended with {status} before its middle\n{self.said()}"

    def done(self, step: str, words: Sequence[str]) -> None:
        """Run a command that must succeed."""
        status = self._run(step, words, lambda _: False)
        assert status == 0, f"{step}: {status}\n{self.said()}"

    def said(self) -> str:
        """The last of what the commands said."""
        return self.log.read_text()[-4000:]

    def peak_mb(self) -> float:
        """The largest memory of any run."""
        return max(run.peak_mb for run in self.took)

    def _run(self, step: str, words: Sequence[str], middle: Callable[[int], object], **env: str) -> int:
        begun = time.monotonic()
        with self.log.open("ab") as log:
            process = subprocess.Popen(
                words, cwd=self.place, env={**self.env, **env}, stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                start_new_session=True,
            )  # fmt: skip
        peak, looked = 0.0, 0.0
        try:
            while process.poll() is None:
                if middle(process.pid):
                    break
                if time.monotonic() - looked > _LOOK_SECONDS:
                    looked, peak = time.monotonic(), max(peak, _memory_mb(process.pid))
                time.sleep(_BEAT_SECONDS)
        finally:
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()
        killed = process.returncode < 0
        self.took.append(Took(step=step, seconds=time.monotonic() - begun, peak_mb=peak, killed=killed))
        print(self.took[-1].line(), flush=True)
        return process.returncode


def _has_read(path: Path, count: int) -> Callable[[int], bool]:
    """Whether a process has opened a file, and read so many bytes since: of it, for it reads little else then."""
    begun: dict[int, int] = {}

    def look(pid: int) -> bool:
        with suppress(OSError):
            if pid not in begun and _is_open(pid, path):
                begun[pid] = _read_bytes(pid)
            return pid in begun and _read_bytes(pid) - begun[pid] > count
        return False

    return look


def _is_open(pid: int, path: Path) -> bool:
    for entry in Path(f"/proc/{pid}/fd").iterdir():
        with suppress(OSError):
            if entry.readlink() == path:
                return True
    return False


def _read_bytes(pid: int) -> int:
    return int(Path(f"/proc/{pid}/io").read_text().split()[1])


def _memory_mb(pid: int) -> float:
    """The largest resident memory that each process of a tree has had until now, together."""
    kib = 0
    for each in _tree(pid):
        with suppress(OSError, IndexError):
            text = Path(f"/proc/{each}/status").read_text()
            kib += int(text.partition("VmHWM:")[2].split()[0])
    return kib * 1024 / 1e6


def _tree(pid: int) -> Iterator[int]:
    """A process and those below it; a child that still is its parent's program has the parent's memory, too."""
    yield pid
    with suppress(OSError):
        for task in Path(f"/proc/{pid}/task").iterdir():
            for child in (task / "children").read_text().split():
                if _program(int(child)) != _program(pid):
                    yield from _tree(int(child))


def _program(pid: int) -> bytes:
    return Path(f"/proc/{pid}/cmdline").read_bytes()
