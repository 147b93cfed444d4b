"""The shipper as a process of its own, started as in a pod, and a writer that does with its file what Envoy does."""

from __future__ import annotations

import json
import os
import subprocess
import threading
from collections.abc import Sequence
from contextlib import suppress
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import IO, Any

from tests.entry.counter.parts import wait_for_port
from tests.entry.record.store import BUCKET, AuditStore
from tests.support.pod_package import HOME, started
from tests.support.ports import free_ports
from tests.support.quiet_server import QuietServer

QUICK = ("--seconds=0.3", "--file-mib=0.25", "--every=0.05")
END_SECONDS = 120


class Shipper:
    """`kill` ends it at once, `end` as the kubelet does."""

    def __init__(self, folder: Path, store: AuditStore, admin_port: int, options: Sequence[str] = QUICK) -> None:
        self.folder, self.log = folder, folder.parent / f"{folder.name}-shipper.log"
        (self.port,) = free_ports(1)
        self._endpoint = store.server.endpoint
        self._argv = [
            *started("ship_calls"),
            *(f"--folder={folder}", f"--bucket={BUCKET}", f"--key={store.key}", f"--source={folder.name}"),
            *(f"--admin-port={admin_port}", "--host=127.0.0.1", f"--port={self.port}", *options),
        ]
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        env = {"PATH": os.environ["PATH"], "HOME": str(self.folder), "AWS_ENDPOINT_URL": self._endpoint}
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(self._argv, cwd=HOME, env=env, stdout=log, stderr=log)

    def wait_until_up(self) -> None:
        assert self._process is not None
        wait_for_port(self.port, self._process, self.log)

    def kill(self) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None

    def end(self) -> int:
        assert self._process is not None
        self._process.terminate()
        try:
            return self._process.wait(END_SECONDS)
        finally:
            self.kill()

    def waiting(self) -> list[Path]:
        """What is not shipped yet; nothing may come and go in it meanwhile."""
        return [path for path in self.folder.glob("*.jsonl") if path.stat().st_size]

    def has_shipped_all(self) -> bool:
        """Whether nothing waits, asked while it is at work."""
        with suppress(FileNotFoundError):
            return not self.waiting()
        return False


class Writer:
    """Appends lines to calls.jsonl, and opens it anew when its administration is asked to, as Envoy does."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / "calls.jsonl"
        self._lock = threading.Lock()
        self._file: IO[bytes] = self.path.open("ab")
        self._server: QuietServer | None = None
        (self.port,) = free_ports(1)
        self._serve()

    def write(self, lines: Sequence[dict[str, Any]]) -> None:
        with self._lock:
            self._file.write(b"".join(json.dumps(line, separators=(",", ":")).encode() + b"\n" for line in lines))
            self._file.flush()

    def restart(self, lost: bytes) -> None:
        """A kill within a line: its beginning is there. Then Envoy starts again and opens the same path."""
        self.close_administration()
        with self._lock:
            self._file.write(lost)
            self._file.close()
            self._file = self.path.open("ab")
        self._serve()

    def close_administration(self) -> None:
        if self._server is not None:
            self._server.shutdown()
            self._server.server_close()
            self._server = None

    def _serve(self) -> None:
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                with outer._lock:
                    outer._file.close()
                    outer._file = outer.path.open("ab")
                self.send_response(200)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *_: Any) -> None:
                pass

        class Server(QuietServer):
            allow_reuse_address = True
            daemon_threads = True

        self._server = Server(("127.0.0.1", self.port), Handler)
        threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()
