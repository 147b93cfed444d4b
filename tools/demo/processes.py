"""The demo's processes: started in groups of their own, watched, and ended by their ids."""

from __future__ import annotations

import contextlib
import ctypes
import http.client
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

from tools.cluster import ports
from tools.demo.errors import DemoError

_END_SECONDS = 10.0
_LAST_CHARACTERS = 2000
_SIGNAL_AT_PARENTS_DEATH = 1
_LIBC = ctypes.CDLL(None) if sys.platform == "linux" else None
"""Loaded before a child is made: between fork and exec nothing may be loaded."""


class Processes:
    """Use it as a context manager: what was started has ended after it. Each process writes `<name>.log`."""

    def __init__(self, folder: Path) -> None:
        """Logs go to `folder`."""
        self._folder = folder
        self._running: dict[str, subprocess.Popen[bytes]] = {}

    def __enter__(self) -> Processes:
        """Nothing runs yet."""
        return self

    def __exit__(self, *_: object) -> None:
        """End everything, the last one first; a Ctrl-C meanwhile changes nothing."""
        before = signal.signal(signal.SIGINT, signal.SIG_IGN)
        try:
            for process in reversed(self._running.values()):
                _end(process)
            self._running.clear()
        finally:
            signal.signal(signal.SIGINT, before)

    def start(self, name: str, words: Sequence[str], env: Mapping[str, str], place: Path) -> None:
        """Start a process; raise DemoError when there is no such program."""
        with self.log(name).open("wb") as log:
            try:
                self._running[name] = subprocess.Popen(
                    words,
                    env=env,
                    cwd=place,
                    stdin=subprocess.DEVNULL,
                    stdout=log,
                    stderr=log,
                    start_new_session=True,
                    preexec_fn=_end_with_parent,  # noqa: PLW1509 - one call of the system
                )
            except OSError as error:
                raise DemoError(f"{name}: {words[0]}: {error.strerror}") from None

    def ready(self, name: str, port: int, path: str, seconds: float) -> None:
        """Wait until a path on loopback answers with 200; raise DemoError when it does not in time, or ends."""
        end = time.monotonic() + seconds
        while not _answers(port, path):
            self.check()
            if time.monotonic() > end:
                raise DemoError(f"{name}: not ready within {seconds:.0f} s\n{self._last_words(name)}")
            time.sleep(0.2)

    def check(self) -> None:
        """Raise DemoError when a process has ended by itself."""
        for name, process in self._running.items():
            status = process.poll()
            if status is not None:
                raise DemoError(f"{name}: has ended with status {status}\n{self._last_words(name)}")

    def ids(self) -> list[int]:
        """Process ids of what runs."""
        return [process.pid for process in self._running.values()]

    def log(self, name: str) -> Path:
        """The file to which a process writes."""
        return self._folder / f"{name}.log"

    def _last_words(self, name: str) -> str:
        with self.log(name).open("rb") as file:
            file.seek(max(0, file.seek(0, os.SEEK_END) - _LAST_CHARACTERS))
            return f"the end of {self.log(name)}:\n{file.read().decode(errors='replace')}"


def _end_with_parent() -> None:
    """For a child: who kills the demo itself ends it too."""
    if _LIBC is not None:
        _LIBC.prctl(_SIGNAL_AT_PARENTS_DEATH, signal.SIGTERM)


def free_ports(count: int) -> list[int]:
    """Different ports of loopback that nobody listens on; raise ClusterError where there are none.

    They are below those that the kernel gives to others, so that none is taken before its server has it.
    """
    return ports.fresh(count)


def is_free(port: int) -> bool:
    """Whether nobody listens on a port of loopback."""
    with socket.socket() as found:
        return found.connect_ex(("127.0.0.1", port)) != 0


def _answers(port: int, path: str) -> bool:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
    try:
        connection.request("GET", path)
        return connection.getresponse().status == 200
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


def _end(process: subprocess.Popen[bytes]) -> None:
    """Ask a group to end, and end what is left of it: the server's engine is a process of its own."""
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGTERM)
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(_END_SECONDS)
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()
