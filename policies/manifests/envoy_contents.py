"""What an entry's Envoy hands on of prompts and answers: nothing, but for tenants whose settings have an approval."""

from __future__ import annotations

import datetime
import hashlib
import re
from collections.abc import Iterator, Mapping
from typing import Any

from policies.judging.subject import entries, mapping
from policies.judging.values import JsonValue
from policies.manifests import envoy_filters
from policies.manifests.envoy_stated import Stated
from policies.manifests.fields import Fault, at, shown
from policies.manifests.forms import same

_ROUTER, _CODEC = "envoy.filters.http.router", "envoy.filters.http.upstream_codec"
_KINDS: dict[str, tuple[str, ...]] = {
    "forged": ("header_mutation.v3.HeaderMutation",),
    "token": ("jwt_authn.v3.JwtAuthentication",),
    "size": ("buffer.v3.Buffer",),
    "model": ("json_to_metadata.v3.JsonToMetadata",),
    "stream-usage": ("sse_to_metadata.v3.SseToMetadata",),
    "body": ("ext_authz.v3.ExtAuthz",),
    "limits": ("local_ratelimit.v3.LocalRateLimit", "ratelimit.v3.RateLimit"),
    "renamed": ("lua.v3.Lua",),
    "contents-refused": ("lua.v3.Lua",),
    _ROUTER: ("router.v3.Router",),
}
"""Filters by name, and what they may be."""

_CODE = {
    "renamed": {"write_model": "ecff61800b6b43ddcb213cea5568c7aa34e01f08fdf9932c7f53cd0a4d0cb3ee"},
    "contents": {"record_contents": "61ae4ab67e1afb1ffcd04b3efe1c8c37702946b2e1640efe23b5182f90737c8f"},
    "contents-refused": {"forget_refused": "d55666f43e34d9b2a006187b961784d1a991b3da134e50cc508da0747e27b942"},
}
"""Programs of filters by filter and name, as sha256 sums: a program can send what it sees anywhere."""

_NOTHING = "function envoy_on_request(handle) end"
_READ = re.compile(r"(response\.)?usage\.(prompt|completion|total|input|output)_tokens")
_OWN = ("admin", "check", "contents")
_ROUTER_TYPE = "type.googleapis.com/envoy.extensions.filters.http.router.v3.Router"
_GET = [{"name": ":method", "string_match": {"exact": "GET"}}]
_TOLD = (
    *(
        {"match": {"path": path, "headers": _GET}, "route": {"cluster": "admin"}}
        for path in ("/stats/prometheus", "/ready")
    ),
    *(
        {"match": {"path": f"/ready/{name}", "headers": _GET}, "route": {"cluster": name, "prefix_rewrite": "/ready"}}
        for name in ("check", "contents")
    ),
)
"""Routes of the listener of metrics."""


def faults(path: str, manager: JsonValue, stated: Stated) -> Iterator[Fault]:
    """What a connection manager's filters and routes hand on, by the approvals in the settings."""
    for index, entry in enumerate(entries(at(manager, "http_filters"))):
        yield from _filter(f"{path}.http_filters[{index}]", entry)
    for host in entries(at(manager, "route_config", "virtual_hosts")):
        for index, route in enumerate(entries(at(host, "routes"))):
            tenant = at(route, "metadata", "filter_metadata", "kitchen", "tenant")
            for where, config in _per_filter(f"{path}.route_config.routes[{index}]", route):
                yield from _of_route(where, config, tenant, stated)


def metrics(path: str, manager: JsonValue) -> Iterator[Fault]:
    """The listener of metrics tells numbers and readiness of the pod alone, and has no filter but the bare router."""
    filters = entries(at(manager, "http_filters"))
    if not same(filters, [{"name": _ROUTER, "typed_config": {"@type": _ROUTER_TYPE}}]):
        names = [at(entry, "name") for entry in filters]
        yield Fault(path=f"{path}.http_filters", text=f"{shown(names)}, and must be the router alone, without options")
    for host in entries(at(manager, "route_config", "virtual_hosts")):
        for index, route in enumerate(entries(at(host, "routes"))):
            where = f"{path}.route_config.routes[{index}]"
            if at(route, "route", "cluster") not in _OWN:
                yield Fault(path=where, text="leads out of the pod, and asks nobody who calls")
            elif not any(same(route, form) for form in _TOLD):
                yield Fault(path=where, text="is none of the program's: it may open Envoy's administration")


def approvals(tenants: JsonValue, today: datetime.date) -> Mapping[str, Mapping[str, Any]]:
    """By tenant what the settings say of an approval that holds: why, by whom, until when, and to which certificate."""
    found = {name: mapping(at(tenant, "recordContents")) for name, tenant in mapping(tenants).items()}
    return {name: said for name, said in found.items() if _holds(said, today)}


def table(path: str, said: JsonValue, approved: Mapping[str, Mapping[str, Any]]) -> Iterator[Fault]:
    """What the sidecar that encrypts goes by is what the settings say."""
    for name, entry in mapping(said).items():
        if name not in approved:
            yield Fault(path=f"{path}: {name}", text="prompts and answers would be recorded without an approval")
            continue
        wanted = {key: approved[name][key] for key in ("certificate", "until")}
        if mapping(entry) != wanted:
            yield Fault(path=f"{path}: {name}", text="is not what the approval in the settings says")


def _holds(said: Mapping[str, Any], today: datetime.date) -> bool:
    texts = [said.get(key) for key in ("reason", "approvedBy", "certificate", "until")]
    if not all(isinstance(text, str) and text.strip() for text in texts) or set(said) - {
        *("reason", "approvedBy", "certificate", "until")
    }:
        return False
    try:
        return datetime.date.fromisoformat(str(said["until"])) >= today
    except ValueError:
        return False


def _filter(path: str, entry: JsonValue) -> Iterator[Fault]:
    name, config = str(at(entry, "name")), at(entry, "typed_config")
    kind = str(at(config, "@type"))
    known = _KINDS.get(name)
    if known is None or not kind.endswith(known) or set(mapping(entry)) - {"name", "typed_config"}:
        yield Fault(path=path, text=f"is {name} ({kind}), which is not understood: it may copy what callers say")
    elif "lua" in known[0]:
        yield from _program(path, name, config)
    elif name == "body":
        uri = at(config, "http_service", "server_uri", "cluster")
        if uri != "check" or at(config, "grpc_service") is not None:
            yield Fault(path=path, text=f"asks {uri!r}: bodies go to `check` alone")
    elif name in envoy_filters.SUMS and envoy_filters.canonical_sum(config) != envoy_filters.SUMS[name]:
        read = ", ".join(_reads(config)) if name != "forged" else ""
        said = f"reads {read} out of bodies" if read else f"{name} is not what the program makes"
        yield Fault(path=path, text=said)
    elif name == _ROUTER:
        yield from _router(path, config)


def _router(path: str, config: JsonValue) -> Iterator[Fault]:
    if set(mapping(config)) - {"@type", "suppress_envoy_headers", "upstream_http_filters"}:
        yield Fault(path=path, text="has parts that are not understood: they may copy what callers say")
    if at(config, "suppress_envoy_headers") is not True:
        yield Fault(path=f"{path}.suppress_envoy_headers", text="must be true: headers of a call may not steer Envoy")
    inner = entries(at(config, "upstream_http_filters"))
    for index, entry in enumerate(inner):
        where, name = f"{path}.upstream_http_filters[{index}]", at(entry, "name")
        if name == "contents" and str(at(entry, "typed_config", "@type")).endswith("lua.v3.Lua"):
            yield from _program(where, "contents", at(entry, "typed_config"))
        elif name != _CODEC or not str(at(entry, "typed_config", "@type")).endswith("upstream_codec.v3.UpstreamCodec"):
            yield Fault(path=where, text=f"{shown(name)}, which is not understood: it may copy what callers say")


def _program(path: str, name: str, config: JsonValue) -> Iterator[Fault]:
    """Nothing by default, and programs that are known by their sums."""
    said = mapping(config)
    if set(said) - {"@type", "default_source_code", "source_codes"}:
        yield Fault(path=path, text="has parts that are not understood: they may be programs")
    if said.get("default_source_code") != {"inline_string": _NOTHING}:
        yield Fault(path=f"{path}.default_source_code", text="runs a program for every call")
    for code, source in mapping(said.get("source_codes")).items():
        text = at(source, "inline_string")
        made = hashlib.sha256(text.encode()).hexdigest() if isinstance(text, str) else None
        if set(mapping(source)) != {"inline_string"} or made != _CODE[name].get(code):
            yield Fault(path=f"{path}.source_codes.{code}", text="is a program that is not known")


def _reads(config: JsonValue) -> Iterator[str]:
    """What is taken out of bodies and is neither the model nor a number of tokens."""
    for key, value in _selectors(config):
        if not (value == "model" if key == "request_rules" else _READ.fullmatch(value)):
            yield repr(value)


def _selectors(value: JsonValue, under: str = "") -> Iterator[tuple[str, str]]:
    if isinstance(value, dict):
        if "selectors" in value:
            yield under, ".".join(str(at(entry, "key")) for entry in entries(value["selectors"]))
        for key, inner in value.items():
            yield from _selectors(inner, key if key in ("request_rules", "response_rules") else under)
    elif isinstance(value, list):
        for entry in value:
            yield from _selectors(entry, under)


def _per_filter(path: str, route: JsonValue) -> Iterator[tuple[str, tuple[str, JsonValue]]]:
    shares = entries(at(route, "route", "weighted_clusters", "clusters"))
    for part in (route, *shares):
        for name, config in mapping(at(part, "typed_per_filter_config")).items():
            yield f"{path}.typed_per_filter_config.{name}", (name, config)


def _of_route(path: str, named: tuple[str, JsonValue], own: JsonValue, stated: Stated) -> Iterator[Fault]:
    """What a route adds to a filter; `own` is the tenant whose callers it is for."""
    name, config = named
    kind = str(at(config, "@type")).rpartition(".")[2]
    if kind == "LuaPerRoute" and name in _CODE:
        if set(mapping(config)) - {"@type", "name", "filter_context"} or str(at(config, "name")) not in _CODE[name]:
            yield Fault(path=path, text="runs a program that is not known")
        tenant = at(config, "filter_context", "tenant")
        if name != "renamed" and str(tenant) not in stated.approved:
            yield Fault(path=path, text=f"records prompts and answers of {tenant} without an approval in the settings")
        if name != "renamed" and tenant != own:
            yield Fault(path=path, text=f"records what callers of {own} say as if {tenant} had said it")
    elif kind not in ("FilterConfig", "RateLimitPerRoute") or (
        kind == "FilterConfig" and mapping(config).get("disabled") is not True
    ):
        yield Fault(path=path, text="is not understood: it may copy what callers say")
