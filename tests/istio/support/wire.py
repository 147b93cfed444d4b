"""What the kernel of a pod does: connections that come go to its sidecar, and so do those that its program opens."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import suppress

from tests.istio.support.pods import INBOUND, OUTBOUND, Pod

Address = tuple[str, int]
_SECONDS = 20


def open_from(pod: Pod, to: Address) -> socket.socket:
    """A connection that a pod's program opens: its sidecar takes it, and learns where it was to go."""
    made = socket.create_connection((pod.address, OUTBOUND), timeout=_SECONDS)
    made.sendall(_told((pod.inside, made.getsockname()[1]), to))
    return made


def _told(source: Address, to: Address) -> bytes:
    """The header by which a sidecar learns where a connection went to; a kernel says it by SO_ORIGINAL_DST."""
    return f"PROXY TCP4 {source[0]} {to[0]} {source[1]} {to[1]}\r\n".encode()


class Redirect:
    """Connections to a pod's address on `port` go to its sidecar, which leads them on to its program."""

    def __init__(self, pod: Pod, port: int) -> None:
        self._pod, self._port = pod, port
        self._listener = socket.create_server((pod.address, port))
        threading.Thread(target=self._serve, daemon=True).start()

    def stop(self) -> None:
        """Take no more; what goes on goes on."""
        close(self._listener)

    def _serve(self) -> None:
        for caller, source in connections(self._listener):
            threading.Thread(target=self._lead, args=(caller, source), daemon=True).start()

    def _lead(self, caller: socket.socket, source: Address) -> None:
        with caller, suppress(OSError), socket.create_connection((self._pod.address, INBOUND)) as sidecar:
            sidecar.sendall(_told(source, (self._pod.inside, self._port)))
            back = threading.Thread(target=_copy, args=(sidecar, caller), daemon=True)
            back.start()
            _copy(caller, sidecar)
            back.join()


class Outgoing:
    """Connections that a pod's program opens to `to`, for client libraries: entered, it gives the address to call."""

    def __init__(self, pod: Pod, to: Address, port: int = 0) -> None:
        self._pod, self._to = pod, to
        self._listener = socket.create_server((pod.inside, port))

    def __enter__(self) -> Address:
        threading.Thread(target=self._serve, daemon=True).start()
        host, port = self._listener.getsockname()
        return str(host), int(port)

    def __exit__(self, *_: object) -> None:
        close(self._listener)

    def _serve(self) -> None:
        for program, _ in connections(self._listener):
            threading.Thread(target=self._lead, args=(program,), daemon=True).start()

    def _lead(self, program: socket.socket) -> None:
        with program, suppress(OSError), open_from(self._pod, self._to) as sidecar:
            back = threading.Thread(target=_copy, args=(sidecar, program), daemon=True)
            back.start()
            _copy(program, sidecar)
            back.join()


def connections(listener: socket.socket) -> Iterator[tuple[socket.socket, Address]]:
    """Each connection with its other end, until the listener is closed."""
    while True:
        try:
            yield listener.accept()
        except OSError:
            return


def close(listener: socket.socket) -> None:
    """Take no more connections; whoever waits for one is told."""
    with suppress(OSError):
        listener.shutdown(socket.SHUT_RDWR)
    listener.close()


def _copy(source: socket.socket, target: socket.socket) -> None:
    try:
        while data := source.recv(65536):
            target.sendall(data)
        target.shutdown(socket.SHUT_WR)
    except OSError:  # one side is gone, and so the other must go
        for one in (source, target):
            with suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)


def answer(made: socket.socket, sent: bytes) -> bytes:
    """Send, and read until the other side ends it: nothing is a connection that was refused."""
    read = b""
    with made, suppress(OSError):
        made.settimeout(_SECONDS)
        made.sendall(sent)
        while data := made.recv(65536):
            read += data
    return read


def get(host: str, path: str = "/v1/models") -> bytes:
    """A request as the entry sends it to a server: by the server's name in the cluster."""
    return f"GET {path} HTTP/1.1\r\nhost: {host}\r\nconnection: close\r\n\r\n".encode()


def status(read: bytes) -> int:
    """The status of an answer; 0 is none."""
    return int(read.split(b" ", 2)[1]) if read.startswith(b"HTTP/") else 0
