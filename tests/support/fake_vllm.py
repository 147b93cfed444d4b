"""A small stand-in for vLLM's API server: models, and the update API with the answers that vLLM gives."""

from __future__ import annotations

import json
import threading
import time
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any

from tests.support.ports import free_ports
from tests.support.quiet_server import QuietServer

BASE = "tsuzumi-7b-instruct"


class FakeVllm:
    """`loaded` is its state, lost by `restart`; `calls` every update; `refuse` names with the answer they get."""

    def __init__(self, token: Path) -> None:
        self.token = token
        self.loaded: dict[str, str] = {}
        self.calls: list[tuple[str, str]] = []
        self.refuse: dict[str, tuple[int, str]] = {}
        self.slow_seconds = 0.0
        self.garbage = False
        (self.port,) = free_ports(1)
        self._server: QuietServer | None = None

    def start(self) -> None:
        self._server = QuietServer(("127.0.0.1", self.port), self._handler())
        self._server.daemon_threads = True
        threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True).start()

    def stop(self) -> None:
        """End, as a process does: connections are refused, and nothing is loaded afterwards."""
        if self._server is not None:
            self._server.shutdown()
            self._server.server_close()
            self._server = None
        self.loaded = {}

    def restart(self) -> None:
        self.stop()
        self.start()

    def answer(self, path: str, body: dict[str, Any], token: str) -> tuple[int, Any]:
        """What vLLM answers (vllm/entrypoints/openai/models/serving.py)."""
        if path == "/v1/models":
            cards = [{"id": name, "root": root, "parent": BASE} for name, root in self.loaded.items()]
            return 200, {"object": "list", "data": [{"id": BASE, "root": "/mnt/models", "parent": None}, *cards]}
        if token != self.token.read_text():
            return 403, {"error": {"message": "closed", "code": 403}}
        name, what = str(body["lora_name"]), path.rsplit("/", 1)[-1].partition("_")[0]
        self.calls.append((what, name))
        if name in self.refuse:
            code, message = self.refuse[name]
        elif what == "load":
            code, message = self._load(name, body["lora_path"])
        elif self.loaded.pop(name, None) is None:
            code, message = 404, f"The lora adapter '{name}' cannot be found."
        else:
            code, message = 200, "Success"
        return code, message if code == 200 else {"error": {"message": message, "code": code}}

    def _load(self, name: str, path: str) -> tuple[int, str]:
        if name in self.loaded:
            return 400, f"The lora adapter '{name}' has already been loaded."
        if not (Path(path) / "adapter_config.json").is_file():
            return 404, "No adapter found"
        self.loaded[name] = path
        return 200, "Success"

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        fake = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                self._answer({})

            def do_POST(self) -> None:
                self._answer(json.loads(self.rfile.read(int(self.headers["content-length"]))))

            def _answer(self, body: dict[str, Any]) -> None:
                time.sleep(fake.slow_seconds)
                code, said = fake.answer(self.path, body, self.headers.get("x-kitchen-update-token", ""))
                text = b"<html>" if fake.garbage else json.dumps(said).encode()
                self.send_response(code)
                self.send_header("content-length", str(len(text)))
                self.end_headers()
                self.wfile.write(text)

            def log_message(self, *_: Any) -> None:
                pass

        return Handler
