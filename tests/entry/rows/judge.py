"""Asks a row of an entry, and compares the answer and what reached a server with what the row says."""

from __future__ import annotations

from collections.abc import Mapping

from tests.entry.rows.row import Row
from tests.entry.support.callers import Answer, http2, once
from tests.entry.support.upstream import Upstream

FORM = {"message", "type", "param", "code"}
ALLOWED = {
    *("host", "accept", "content-encoding", "content-length", "content-type", "transfer-encoding"),
    *("x-forwarded-proto", "x-request-id"),
}
"""Headers that a server gets, and no other."""


def holds(row: Row, port: int, servers: Mapping[str, Upstream], tokens: Mapping[str, str]) -> None:
    """Raise AssertionError unless the row holds; `servers` have seen nothing before."""
    answer = ask(row, port, tokens)
    assert answer.status == row.status, answer.body[:300]
    if row.code:
        assert set(answer.error) == FORM
        assert answer.headers["content-type"] == "application/json"
        assert (answer.error["code"], answer.error["param"]) == (row.code, row.param), answer.error
        assert answer.error["message"]
    if row.receives is not None:
        assert answer.body == row.receives
    seen = [(name, one) for name, server in servers.items() for one in server.seen]
    if row.server is None:
        assert seen == []
        return
    assert [(name, one.method, one.path) for name, one in seen] == [(row.server, "POST", row.arrives)]
    assert row.raw is not None or seen[0][1].body == row.body
    assert seen[0][1].names <= ALLOWED
    told = dict(seen[0][1].headers)
    assert told["host"] == "127.0.0.1"
    assert told["x-request-id"] == answer.headers["x-request-id"] != "mine"
    assert told["x-forwarded-proto"] == "http"


def ask(row: Row, port: int, tokens: Mapping[str, str]) -> Answer:
    """The answer to a row."""
    token = tokens[row.caller] if row.caller else None
    if row.http2 is None:
        return once(port, row.bytes_for(token), row.method)
    who = (("authorization", f"Bearer {token}"),) if token else ()
    return http2(port, (*row.http2, *who), row.body, row.trailers)
