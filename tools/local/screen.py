"""What a person sees of a command: a line a step, one that says how far it is, and the rest in a file that is named."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Protocol

from tools.engine.outcome import Outcome
from tools.engine.pace import Pace
from tools.engine.words import wrapped
from tools.local.live import Live
from tools.local.logs import Log
from tools.progress import elapsed_text, heard


def is_verbose() -> bool:
    """Whether VERBOSE asks for everything that the engine says."""
    return os.environ.get("VERBOSE", "") not in ("", "0", "no")


class Engine(Protocol):
    """Runs the engine on a stack, as a Workspace does."""

    def run(
        self,
        command: str,
        *options: str,
        extra: Mapping[str, str] | None = None,
        log: Path | None = None,
        echo: bool | None = None,
        seen: Callable[[Outcome], None] | None = None,
    ) -> Outcome:
        """Run a command and return what its events tell."""


class Step:
    """One step while it runs: `result` is what its last line says, `detail` what it does at this moment."""

    def __init__(self, head: str, title: str) -> None:
        """Begin now."""
        self.head = head
        self.title = title
        self.result = "done"
        self.detail: object = ""
        self._started = time.monotonic()

    def passing(self) -> str:
        """The line while it runs."""
        detail = str(self.detail)
        return f"{self.head} {self.title}: {detail + ', ' if detail else ''}{self._elapsed()}".lstrip()

    def lasting(self, result: str, more: str = "") -> str:
        """The line that stays."""
        return f"{self.head} {self.title}: {result} ({self._elapsed()}{more})"

    def _elapsed(self) -> str:
        return elapsed_text(time.monotonic() - self._started)


class Screen:
    """Steps of a command on standard error, and the file that holds everything besides."""

    def __init__(self, total: int = 0, log: Log | None = None, tell: Callable[[str], None] | None = None) -> None:
        """Expect `total` steps; each one's title goes to `tell` as well. VERBOSE shows all that goes to the log."""
        self.log = log
        self.verbose = is_verbose()
        self._live = Live(quiet=self.verbose)
        self._total = total
        self._tell = tell
        self._begun = 0
        self._started = time.monotonic()
        self._step: Step | None = None

    @contextmanager
    def step(self, title: str) -> Iterator[Step]:
        """Frame one step; one that fails says so. What follows a colon in the title is told at once."""
        self._begun += 1
        head = f"[{self._begun}/{self._total}]"
        name, _, told = title.partition(": ")
        if self._tell:
            self._tell(f"{head} {name}")
        if told:
            self._live.lasting(f"{head} {title}")
        self._record(f"{head} {title}")
        self._step = step = Step(head, name)
        with heard(self._hear):
            try:
                with self._live.telling(step.passing):
                    yield step
            except BaseException:
                self.lasting(step.lasting("failed"))
                raise
        every = elapsed_text(time.monotonic() - self._started)
        self.lasting(step.lasting(step.result, f", {every} in all" if self._begun == self._total else ""))

    @contextmanager
    def passing(self, title: str) -> Iterator[Step]:
        """Show how far something is that leaves no line behind."""
        self._record(title)
        self._step = step = Step("", title)
        with heard(self._hear), self._live.telling(step.passing):
            yield step

    def engine(
        self,
        engine: Engine,
        command: str,
        *options: str,
        extra: Mapping[str, str] | None = None,
        expected: int | None = None,
        echo: bool | None = None,
        reasons: Callable[[], list[str]] | None = None,
    ) -> Outcome:
        """Run the engine: its output goes to the log, and how far it is to the step's line."""
        pace = Pace(expected, reasons=reasons, tell=self._waits)
        if self._step:
            self._step.detail = pace
        self._record(f"pulumi {' '.join([command, *options])}")
        return engine.run(
            command,
            *options,
            extra=extra,
            log=self.log.path if self.log else None,
            echo=self.verbose if echo is None else echo,
            seen=pace.take,
        )

    def everything(self) -> str:
        """Where all that was said is, for the end of a message of failure."""
        return f"; all that was said: {self.log.shown()}" if self.log else ""

    def lasting(self, line: str) -> None:
        """Write a line that stays, on the screen and in the log."""
        self._record(line)
        self._live.lasting(line)

    def _waits(self, reason: str) -> None:
        for line in wrapped(f"waiting: {reason}", "      "):
            self.lasting(line)

    def _hear(self, line: str, stays: bool) -> None:
        if stays or self.verbose:
            self.lasting(line)
            return
        self._record(line)
        if self._step:
            self._step.detail = line

    def _record(self, line: str) -> None:
        if self.log:
            self.log.line(line)
