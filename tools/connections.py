"""HTTP connections that are kept open: one to a server for each thread."""

from __future__ import annotations

import http.client
import threading
from collections.abc import Callable, Mapping

FAILURES = (OSError, http.client.HTTPException)
"""What a request raises that gets no answer."""


class Connections:
    """Connections to one server, made when a thread first asks, and anew after a request that got no answer."""

    def __init__(self, make: Callable[[], http.client.HTTPConnection]) -> None:
        """`make` returns a connection that is not open yet."""
        self._make = make
        self._local = threading.local()

    def request(
        self, method: str, path: str, body: bytes | None, headers: Mapping[str, str], *, timeout_seconds: float
    ) -> tuple[int, bytes]:
        """Return status and body; raise one of FAILURES."""
        connection: http.client.HTTPConnection | None = getattr(self._local, "connection", None)
        if connection is None:
            connection = self._local.connection = self._make()
        connection.timeout = timeout_seconds
        if connection.sock is not None:
            connection.sock.settimeout(timeout_seconds)
        try:
            connection.request(method, path, body, headers)
            answer = connection.getresponse()
            return answer.status, answer.read()
        except FAILURES:
            connection.close()
            self._local.connection = None
            raise
