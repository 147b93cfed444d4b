"""Numbers of calls for Prometheus, by Envoy's own stats access logger: who called what, what it cost, how it ended.

Labels are facts of the route and the cluster, which come from the settings and the catalog, and words of the closed
lists below. No header, claim or body becomes a label value, so callers make no series. A fact that is not there is a
label that is not there: without `kitchen` no grant has decided, without `adapter` the base model was called.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from components.entry.envoy.records import DETAILS, OVERFLOW, REFUSED_HEADER, WENT_ON, is_recorded
from components.entry.envoy.replies import SHARE_EXCEEDED
from components.entry.envoy.words import USAGE, named
from components.entry.plan import EntryPlan

PREFIX = "kitchen_entry"
"""Prometheus has `envoy_` before it."""

_OK = f'(response.code < 400 && ({DETAILS} == "via_upstream" || xds.route_name == "models/none"))'
OUTCOMES: Mapping[str, str] = {
    "ok": f"response.code >= 200 && {_OK}",
    "failed": f"response.code >= 500 || (response.code == 429 && {WENT_ON})",
    "limited": f"response.code == 429 && !{WENT_ON}",
    "refused": (
        "(response.code >= 400 && response.code < 500 && response.code != 429) || "
        f"(response.code > 0 && response.code < 400 && !{_OK} && !{WENT_ON})"
    ),
    "cut": f"response.code == 0 || (response.code < 400 && !{_OK} && {WENT_ON})",
}
"""How a call ended, each with an expression: of every call exactly one is true. gRPC is refused with status 200."""

BY_SERVER, OTHER = "server", "other"
_WORDS = (
    *("invalid_body", "missing_parameter", "out_of_bounds", "unknown_parameter", "path_not_found", "bad_request"),
    "contents_not_recorded",
)
"""By which the check of bodies, and what encrypts contents, say why they refuse."""

_ROUTES = ("no-grant", "no-path")
_TOLD: Mapping[str, str] = {
    "local_rate_limited": "rate_limit",
    "request_rate_limited": "rate_limit",
    "rate_limiter_error": "counter_unavailable",
    "ext_authz_error": "check_unavailable",
    "no_healthy_upstream": "no_server",
    "cluster_not_found": "no_server",
    "request_payload_too_large": "body_too_large",
    "upgrade_failed": "http",
    "request_overall_timeout": "timeout",
    "request_header_timeout": "timeout",
    "stream_idle_timeout": "timeout",
}
"""Details of Envoy, word by word."""

_DENIED = "jwt_authn_access_denied"


def counters(plan: EntryPlan) -> list[dict[str, Any]]:
    """The access loggers that count; each counts a call once, when it has ended."""
    return [_calls(), _tokens(), _refusals(), *([_near()] if plan.counter == "local" else [])]


def _calls() -> dict[str, Any]:
    """Every outcome is there from the first call on, with 0: a rate sees the first failure too."""
    made = [
        {
            "stat": {"name": "calls_total", "tags": [*_who(), _tag("outcome", outcome)]},
            "value_format": f"%CEL(({expression}) ? 1 : 0)%",
        }
        for outcome, expression in OUTCOMES.items()
    ]
    return _logger("calls", [], made)


def _tokens() -> dict[str, Any]:
    """What the server told; of a stream that was cut, as far as it told. The record has the same numbers."""
    made = [
        {
            "stat": {"name": "tokens_total", "tags": [*_who(), _tag("kind", kind)]},
            "value_format": f"%DYNAMIC_METADATA({USAGE}:{kind})%",
        }
        for kind in ("prompt", "completion")
    ]
    told = {"filter": USAGE, "path": [{"key": "prompt"}], "value": {"present_match": True}}
    return _logger("tokens", [{"metadata_filter": {"matcher": told, "match_if_key_not_found": False}}], made)


def _refusals() -> dict[str, Any]:
    refused = f"({OUTCOMES['refused']}) || (response.code >= 400 && !{WENT_ON})"
    tags = [*_who()[:2], _tag("reason", f"%CEL({_reason()})%")]
    return _logger("refusals", [_cel(refused)], [{"stat": {"name": "refusals_total", "tags": tags}, "value_fixed": 1}])


def _near() -> dict[str, Any]:
    """Calls that left their caller a fifth of a minute's requests, or less."""
    left, most = (f'response.headers["x-ratelimit-{name}"]' for name in ("remaining", "limit"))
    near = f'{WENT_ON} && "x-ratelimit-limit" in response.headers && int({left}) * 5 <= int({most})'
    return _logger(
        "near-limit", [_cel(near)], [{"stat": {"name": "near_limit_total", "tags": _who()}, "value_fixed": 1}]
    )


def _reason() -> str:
    """An expression whose value is of a closed list, whatever a caller, a server or a newer Envoy says."""
    header = f'response.headers["{REFUSED_HEADER}"]'
    chain = [
        (WENT_ON, _text(BY_SERVER)),
        (OVERFLOW, _text(SHARE_EXCEEDED)),
        (f'"{REFUSED_HEADER}" in response.headers && {header} in {_list(_WORDS)}', header),
        (f'{DETAILS} == "direct_response" && xds.route_name in {_list(_ROUTES)}', "xds.route_name"),
        (f'{DETAILS} == "{_DENIED}{{Jwt_is_expired}}"', _text("token_expired")),
        (f'{DETAILS}.contains("Jwks_remote_fetch_is_failed")', _text("issuer_unavailable")),
        (f'{DETAILS}.startsWith("{_DENIED}")', _text("token")),
        *((f"{DETAILS} in {_list(_of(reason))}", _text(reason)) for reason in dict.fromkeys(_TOLD.values())),
        ("response.code in [400, 426, 431, 501]", _text("http")),
    ]
    return " : ".join([*(f"{asked} ? {said}" for asked, said in chain), _text(OTHER)])


def _of(reason: str) -> list[str]:
    return [details for details, said in _TOLD.items() if said == reason]


def _who() -> list[dict[str, str]]:
    route, cluster = (f'xds.{of}_metadata.filter_metadata["kitchen"]' for of in ("route", "cluster"))
    return [
        _tag("tenant", "%METADATA(ROUTE:kitchen:tenant)%"),
        _tag("kitchen", "%METADATA(CLUSTER:kitchen:kitchen)%"),
        _tag("adapter", "%METADATA(ROUTE:kitchen:adapter)%"),
        _tag("version", f'%CEL({route}["versions"][{cluster}["server"]])%'),
        _tag("group", "%METADATA(ROUTE:kitchen:group)%"),
    ]


def _logger(name: str, filters: list[dict[str, Any]], made: list[dict[str, Any]]) -> dict[str, Any]:
    # Long calls are written each minute too: the last line alone counts.
    ended = {"log_type_filter": {"types": ["DownstreamEnd"]}}
    config = named(name, "extensions.access_loggers.stats.v3.Config", stat_prefix=PREFIX, counters=made)
    return {**config, "filter": {"and_filter": {"filters": [ended, is_recorded(), *filters]}}}


def _cel(expression: str) -> dict[str, Any]:
    kind = "extensions.access_loggers.filters.cel.v3.ExpressionFilter"
    return {"extension_filter": named("cel", kind, expression=expression)}


def _tag(name: str, value: str) -> dict[str, str]:
    return {"name": name, "value_format": value}


def _text(word: str) -> str:
    return f'"{word}"'


def _list(words: tuple[str, ...] | list[str]) -> str:
    return f"[{', '.join(map(_text, words))}]"
