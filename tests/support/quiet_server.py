"""Servers of tests, in threads."""

from __future__ import annotations

import socketserver
import sys
from http.server import ThreadingHTTPServer
from typing import Any


class Quiet(socketserver.BaseServer):
    """Says nothing of a caller that goes away: its thread may learn it when another test looks at what was said."""

    daemon_threads = True

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Anything else is a fault of the test, and shown."""
        if not isinstance(sys.exception(), OSError):
            super().handle_error(request, client_address)


class QuietServer(Quiet, ThreadingHTTPServer):
    """The HTTP server of tests."""

    request_queue_size = 512
    """Callers that come at once wait for the test's one accepting thread; above five of them the kernel drops some."""
