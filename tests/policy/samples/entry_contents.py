"""Samples of the rule on the entry: prompts and answers that would be recorded, and the one approved form."""

from __future__ import annotations

import copy
import dataclasses
import datetime
import json
from collections.abc import Callable
from typing import Any

from components.entry.contents_recorder import Approved
from components.entry.contents_recorder import data as contents_data
from components.entry.envoy import bootstrap
from components.entry.plan import EntryPlan, Grant, Issuer, Limits, Server
from infra.kitchen.context import scripts
from tests.policy.support.sample import UNKNOWN_VALUE, WORLD, Sample

_ISSUER, _KEYS = "https://sso.kitchen.example", "https://sso.kitchen.example/keys"
_CORPORATE = {"name": "corporate", "issuer": _ISSUER, "audience": "kitchen", "jwks": {"url": _KEYS}}
_ENTRY = {"host": "ai.kitchen.example", "issuers": [_CORPORATE]}
_APPROVAL = {"reason": "review", "approvedBy": "board", "until": "2026-12-31", "certificate": "PEM of sales"}
_TODAY = datetime.date(2026, 12, 31)
_APPROVED = {"sales": Approved(certificate="PEM of sales", until="2026-12-31")}


def _grant(tenant: str) -> Grant:
    server = Server(name="support", host="support-pods.sales-prod.svc", port=8080, shares={"sales": 4, "legal": 4})
    canary = dataclasses.replace(server, name=f"support/faq-{tenant}--b", weight=10, model=f"faq-{tenant}--b")
    return Grant(
        name=f"support/{tenant}/faq",
        model=f"faq-{tenant}",
        groups=[f"{tenant}-callers"],
        paths=["/v1/chat/completions"],
        servers=[dataclasses.replace(server, weight=90), canary],
        limits=Limits(requests_per_minute=5, tokens_per_month=9),
        tenant=tenant,
        facts={"tenant": tenant},
    )


_PLAN = EntryPlan(
    environment="prod",
    issuers=[Issuer(name="corporate", issuer=_ISSUER, audience="kitchen", jwks_url=_KEYS)],
    grants=[_grant("sales"), _grant("legal")],
    counter="shared",
    counter_host="counter.entry-prod.svc.cluster.local",
    contents=["sales"],
)
_PLAIN = dataclasses.replace(_PLAN, contents=[], counter="local")

Change = Callable[[dict[str, Any]], Any]


def _manager(config: dict[str, Any], listener: int = 0) -> dict[str, Any]:
    chains = config["static_resources"]["listeners"][listener]["filter_chains"]
    found: dict[str, Any] = chains[0]["filters"][0]["typed_config"]
    return found


def _format(config: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = _manager(config)["access_log"][0]["typed_config"]["log_format"]["json_format"]
    return found


def _counter(config: dict[str, Any], name: str) -> dict[str, Any]:
    log = next(one for one in _manager(config)["access_log"] if one["name"] == name)
    found: dict[str, Any] = log["typed_config"]["counters"][0]
    return found


def _filter(config: dict[str, Any], name: str) -> dict[str, Any]:
    found: dict[str, Any] = next(one for one in _manager(config)["http_filters"] if one["name"] == name)["typed_config"]
    return found


def _router(config: dict[str, Any]) -> dict[str, Any]:
    return _filter(config, "envoy.filters.http.router")


def _route(config: dict[str, Any], tenant: str) -> dict[str, Any]:
    routes = _manager(config)["route_config"]["virtual_hosts"][0]["routes"]
    found: dict[str, Any] = next(one for one in routes if one["name"] == f"support/{tenant}/faq")
    return found


def _cluster(config: dict[str, Any], name: str) -> dict[str, Any]:
    found: dict[str, Any] = next(one for one in config["static_resources"]["clusters"] if one["name"] == name)
    return found


def _added(name: str, kind: str, **more: Any) -> Change:
    made = {"name": name, "typed_config": {"@type": f"type.googleapis.com/envoy.{kind}", **more}}
    return lambda c: _manager(c)["http_filters"].insert(5, made)


_LUA = "extensions.filters.http.lua.v3.Lua"
_UNKNOWN = "is not understood: it may copy what callers say"
_TAP = {"name": "envoy.transport_sockets.tap", "typed_config": {"@type": "type.googleapis.com/envoy.Tap"}}
_TOKEN, _ESCAPED = "request.headers['authorization']", '"\\""'
_EMAIL = "%DYNAMIC_METADATA(envoy.filters.http.jwt_authn:claims:email)%"
_PLAIN_CHANGES: tuple[tuple[str, Change, str], ...] = (
    ("a token in the record", lambda c: _format(c).update(a="%REQ(authorization)%"), "json_format.a: is "),
    ("a body in the record", lambda c: _format(c).update(a="%REQUEST_BODY%"), "json_format.a: is "),
    ("a query", lambda c: _format(c).update(a="%PATH(WQ:PATH)%"), "json_format.a: is "),
    ("words around a header", lambda c: _format(c).update(a="x %REQ(COOKIE)% y"), "json_format.a: is "),
    ("an expression over a request", lambda c: _format(c).update(a='%CEL(request.headers["a"])%'), "json_format.a: is"),
    ("another header of an answer", lambda c: _format(c).update(a='%CEL(response.headers["a"])%'), "json_format.a: is"),
    ("other metadata", lambda c: _format(c).update(a="%DYNAMIC_METADATA(kitchen.call:prompt)%"), "json_format.a: is "),
    ("metadata of filters", lambda c: _format(c).update(a={"b": "%FILTER_STATE(x)%"}), "json_format.a: is "),
    (
        "a second operator between two that are known",
        lambda c: _format(c).update(a='%CEL("a")%"%REQ(AUTHORIZATION)% %START_TIME(")%'),
        "json_format.a: is ",
    ),
    (
        "an escaped quote in an expression",
        lambda c: _format(c).update(reason=f"%CEL({_ESCAPED} != {_TOKEN} ? {_TOKEN} : {_ESCAPED})%"),
        "json_format.reason: is ",
    ),
    (
        "an expression in single quotes",
        lambda c: _format(c).update(a="%CEL('\"' + request.headers['authorization'] + '\"')%"),
        "json_format.a: is ",
    ),
    ("a word that is no operator", lambda c: _format(c).update(environment="dev"), "json_format.environment: is 'dev'"),
    ("the claim of another issuer", lambda c: _format(c).update(groups=_EMAIL), "json_format.groups: is "),
    ("a record without who called", lambda c: _format(c).pop("caller"), "json_format.caller: is missing"),
    (
        "prompts as metadata",
        lambda c: _filter(c, "model")["request_rules"]["rules"].append({"selectors": [{"key": "prompt"}]}),
        "reads 'prompt' out of bodies",
    ),
    (
        "answers as metadata",
        lambda c: _filter(c, "model")["response_rules"]["rules"].append({"selectors": [{"key": "choices"}]}),
        "reads 'choices' out of bodies",
    ),
    (
        "a second log",
        lambda c: _manager(c)["access_log"].append(_manager(c)["access_log"][0]),
        "must be one file that the shipper takes, beside what counts",
    ),
    ("what counts, and no record", lambda c: _manager(c)["access_log"].pop(0), "must be one file that the shipper"),
    (
        "a caller's word as a label",
        lambda c: _counter(c, "calls")["stat"]["tags"][4].update(value_format="%REQ(x-team)%"),
        "counts as 'calls', and not as the program does: labels may be words of callers",
    ),
    (
        "a caller's word as a label more",
        lambda c: _counter(c, "tokens")["stat"]["tags"].append(
            {"name": "caller", "value_format": "%DYNAMIC_METADATA(envoy.filters.http.jwt_authn:claims:sub)%"}
        ),
        "counts as 'tokens', and not as the program does",
    ),
    (
        "a prompt in a number",
        lambda c: _counter(c, "near-limit").update(value_format="%DYNAMIC_METADATA(kitchen.call:prompt)%"),
        "counts as 'near-limit', and not as the program does",
    ),
    (
        "calls counted twice",
        lambda c: _manager(c)["access_log"].append(_manager(c)["access_log"][1]),
        "counts as 'calls' a second time",
    ),
    (
        "counted under a name that is not known",
        lambda c: _manager(c)["access_log"][-1].update(name="more"),
        "counts as 'more', and not as the program does",
    ),
    (
        "a record, and nothing that counts",
        lambda c: _manager(c).update(access_log=_manager(c)["access_log"][:1]),
        "lacks what counts calls, tokens, refusals: nobody would hear that calls fail",
    ),
    (
        "a log elsewhere",
        lambda c: _manager(c)["access_log"][0]["typed_config"].update(path="/dev/stdout"),
        "must be the file /var/log/kitchen/calls.jsonl",
    ),
    (
        "calls left out of the record",
        lambda c: _manager(c)["access_log"][0].update(filter={"status_code_filter": {}}),
        "must leave out the kubelet's questions, and nothing else",
    ),
    ("a tap", _added("tap", "extensions.filters.http.tap.v3.Tap"), f"is tap ({'type'}"),
    ("a program", _added("x", _LUA), "which is not understood"),
    (
        "a filter under a known name",
        lambda c: _filter(c, "limits").update(
            {"@type": "type.googleapis.com/envoy.extensions.filters.http.tap.v3.Tap"}
        ),
        "which is not understood",
    ),
    (
        "a known filter with another program",
        lambda c: _filter(c, "renamed")["source_codes"].update(write_model={"inline_string": "x"}),
        "source_codes.write_model: is a program that is not known",
    ),
    (
        "a program for every call",
        lambda c: _filter(c, "renamed").update(default_source_code={"inline_string": "x"}),
        "runs a program for every call",
    ),
    (
        "another model in the body",
        lambda c: _route(c, "legal")["route"]["weighted_clusters"]["clusters"][1]["typed_per_filter_config"][
            "renamed"
        ].update(filter_context={"model": "faq-sales--b"}),
        "renamed: asks for 'faq-sales--b', and callers ask for 'faq-legal'",
    ),
    (
        "a program at a route",
        lambda c: _route(c, "legal")["typed_per_filter_config"].update(
            renamed={"@type": f"type.googleapis.com/envoy.{_LUA}PerRoute", "source_code": {"inline_string": "x"}}
        ),
        "runs a program that is not known",
    ),
    (
        "a tap at a route",
        lambda c: _route(c, "legal")["typed_per_filter_config"].update(tap={"@type": "envoy.Tap"}),
        f"typed_per_filter_config.tap: {_UNKNOWN}",
    ),
    (
        "a mirror",
        lambda c: _route(c, "legal")["route"].update(request_mirror_policies=[{"cluster": "x"}]),
        f"request_mirror_policies: {_UNKNOWN}",
    ),
    ("traces", lambda c: _manager(c).update(tracing={}), f"tracing: {_UNKNOWN}"),
    ("a sink of numbers", lambda c: c.update(stats_sinks=[]), f"stats_sinks: {_UNKNOWN}"),
    ("configuration from elsewhere", lambda c: c.update(dynamic_resources={}), f"dynamic_resources: {_UNKNOWN}"),
    ("a log of the router", lambda c: _router(c).update(upstream_log=[]), "has parts that are not understood"),
    (
        "filters of a cluster",
        lambda c: _cluster(c, "support/tenant/legal")["typed_extension_protocol_options"][
            "envoy.extensions.upstreams.http.v3.HttpProtocolOptions"
        ].update(http_filters=[]),
        f"http_filters: {_UNKNOWN}",
    ),
    (
        "a tap below TLS",
        lambda c: _cluster(c, "support/tenant/legal").update(transport_socket=_TAP),
        "transport_socket: is not understood",
    ),
    (
        "keys of TLS in a file",
        lambda c: c["static_resources"]["listeners"][0]["filter_chains"][0]["transport_socket"]["typed_config"][
            "common_tls_context"
        ].update(key_log={"path": "/tmp/keys"}),  # noqa: S108 - a bad sample
        f"key_log: {_UNKNOWN}",
    ),
    (
        "bodies asked elsewhere",
        lambda c: _filter(c, "body")["http_service"]["server_uri"].update(cluster="support/legal"),
        "bodies go to `check` alone",
    ),
    (
        "a check elsewhere",
        lambda c: _cluster(c, "check")["load_assignment"]["endpoints"][0]["lb_endpoints"][0]["endpoint"]["address"][
            "socket_address"
        ].update(address="10.0.0.9"),
        "bodies are told to 127.0.0.1 alone",
    ),
    (
        "a door beside the metrics",
        lambda c: _manager(c, 1)["route_config"]["virtual_hosts"][0]["routes"].append(
            {"match": {"prefix": "/"}, "route": {"cluster": "support/legal"}}
        ),
        "leads out of the pod, and asks nobody who calls",
    ),
    (
        "a filter beside the metrics",
        lambda c: _manager(c, 1)["http_filters"].insert(0, {"name": "tap"}),
        "must be the router alone",
    ),
)


def _as_sales(config: dict[str, Any]) -> None:
    """What callers of one tenant say, to the certificate of the other."""
    approved = _route(config, "sales")["typed_per_filter_config"]
    _route(config, "legal")["typed_per_filter_config"]["contents"] = approved["contents"]


def _refused_as_sales(config: dict[str, Any]) -> None:
    """The same by the other filter."""
    approved = _route(config, "sales")["typed_per_filter_config"]
    _route(config, "legal")["typed_per_filter_config"]["contents-refused"] = approved["contents-refused"]


def _of_legal(config: dict[str, Any]) -> None:
    """What the tenant with an approval has, at a route of the other."""
    approved = _route(config, "sales")["typed_per_filter_config"]["contents"]
    _route(config, "legal")["typed_per_filter_config"]["contents"] = {**approved, "filter_context": {"tenant": "legal"}}


_CONTENTS_CHANGES: tuple[tuple[str, Change, str], ...] = (
    ("another tenant's callers", _as_sales, "contents: records what callers of legal say as if sales had said it"),
    ("another tenant's refusals", _refused_as_sales, "contents-refused: records what callers of legal say as if"),
    ("another tenant too", _of_legal, "records prompts and answers of legal without an approval"),
    (
        "another program",
        lambda c: _router(c)["upstream_http_filters"][0]["typed_config"]["source_codes"].update(
            record_contents={"inline_string": "x"}
        ),
        "is a program that is not known",
    ),
    (
        "one filter more",
        lambda c: _router(c)["upstream_http_filters"].insert(0, {"name": "tap", "typed_config": {"@type": "Tap"}}),
        "upstream_http_filters[0]: is 'tap'",
    ),
)


def _sample(name: str, plan: EntryPlan, change: Change, *says: str, approval: Any = None, **data: Any) -> Sample:
    config = copy.deepcopy(bootstrap(plan))
    change(config)
    made = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "entry-1", "namespace": "entry-prod"}}
    held = contents_data(_APPROVED if plan.contents else {}, scripts())
    tenants: dict[str, Any] = {name: {"groups": {"caller": [f"{name}-callers"]}} for name in ("sales", "legal")}
    if approval is not None:
        tenants["sales"]["recordContents"] = approval
    settings = {**WORLD.settings, "entry": _ENTRY, "tenants": tenants}
    return Sample(
        name=name,
        resource_type="kubernetes:core/v1:ConfigMap",
        inputs={**made, "data": {"envoy.json": json.dumps(config), **held, **data}},
        says=says,
        world=dataclasses.replace(WORLD, settings=settings, today=_TODAY),
    )


def _nothing(_config: dict[str, Any]) -> None:
    """The program's own."""


_RECORDED = (
    "typed_per_filter_config.contents: records prompts and answers of sales without an approval",
    "typed_per_filter_config.contents-refused: records prompts and answers of sales without an approval",
    "contents.json: sales: prompts and answers would be recorded without an approval",
)
SAMPLES = {
    "entry-decides": (
        _sample("what the program makes", _PLAIN, _nothing),
        _sample("what the program makes, with an approval", _PLAN, _nothing, approval=_APPROVAL),
        *(_sample(name, _PLAIN, change, says) for name, change, says in _PLAIN_CHANGES),
        *(
            _sample(f"approved: {name}", _PLAN, change, says, approval=_APPROVAL)
            for name, change, says in _CONTENTS_CHANGES
        ),
        _sample("without an approval", _PLAN, _nothing, *_RECORDED),
        *(
            _sample(f"an approval {name}", _PLAN, _nothing, *_RECORDED, approval={**_APPROVAL, **changed})
            for name, changed in (
                ("that has ended", {"until": "2026-12-30"}),
                ("without an end", {"until": "for ever"}),
                ("without a reason", {"reason": " "}),
                ("of nobody", {"approvedBy": ""}),
                ("with more", {"plain": True}),
                ("as a switch", {"certificate": True}),
            )
        ),
        *(
            _sample(
                f"approved: {name}",
                _PLAN,
                _nothing,
                says,
                approval=_APPROVAL,
                **{"contents.json": text},
            )
            for name, text, says in (
                (
                    "another certificate",
                    json.dumps({"sales": {"certificate": "mine", "until": "2026-12-31"}}),
                    "contents.json: sales: is not what the approval in the settings says",
                ),
                (
                    "another end",
                    json.dumps({"sales": {"certificate": "PEM of sales", "until": "2099-12-31"}}),
                    "is not what the approval in the settings says",
                ),
                (
                    "another tenant",
                    json.dumps({"legal": {"certificate": "PEM of sales", "until": "2026-12-31"}}),
                    "contents.json: legal: prompts and answers would be recorded without an approval",
                ),
                ("a table that is none", "{", "data.contents.json: cannot be read as JSON"),
                ("a list", "[]", "data.contents.json: must be an object by tenant"),
                ("a table that is not known", UNKNOWN_VALUE, "data.contents.json: is not known"),
            )
        ),
    )
}
