"""Stands in for the entry and the servers behind it: it answers to calls of models as vLLM does."""

from __future__ import annotations

import http.server
import json
import threading
from typing import Any, Self

from tests.support.quiet_server import QuietServer


def right(path: str, model: str) -> tuple[int, Any]:
    """The answer of a server that works."""
    vectors = path == "/v1/embeddings"
    said = {"data": [{"embedding": [0.1]}]} if vectors else {"choices": [{"text": f"of {model}"}]}
    return 200, {**said, "model": model}


class ModelDoor(QuietServer):
    """Use it as a context manager. `asked` are path, model and authorization of each call; `answer` may be changed."""

    daemon_threads = True

    def __init__(self) -> None:
        self.asked: list[tuple[str, str, str]] = []
        self.answer: Any = right
        door = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def log_message(self, *_: object) -> None:
                pass

            def do_POST(self) -> None:
                body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                door.asked.append((self.path, body["model"], self.headers.get("Authorization", "")))
                status, content = door.answer(self.path, body["model"])
                text = content if isinstance(content, bytes) else json.dumps(content).encode()
                self.send_response(status)
                self.send_header("Content-Length", str(len(text)))
                self.end_headers()
                self.wfile.write(text)

        super().__init__(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server_port}"

    def __enter__(self) -> Self:
        threading.Thread(target=self.serve_forever, args=(0.02,), daemon=True).start()
        return super().__enter__()

    def __exit__(self, *error: object) -> None:
        self.shutdown()
        super().__exit__(*error)
