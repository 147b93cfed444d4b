"""Routes of an entry's Envoy: each to a server asks for a member and a model that the settings know."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from policies.judging.subject import entries
from policies.judging.values import JsonValue
from policies.manifests import envoy_numbers
from policies.manifests.envoy_stated import Stated
from policies.manifests.envoy_who import listings, member_of, model_of
from policies.manifests.fields import Fault, at
from policies.manifests.forms import JUDGED, Each, Maybe, Number, OneOf, Some, Text, differs

_PLAIN = Text(pattern=r"[^%]+")
_METHOD = OneOf(("GET", "POST"))
_PATHS = OneOf(
    (
        *("/v1/chat/completions", "/v1/completions", "/v1/responses", "/v1/embeddings", "/classify"),
        *("/rerank", "/score", "/v1/rerank", "/v1/score", "/v2/rerank"),
    )
)
_ADD = "OVERWRITE_IF_EXISTS_OR_ADD"
_JSON = {"header": {"key": "content-type", "value": "application/json"}, "append_action": _ADD}
_ANSWERED: dict[str, Any] = {
    "name": _PLAIN,
    "match": {
        **dict.fromkeys(("path", "prefix"), Maybe(_PLAIN)),
        "connect_matcher": Maybe({}),
        "headers": Maybe([{"name": ":method", "string_match": {"exact": _METHOD}}]),
    },
    "direct_response": {
        "status": Number(least=200, most=599),
        "body": Maybe({"inline_string": Text(pattern="(?s).*")}),
    },
    "response_headers_to_add": Maybe([_JSON]),
    "typed_per_filter_config": Maybe(Each(JUDGED)),
}
"""Envoy answers by itself, with words of its configuration: no server sees the call."""

_CLAIMED = {
    "metadata": {
        "descriptor_key": OneOf(("issuer", "caller")),
        "source": "DYNAMIC",
        "metadata_key": {
            "key": "envoy.filters.http.jwt_authn",
            "path": [{"key": "claims"}, {"key": OneOf(("iss", "sub"))}],
        },
        "default_value": "(none)",
    }
}
_GENERIC = {"generic_key": {"descriptor_key": OneOf(("grant", "counted")), "descriptor_value": _PLAIN}}
_TOLD = "%DYNAMIC_METADATA(kitchen.usage:total)%"
_METADATA = {
    "filter_metadata": {
        "kitchen": {
            **dict.fromkeys(("tenant", "model"), _PLAIN),
            **dict.fromkeys(("group", "adapter"), Maybe(_PLAIN)),
            **dict.fromkeys(("adapters", "adapterSums", "versions"), Maybe(Each(_PLAIN))),
        }
    }
}
_NO_SERVERS = ("admin", "check", "contents", "counter")
_OFF = ("size", "model", "body", "stream-usage")
_DISABLED = {"@type": "type.googleapis.com/envoy.config.route.v3.FilterConfig", "disabled": True}


def faults(path: str, manager: JsonValue, stated: Stated, namespaces: Mapping[str, str]) -> Iterator[Fault]:
    """What is wrong with the routes; `namespaces` are those of clusters, by name."""
    for host in entries(at(manager, "route_config", "virtual_hosts")):
        for index, route in enumerate(entries(at(host, "routes"))):
            where = f"{path}.routes[{index}]"
            if at(route, "direct_response") is not None:
                yield from differs(route, _ANSWERED, where)
            elif at(route, "route", "cluster") == "check":
                yield from _listing(where, route, stated)
            else:
                yield from _granted(where, route, stated, namespaces)


def _listing(path: str, route: JsonValue, stated: Stated) -> Iterator[Fault]:
    """The list of models, asked of the check of bodies by one issuer's tokens."""
    for name, asked, header, said in listings(stated):
        if at(route, "name") == f"models/{name}":
            form = {
                "name": JUDGED,
                "match": {
                    "path": "/v1/models",
                    "headers": [{"name": ":method", "string_match": {"exact": "GET"}}],
                    "dynamic_metadata": asked,
                },
                "route": {"cluster": "check", "timeout": "5s"},
                "request_headers_to_add": [{"header": {"key": header, "value": said}, "append_action": _ADD}],
                "request_headers_to_remove": ["authorization"],
                "typed_per_filter_config": dict.fromkeys(_OFF, _DISABLED),
            }
            yield from differs(route, form, path)
            return
    yield Fault(path=path, text="asks the check of bodies, and is no issuer's list of models")


def _granted(path: str, route: JsonValue, stated: Stated, namespaces: Mapping[str, str]) -> Iterator[Fault]:
    asked = at(route, "match", "dynamic_metadata")
    member, model = member_of(asked, stated), model_of(asked)
    if member is None or model is None:
        text = "leads to a server without asking who and for what: by an issuer, and a member that the settings name"
        yield Fault(path=path, text=text)
        return
    facts = at(route, "metadata", "filter_metadata", "kitchen")
    kitchen, tenant = str(at(route, "name")).split("/")[0], at(facts, "tenant")
    if at(facts, "model") != model:
        yield Fault(path=f"{path}.metadata", text=f"is of the model {at(facts, 'model')!r}, and {model!r} is asked for")
    if tenant is None or stated.tenant_of(member, kitchen) != tenant:
        yield Fault(path=f"{path}.metadata", text=f"is of the tenant {tenant!r}, whose caller {member} is not")
    if stated.kitchens and kitchen not in stated.kitchens:
        yield Fault(path=f"{path}.name", text=f"is of the kitchen {kitchen!r}, which the settings do not state")
    yield from envoy_numbers.of_route(f"{path}.metadata", facts, member, model)
    yield from differs(route, _form(asked), path)
    yield from _filters(path, route)
    yield from _renamed(path, route, model)
    for cluster in _clusters(route):
        yield from _leads(f"{path}.route", cluster, (kitchen, tenant), stated, namespaces.get(cluster))


def _clusters(route: JsonValue) -> list[str]:
    shares = entries(at(route, "route", "weighted_clusters", "clusters"))
    single = at(route, "route", "cluster")
    return [*([] if single is None else [str(single)]), *(str(at(share, "name")) for share in shares)]


def _leads(path: str, cluster: str, whose: tuple[str, JsonValue], stated: Stated, space: str | None) -> Iterator[Fault]:
    """A cluster in the kitchen's own namespace, where the settings have the kitchen, and the tenant's own share."""
    kitchen, tenant = whose
    server, share, sharer = cluster.partition("/tenant/")
    own = at(stated.kitchens.get(kitchen), "tenant")
    if share and sharer != tenant:
        yield Fault(path=path, text=f"takes the share of {sharer}")
    if space is None or server in _NO_SERVERS or server.startswith("issuer-"):
        yield Fault(path=path, text=f"leads to {cluster!r}, which is no server")
    elif isinstance(own, str) and space != f"{own}-{stated.environment}":
        yield Fault(path=path, text=f"leads to {space}, and {kitchen} is not there")


def _filters(path: str, route: JsonValue) -> Iterator[Fault]:
    """No filter is turned off for a call that a server sees; what the rest does is judged by `envoy_contents`."""
    for part in (route, *entries(at(route, "route", "weighted_clusters", "clusters"))):
        said = at(part, "typed_per_filter_config")
        for name, config in said.items() if isinstance(said, dict) else ():
            if _is_type(config, "FilterConfig"):
                yield Fault(path=f"{path}.typed_per_filter_config.{name}", text="is turned off for calls of a server")
            elif _is_type(config, "RateLimitPerRoute"):
                yield from differs(config, _COUNTED, f"{path}.typed_per_filter_config.{name}")


def _renamed(path: str, route: JsonValue, model: str) -> Iterator[Fault]:
    """The body's model is written anew for the canary of the same adapter alone: `<model>--<version>`."""
    for part in (route, *entries(at(route, "route", "weighted_clusters", "clusters"))):
        said = at(part, "typed_per_filter_config", "renamed")
        name = at(said, "filter_context", "model")
        if at(said, "name") == "write_model" and not (isinstance(name, str) and name.startswith(f"{model}--")):
            yield Fault(path=f"{path}.renamed", text=f"asks for {name!r}, and callers ask for {model!r}")


def _is_type(config: JsonValue, kind: str) -> bool:
    """Whether a typed configuration is of a message of this name."""
    return str(at(config, "@type")).rpartition(".")[2] == kind


_COUNTED = {
    "@type": JUDGED,
    "rate_limits": Some(
        {
            "actions": [_GENERIC, _GENERIC, _CLAIMED, _CLAIMED],
            "hits_addend": Maybe({"number": Maybe(0), "format": Maybe(_TOLD)}),
            "apply_on_stream_done": Maybe(True),
        }
    ),
}


def _form(asked: JsonValue) -> dict[str, Any]:
    share = {"name": _PLAIN, "weight": Number(most=100), "typed_per_filter_config": Maybe(Each(JUDGED))}
    return {
        "name": Text(pattern=r"[^/%]+(/[^/%]+)+"),
        "match": {
            "path": _PATHS,
            "headers": [{"name": ":method", "string_match": {"exact": "POST"}}],
            "dynamic_metadata": asked,
        },
        "metadata": _METADATA,
        "route": {
            "cluster": Maybe(_PLAIN),
            "weighted_clusters": Maybe({"clusters": Some(share)}),
            "rate_limits": Maybe([{"actions": [_GENERIC, _CLAIMED, _CLAIMED]}]),
            "timeout": "0s",
            "auto_host_rewrite": True,
            "idle_timeout": "660s",
            "retry_policy": {"retry_on": "connect-failure,reset-before-request", "num_retries": 2},
        },
        "request_headers_to_remove": ["authorization"],
        "typed_per_filter_config": Each(JUDGED),
    }
