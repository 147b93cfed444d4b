"""The table of decisions: a route for each grant, and a refusal for everything else.

A route matches by the path, by the model that Envoy has read out of the body, and by the groups of the token that
Envoy has checked; no header takes part. Before these are known, and for whoever has no grant, the last routes refuse.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from components.entry.envoy import contents, renaming
from components.entry.envoy.limits import of_action, of_route
from components.entry.envoy.shares import cluster_of
from components.entry.envoy.who import listing, speaks
from components.entry.envoy.words import CALL, is_metadata
from components.entry.paths import MODELS
from components.entry.plan import EntryPlan, Grant, Issuer

CHECK = "check"
"""Cluster of the check of bodies, which answers /v1/models too."""

_OF_BODIES = ("size", "model", "body", "stream-usage")
"""Filters that are for calls of models alone."""

LONGEST_SILENCE = "660s"
"""Longest time without a byte either way: an answer of ten minutes that is not streamed says nothing until its end."""


def routes(plan: EntryPlan) -> list[dict[str, Any]]:
    """Routes in the order in which they are tried."""
    paths = sorted({path for grant in plan.grants for path in grant.paths})
    return [
        _ready(),
        *(_models(issuer) for issuer in plan.issuers),
        _no_models(),
        *(route for grant in plan.grants for route in _granted(plan, grant)),
        *(_refused(path) for path in paths),
        _unknown({"connect_matcher": {}}),
        _unknown({"prefix": "/"}),
    ]


def _ready() -> dict[str, Any]:
    return {
        "name": "ready",
        "match": {"path": "/ready", "headers": [_method("GET")]},
        "direct_response": {"status": 200, "body": {"inline_string": "ready\n"}},
        "typed_per_filter_config": off("token", *_OF_BODIES),
    }


def _models(issuer: Issuer) -> dict[str, Any]:
    """The list of models that this caller may call, answered by the check of bodies out of the same table."""
    who, header, said = listing(issuer)
    return {
        "name": f"models/{issuer.name}",
        "match": {"path": MODELS, "headers": [_method("GET")], "dynamic_metadata": who},
        "route": {"cluster": CHECK, "timeout": "5s"},
        "request_headers_to_add": [_header(header, said)],
        "request_headers_to_remove": ["authorization"],
        "typed_per_filter_config": off(*_OF_BODIES),
    }


def _no_models() -> dict[str, Any]:
    """The list of whoever has no groups."""
    return {
        "name": "models/none",
        "match": {"path": MODELS, "headers": [_method("GET")]},
        "direct_response": {"status": 200, "body": {"inline_string": '{"object": "list", "data": []}\n'}},
        "response_headers_to_add": [_header("content-type", "application/json")],
        "typed_per_filter_config": off(*_OF_BODIES),
    }


def _granted(plan: EntryPlan, grant: Grant) -> Iterator[dict[str, Any]]:
    """One route for each issuer, group and path of a grant, where the issuer can say that a caller is of the group."""
    for issuer in plan.issuers:
        for group in grant.groups:
            said = speaks(issuer, group)
            if said is None:
                continue
            who = [*said, is_metadata(CALL, ["model"], grant.model)]
            for path in grant.paths:
                yield {
                    "name": grant.name,
                    "match": {"path": path, "headers": [_method("POST")], "dynamic_metadata": who},
                    "metadata": {"filter_metadata": {"kitchen": {"model": grant.model, **grant.facts, "group": group}}},
                    "route": {
                        **_destination(grant),
                        **of_action(plan, grant),
                        "timeout": "0s",
                        # A mesh goes by this name: the one by which the caller came says nothing to it.
                        "auto_host_rewrite": True,
                        "idle_timeout": LONGEST_SILENCE,
                        "retry_policy": {"retry_on": "connect-failure,reset-before-request", "num_retries": 2},
                    },
                    "request_headers_to_remove": ["authorization"],
                    "typed_per_filter_config": {**of_route(plan, grant), **contents.of_route(plan, grant)},
                }


def _destination(grant: Grant) -> dict[str, Any]:
    if len(grant.servers) == 1 and grant.servers[0].model is None:
        return {"cluster": cluster_of(grant.servers[0], grant)}
    clusters = [
        {"name": cluster_of(server, grant), "weight": server.weight, **renaming.of_server(server.model)}
        for server in grant.servers
    ]
    return {"weighted_clusters": {"clusters": clusters}}


def _refused(path: str) -> dict[str, Any]:
    words = "no such model, or no right to call it: GET /v1/models lists yours"
    return {
        "name": "no-grant",
        "match": {"path": path, "headers": [_method("POST")]},
        "direct_response": {"status": 403, "body": {"inline_string": words}},
    }


def _unknown(match: dict[str, Any]) -> dict[str, Any]:
    return {
        "name": "no-path",
        "match": match,
        "direct_response": {"status": 404},
        "typed_per_filter_config": off(*_OF_BODIES),
    }


def off(*filters: str) -> dict[str, Any]:
    """Filters that have no part in a route."""
    disabled = {"@type": "type.googleapis.com/envoy.config.route.v3.FilterConfig", "disabled": True}
    return dict.fromkeys(filters, disabled)


def _method(method: str) -> dict[str, Any]:
    return {"name": ":method", "string_match": {"exact": method}}


def _header(key: str, value: str) -> dict[str, Any]:
    return {"header": {"key": key, "value": value}, "append_action": "OVERWRITE_IF_EXISTS_OR_ADD"}
