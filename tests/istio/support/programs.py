"""Programs of the pods: what listens behind sidecars, each on an address of its own, and counts who came."""

from __future__ import annotations

import socket
import ssl
import threading
from concurrent import futures
from contextlib import suppress
from http.server import BaseHTTPRequestHandler
from pathlib import Path

import grpc

from tests.istio.support.wire import close, connections
from tests.support.quiet_server import QuietServer

Address = tuple[str, int]


class Server:
    """An HTTP server, with TLS where there is a certificate; `seen` are the paths that reached it."""

    def __init__(self, address: Address, certificate: Path | None = None) -> None:
        self.seen: list[str] = []
        self._server = QuietServer(address, _handler(self.seen))
        self._server.daemon_threads = True
        self._server.handle_error = lambda *_: None  # type: ignore[method-assign]
        if certificate is not None:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(certificate)
            # The handshake is that of the thread which answers: nobody who says nothing holds up the others.
            self._server.socket = context.wrap_socket(
                self._server.socket, server_side=True, do_handshake_on_connect=False
            )
        threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()

    def stop(self) -> None:
        self._server.shutdown()
        self._server.server_close()


def _handler(seen: list[str]) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        timeout = 20

        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["content-length"]))
            self.do_GET()

        def do_GET(self) -> None:
            seen.append(self.path)
            body = b'{"object": "list"}'
            self.send_response(200)
            self.send_header("content-type", "application/json")
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Nothing."""

    return Handler


class Counter:
    """A gRPC server as the shared counter is one; it answers every question with what it was asked."""

    def __init__(self, address: Address) -> None:
        self.seen: list[str] = []
        self._server = grpc.server(futures.ThreadPoolExecutor(2), handlers=[_Echo(self.seen)])
        assert self._server.add_insecure_port("{}:{}".format(*address))
        self._server.start()

    def stop(self) -> None:
        self._server.stop(0)


class _Echo(grpc.GenericRpcHandler):  # type: ignore[misc]
    def __init__(self, seen: list[str]) -> None:
        self._seen = seen

    def service(self, details: grpc.HandlerCallDetails) -> grpc.RpcMethodHandler:
        self._seen.append(str(details.method))
        return grpc.unary_unary_rpc_method_handler(lambda asked, _: asked)


class Echo:
    """A TCP server that says again what it hears, as a store of numbers that is asked first."""

    def __init__(self, address: Address) -> None:
        self.seen: list[str] = []
        self._listener = socket.create_server(address)
        threading.Thread(target=self._serve, daemon=True).start()

    def stop(self) -> None:
        close(self._listener)

    def _serve(self) -> None:
        for made, _ in connections(self._listener):
            with made, suppress(OSError):
                made.settimeout(20)
                if heard := made.recv(65536):
                    self.seen.append(heard.decode())
                    made.sendall(heard)
