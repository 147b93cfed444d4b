"""Limits of a grant: requests a minute, and tokens, which are asked for before a call and told after it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from components.entry.envoy.words import CLAIMS, JWT, USAGE, named, of_metadata, typed
from components.entry.plan import EntryPlan, Grant

COUNTER = "counter"
"""Cluster of the shared counter."""

DOMAIN = "kitchen"
MINUTE, MONTH = "minute", "month"
REQUESTS, TOKENS = "requests", "tokens"

_CALLER = {"issuer": "iss", "caller": "sub"}
"""Keys that name a caller, and the claims of the token that they come from."""

_LOCAL = "extensions.filters.http.local_ratelimit.v3.LocalRateLimit"
_SHARED = "extensions.filters.http.ratelimit.v3.RateLimit"


def filters(plan: EntryPlan) -> list[dict[str, Any]]:
    """The filters that count; what they count stands at the routes."""
    if plan.counter == "shared":
        service = {"transport_api_version": "V3", "grpc_service": {"envoy_grpc": {"cluster_name": COUNTER}}}
        return [
            named(
                "limits",
                _SHARED,
                domain=DOMAIN,
                timeout="0.5s",
                failure_mode_deny=plan.counter_closed,
                status_on_error={"code": "ServiceUnavailable"},
                enable_x_ratelimit_headers="DRAFT_VERSION_03",
                rate_limit_service=service,
            )
        ]
    return [named("limits", _LOCAL, stat_prefix="limits")] if plan.counter == "local" else []


def of_route(plan: EntryPlan, grant: Grant) -> dict[str, Any]:
    """What the filters count for a grant's route."""
    if plan.counter == "shared":
        counted = list(_shared(grant))
        return {"limits": typed(f"{_SHARED}PerRoute", rate_limits=counted)} if counted else {}
    most = grant.limits.requests_per_minute
    if plan.counter != "local" or most is None:
        return {}
    everything = {"default_value": {"numerator": 100}}
    bucket = {"max_tokens": most, "tokens_per_fill": most, "fill_interval": "60s"}
    return {
        "limits": typed(
            _LOCAL,
            stat_prefix="limits",
            # The bucket of the route itself never empties: each caller has one of its own.
            token_bucket={"max_tokens": 4294967295, "tokens_per_fill": 4294967295, "fill_interval": "1s"},
            filter_enabled=everything,
            filter_enforced=everything,
            enable_x_ratelimit_headers="DRAFT_VERSION_03",
            rate_limits=[{"actions": _caller()}],
            descriptors=[{"entries": [{"key": key} for key in _CALLER], "token_bucket": bucket}],
        )
    }


def counter_descriptors(plan: EntryPlan) -> list[dict[str, Any]]:
    """Configuration of envoyproxy/ratelimit: for each grant a bucket of its own for each caller.

    A minute is one of the clock; a month is 30 days, counted from 1970-01-01 (src/utils/utilities.go of ratelimit).
    """
    return [
        {"key": "grant", "value": grant.name, "descriptors": kinds}
        for grant in {grant.name: grant for grant in plan.grants}.values()
        if (kinds := list(_kinds(grant)))
    ]


def _kinds(grant: Grant) -> Iterator[dict[str, Any]]:
    limits = grant.limits
    amounts = (
        (REQUESTS, MINUTE, limits.requests_per_minute),
        (TOKENS, MINUTE, limits.tokens_per_minute),
        (TOKENS, MONTH, limits.tokens_per_month),
    )
    for what, unit, amount in amounts:
        if amount is not None:
            each: dict[str, Any] = {"rate_limit": {"unit": unit, "requests_per_unit": amount}}
            for key in reversed(_CALLER):  # a key without a value is a bucket of its own for each value
                each = {"descriptors": [{"key": key, **each}]}
            yield {"key": "counted", "value": f"{what}-{unit}", **each}


def _shared(grant: Grant) -> Iterator[dict[str, Any]]:
    """Requests count one at once. Tokens are asked for with 0, and told with what the answer has cost."""
    for kind in _kinds(grant):
        counted = str(kind["value"])
        actions = [_generic("grant", grant.name), _generic("counted", counted), *_caller()]
        if counted.startswith(REQUESTS):
            yield {"actions": actions}
            continue
        yield {"actions": actions, "hits_addend": {"number": 0}}
        told = {"hits_addend": {"format": of_metadata(USAGE, "total")}, "apply_on_stream_done": True}
        yield {"actions": actions, **told}


def _generic(key: str, value: str) -> dict[str, Any]:
    return {"generic_key": {"descriptor_key": key, "descriptor_value": value}}


def _caller() -> list[dict[str, Any]]:
    """Who calls: a subject is unique within its issuer alone. A token without one is counted, with all of its kind."""
    return [
        {
            "metadata": {
                "descriptor_key": key,
                "source": "DYNAMIC",
                "metadata_key": {"key": JWT, "path": [{"key": CLAIMS}, {"key": claim}]},
                # Without it the whole action would be left out, and nothing counted.
                "default_value": "(none)",
            }
        }
        for key, claim in _CALLER.items()
    ]
