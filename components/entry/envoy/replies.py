"""What Envoy itself answers, in the form that OpenAI's client libraries show."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from components.entry.envoy.contents import HELD, REFUSED
from components.entry.envoy.words import CLAIMS, JWT, named
from components.entry.plan import EntryPlan

_KNOWN = {"filter": JWT, "path": [{"key": CLAIMS}, {"key": "iss"}], "value": {"present_match": True}}
_UNRECORDED = {"filter": HELD, "path": [{"key": "refused"}], "value": {"bool_match": True}}
_BY_ENVOY = "%LOCAL_REPLY_BODY%"
"""The words of the filter that refuses, or those of a route."""


OVERFLOW, COUNTER_AWAY = "UO", "RLSE"
"""Response flags of Envoy."""

SHARE_EXCEEDED = "tenant_share_exceeded"
"""The word for a call over its tenant's share, for callers and in the record."""

_RETRY_AFTER = "1"
"""Seconds after which a caller may try again. There is room when a call of its tenant ends: nobody knows when."""


def replies(plan: EntryPlan) -> dict[str, Any]:
    """How local replies are written: by status, and the last one for all others."""
    mappers = [
        *_limited(),
        *(_unrecorded() if plan.contents else ()),
        _keys_away(),
        # The check of bodies writes its refusals whole; Envoy passes them on.
        {"filter": _all(_status(400), {"response_flag_filter": {"flags": ["UAEX"]}}), **_as_it_is()},
        # Of 200 there is /ready alone, of the list of models what its route says.
        {"filter": _status(200), **_as_it_is()},
        # With a good token a 403 is that of the table of decisions, which says so itself.
        {
            "filter": _all(_status(403), {"metadata_filter": {"matcher": _KNOWN, "match_if_key_not_found": False}}),
            "body_format_override": _error("permission_error", "model_not_found", _BY_ENVOY),
        },
        *_told(plan),
    ]
    return {"mappers": mappers, "body_format": _error("server_error", "refused", _BY_ENVOY)}


def _limited() -> Iterator[dict[str, Any]]:
    """What Envoy itself calls overflow, which is a tenant's share, and a counter that does not answer: by its flags."""
    share = "your tenant has as many calls at once here as it may have"
    away = "calls cannot be counted now, and none is let through uncounted"
    later = {"header": {"key": "retry-after", "value": _RETRY_AFTER}, "append_action": "OVERWRITE_IF_EXISTS_OR_ADD"}
    for flag, status, kind, code, message, headers in (
        (OVERFLOW, 429, "rate_limit_error", SHARE_EXCEEDED, share, [later]),
        (COUNTER_AWAY, 503, "server_error", "counter_unavailable", away, []),
    ):
        flags = {"response_flag_filter": {"flags": [flag]}}
        told = {"status_code": status, "body_format_override": _error(kind, code, message)}
        yield {"filter": flags, **told, **({"headers_to_add": headers} if headers else {})}


def _unrecorded() -> Iterator[dict[str, Any]]:
    """A call that must be recorded with its contents, and cannot be."""
    message = "calls of this tenant are recorded with their contents, and that is not possible now"
    by_us = {"metadata_filter": {"matcher": _UNRECORDED, "match_if_key_not_found": False}}
    yield {"filter": _all(_status(503), by_us), "body_format_override": _error("server_error", REFUSED, message)}


def _keys_away() -> dict[str, Any]:
    """A token cannot be judged while its issuer's keys are not there: that is no fault of the token, and passes."""
    message = "the keys of the token's issuer cannot be fetched now, so no token of it can be checked"
    why = named(
        "cel",
        "extensions.access_loggers.filters.cel.v3.ExpressionFilter",
        expression='response.code_details.contains("Jwks_remote_fetch_is_failed")',
    )
    override = {"status_code": 503, "body_format_override": _error("server_error", "issuer_unavailable", message)}
    return {"filter": _all(_status(401), {"extension_filter": why}), **override}


def _told(plan: EntryPlan) -> Iterator[dict[str, Any]]:
    bad, size = "invalid_request_error", f"the body may have {plan.body_kib} KiB"
    told = (
        (400, bad, "bad_request", "the request is not HTTP as it is understood here"),
        (401, "authentication_error", "invalid_token", f"no valid token: {_BY_ENVOY}"),
        (403, "permission_error", "not_allowed", f"not with this token, or not over this connection. {_BY_ENVOY}"),
        (404, bad, "path_not_found", "no such path or method here"),
        (408, bad, "timeout", "the request did not come in time"),
        (413, bad, "body_too_large", size),
        (426, bad, "http_version", "HTTP/1.1 or HTTP/2 is needed"),
        (429, "rate_limit_error", "rate_limit_exceeded", "more than the limit of this caller for this model"),
        (431, bad, "headers_too_large", "the headers are too many or too large"),
        (501, bad, "bad_request", "the request is not HTTP as it is understood here"),
        (500, "server_error", "not_counted", "the counter of the limits does not answer"),
        (502, "server_error", "bad_answer", "the server's answer is not HTTP"),
        (503, "server_error", "unavailable", "the model's server, or a part of the entry, does not answer now"),
        (504, "server_error", "timeout", "the model's server did not answer in time"),
    )
    for status, kind, code, message in told:
        yield {"filter": _status(status), "body_format_override": _error(kind, code, message)}


def _error(kind: str, code: str, message: str) -> dict[str, Any]:
    said = {"message": message, "type": kind, "param": None, "code": code}
    return {"json_format": {"error": said}, "content_type": "application/json"}


def _as_it_is() -> dict[str, Any]:
    return {
        "body_format_override": {
            "text_format_source": {"inline_string": _BY_ENVOY},
            "content_type": "%RESP(content-type)%",
        }
    }


def _status(status: int) -> dict[str, Any]:
    value = {"default_value": status, "runtime_key": f"entry.status.{status}"}
    return {"status_code_filter": {"comparison": {"op": "EQ", "value": value}}}


def _all(*filters: dict[str, Any]) -> dict[str, Any]:
    return {"and_filter": {"filters": list(filters)}}
