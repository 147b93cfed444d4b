"""Loaded by Python at its start when this folder is on PYTHONPATH: writes where the process spends its CPU time.

Every thread has a profile of its own, whose clock is the thread's CPU time. What is there is written twice a second,
because the engine kills its plugins.
"""

from __future__ import annotations

import atexit
import cProfile
import json
import os
import sys
import threading
import time
from types import CodeType
from typing import Any

FOLDER = "KITCHEN_PROFILE_FOLDER"
"""Variable with the folder that the figures go to; without it nothing is done."""

_WRITE_SECONDS = 0.5


class Profiles:
    """The profiles of all threads; `write` puts their sum into one file of the folder."""

    def __init__(self, folder: str) -> None:
        self._path = os.path.join(folder, f"{os.getpid()}.json")  # noqa: PTH118 - pathlib is not imported here
        self._held: list[cProfile.Profile] = []
        self._ended = threading.Event()

    def begin(self) -> None:
        """Profile the thread that calls this."""
        profile = cProfile.Profile(time.thread_time)
        self._held.append(profile)
        profile.enable()

    def write_often(self) -> None:
        """Write until the process ends."""
        while not self._ended.wait(_WRITE_SECONDS):
            self.write()

    def end(self) -> None:
        """Write what is there for the last time."""
        self._ended.set()
        self.write()

    def write(self) -> None:
        """Put the figures in the place of the last ones."""
        own: dict[str, float] = {}
        with_calls: dict[str, float] = {}
        for profile in list(self._held):
            for entry in profile.getstats():
                name = _name(entry.code)
                own[name] = own.get(name, 0.0) + entry.inlinetime
                with_calls[name] = with_calls.get(name, 0.0) + entry.totaltime
        content = {
            "command": " ".join(sys.orig_argv),
            "cpuSeconds": time.process_time(),
            "own": own,
            "withCalls": with_calls,
        }
        with open(f"{self._path}.part", "w") as file:  # noqa: PTH123
            json.dump(content, file)
        os.replace(f"{self._path}.part", self._path)  # noqa: PTH105


def _name(code: CodeType | str) -> str:
    if isinstance(code, str):
        return f"built-in:0:{code}"
    return f"{code.co_filename}:{code.co_firstlineno}:{code.co_qualname}"


def _profile_threads(profiles: Profiles) -> None:
    run = threading.Thread.run

    def profiled(self: threading.Thread, *args: Any) -> None:
        profiles.begin()
        run(self, *args)

    threading.Thread.run = profiled  # type: ignore[method-assign]


if os.environ.get(FOLDER):
    _PROFILES = Profiles(os.environ[FOLDER])
    threading.Thread(target=_PROFILES.write_often, daemon=True).start()
    _profile_threads(_PROFILES)
    atexit.register(_PROFILES.end)
    _PROFILES.begin()
