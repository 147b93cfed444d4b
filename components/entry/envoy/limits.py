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

_MOST_CALLERS = 10_000
"""Callers that a replica remembers: who is forgotten begins with a full bucket. Envoy's own number is 20."""

_NEVER = 4294967295

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
    return [_local(plan)] if plan.counter == "local" else []


def _local(plan: EntryPlan) -> dict[str, Any]:
    """Buckets stand here and not at the routes: a grant has many of these, for groups and paths, and one limit."""
    everything = {"default_value": {"numerator": 100}}
    most = {grant.name: grant.limits.requests_per_minute for grant in plan.grants}
    return named(
        "limits",
        _LOCAL,
        stat_prefix="limits",
        # What no grant counts passes: this bucket never empties.
        token_bucket={"max_tokens": _NEVER, "tokens_per_fill": _NEVER, "fill_interval": "1s"},
        filter_enabled=everything,
        filter_enforced=everything,
        max_dynamic_descriptors=_MOST_CALLERS,
        enable_x_ratelimit_headers="DRAFT_VERSION_03",
        descriptors=[
            {
                "entries": [{"key": "grant", "value": name}, {"key": "issuer"}, {"key": "caller"}],
                "token_bucket": {"max_tokens": amount, "tokens_per_fill": amount, "fill_interval": "60s"},
            }
            for name, amount in most.items()
            if amount is not None
        ],
    )


def of_action(plan: EntryPlan, grant: Grant) -> dict[str, Any]:
    """What a grant's route tells the buckets of this replica."""
    if plan.counter != "local" or grant.limits.requests_per_minute is None:
        return {}
    return {"rate_limits": [{"actions": [_generic("grant", grant.name), *_caller()]}]}


def of_route(plan: EntryPlan, grant: Grant) -> dict[str, Any]:
    """What the shared counter is asked and told for a grant's route."""
    counted = list(_shared(grant)) if plan.counter == "shared" else []
    return {"limits": typed(f"{_SHARED}PerRoute", rate_limits=counted)} if counted else {}


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
            each = {"key": "caller", "rate_limit": {"unit": unit, "requests_per_unit": amount}}
            issuers = {"key": "issuer", "descriptors": [each]}
            yield {"key": "counted", "value": f"{what}-{unit}", "descriptors": [issuers]}


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
    """Who calls: a subject is unique within its issuer alone."""
    return [_claim("issuer", "iss"), _claim("caller", "sub")]


def _claim(key: str, claim: str) -> dict[str, Any]:
    said = {"key": JWT, "path": [{"key": CLAIMS}, {"key": claim}]}
    # Without a value the whole action would be left out, and nothing counted.
    absent = {"default_value": "(none)"}
    return {"metadata": {"descriptor_key": key, "source": "DYNAMIC", "metadata_key": said, **absent}}
