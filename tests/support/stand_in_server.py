"""Stands in for the interpreter that has vLLM: takes the server's command line, and answers with what it was asked."""

from __future__ import annotations

import http.server
import json
import sys


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_: object) -> None:
        pass

    def do_GET(self) -> None:
        self.answer({})

    def do_POST(self) -> None:
        asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        told = {"prompt_tokens": 3, "completion_tokens": 4, "total_tokens": 7}
        self.answer({"model": asked["model"], "authorization": self.headers.get("Authorization"), "usage": told})

    def answer(self, content: dict[str, object]) -> None:
        body = json.dumps(content).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


if __name__ == "__main__":
    (port,) = [word.partition("=")[2] for word in sys.argv if word.startswith("--port=")]
    print("started with", *sys.argv[1:], flush=True)
    http.server.ThreadingHTTPServer(("127.0.0.1", int(port)), Handler).serve_forever()
