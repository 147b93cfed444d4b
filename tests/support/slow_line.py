"""A line between a client and a server on loopback: it counts bytes, may be slow, and may be cut."""

from __future__ import annotations

import contextlib
import socket
import threading
import time

from tests.support.waiting import until

_CHUNK, _FAST_CHUNK = 16 * 1024, 512 * 1024


class SlowLine:
    """Use it as a context manager; `rate` is bytes a second to the client, None for as fast as it goes.

    `came` counts bytes that went to the client, `went` those that went to the server.
    """

    def __init__(self, target: str, host: str, rate: float | None = None) -> None:
        self._target = target.rsplit(":", 1)
        self._listener = socket.create_server((host, 0))
        self.host = f"{host}:{self._listener.getsockname()[1]}"
        self.rate, self.came, self.went = rate, 0, 0
        self._open: list[socket.socket] = []
        self._passing = 0
        self._lock = threading.Lock()

    def __enter__(self) -> SlowLine:
        threading.Thread(target=self._serve, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._listener.close()
        self.cut()

    def cut(self) -> None:
        """End every connection that is open."""
        with self._lock:
            ends, self._open = self._open, []
        for end in ends:
            with contextlib.suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)
            end.close()

    def quiet(self) -> int:
        """What has come, once every connection has ended: a client that was killed is noticed a little later."""
        until(lambda: self._passing == 0, lambda: f"{self._passing} ways are open")
        return self.came

    def _serve(self) -> None:
        while True:
            try:
                near, _ = self._listener.accept()
            except OSError:
                return
            try:
                far = socket.create_connection((self._target[0], int(self._target[1])))
            except OSError:
                near.close()
                continue
            with self._lock:
                self._open += [near, far]
                self._passing += 2
            threading.Thread(target=self._pass, args=(near, far, False), daemon=True).start()
            threading.Thread(target=self._pass, args=(far, near, True), daemon=True).start()

    def _pass(self, source: socket.socket, target: socket.socket, back: bool) -> None:
        with contextlib.suppress(OSError):
            while chunk := source.recv(_FAST_CHUNK if self.rate is None else _CHUNK):
                if self.rate is not None:
                    time.sleep(len(chunk) / self.rate)
                target.sendall(chunk)
                if back:
                    self.came += len(chunk)
                else:
                    self.went += len(chunk)
        for end in (source, target):
            with contextlib.suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)
        with self._lock:
            self._passing -= 1
