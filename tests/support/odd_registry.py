"""A registry that gives what lies in a layout, and answers as servers do that keep less to the specification."""

from __future__ import annotations

import http.server
import json
import re
import ssl
import threading
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from tests.support import image_forms as forms
from tests.support.quiet_server import QuietServer

Answer = tuple[int, bytes, Mapping[str, str]]
_PATH = re.compile(r"/v2/(?P<repository>.+)/(?P<what>manifests|blobs|referrers)/(?P<reference>[^?]+)(\?.*)?")


class OddRegistry:
    """It reads only; use it as a context manager. `tags`: digests by tag. `hook` answers instead of it, or gives None.

    `form` names headers of manifests that are other than usual, `kind` makes their media type, `referrers` answers the
    question for them.
    """

    def __init__(
        self,
        layout: Path,
        tags: Mapping[str, str],
        *,
        hook: Callable[[str, str, Mapping[str, str]], Answer | None] = lambda *_: None,
        form: frozenset[str] = frozenset(),
        kind: Callable[[str], str] = str,
        referrers: Callable[[str], Answer] = lambda _: (404, b"", {}),
        tls: ssl.SSLContext | None = None,
    ) -> None:
        self.asked: list[tuple[str, str]] = []
        self.layout, self.tags, self.hook = layout, tags, hook
        self.form, self.kind, self.referrers = form, kind, referrers
        door = self

        class Handler(_Handler):
            registry = door

        host = "127.0.0.1" if tls is None else "127.0.0.2"
        self._server = _Server((host, 0), Handler)
        if tls is not None:
            self._server.socket = tls.wrap_socket(self._server.socket, server_side=True, do_handshake_on_connect=False)
        self.host = f"{host}:{self._server.server_port}"

    def __enter__(self) -> OddRegistry:
        threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()

    def answer(self, method: str, path: str, headers: Mapping[str, str]) -> Answer:
        found = _PATH.fullmatch(path)
        if found is None:
            return 200, b"{}", {}
        if found["what"] == "referrers":
            return self.referrers(found["reference"])
        digest = self.tags.get(found["reference"], found["reference"])
        file = self.layout / "blobs" / digest.replace(":", "/")
        if not file.is_file():
            return 404, b'{"errors": [{"code": "MANIFEST_UNKNOWN"}]}', {"Content-Type": "application/json"}
        content = file.read_bytes()
        if found["what"] == "manifests":
            kind = self.kind(str(json.loads(content).get("mediaType")))
            return 200, content, {"Content-Type": kind, "Docker-Content-Digest": digest}
        start = int((headers.get("Range") or "bytes=0-").removeprefix("bytes=").rstrip("-"))
        part = {"Content-Range": f"bytes {start}-{len(content) - 1}/{len(content)}"} if start else {}
        return (206 if start else 200), content[start:], part

    def gets(self, what: str) -> list[str]:
        """Paths of GET requests for `manifests`, `blobs` or `referrers`."""
        return [path for method, path in self.asked if method == "GET" and f"/{what}/" in path]


class _Server(QuietServer):
    def handle_error(self, *_: object) -> None:
        """A client that is gone: nothing to tell."""


class _Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    registry: OddRegistry

    def log_message(self, *_: object) -> None:
        pass

    def _say(self) -> None:
        door = self.registry
        door.asked.append((self.command, self.path))
        headers = dict(self.headers.items())
        answer = door.hook(self.command, self.path, headers) or door.answer(self.command, self.path, headers)
        status, content, more = answer
        odd = door.form if "/manifests/" in self.path and status == 200 else frozenset()
        self.send_response(status)
        for name, value in more.items():
            if not (name == "Docker-Content-Digest" and "no digest" in odd):
                self.send_header(name, value)
        if "chunked" in odd:
            self.send_header("Transfer-Encoding", "chunked")
            content = f"{len(content):x}\r\n".encode() + content + b"\r\n0\r\n\r\n"
        elif "no length" in odd and self.command == "HEAD":
            self.send_header("Connection", "close")
        else:
            self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(content)

    do_GET = do_HEAD = _say  # noqa: N815


def refusing(status: int, code: str = "UNSUPPORTED") -> Callable[[str], Answer]:
    """An answer with this status to every question for referrers."""
    content = json.dumps({"errors": [{"code": code, "message": "not here"}]}).encode()
    return lambda _: (status, content, {"Content-Type": "application/json"})


def listing(referrers: Mapping[str, list[dict[str, Any]]], kind: str = forms.OCI_INDEX) -> Callable[[str], Answer]:
    """The API's answer: what refers to each digest."""

    def answer(subject: str) -> Answer:
        content = {"schemaVersion": 2, "mediaType": forms.OCI_INDEX, "manifests": referrers.get(subject, [])}
        return 200, json.dumps(content).encode(), {"Content-Type": kind}

    return answer
