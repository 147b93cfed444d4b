"""What the configuration of an entry's Envoy decides: the order of its filters, tokens, and the record of calls."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from policies.judging.subject import entries, mapping
from policies.judging.values import JsonValue
from policies.manifests import envoy_contents, envoy_record, envoy_shape
from policies.manifests.envoy_stated import Stated
from policies.manifests.fields import Fault, at, missing, shown

ORDER = ("forged", "token", "size", "model", "body")
"""Filters that a call passes before anything else, by the names that the program gives them."""

_KINDS = {
    "token": "jwt_authn.v3.JwtAuthentication",
    "size": "buffer.v3.Buffer",
    "model": "json_to_metadata.v3.JsonToMetadata",
    "body": "ext_authz.v3.ExtAuthz",
}


def faults(config: JsonValue, stated: Stated) -> Iterator[Fault]:
    """What is wrong with a bootstrap configuration, by what the settings state."""
    issuers = {str(at(one, "issuer")): str(at(one, "audience")) for one in stated.issuers.values()}
    yield from envoy_shape.unknown(config)
    yield from envoy_contents.clusters(config)
    managers = list(_managers(config))
    if not managers:
        yield Fault(path="static_resources.listeners", text="have no HTTP connection manager for callers")
    for path, manager in managers:
        filters = {str(at(entry, "name")): at(entry, "typed_config") for entry in entries(at(manager, "http_filters"))}
        yield from _order(f"{path}.http_filters", filters)
        if "token" in filters:
            yield from _token(f"{path}.http_filters.token", filters["token"], issuers)
        if at(filters.get("body"), "failure_mode_allow") not in (None, False):
            yield Fault(path=f"{path}.http_filters.body.failure_mode_allow", text="lets calls through unchecked")
        if not entries(at(manager, "access_log")):
            yield Fault(path=f"{path}.access_log", text="is missing: no call is recorded")
        yield from envoy_record.faults(f"{path}.access_log", manager, stated)
        yield from envoy_contents.faults(path, manager, stated)
        yield from _routes(f"{path}.route_config", manager)
    for path, manager in _managers(config, metrics=True):
        yield from envoy_contents.metrics(path, manager)
    if at(config, "admin", "address", "socket_address", "address") not in (None, "127.0.0.1", "::1"):
        yield Fault(path="admin.address", text="opens Envoy's administration beyond the pod")


def _managers(config: JsonValue, *, metrics: bool = False) -> Iterator[tuple[str, dict[str, Any]]]:
    """Connection managers of callers, or those of metrics."""
    for index, listener in enumerate(entries(at(config, "static_resources", "listeners"))):
        for chain in entries(at(listener, "filter_chains")):
            for entry in entries(at(chain, "filters")):
                manager = mapping(at(entry, "typed_config"))
                if (at(listener, "name") == "metrics") == metrics:
                    yield f"static_resources.listeners[{index}]", manager


def _order(path: str, filters: Mapping[str, JsonValue]) -> Iterator[Fault]:
    found = tuple(name for name in filters if name in ORDER)
    if found != ORDER:
        yield Fault(path=path, text=f"are {', '.join(found) or 'none'}, and must begin with {', '.join(ORDER)}")
    for name, kind in _KINDS.items():
        said = at(filters.get(name), "@type")
        if name in filters and not str(said).endswith(kind):
            yield Fault(path=f"{path}.{name}", text=f"{shown(said)}, and must be {kind}")


def _token(path: str, token: JsonValue, issuers: Mapping[str, str]) -> Iterator[Fault]:
    """Tokens of stated issuers for stated audiences alone, and no path without one."""
    for name, provider in mapping(at(token, "providers")).items():
        issuer, audiences = at(provider, "issuer"), entries(at(provider, "audiences"))
        if issuer not in issuers:
            yield Fault(
                path=f"{path}.providers.{name}.issuer", text=f"{missing(issuer)}, which the settings do not state"
            )
        elif audiences != [issuers[issuer]]:
            yield Fault(path=f"{path}.providers.{name}.audiences", text=f"{shown(audiences)}, not {issuers[issuer]!r}")
    for index, rule in enumerate(entries(at(token, "rules"))):
        requires = at(rule, "requires")
        if not requires or "allow_missing" in str(requires):
            yield Fault(path=f"{path}.rules[{index}]", text="lets calls through without a token")
    if not entries(at(token, "rules")):
        yield Fault(path=f"{path}.rules", text="is missing: no call needs a token")


def _routes(path: str, manager: JsonValue) -> Iterator[Fault]:
    """A route to a server asks for issuer, group and model."""
    for host in entries(at(manager, "route_config", "virtual_hosts")):
        for index, route in enumerate(entries(at(host, "routes"))):
            if at(route, "direct_response") is None and at(route, "route", "cluster") != "check":
                asked = {str(at(one, "filter")) for one in entries(at(route, "match", "dynamic_metadata"))}
                if not {"envoy.filters.http.jwt_authn", "kitchen.call"} <= asked:
                    yield Fault(
                        path=f"{path}.routes[{index}]", text="leads to a server without asking who and for what"
                    )
