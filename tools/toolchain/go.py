"""Runs the ordinary `go` client for one family: its log, its faults, its end when another part of the run fails."""

from __future__ import annotations

import errno
import os
import subprocess
import threading
from collections.abc import Sequence
from pathlib import Path

from tools.toolchain.cache import cache_root, no_space
from tools.toolchain.errors import Stopped, ToolchainError
from tools.toolchain.family import Family
from tools.toolchain.official import go_proxy

_LOG_TAIL_LINES = 12
_POLL_SECONDS = 0.5


class Go:
    """The go command for a family; `stop` ends what runs."""

    def __init__(self, family: Family, stop: threading.Event | None = None) -> None:
        """Start nothing yet."""
        self.family = family
        self._stop = stop or threading.Event()
        self.log = cache_root() / "toolchain" / "logs" / f"{family.name}.log"

    def run(self, args: Sequence[str], cwd: Path) -> str:
        """Run go and return what it prints; raise ToolchainError with the end of its log, Stopped when told to stop."""
        self.log.parent.mkdir(parents=True, exist_ok=True)
        with self.log.open("w") as errors:
            code, output = finish(["go", *args], cwd, errors.fileno(), self._stop)
        if code == 0:
            return output
        text = self.log.read_text()
        if os.strerror(errno.ENOSPC).lower() in text.lower():
            raise no_space(cache_root() / "toolchain", self.family.needed_gib)
        tail = "\n  ".join((text + output).strip().splitlines()[-_LOG_TAIL_LINES:])
        raise ToolchainError(
            f"{self.family.name}: `go {args[0]}` failed; rule: its modules must be reachable through GOPROXY "
            f"({go_proxy() or 'unset'}) and match their checksums; log: {self.log}\n  {tail}"
        )


def finish(argv: Sequence[str], cwd: Path, errors: int, stop: threading.Event) -> tuple[int, str]:
    """Run a go command to its end and return its status and output; end it and raise Stopped when `stop` is set."""
    env = os.environ | {"GOFLAGS": "-mod=readonly -buildvcs=false", "GOTOOLCHAIN": "local", "GOWORK": "off"}
    with subprocess.Popen(argv, cwd=cwd, env=env, text=True, stdout=subprocess.PIPE, stderr=errors) as process:
        try:
            while True:
                try:
                    output, _ = process.communicate(timeout=_POLL_SECONDS)
                    return process.returncode, output
                except subprocess.TimeoutExpired:
                    if stop.is_set():
                        raise Stopped from None
        except BaseException:
            process.terminate()
            raise
