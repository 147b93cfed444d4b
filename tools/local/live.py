"""The one line that says how far a command is: written anew on a terminal, else added every ten seconds at most."""

from __future__ import annotations

import shutil
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TextIO

_CLEAR = "\r\x1b[2K"
_FRAME_SECONDS = 0.25
BEAT_SECONDS = 10.0
"""Between two lines where no terminal can write one anew."""


class Live:
    """Lasting lines, and beside them one that tells how far the command is."""

    def __init__(self, stream: TextIO | None = None, *, quiet: bool = False) -> None:
        """Write to `stream` (stderr); `quiet` leaves the passing line away."""
        self._stream = stream or sys.stderr
        self._rewrites = self._stream.isatty()
        self._quiet = quiet
        self._lock = threading.RLock()
        self._is_shown = False

    def lasting(self, line: str) -> None:
        """Write a line that stays."""
        with self._lock:
            self._clear()
            print(line, file=self._stream, flush=True)

    @contextmanager
    def telling(self, text: Callable[[], str]) -> Iterator[None]:
        """While the block runs, show what `text` returns; it is called from another thread."""
        if self._quiet:
            yield
            return
        ended = threading.Event()
        thread = threading.Thread(target=self._tell, args=(text, ended), daemon=True)
        thread.start()
        try:
            yield
        finally:
            ended.set()
            thread.join()
            with self._lock:
                self._clear()

    def _tell(self, text: Callable[[], str], ended: threading.Event) -> None:
        last = time.monotonic()
        while not ended.wait(_FRAME_SECONDS):
            if self._rewrites:
                width, line = shutil.get_terminal_size().columns - 1, text()
                with self._lock:
                    print(f"{_CLEAR}{line[:width]}", end="", file=self._stream, flush=True)
                    self._is_shown = True
            elif time.monotonic() - last >= BEAT_SECONDS:
                last = time.monotonic()
                self.lasting(text())

    def _clear(self) -> None:
        if self._is_shown:
            print(_CLEAR, end="", file=self._stream, flush=True)
            self._is_shown = False
