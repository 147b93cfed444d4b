"""A registry in memory on a loopback port: as much of the OCI distribution API as copying an image needs."""

from __future__ import annotations

import hashlib
import http.server
import re
import threading
from types import TracebackType

_PATH = re.compile(r"/v2/(?P<repository>.+)/(?P<kind>blobs|manifests|blobs/uploads)/(?P<name>[^/?]*)(?:\?.*)?")


class Registry:
    """Use it as a context manager; `blobs` and `manifests` hold what was pushed."""

    def __init__(self) -> None:
        self.blobs: dict[str, bytes] = {}
        self.manifests: dict[tuple[str, str], tuple[str, bytes]] = {}
        self.uploads: dict[str, bytes] = {}
        registry = self

        class Handler(_Handler):
            held = registry

        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.host = f"127.0.0.1:{self._server.server_port}"

    def __enter__(self) -> Registry:
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_: type[BaseException] | BaseException | TracebackType | None) -> None:
        self._server.shutdown()
        self._server.server_close()

    def tags(self, repository: str) -> set[str]:
        return {name for held, name in self.manifests if held == repository and not name.startswith("sha256:")}


class _Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    held: Registry

    def log_message(self, *_: object) -> None:
        pass

    def do_GET(self) -> None:
        if self.path == "/v2/":
            self._answer(200, b"{}")
            return
        kind, repository, name = self._parts()
        if kind == "manifests" and (repository, name) in self.held.manifests:
            media_type, content = self.held.manifests[repository, name]
            self._answer(200, content, {"Content-Type": media_type, "Docker-Content-Digest": _digest(content)})
        elif kind == "blobs" and name in self.held.blobs:
            self._answer(200, self.held.blobs[name], {"Docker-Content-Digest": name})
        else:
            code = "MANIFEST_UNKNOWN" if kind == "manifests" else "BLOB_UNKNOWN"
            self._answer(404, f'{{"errors": [{{"code": "{code}", "message": "{code.lower()}"}}]}}'.encode())

    do_HEAD = do_GET  # noqa: N815

    def do_POST(self) -> None:
        _, repository, _ = self._parts()
        name = f"upload-{len(self.held.uploads)}"
        self.held.uploads[name] = b""
        self._answer(202, b"", {"Location": f"/v2/{repository}/blobs/uploads/{name}"})

    def do_PATCH(self) -> None:
        _, _, name = self._parts()
        self.held.uploads[name] += self._body()
        self._answer(202, b"", {"Location": self.path, "Range": f"0-{len(self.held.uploads[name]) - 1}"})

    def do_PUT(self) -> None:
        kind, repository, name = self._parts()
        body = self._body()
        if kind == "manifests":
            for key in {name, _digest(body)}:
                self.held.manifests[repository, key] = (self.headers["Content-Type"], body)
            self._answer(201, b"", {"Docker-Content-Digest": _digest(body)})
        else:
            content = self.held.uploads.pop(name) + body
            self.held.blobs[_digest(content)] = content
            self._answer(201, b"", {"Docker-Content-Digest": _digest(content)})

    def _parts(self) -> tuple[str, str, str]:
        found = _PATH.fullmatch(self.path)
        if found is None:
            return "", "", ""
        return found["kind"], found["repository"], found["name"]

    def _body(self) -> bytes:
        if self.headers.get("Transfer-Encoding") != "chunked":
            return self.rfile.read(int(self.headers.get("Content-Length") or 0))
        whole = b""
        while size := int(self.rfile.readline(), 16):
            whole += self.rfile.read(size)
            self.rfile.readline()
        self.rfile.readline()
        return whole

    def _answer(self, status: int, content: bytes, headers: dict[str, str] | None = None) -> None:
        self.send_response(status)
        for name, value in (headers or {}).items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(content)


def _digest(content: bytes) -> str:
    return f"sha256:{hashlib.sha256(content).hexdigest()}"
