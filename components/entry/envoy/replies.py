"""What callers read when Envoy itself refuses for a limit, in the form that OpenAI's client libraries show."""

from __future__ import annotations

import json
from typing import Any

OVERFLOW, COUNTER_AWAY = "UO", "RLSE"
"""Response flags of Envoy: over a tenant's share, and a counter that did not answer."""

_TOO_MANY = 429
_REPLIES: tuple[tuple[str | None, int, str, str], ...] = (
    (None, _TOO_MANY, "rate_limit_exceeded", "over a limit of requests or tokens; x-ratelimit-reset: seconds"),
    (OVERFLOW, _TOO_MANY, "tenant_share_exceeded", "your tenant has as many calls at once here as it may have"),
    (COUNTER_AWAY, 503, "counter_unavailable", "calls cannot be counted now; none is let through uncounted"),
)


def replies() -> dict[str, Any]:
    """The connection manager's rewriting of Envoy's own refusals; what servers and the check answer stays."""
    return {"mappers": [_mapper(*reply) for reply in _REPLIES]}


def _mapper(flag: str | None, status: int, code: str, message: str) -> dict[str, Any]:
    """Envoy's own reply with a response flag, or without one that with the status (a local limit sets no flag)."""
    kind = "rate_limit_error" if status == _TOO_MANY else "server_error"
    error = {"message": message, "type": kind, "param": None, "code": code}
    body = {"text_format_source": {"inline_string": json.dumps({"error": error}) + "\n"}}
    same = {"op": "EQ", "value": {"default_value": status, "runtime_key": f"entry.replies.{code}"}}
    return {
        "filter": {"response_flag_filter": {"flags": [flag]}} if flag else {"status_code_filter": {"comparison": same}},
        "status_code": status,
        "body_format_override": {**body, "content_type": "application/json"},
    }
