"""Samples of the rule on the entry: forms that the program never writes, one for each way around."""

from __future__ import annotations

import copy
import dataclasses
import json
from collections.abc import Callable
from typing import Any

from components.entry.envoy import bootstrap
from components.entry.plan import EntryPlan, Grant, Issuer, Server
from tests.policy.support.sample import WORLD, Sample

_ISSUER, _KEYS = "https://sso.kitchen.example", "https://sso.kitchen.example/keys"
_CORPORATE = {"name": "corporate", "issuer": _ISSUER, "audience": "kitchen", "jwks": {"url": _KEYS}}
_SETTINGS = {
    **WORLD.settings,
    "entry": {"host": "ai.kitchen.example", "issuers": [_CORPORATE]},
    "tenants": {name: {"groups": {"caller": [f"{name}-callers"]}} for name in ("helpdesk", "sales")},
    "kitchens": {"support": {"tenant": "helpdesk"}, "summary": {"tenant": "sales"}},
}
_WORLD = dataclasses.replace(WORLD, settings=_SETTINGS)


def _grant(kitchen: str, tenant: str, **more: Any) -> Grant:
    return Grant(
        name=f"{kitchen}/callers/faq-{tenant}",
        model=f"faq-{tenant}",
        groups=[f"{tenant}-callers"],
        paths=["/v1/chat/completions"],
        servers=[Server(name=kitchen, host=f"{kitchen}-pods.{tenant}-prod.svc.cluster.local", port=8080, **more)],
        tenant=tenant,
        facts={"tenant": tenant},
    )


_PLAN = EntryPlan(
    environment="prod",
    issuers=[Issuer(name="corporate", issuer=_ISSUER, audience="kitchen", jwks_url=_KEYS)],
    grants=[_grant("support", "helpdesk", shares={"helpdesk": 3}), _grant("summary", "sales")],
    counter="shared",
    counter_host="counter.entry-prod.svc.cluster.local",
)
Change = Callable[[dict[str, Any]], Any]


def _manager(config: dict[str, Any], listener: int = 0) -> dict[str, Any]:
    found: dict[str, Any] = config["static_resources"]["listeners"][listener]["filter_chains"][0]["filters"][0]
    manager: dict[str, Any] = found["typed_config"]
    return manager


def _routes(config: dict[str, Any], listener: int = 0) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = _manager(config, listener)["route_config"]["virtual_hosts"][0]["routes"]
    return found


def _facts(config: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = _route(config)["metadata"]["filter_metadata"]["kitchen"]
    return found


def _of_sales(config: dict[str, Any]) -> None:
    _facts(config).update(group="sales-callers")
    _asked(config, 1)["value"]["list_match"]["one_of"]["string_match"].update(exact="sales-callers")


def _route(config: dict[str, Any], tenant: str = "helpdesk") -> dict[str, Any]:
    return next(one for one in _routes(config) if one["name"].endswith(f"/faq-{tenant}"))


def _asked(config: dict[str, Any], index: int) -> dict[str, Any]:
    found: dict[str, Any] = _route(config)["match"]["dynamic_metadata"][index]
    return found


def _filter(config: dict[str, Any], name: str) -> dict[str, Any]:
    found: dict[str, Any] = next(one for one in _manager(config)["http_filters"] if one["name"] == name)
    made: dict[str, Any] = found["typed_config"]
    return made


def _provider(config: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = _filter(config, "token")["providers"]["corporate"]
    return found


def _cluster(config: dict[str, Any], name: str) -> dict[str, Any]:
    found: dict[str, Any] = next(one for one in config["static_resources"]["clusters"] if one["name"] == name)
    return found


def _end(config: dict[str, Any], name: str) -> dict[str, Any]:
    found: dict[str, Any] = _cluster(config, name)["load_assignment"]["endpoints"][0]["lb_endpoints"][0]["endpoint"]
    return found


def _at(name: str, host: str) -> Change:
    return lambda c: _end(c, name)["address"]["socket_address"].update(address=host)


def _original(config: dict[str, Any]) -> None:
    _cluster(config, "check").pop("load_assignment")
    _cluster(config, "check").update(type="ORIGINAL_DST")


def _anybody(config: dict[str, Any]) -> None:
    for one in _route(config)["match"]["dynamic_metadata"]:
        one["value"] = {"present_match": True}


def _not_them(config: dict[str, Any]) -> None:
    for one in _route(config)["match"]["dynamic_metadata"]:
        one["invert"] = True


def _own_keys(config: dict[str, Any]) -> None:
    _provider(config).pop("remote_jwks")
    _provider(config)["local_jwks"] = {"inline_string": "{}"}


def _lua_at_metrics(config: dict[str, Any]) -> None:
    lua = {"name": "x", "typed_config": {"@type": "type.googleapis.com/envoy.extensions.filters.http.lua.v3.Lua"}}
    _manager(config, 1)["http_filters"][0]["typed_config"]["upstream_http_filters"] = [lua]


_OFF = {"@type": "type.googleapis.com/envoy.config.route.v3.FilterConfig", "disabled": True}
_ADDED = {"header": {"key": "x-a", "value": "%REQ(authorization)%"}}
_MORE = {"additional_addresses": [{"address": {"socket_address": {"address": "203.0.113.1", "port_value": 1}}}]}
_FILES = {"text_format_source": {"inline_string": "%REQ(authorization)%"}, "content_type": "application/json"}
_SERVER, _SSO = "support/tenant/helpdesk", "issuer-corporate"
_EVIL = "evil.example.com"
_NOBODY = "leads to a server without asking who and for what"
_SAME = {"present_match": True}
_CHANGES: tuple[tuple[str, Change, tuple[str, ...]], ...] = (
    ("a route for anybody", _anybody, (_NOBODY,)),
    ("a route for whoever is not of the group", _not_them, (_NOBODY,)),
    ("a route for any issuer", lambda c: _asked(c, 0).update(value=_SAME), (_NOBODY,)),
    ("a route for any model", lambda c: _asked(c, 2).update(value=_SAME), (_NOBODY,)),
    (
        "a group that no setting names",
        lambda c: _asked(c, 1)["value"]["list_match"]["one_of"]["string_match"].update(exact="sales-owners"),
        (_NOBODY,),
    ),
    (
        "a group of another tenant",
        _of_sales,
        ("metadata: is of the tenant 'helpdesk', whose caller sales-callers is not",),
    ),
    (
        "a route that is counted for another group",
        lambda c: _facts(c).update(group="sales-callers"),
        ("metadata.group: is 'sales-callers', and 'helpdesk-callers' is asked for",),
    ),
    (
        "a route that is counted for a caller's word",
        lambda c: _facts(c).update(group="%REQ(x-team)%"),
        ("metadata.group: is '%REQ(x-team)%', and 'helpdesk-callers' is asked for", "metadata.filter_metadata"),
    ),
    ("a route that is not counted for its group", lambda c: _facts(c).pop("group"), ("metadata.group: is None",)),
    (
        "a base model that is counted as an adapter",
        lambda c: _facts(c).update(adapter="faq-sales"),
        ("metadata.adapter: is 'faq-sales', and the model is 'faq-helpdesk'",),
    ),
    (
        "an adapter that is counted as another version",
        lambda c: _facts(c).update(
            adapter="faq-helpdesk", adapters={"support": "faq-helpdesk/v1"}, versions={"support": "v2"}
        ),
        ("metadata.versions: are not those of `adapters`",),
    ),
    (
        "a route that is recorded for another tenant",
        lambda c: _route(c, "sales")["metadata"]["filter_metadata"]["kitchen"].update(tenant="helpdesk"),
        ("metadata: is of the tenant 'helpdesk', whose caller sales-callers is not",),
    ),
    (
        "a route that is recorded for another model",
        lambda c: _route(c)["metadata"]["filter_metadata"]["kitchen"].update(model="x"),
        ("metadata: is of the model 'x', and 'faq-helpdesk' is asked for",),
    ),
    (
        "a server of another kitchen",
        lambda c: _route(c)["route"].update(cluster="summary"),
        ("route: leads to sales-prod, and support is not there",),
    ),
    (
        "the share of another tenant",
        lambda c: _route(c, "sales")["route"].update(cluster=_SERVER),
        ("route: takes the share of helpdesk", "route: leads to helpdesk-prod, and summary is not there"),
    ),
    (
        "a route that is recorded for another kitchen",
        lambda c: _route(c).update(name="search/callers/faq-helpdesk"),
        ("name: is of the kitchen 'search', which the settings do not state",),
    ),
    (
        "a server that is recorded as another",
        lambda c: _cluster(c, _SERVER)["metadata"]["filter_metadata"]["kitchen"].update(server="summary"),
        ("kitchen.server: is 'summary', and must be 'support'",),
    ),
    (
        "a filter of no name at a route",
        lambda c: _route(c)["typed_per_filter_config"].update(renamed={"@type": "x.LuaPerRoute", "name": {}}),
        ("typed_per_filter_config.renamed: runs a program that is not known",),
    ),
    ("the administration as a server", lambda c: _route(c)["route"].update(cluster="admin"), ("'admin', which is no",)),
    ("another path", lambda c: _route(c)["match"].update(path="/v1/load_lora_adapter"), ("match.path: is ",)),
    ("every path", lambda c: _route(c)["match"].update(prefix="/"), ("match.prefix: is not understood",)),
    ("a token to the server", lambda c: _route(c).pop("request_headers_to_remove"), ("_to_remove: is missing",)),
    (
        "a token to the server under another name",
        lambda c: _route(c).update(request_headers_to_add=[_ADDED]),
        ("request_headers_to_add: is not understood",),
    ),
    (
        "a check that is off at a route",
        lambda c: _route(c)["typed_per_filter_config"].update(body=_OFF),
        ("typed_per_filter_config.body: is turned off for calls of a server",),
    ),
    ("a server elsewhere", _at(_SERVER, _EVIL), ("calls go to headless Services", "leads to example, and support is")),
    ("a server by its address", _at(_SERVER, "10.9.9.9"), ("calls go to headless", "leads to 9, and support is not")),
    (
        "a server of no tenant",
        _at(_SERVER, "support-pods.shop-prod.svc"),
        ("calls go to headless", "leads to shop-prod, and support is not there"),
    ),
    ("an issuer elsewhere", _at(_SSO, _EVIL), ("is not the host that the settings state for the keys",)),
    ("an issuer without TLS", lambda c: _cluster(c, _SSO).pop("transport_socket"), ("transport_socket: is missing",)),
    (
        "an issuer that is not known by its name",
        lambda c: _cluster(c, _SSO)["transport_socket"]["typed_config"]["common_tls_context"].clear(),
        ("validation_context: is missing",),
    ),
    ("a counter elsewhere", _at("counter", _EVIL), ("is no counter's",)),
    ("a check with more addresses", lambda c: _end(c, "check").update(_MORE), ("additional_addresses: is not under",)),
    (
        "a check wherever the call went",
        _original,
        ("check.type: is 'ORIGINAL_DST', and must be 'STRICT_DNS'", "check.load_assignment: is missing"),
    ),
    (
        "a check of no call",
        lambda c: _filter(c, "body").update(filter_enabled={"default_value": {"numerator": 0}}),
        ("body.filter_enabled: is not understood",),
    ),
    (
        "a check of the beginning",
        lambda c: _filter(c, "body")["with_request_body"].update(allow_partial_message=True),
        ("allow_partial_message: is True, and must be False",),
    ),
    (
        "a check of small bodies",
        lambda c: _filter(c, "body")["with_request_body"].update(max_request_bytes=1),
        ("with_request_body: checks another size than calls may have",),
    ),
    ("forged headers", lambda c: _filter(c, "forged").update(mutations={}), ("forged is not what the program makes",)),
    (
        "a model by default",
        lambda c: _filter(c, "model")["request_rules"]["rules"][0]["on_missing"].update(value="faq-sales"),
        ("model is not what the program makes",),
    ),
    (
        "tokens without an end",
        lambda c: _provider(c).update(require_expiration=False),
        ("require_expiration: is False, and must be True",),
    ),
    ("tokens long after their end", lambda c: _provider(c).update(clock_skew_seconds=9**9), ("skew_seconds: is 387",)),
    ("keys that nobody stated", _own_keys, ("local_jwks: is not understood", "remote_jwks: is missing")),
    (
        "tokens for one path",
        lambda c: _filter(c, "token")["rules"][0].update(match={"prefix": "/x"}),
        ("token.rules[0]: lets calls through without a token",),
    ),
    (
        "a path before the tokens",
        lambda c: _filter(c, "token")["rules"].insert(0, {"match": {"prefix": "/v1"}}),
        ("token.rules[0]: lets calls", "token.rules[1]: lets calls"),
    ),
    (
        "the same filter twice",
        lambda c: _manager(c)["http_filters"].insert(6, _manager(c)["http_filters"][0]),
        ("http_filters: are forged, token, size, model, body, forged, and must begin with",),
    ),
    (
        "a reply with the token",
        lambda c: _manager(c)["local_reply_config"].update(body_format=_FILES),
        ("inline_string: is '%REQ(authorization)%'",),
    ),
    (
        "a reply to other calls",
        lambda c: _manager(c)["local_reply_config"]["mappers"][0].update(filter={"runtime_filter": {}}),
        ("mappers[0].filter.runtime_filter: is not understood",),
    ),
    (
        "a reply that says that all is well",
        lambda c: _manager(c)["local_reply_config"]["mappers"][0].update(status_code=200),
        ("mappers[0].status_code: is 200, and must be one of",),
    ),
    (
        "the whole administration",
        lambda c: _routes(c, 1).insert(0, {"match": {"prefix": "/"}, "route": {"cluster": "admin"}}),
        ("routes[0]: is none of the program's: it may open Envoy's administration",),
    ),
    (
        "a word to the administration",
        lambda c: _routes(c, 1)[0]["match"].update(path="/quitquitquit"),
        ("routes[0]: is none of the program's",),
    ),
    ("a program at the metrics", _lua_at_metrics, ("must be the router alone, without options",)),
    (
        "a third listener",
        lambda c: c["static_resources"]["listeners"].append({"name": "more"}),
        ("static_resources.listeners: has 3 entries, and must have 2",),
    ),
    (
        "callers without TLS",
        lambda c: c["static_resources"]["listeners"][0]["filter_chains"][0].pop("transport_socket"),
        ("transport_socket: is missing",),
    ),
    (
        "addresses that callers invent",
        lambda c: _manager(c).update(use_remote_address=False),
        ("use_remote_address: is False, and must be True",),
    ),
)


def _map(**fields: Any) -> dict[str, Any]:
    made = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "entry-1", "namespace": "entry-prod"}}
    return {**made, **fields}


_TWICE = json.dumps(bootstrap(_PLAN)).replace('"admin": ', '"admin": {}, "admin": ', 1)
_READ = (
    ("a key that stands twice", _map(data={"envoy.json": _TWICE}), "data.envoy.json: cannot be read as JSON, each key"),
    ("bytes", _map(binaryData={"envoy.json": "e30="}), "binaryData.envoy.json: must be plain text below `data`"),
    ("bytes of approvals", _map(binaryData={"contents.json": "e30="}), "binaryData.contents.json: must be plain text"),
)


def _sample(name: str, change: Change, says: tuple[str, ...]) -> Sample:
    config = copy.deepcopy(bootstrap(_PLAN))
    change(config)
    inputs = _map(data={"envoy.json": json.dumps(config)})
    return Sample(name=name, resource_type="kubernetes:core/v1:ConfigMap", inputs=inputs, says=says, world=_WORLD)


SAMPLES = {
    "entry-decides": (
        _sample("two kitchens, as the program makes them", lambda _: None, ()),
        *(_sample(f"closed: {name}", change, says) for name, change, says in _CHANGES),
        *(
            Sample(name=name, resource_type="kubernetes:core/v1:ConfigMap", inputs=inputs, says=(says,), world=_WORLD)
            for name, inputs, says in _READ
        ),
    )
}
