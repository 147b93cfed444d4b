"""A directory on loopback with as much of LDAP (RFC 4511) as a store needs: everybody may bind, one person is in it."""

from __future__ import annotations

import socketserver
import threading
from dataclasses import dataclass
from typing import Self, cast

from tests.support.quiet_server import Quiet

BASE = "dc=example,dc=com"
_BIND, _UNBIND, _SEARCH = 0x60, 0x42, 0x63
_BOUND, _ENTRY, _DONE = 0x61, 0x64, 0x65
_SUCCESS = b"\x0a\x01\x00\x04\x00\x04\x00"
"""resultCode, matchedDN and diagnosticMessage."""


@dataclass(kw_only=True)
class Directory:
    """Use it as a context manager. A search of a name finds that name; one below it finds `person`."""

    person: str = f"uid=ana,{BASE}"

    def __enter__(self) -> Self:
        self._server = _Server(("127.0.0.1", 0), _Handler)
        self._server.person = self.person
        self.address = f"127.0.0.1:{self._server.server_address[1]}"
        threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()

    def environment(self) -> dict[str, str]:
        """What a MinIO is told of it."""
        return {
            "MINIO_IDENTITY_LDAP_SERVER_ADDR": self.address,
            "MINIO_IDENTITY_LDAP_SERVER_INSECURE": "on",
            "MINIO_IDENTITY_LDAP_LOOKUP_BIND_DN": f"cn=reader,{BASE}",
            "MINIO_IDENTITY_LDAP_LOOKUP_BIND_PASSWORD": "canary-of-the-directory",
            "MINIO_IDENTITY_LDAP_USER_DN_SEARCH_BASE_DN": BASE,
            "MINIO_IDENTITY_LDAP_USER_DN_SEARCH_FILTER": "(uid=%s)",
        }


class _Server(Quiet, socketserver.ThreadingTCPServer):
    allow_reuse_address = True
    person = ""


class _Handler(socketserver.StreamRequestHandler):
    def handle(self) -> None:
        while (message := self._message()) is not None:
            number, rest = message[: 2 + message[1]], message[2 + message[1] :]
            operation, (_, content) = rest[0], _value(rest)
            if operation == _UNBIND:
                return
            if operation == _BIND:
                self._say(number, _BOUND, _SUCCESS)
            elif operation == _SEARCH:
                _, name = _value(content)
                scope = content[len(_coded(content[0], name)) + 2]
                found = name if scope == 0 else cast("_Server", self.server).person.encode()
                self._say(number, _ENTRY, _coded(0x04, found) + _coded(0x30, b""))
                self._say(number, _DONE, _SUCCESS)

    def _message(self) -> bytes | None:
        head = self.rfile.read(2)
        if len(head) < 2:
            return None
        more = self.rfile.read(head[1] & 0x7F) if head[1] & 0x80 else b""
        length = int.from_bytes(more) if more else head[1]
        return self.rfile.read(length)

    def _say(self, number: bytes, operation: int, content: bytes) -> None:
        self.wfile.write(_coded(0x30, number + _coded(operation, content)))


def _value(data: bytes) -> tuple[int, bytes]:
    """Tag and content of the first value of BER."""
    length, start = data[1], 2
    if length & 0x80:
        start += length & 0x7F
        length = int.from_bytes(data[2:start])
    return data[0], data[start : start + length]


def _coded(tag: int, content: bytes) -> bytes:
    if len(content) < 0x80:
        return bytes([tag, len(content)]) + content
    size = len(content).to_bytes(4)
    return bytes([tag, 0x84]) + size + content
