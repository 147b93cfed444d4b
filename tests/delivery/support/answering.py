"""Stands in for the entry and the servers behind it: answers to calls of models as vLLM does, to one token alone."""

from __future__ import annotations

import http.server
import json
import threading
from typing import Any

TOKEN = "canary-models-token-5d20"


class Answering:
    """Use it as a context manager; `called` are path and model of each call that was let in."""

    def __init__(self) -> None:
        self.called: list[tuple[str, str]] = []

    def __enter__(self) -> Answering:
        held = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def log_message(self, *_: object) -> None:
                pass

            def do_POST(self) -> None:
                body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                status, content = held.answer(self.path, body, self.headers.get("Authorization", ""))
                text = json.dumps(content).encode()
                self.send_response(status)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(text)))
                self.end_headers()
                self.wfile.write(text)

        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()

    def answer(self, path: str, body: dict[str, Any], authorization: str) -> tuple[int, dict[str, Any]]:
        if authorization != f"Bearer {TOKEN}":
            return 401, {"error": {"message": "no token"}}
        self.called.append((path, body["model"]))
        if path == "/v1/embeddings":
            return 200, {"model": body["model"], "data": [{"embedding": [0.5, -0.5]}]}
        return 200, {"model": body["model"], "choices": [{"text": "."}]}
