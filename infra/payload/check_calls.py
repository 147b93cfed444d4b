"""Answer the entry's questions about bodies, and the list of models that a caller may call.

Runs beside Envoy in the entry's pod, on Python 3.9+, and listens on the pod's loopback alone. Envoy sends each body
that came with a valid token here (ext_authz over HTTP) and lets it go on when the answer is 200. Nothing of a body is
kept or logged. What may be called stands in a file, which names each public model with its kitchen's bounds and groups.
"""

from __future__ import annotations

import argparse
import json
import signal
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from .call_body import Refused, read
from .call_bounds import DEFAULTS, PARAMETERS, check
from .drain_entry import drain

MODELS = "/v1/models"
GROUPS_HEADER, ACCOUNT_HEADER = "x-kitchen-groups", "x-kitchen-account"
REFUSED_HEADER = "x-kitchen-refused"
"""Says in one word, which is none of the caller's, why a body was refused; it stands in the record of calls."""

NO_CLUSTER = ""
"""Stands for the issuer of groups: they count whichever identity provider names them. No issuer is called so."""
TURN_SECONDS = 0.0005
"""How long one body is worked on before other calls get their turn. Python's own 5 ms, several times for each call, are
longer than all else that the entry adds to a call."""

BAD_INPUT = 2
LONGEST_MODEL = 256


class Table:
    """The models that can be called: by public name their groups, and the bounds of what may be asked of them."""

    def __init__(self, data: dict[str, Any]) -> None:
        """Take the file's content: {"created": seconds, "models": {name: {"groups": [...], "bounds": {...}}}}.

        A model may have "accounts" too: by issuer's name those ServiceAccounts, and all of a namespace, that may call.
        """
        self._created = int(data.get("created", 0))
        self._bounds = {name: {**DEFAULTS, **entry.get("bounds", {})} for name, entry in data["models"].items()}
        self._callers = {
            name: frozenset(
                [(NO_CLUSTER, group) for group in entry["groups"]]
                + [(issuer, one) for issuer, accounts in entry.get("accounts", {}).items() for one in accounts]
            )
            for name, entry in data["models"].items()
        }

    def judge(self, path: str, raw: bytes, content_type: str, content_encoding: str) -> None:
        """Raise Refused unless the body asks one model for what it may be asked."""
        if "?" in path:
            raise Refused("no path here takes a query: leave out the ? and what follows", None, "bad_request")
        if path not in PARAMETERS:
            raise Refused("no such path here", None, "path_not_found")
        body = read(raw, content_type, content_encoding)
        model = body.get("model")
        if not isinstance(model, str):
            raise Refused("model must be a text", "model", "missing_parameter")
        if len(model) > LONGEST_MODEL:
            raise Refused(f"model must be a text of {LONGEST_MODEL} characters at most", "model", "out_of_bounds")
        # An unknown model is Envoy's to refuse, as is one that the caller has no right to: both look the same.
        check(path, body, self._bounds.get(model, DEFAULTS))

    def listed(self, callers: set[tuple[str, str]]) -> dict[str, Any]:
        """The models of some groups, or of what an account is, as the API lists them."""
        names = sorted(name for name, allowed in self._callers.items() if allowed & callers)
        entry = {"object": "model", "created": self._created, "owned_by": "kitchen"}
        return {"object": "list", "data": [{"id": name, **entry} for name in names]}


def refusal(refused: Refused) -> dict[str, Any]:
    """A refusal as OpenAI's client libraries show it."""
    error = {"message": str(refused), "type": "invalid_request_error", "param": refused.param, "code": refused.code}
    return {"error": error}


def server(table: Table, port: int) -> ThreadingHTTPServer:
    """A server on the loopback that has not begun to answer; raise OSError when the port is taken."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        timeout = 300
        # Head and body of an answer go out together: 40 ms a call otherwise.
        disable_nagle_algorithm = True
        wbufsize = -1

        def do_POST(self) -> None:
            """Judge one body."""
            raw = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            kind, encoding = self.headers.get("Content-Type", ""), self.headers.get("Content-Encoding", "")
            try:
                table.judge(self.path, raw, kind, encoding)
            except Refused as refused:
                self._answer(400, refusal(refused), {REFUSED_HEADER: refused.code})
            else:
                self._answer(200, {})

        def do_GET(self) -> None:
            """List the models of the groups that Envoy names, or tell that the process is there."""
            if self.path.partition("?")[0] == MODELS:
                groups, account = self.headers.get(GROUPS_HEADER, ""), self.headers.get(ACCOUNT_HEADER, "")
                self._answer(200, table.listed({*_groups(groups), *_accounts(account)}))
            else:
                self._answer(200 if self.path == "/ready" else 404, {})

        def _answer(self, status: int, content: dict[str, Any], headers: dict[str, str] | None = None) -> None:
            body = json.dumps(content).encode() + b"\n"
            self.send_response_only(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            for name, value in (headers or {}).items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: Any) -> None:
            """The record of calls is Envoy's."""

    return _Server(("127.0.0.1", port), Handler)


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 1024
    """Connections that Envoy opens at once; the default of 5 makes each one more wait for a second."""

    def handle_error(self, *_: Any) -> None:
        """No traceback, whose last line may hold words of a body; an Envoy that goes away is nothing to tell."""
        error = sys.exc_info()[1]
        if not isinstance(error, OSError):
            print(f"check_calls: a call could not be judged: {type(error).__name__}", file=sys.stderr, flush=True)


def _groups(text: str) -> list[tuple[str, str]]:
    """The groups that Envoy names."""
    return [(NO_CLUSTER, group) for group in _texts(text)]


def _accounts(text: str) -> list[tuple[str, str]]:
    """What an account is to its cluster: itself, and one of its namespace; nothing where its token disagrees."""
    said = _texts(text)
    if len(said) != 4:
        return []
    issuer, subject, namespace, name = said
    if subject != f"system:serviceaccount:{namespace}:{name}":
        return []
    return [(issuer, subject), (issuer, f"system:serviceaccounts:{namespace}")]


def _texts(text: str) -> list[str]:
    """The texts of a list as Envoy writes it, in UTF-8, which a header hands over as Latin-1; or none."""
    try:
        value = json.loads(text.encode("latin-1").decode("utf-8"))
    except (ValueError, RecursionError):
        return []
    return [entry for entry in value if isinstance(entry, str)] if isinstance(value, list) else []


def main(argv: list[str]) -> int:
    """Read the table and answer until the end."""
    parser = argparse.ArgumentParser(prog="check_calls")
    parser.add_argument("--table", type=Path, required=True)
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--envoy-port", type=int, help="Envoy's administration, to let its calls end before the pod")
    parser.add_argument("--drain-seconds", type=float, default=0.0)
    options = parser.parse_args(argv)
    try:
        table = Table(json.loads(options.table.read_text(encoding="utf-8")))
        made = server(table, options.port)
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        print(f"check_calls: {options.table}: {type(error).__name__}: {error}", file=sys.stderr)
        return BAD_INPUT
    sys.setswitchinterval(TURN_SECONDS)
    ended = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: ended.set())
    threading.Thread(target=made.serve_forever, daemon=True).start()
    ended.wait()
    if options.envoy_port is not None:
        # Calls that have begun are still checked meanwhile.
        drain(options.envoy_port, options.drain_seconds)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
