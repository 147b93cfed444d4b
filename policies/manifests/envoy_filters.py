"""Filters that every call passes: their order, tokens of stated issuers, and no form but the program's."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from typing import Any

from policies.judging.subject import entries, mapping
from policies.judging.values import JsonValue
from policies.manifests.envoy_stated import Stated
from policies.manifests.fields import Fault, at, missing, shown
from policies.manifests.forms import JUDGED, Number, OneOf, Some, Text, differs, same

ORDER = ("forged", "token", "size", "model", "body")
"""Filters that a call passes before anything else, by the names that the program gives them."""

_WHOLE = (
    *("forged", "token", "size", "model", "stream-usage", "body", "limits", "renamed", "contents-refused"),
    "envoy.filters.http.router",
)
_NOT_ALWAYS = {"limits", "renamed", "contents-refused"}

SUMS = {
    "forged": "8cdebba50b79a3dbd5a0837705ffd806f1579e91bdc601bfe0b71a620992ecb7",
    "model": "0faeca9ce1d6f72725e23e1edd2d47d2285d55521d0a1c0fc6958eb154d47493",
    "stream-usage": "9ee580abbf89fe6143e31c5c23901d08d5dcb460d6a84d308f5fb527f4090483",
}
"""Configurations that are always the same, as sha256 sums of their canonical JSON."""

_TYPE = "type.googleapis.com/envoy."
_EXACT = "exact"
_EVERYTHING = {"default_value": {"numerator": 100}}
_FULL = {"max_tokens": Number(least=1), "tokens_per_fill": Number(least=1), "fill_interval": "60s"}
_FORMS: dict[str, dict[str, Any]] = {
    "size": {"@type": JUDGED, "max_request_bytes": Number(least=1, most=2**30)},
    "body": {
        "@type": JUDGED,
        "transport_api_version": "V3",
        "failure_mode_allow": JUDGED,
        "clear_route_cache": True,
        "status_on_error": {"code": "ServiceUnavailable"},
        "with_request_body": {"max_request_bytes": Number(least=1, most=2**30), "allow_partial_message": False},
        "http_service": {
            "server_uri": {"uri": "http://127.0.0.1:9903", "cluster": JUDGED, "timeout": "5s"},
            "authorization_response": {
                "allowed_client_headers": {"patterns": [{_EXACT: "content-type"}, {_EXACT: "x-kitchen-refused"}]}
            },
        },
        "allowed_headers": {"patterns": [{_EXACT: "content-type"}, {_EXACT: "content-encoding"}]},
        "disallowed_headers": {"patterns": [{_EXACT: "authorization"}]},
    },
}
_LIMITS: dict[str, dict[str, Any]] = {
    "LocalRateLimit": {
        "@type": JUDGED,
        "stat_prefix": "limits",
        "token_bucket": {"max_tokens": 4294967295, "tokens_per_fill": 4294967295, "fill_interval": "1s"},
        "filter_enabled": _EVERYTHING,
        "filter_enforced": _EVERYTHING,
        "max_dynamic_descriptors": 10000,
        "enable_x_ratelimit_headers": "DRAFT_VERSION_03",
        "descriptors": Some(
            {
                "entries": [{"key": "grant", "value": Text(pattern=r"[^%]+")}, {"key": "issuer"}, {"key": "caller"}],
                "token_bucket": _FULL,
            }
        ),
    },
    "RateLimit": {
        "@type": JUDGED,
        "domain": "kitchen",
        "timeout": "0.5s",
        "failure_mode_deny": OneOf((True, False)),
        "status_on_error": {"code": "ServiceUnavailable"},
        "enable_x_ratelimit_headers": "DRAFT_VERSION_03",
        "rate_limit_service": {
            "transport_api_version": "V3",
            "grpc_service": {"envoy_grpc": {"cluster_name": "counter"}},
        },
    },
}


def canonical_sum(config: object) -> str:
    """The sha256 sum of plain data, whatever the order of its keys."""
    return hashlib.sha256(json.dumps(config, sort_keys=True, separators=(",", ":")).encode()).hexdigest()


def faults(path: str, manager: JsonValue, stated: Stated) -> Iterator[Fault]:
    """What is wrong with the filters before the router; what they copy is judged by `envoy_contents`."""
    named = [(str(at(entry, "name")), at(entry, "typed_config")) for entry in entries(at(manager, "http_filters"))]
    yield from _order(path, [name for name, _ in named])
    for name, config in named:
        where, kind = f"{path}.{name}", str(at(config, "@type")).rpartition(".")[2]
        if name == "token":
            yield from _token(where, config, stated)
        elif name in _FORMS:
            yield from differs(config, _FORMS[name], where)
        elif name == "limits" and kind in _LIMITS:
            yield from differs(config, _LIMITS[kind], where)
        if name == "body" and at(config, "failure_mode_allow") is not False:
            yield Fault(path=f"{where}.failure_mode_allow", text="lets calls through unchecked")
    sizes = {str(at(dict(named).get("size"), "max_request_bytes"))}
    sizes.add(str(at(dict(named).get("body"), "with_request_body", "max_request_bytes")))
    if {"size", "body"} <= set(dict(named)) and len(sizes) > 1:
        yield Fault(path=f"{path}.body.with_request_body", text="checks another size than calls may have")


def _order(path: str, names: list[str]) -> Iterator[Fault]:
    found = tuple(name for name in names if name in ORDER)
    if found != ORDER:
        yield Fault(path=path, text=f"are {', '.join(found) or 'none'}, and must begin with {', '.join(ORDER)}")
        return
    known = [name for name in names if name in _WHOLE]
    if known != [name for name in _WHOLE if name in known or name not in _NOT_ALWAYS]:
        yield Fault(
            path=path, text=f"are {', '.join(known)}, and must be in this order, each once: {', '.join(_WHOLE)}"
        )


def _token(path: str, token: JsonValue, stated: Stated) -> Iterator[Fault]:
    """Tokens of stated issuers for stated audiences alone, and no path without one."""
    yield from differs(token, {"@type": JUDGED, "providers": JUDGED, "rules": JUDGED}, path)
    issuers = {str(at(one, "issuer")): at(one, "audience") for one in stated.issuers.values()}
    providers = mapping(at(token, "providers"))
    for name, provider in providers.items():
        where, issuer = f"{path}.providers.{name}", at(provider, "issuer")
        if not isinstance(issuer, str) or issuer not in issuers:
            yield Fault(path=f"{where}.issuer", text=f"{missing(issuer)}, which the settings do not state")
        elif name not in stated.issuers or stated.issuers[name].get("issuer") != issuer:
            yield Fault(path=f"{where}.issuer", text=f"{missing(issuer)}, which the settings call by another name")
        elif (audiences := entries(at(provider, "audiences"))) != [issuers[issuer]]:
            yield Fault(path=f"{where}.audiences", text=f"{shown(audiences)}, not {issuers[issuer]!r}")
        else:
            yield from differs(provider, _provider(name, stated.issuers[name]), where)
    rules, anyone = entries(at(token, "rules")), [{"provider_name": name} for name in providers]
    requires = {"requires_any": {"requirements": anyone}} if len(anyone) != 1 else anyone[0]
    if not rules:
        yield Fault(path=f"{path}.rules", text="is missing: no call needs a token")
    for index, rule in enumerate(rules):
        if index or not same(rule, {"match": {"prefix": "/"}, "requires": requires}):
            text = "lets calls through without a token: one rule must ask for a token of an issuer on every path"
            yield Fault(path=f"{path}.rules[{index}]", text=text)


def _provider(name: str, issuer: Mapping[str, JsonValue]) -> dict[str, Any]:
    """What the program writes for an issuer, with the keys that the settings state."""
    url, keys = at(issuer.get("jwks"), "url"), at(issuer.get("jwks"), "keys")
    held: dict[str, Any] = {"local_jwks": {"inline_string": keys}}
    if url is not None:
        uri = {"uri": url, "cluster": f"issuer-{name}", "timeout": "5s"}
        again = {"cache_duration": "60s", "async_fetch": {"fast_listener": True}}
        held = {"remote_jwks": {"http_uri": uri, **again}}
    return {
        "issuer": JUDGED,
        "audiences": JUDGED,
        "subjects": {"safe_regex": {"regex": "[^[:cntrl:]]{1,256}"}},
        "forward": True,
        "require_expiration": True,
        "max_lifetime": "86400s",
        "clock_skew_seconds": 30,
        "payload_in_metadata": "claims",
        "from_headers": [{"name": "Authorization", "value_prefix": "Bearer "}],
        "clear_route_cache": True,
        **held,
    }
