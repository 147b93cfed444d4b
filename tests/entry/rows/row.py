"""One row of the table."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from tests.entry.support.callers import Headers, request
from tests.entry.support.plan import CHAT

JSON: Headers = (("content-type", "application/json"),)
HELLO: list[dict[str, str]] = [{"role": "user", "content": "hello"}]


def chat(model: Any = "helpdesk-faq", **more: Any) -> bytes:
    """A chat's body."""
    return json.dumps({"model": model, "messages": HELLO, **more}, ensure_ascii=False).encode()


@dataclass(frozen=True, kw_only=True)
class Row:
    """`caller` is a token's name; `server` is where the request arrives, or None; `arrives` is the path there.

    `raw` replaces the request's bytes: `{token}` in it is the caller's. `code` is that of the refusal; "" is an answer
    that Envoy's parser gives before there is a request, which has no body.
    """

    name: str
    caller: str | None = "ana"
    method: str = "POST"
    path: str = CHAT
    body: bytes | None = None
    headers: Headers = JSON
    version: str = "HTTP/1.1"
    raw: bytes | None = None
    http2: Headers | None = None
    trailers: Headers = ()
    status: int = 200
    code: str | None = None
    param: str | None = None
    server: str | None = None
    arrives: str = CHAT
    receives: bytes | None = None

    def bytes_for(self, token: str | None) -> bytes:
        """What goes over the wire."""
        if self.raw is not None:
            return self.raw.replace(b"{token}", (token or "").encode())
        who = (("authorization", f"Bearer {token}"),) if token else ()
        return request(self.method, self.path, (*who, *self.headers), self.body, self.version)


def ok(name: str, server: str = "support", body: bytes | None = None, **more: Any) -> Row:
    """A call that goes through."""
    return Row(name=name, server=server, body=chat() if body is None else body, **more)


def no(name: str, status: int, code: str | None = None, **more: Any) -> Row:
    """A call that is refused, and of which nothing reaches a server."""
    return Row(name=name, status=status, code=code, **{"body": chat(), **more})
