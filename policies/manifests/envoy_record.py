"""The record of calls as Envoy writes it: one file, and in its lines exactly the fields that are listed here."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from policies.judging.subject import entries, mapping
from policies.judging.values import JsonValue
from policies.manifests import envoy_numbers
from policies.manifests.envoy_stated import Stated
from policies.manifests.fields import Fault, at, missing

PATH = "/var/log/kitchen/calls.jsonl"
"""From where the shipper takes it."""

_TOKEN = "envoy.filters.http.jwt_authn:claims"  # noqa: S105 - a place in Envoy's metadata
_DETAILS = '(has(response.code_details) ? response.code_details : "")'
_OVERFLOW = f'{_DETAILS} == "upstream_reset_before_response_started{{overflow}}"'
_WENT_ON = f'(has(upstream.address) && !({_OVERFLOW}) && !({_DETAILS} == "lua_response"))'
_THERE = 'xds.{}_metadata.filter_metadata["kitchen"]'
_OF_SERVER = f'[{_THERE.format("cluster")}["server"]]'

FIELDS: Mapping[str, str] = {
    "time": "%START_TIME(%Y-%m-%dT%H:%M:%S.%3fZ)%",
    "requestId": "%STREAM_ID%",
    "entry": "%HOSTNAME%",
    "address": "%DOWNSTREAM_REMOTE_ADDRESS_WITHOUT_PORT%",
    "caller": f"%DYNAMIC_METADATA({_TOKEN}:sub):256%",
    "issuer": f"%DYNAMIC_METADATA({_TOKEN}:iss)%",
    "tenant": "%METADATA(ROUTE:kitchen:tenant)%",
    "grant": "%ROUTE_NAME%",
    "asked": "%DYNAMIC_METADATA(kitchen.call:model):256%",
    "model": "%METADATA(ROUTE:kitchen:model)%",
    "adapter": f'%CEL({_THERE.format("route")}["adapters"]{_OF_SERVER})%',
    "adapterSum": f'%CEL({_THERE.format("route")}["adapterSums"]{_OF_SERVER})%',
    "kitchen": "%METADATA(CLUSTER:kitchen:kitchen)%",
    "baseModel": "%METADATA(CLUSTER:kitchen:baseModel)%",
    "image": "%METADATA(CLUSTER:kitchen:image)%",
    "server": "%UPSTREAM_HOST%",
    "method": "%REQ(:METHOD):16%",
    "path": "%PATH(NQ:PATH):512%",
    "decision": f'%CEL({_WENT_ON} ? "allowed" : "refused")%',
    "reason": (
        f'%CEL({_WENT_ON} ? response.code_details : {_OVERFLOW} ? "tenant_share_exceeded" : '
        '"x-kitchen-refused" in response.headers ? response.headers["x-kitchen-refused"] : '
        'response.code_details == "direct_response" ? xds.route_name : response.code_details)%'
    ),
    "status": "%RESPONSE_CODE%",
    "flags": "%RESPONSE_FLAGS%",
    "promptTokens": "%DYNAMIC_METADATA(kitchen.usage:prompt)%",
    "completionTokens": "%DYNAMIC_METADATA(kitchen.usage:completion)%",
    "totalTokens": "%DYNAMIC_METADATA(kitchen.usage:total)%",
    "firstByteMs": "%RESPONSE_DURATION%",
    "durationMs": "%DURATION%",
    "bytesIn": "%BYTES_RECEIVED%",
    "bytesOut": "%BYTES_SENT%",
}
"""Fields with the exact text of each: no other text is read, so none can hide a second operator or an expression."""

_RULE = "the record may not have a word of what callers say, nor a token, and has the program's fields alone"
_CLAIM = re.compile(r"[^%()]+")
"""A claim's path that ends no operator of a format early."""

_FILTER = {
    "or_filter": {
        "filters": [
            {"header_filter": {"header": {"name": name, "string_match": {"exact": text}, "invert_match": True}}}
            for name, text in ((":path", "/ready"), (":method", "GET"))
        ]
    }
}
"""Calls that are not recorded: the kubelet's questions."""


def faults(path: str, manager: JsonValue, stated: Stated) -> Iterator[Fault]:
    """What is wrong with the record; that there is none is told elsewhere."""
    logs = entries(at(manager, "access_log"))
    if logs and sum(not envoy_numbers.is_one(log) for log in logs) != 1:
        yield Fault(path=path, text="must be one file that the shipper takes, beside what counts")
    if logs:
        yield from envoy_numbers.missing(path, logs)
    for index, log in enumerate(logs):
        if envoy_numbers.is_one(log):
            yield from envoy_numbers.faults(f"{path}[{index}]", log, logs[:index])
            continue
        where, config = f"{path}[{index}]", mapping(at(log, "typed_config"))
        if not str(config.get("@type")).endswith("file.v3.FileAccessLog") or config.get("path") != PATH:
            yield Fault(path=where, text=f"must be the file {PATH}, from where the shipper takes it")
        if at(log, "filter") != _FILTER:
            yield Fault(path=f"{where}.filter", text="must leave out the kubelet's questions, and nothing else")
        form = mapping(config.get("log_format"))
        if (
            set(config) - {"@type", "path", "log_format"}
            or set(form) != {"json_format"}
            or set(mapping(log)) - {"name", "typed_config", "filter"}
        ):
            yield Fault(path=where, text="has parts that are not understood: they may write what callers say")
        yield from _fields(f"{where}.json_format", mapping(form.get("json_format")), stated)


def _fields(path: str, said: Mapping[str, JsonValue], stated: Stated) -> Iterator[Fault]:
    wanted = {**FIELDS, "environment": stated.environment, "groups": _groups(stated)}
    for name, value in said.items():
        if name not in wanted or value != wanted[name]:
            yield Fault(path=f"{path}.{name}", text=f"is {value!r}: {_RULE}")
    for name, text in wanted.items():
        if name not in said:
            yield Fault(path=f"{path}.{name}", text=f"{missing(None)}: it must be {text!r}")


def _groups(stated: Stated) -> JsonValue:
    """The claim of each issuer, or the one that all have."""
    made: dict[str, JsonValue] = {
        name: f"%DYNAMIC_METADATA({_TOKEN}:{claim})%"
        for name, claim in stated.claims().items()
        if _CLAIM.fullmatch(claim)
    }
    texts = list(made.values())
    return texts[0] if texts and all(text == texts[0] for text in texts) else made
