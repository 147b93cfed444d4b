"""Ways to an API server: the embedded cluster's own client, or `kubectl proxy` for any kubeconfig.

kubectl knows every way to sign in (certificates, tokens, exec plugins, proxies). It listens on a socket in a folder
that only this user can open: a port on loopback would give everybody on the machine this user's rights.
"""

from __future__ import annotations

import http.client
import selectors
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Protocol

from tools.connections import FAILURES, Connections

_START_SECONDS = 20.0


class KubeError(Exception):
    """The cluster gave no usable answer; `str()` is one line that says what was asked and why there is none."""


class Transport(Protocol):
    """Carries requests to one API server; each thread has a connection of its own."""

    def request(
        self,
        method: str,
        path: str,
        body: bytes | None = None,
        *,
        content_type: str = "application/json",
        accept: str = "application/json",
        timeout_seconds: float = 30.0,
    ) -> tuple[int, bytes]:
        """Return status and body; raise an Exception whose text says why there is no answer."""
        ...


class _SocketConnection(http.client.HTTPConnection):
    def __init__(self, path: Path) -> None:
        super().__init__("localhost")
        self._path = path

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.settimeout(self.timeout)
        self.sock.connect(str(self._path))


class _Proxy:
    """Requests through the socket of a running `kubectl proxy`."""

    def __init__(self, path: Path) -> None:
        self._connections = Connections(lambda: _SocketConnection(path))

    def request(
        self,
        method: str,
        path: str,
        body: bytes | None = None,
        *,
        content_type: str = "application/json",
        accept: str = "application/json",
        timeout_seconds: float = 30.0,
    ) -> tuple[int, bytes]:
        headers = {"Content-Type": content_type, "Accept": accept}
        try:
            return self._connections.request(method, path, body, headers, timeout_seconds=timeout_seconds)
        except FAILURES as error:
            raise KubeError(f"no answer to {method} {path.partition('?')[0]}: {error}") from error


@contextmanager
def through_kubectl(context: str | None = None, kubectl: str = "kubectl") -> Iterator[Transport]:
    """A way to the cluster that kubectl finds by itself, or that `context` of its kubeconfig names; else KubeError."""
    with tempfile.TemporaryDirectory(prefix="kitchen-") as folder:
        path = Path(folder) / "api"
        words = [kubectl, "proxy", f"--unix-socket={path}", *([f"--context={context}"] if context else [])]
        try:
            process = subprocess.Popen(
                words, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
            )
        except OSError as error:
            raise KubeError(f"{kubectl} cannot be started: {error.strerror}") from None
        try:
            _await(process)
            yield _Proxy(path)
        finally:
            process.terminate()
            process.communicate()


def _await(process: subprocess.Popen[str]) -> None:
    """It says `Starting to serve on ...` once it listens."""
    limit = time.monotonic() + _START_SECONDS
    with selectors.DefaultSelector() as ready:
        ready.register(process.stdout, selectors.EVENT_READ)  # type: ignore[arg-type]  # it is a pipe
        said = ready.select(limit - time.monotonic())
    if said and process.stdout and process.stdout.readline():
        return
    process.terminate()
    _, wrong = process.communicate()
    last = (wrong.strip().splitlines() or [f"it did not listen within {_START_SECONDS:.0f} s"])[-1]
    raise KubeError(f"kubectl: {last}")
