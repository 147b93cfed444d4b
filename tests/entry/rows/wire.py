"""Bytes on the wire: requests in requests, forged headers, hosts, upgrades, and HTTP/2."""

from __future__ import annotations

from tests.entry.rows.row import JSON, Row, no, ok
from tests.entry.rows.row import chat as said
from tests.entry.support.callers import chunked
from tests.entry.support.plan import CHAT

_BODY = said()
_INNER = b"POST /v1/load_lora_adapter HTTP/1.1\r\nhost: a\r\ncontent-length: 0\r\n\r\n"
_PLAIN = ("content-type: application/json", f"content-length: {len(_BODY)}")


def _head(*lines: str, path: str = CHAT, end: str = "\r\n") -> bytes:
    told = [f"POST {path} HTTP/1.1", "host: entry", "authorization: Bearer {token}", *lines, "", ""]
    return end.join(told).encode("latin-1")


_CHUNKED = "transfer-encoding: chunked"
_PIECES = chunked([_BODY[:10], _BODY[10:]])
LENGTHS = [
    ok("chunked", raw=_head("content-type: application/json", _CHUNKED) + _PIECES),
    ok("chunked with an extension", raw=_head("content-type: application/json", _CHUNKED)
       + b"%x;a=b\r\n" % len(_BODY) + _BODY + b"\r\n0\r\n\r\n"),
    ok("chunked with trailers", raw=_head("content-type: application/json", _CHUNKED)
       + chunked([_BODY], "x-kitchen-groups: legal\r\nauthorization: Bearer x\r\n")),
    no("length and chunked", 400, "", raw=_head(*_PLAIN, _CHUNKED) + _PIECES),
    no("length 0 and chunked", 400, "", raw=_head(_PLAIN[0], "content-length: 0", _CHUNKED) + _PIECES + _INNER),
    no("length twice, different", 400, "", raw=_head(*_PLAIN, "content-length: 1") + _BODY),
    no("length as a list", 400, "", raw=_head(_PLAIN[0], f"content-length: {len(_BODY)}, {len(_BODY)}") + _BODY),
    no("length with a sign", 400, "", raw=_head(_PLAIN[0], f"content-length: +{len(_BODY)}") + _BODY),
    no("length in hexadecimal", 400, "", raw=_head(_PLAIN[0], f"content-length: 0x{len(_BODY):x}") + _BODY),
    no("length with a space before the colon", 400, "", raw=_head(_PLAIN[0], f"content-length : {len(_BODY)}") + _BODY),
    no("chunked twice", 501, "", raw=_head(_PLAIN[0], _CHUNKED, _CHUNKED) + _PIECES),
    no("chunked, then identity", 501, "", raw=_head(_PLAIN[0], "transfer-encoding: chunked, identity") + _PIECES),
    no("an encoding that nobody knows", 501, "", raw=_head(_PLAIN[0], "transfer-encoding: xchunked") + _PIECES),
    no("gzip, then chunked", 501, "", raw=_head(_PLAIN[0], "transfer-encoding: gzip, chunked") + _PIECES),
    no("chunked with a tab before it", 400, "", raw=_head(_PLAIN[0], "transfer-encoding:\x0bchunked") + _PIECES),
    no("a chunk's length is no number", 400, "", raw=_head(_PLAIN[0], _CHUNKED) + b"zz\r\n" + _BODY),
    no("JSON that is cut", 400, "invalid_body", body=_BODY[:-20]),
    no("a body without a length", 400, "invalid_body", raw=_head(_PLAIN[0])),
]  # fmt: skip

LINES = [
    ok("a header that goes on in the next line", raw=_head("x-a: b", " content-length: 3", *_PLAIN) + _BODY),
    no("a header without a colon", 400, "", raw=_head("nothing", *_PLAIN) + _BODY),
    no("a header's name with a space", 400, "", raw=_head("x a: b", *_PLAIN) + _BODY),
    no("NUL in a header", 400, "", raw=_head("x-a: b\x00c", *_PLAIN) + _BODY),
    ok("carriage return in a header", raw=_head("x-a: b\rc", *_PLAIN) + _BODY),
    no("underscore in a header's name", 400, "bad_request", headers=(*JSON, ("x_kitchen_groups", "legal"))),
    ok("line feeds alone", raw=_head(*_PLAIN, end="\n") + _BODY),
    no("many headers", 431, "headers_too_large", headers=(*JSON, *((f"x-a{n}", "b") for n in range(80)))),
    no("large headers", 431, "headers_too_large", headers=(*JSON, ("x-a", "b" * 40000))),
    no("HTTP/1.0", 426, "http_version", version="HTTP/1.0"),
    no("HTTP/0.9", 426, "http_version", raw=b"GET /v1/models\r\n\r\n"),
    no("HTTP/3.0 in words", 426, "http_version", version="HTTP/3.0"),
    no("not HTTP", 400, "", raw=b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03 hello\r\n\r\n"),
]

HOSTS = [
    ok("host: another", headers=(*JSON, ("host", "evil.example"))),
    ok("host: with a port", headers=(*JSON, ("host", "entry.kitchen.example:9901"))),
    ok("host: with a dot at its end", headers=(*JSON, ("host", "entry.kitchen.example."))),
    ok("host: of the check", headers=(*JSON, ("host", "127.0.0.1:9903"))),
    no("host: none", 400, "", raw=_head(*_PLAIN).replace(b"host: entry\r\n", b"") + _BODY),
    ok("host: twice", raw=_head("host: evil.example", *_PLAIN) + _BODY),
    no("host: with a path", 400, "", headers=(*JSON, ("host", "entry/metrics"))),
    ok("host: x-forwarded-host is not heard", headers=(*JSON, ("x-forwarded-host", "evil.example"))),
]

_FORGED = {
    "x-kitchen-groups": '["legal"]',
    "x-envoy-original-path": "/metrics",
    "x-envoy-original-method": "GET",
    "x-envoy-internal": "true",
    "x-envoy-upstream-rq-timeout-ms": "1",
    "x-envoy-max-retries": "100",
    "x-envoy-retry-on": "5xx",
    "x-envoy-decorator-operation": "evil",
    "x-envoy-upstream-alt-stat-name": "evil",
    "x-envoy-force-trace": "true",
    "x-forwarded-for": "127.0.0.1",
    "x-forwarded-user": "ben",
    "x-forwarded-groups": "legal",
    "x-forwarded-proto": "https",
    "x-real-ip": "127.0.0.1",
    "x-gateway-model-name": "contracts",
    "x-data-parallel-rank": "1",
    "x-model": "contracts",
    "x-request-id": "mine",
    "x-original-url": "/metrics",
    "x-rewrite-url": "/metrics",
    "endpoint-load-metrics-format": "JSON",
    "accept-encoding": "gzip",
    "cookie": "a=b",
    "traceparent": "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
    "user-agent": "x" * 100,
    "expect": "100-continue",
    "te": "trailers",
    "range": "bytes=0-1",
    "if-none-match": "*",
    "forwarded": "for=127.0.0.1",
    "via": "1.1 evil",
}
FORGED = [
    *(ok(f"forged {name}", headers=(*JSON, (name, value))) for name, value in _FORGED.items()),
    no("a token that the connection is said to need", 401, "invalid_token",
       headers=(*JSON, ("connection", "authorization"))),
]  # fmt: skip

UPGRADES = [
    no("websocket", 403, "not_allowed", method="GET", body=None, path="/v1/realtime",
       headers=(("connection", "upgrade"), ("upgrade", "websocket"), ("sec-websocket-version", "13"),
                ("sec-websocket-key", "dGhlIHNhbXBsZSBub25jZQ=="))),
    no("websocket of a chat", 403, "not_allowed", headers=(*JSON, ("connection", "upgrade"), ("upgrade", "websocket"))),
    ok("h2c is not switched to", headers=(*JSON, ("connection", "upgrade, http2-settings"), ("upgrade", "h2c"),
                                         ("http2-settings", "AAMAAABkAAQCAAAAAAIAAAAA"))),
    no("an unknown upgrade", 403, "not_allowed", headers=(*JSON, ("connection", "upgrade"), ("upgrade", "x"))),
]  # fmt: skip

_TWO = ((":method", "POST"), (":scheme", "http"), (":authority", "entry"), (":path", CHAT))


def _two(**replaced: str) -> tuple[tuple[str, str], ...]:
    return tuple((name, replaced.get(name[1:], value)) for name, value in _TWO)


HTTP2 = [
    ok("HTTP/2", http2=(*_TWO, *JSON)),
    ok("HTTP/2 with trailers", http2=(*_TWO, *JSON), trailers=(("x-kitchen-groups", "legal"),)),
    ok("HTTP/2 with a length", http2=(*_TWO, *JSON, ("content-length", str(len(_BODY))))),
    no("HTTP/2 of a model of others", 403, "model_not_found", http2=(*_TWO, *JSON), body=said("contracts")),
    no("HTTP/2 administration", 404, "path_not_found", http2=(*_two(path="/metrics"), *JSON)),
    no("HTTP/2 encoded slash", 400, "bad_request", http2=(*_two(path="/v1%2fchat/completions"), *JSON)),
    no("HTTP/2 absolute path", 0, "", http2=(*_two(path="http://entry/v1/chat/completions"), *JSON)),
    no("HTTP/2 without a path", 0, "", http2=(*_two(path=""), *JSON)),
    no("HTTP/2 with chunked", 0, "", http2=(*_TWO, *JSON, ("transfer-encoding", "chunked"))),
    no("HTTP/2 with a wrong length", 0, "", http2=(*_TWO, *JSON, ("content-length", "3"))),
    no("HTTP/2 with a connection header", 0, "", http2=(*_TWO, *JSON, ("connection", "close"))),
    no("HTTP/2 with a line break in a header", 0, "", http2=(*_TWO, *JSON, ("x-a", "b\r\nx-kitchen-groups: legal"))),
    no("HTTP/2 with a name in upper case", 0, "", http2=(*_TWO, *JSON, ("X-A", "b"))),
    no("HTTP/2 with two paths", 0, "", http2=(*_TWO, (":path", "/metrics"), *JSON)),
]  # fmt: skip

GRPC = [
    Row(name=f"gRPC: {kind}", body=_BODY, headers=(("content-type", kind),), receives=b"")
    for kind in ("application/grpc", "application/grpc+json")
]
"""Envoy answers these with status 200 and a refusal in `grpc-status`; nothing reaches a server."""

ROWS = [*GRPC, *LENGTHS, *LINES, *HOSTS, *FORGED, *UPGRADES, *HTTP2]
