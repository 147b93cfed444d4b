"""A name server for one program: names of the cluster, and no others."""

from __future__ import annotations

import socket
import struct
import threading
from collections.abc import Mapping

_ANSWER, _NO_SUCH_NAME = 0x8580, 0x8583
"""Flags of an answer (RFC 1035, section 4.1.1): authoritative, without an error or with "no such name"."""

_A, _INTERNET, _SECONDS = 1, 1, 5


class Names:
    """Answers over UDP at `address` and `port` until it is stopped; `told` has addresses by name."""

    def __init__(self, address: str, told: Mapping[str, str]) -> None:
        self._told = {name.lower(): socket.inet_aton(found) for name, found in told.items()}
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.bind((address, 0))
        self.address, self.port = self._socket.getsockname()
        self._ended = threading.Event()
        threading.Thread(target=self._serve, daemon=True).start()

    def stop(self) -> None:
        """Answer no more."""
        self._ended.set()
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as last:
            last.sendto(b"", (self.address, self.port))

    def _serve(self) -> None:
        with self._socket:
            while not self._ended.is_set():
                asked, caller = self._socket.recvfrom(4096)
                if len(asked) > 12:
                    self._socket.sendto(self._answer(asked), caller)

    def _answer(self, asked: bytes) -> bytes:
        """One question in, the same question and at most one address out; there are none of IPv6."""
        labels, at = [], 12
        while length := asked[at]:
            labels.append(asked[at + 1 : at + 1 + length].decode())
            at += length + 1
        question, kind = asked[12 : at + 5], struct.unpack(">H", asked[at + 1 : at + 3])[0]
        found = self._told.get(".".join(labels).lower())
        records = b"" if found is None or kind != _A else b"\xc0\x0c" + struct.pack(">HHIH", _A, _INTERNET, _SECONDS, 4)
        flags = _NO_SUCH_NAME if found is None else _ANSWER
        head = asked[:2] + struct.pack(">HHHHH", flags, 1, 1 if records else 0, 0, 0)
        return head + question + records + (found or b"" if records else b"")
