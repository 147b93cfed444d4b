"""The record of calls as Envoy writes it: one file, and in its lines nothing but what is listed here."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from policies.judging.subject import entries, mapping
from policies.judging.values import JsonValue
from policies.manifests.fields import Fault, at

PATH = "/var/log/kitchen/calls.jsonl"
"""From where the shipper takes it."""

_OPERATOR = re.compile(r"%([A-Z_]+)(?:\((.*)\))?(?::[0-9]+)?%", re.DOTALL)
_NUMBERS = ("RESPONSE_CODE", "RESPONSE_FLAGS", "RESPONSE_DURATION", "DURATION", "BYTES_RECEIVED", "BYTES_SENT")
_NAMES = ("STREAM_ID", "HOSTNAME", "DOWNSTREAM_REMOTE_ADDRESS_WITHOUT_PORT", "ROUTE_NAME", "UPSTREAM_HOST")
_ARGUMENTS = {
    **dict.fromkeys((*_NUMBERS, *_NAMES), re.compile("")),
    "START_TIME": re.compile(r"[-%A-Za-z0-9:.]*"),
    "REQ": re.compile(":METHOD"),
    "PATH": re.compile("NQ:PATH"),
    "METADATA": re.compile(r"(ROUTE|CLUSTER):kitchen:[A-Za-z]+"),
    "DYNAMIC_METADATA": re.compile(
        r"kitchen\.call:model|kitchen\.usage:(prompt|completion|total)|envoy\.filters\.http\.jwt_authn:claims:[^%()]+"
    ),
}
"""Operators of a format, and what each may ask: no header but the method, no query, no body."""

_REFUSED = 'response.headers["x-kitchen-refused"]'
_SAFE = {"has", "upstream.address", "response.code_details", "xds.route_name"}
_FACTS = re.compile(r'xds\.(route|cluster)_metadata\.filter_metadata\["kitchen"\]\["[A-Za-z]+"\]')
_TEXT = re.compile(r'"[^"]*"')
_WORD = re.compile(r"[A-Za-z_][A-Za-z0-9_.]*")
_FILTER = {
    "or_filter": {
        "filters": [
            {"header_filter": {"header": {"name": name, "string_match": {"exact": text}, "invert_match": True}}}
            for name, text in ((":path", "/ready"), (":method", "GET"))
        ]
    }
}
"""Calls that are not recorded: the kubelet's questions."""


def faults(path: str, manager: JsonValue) -> Iterator[Fault]:
    """What is wrong with the record; that there is none is told elsewhere."""
    logs = entries(at(manager, "access_log"))
    if len(logs) > 1:
        yield Fault(path=path, text="are several, and must be one file that the shipper takes")
    for index, log in enumerate(logs):
        where, config = f"{path}[{index}]", mapping(at(log, "typed_config"))
        if not str(config.get("@type")).endswith("file.v3.FileAccessLog") or config.get("path") != PATH:
            yield Fault(path=where, text=f"must be the file {PATH}, from where the shipper takes it")
        if at(log, "filter") != _FILTER:
            yield Fault(path=f"{where}.filter", text="must leave out the kubelet's questions, and nothing else")
        form = mapping(config.get("log_format"))
        if set(config) - {"@type", "path", "log_format"} or set(form) != {"json_format"}:
            yield Fault(path=where, text="has parts that are not understood: they may write what callers say")
        yield from _fields(f"{where}.json_format", form.get("json_format"))


def _fields(path: str, value: JsonValue) -> Iterator[Fault]:
    if isinstance(value, dict):
        for name, inner in value.items():
            yield from _fields(f"{path}.{name}", inner)
    elif not _is_known(value):
        yield Fault(path=path, text=f"is {value!r}: the record may not have a word of what callers say, nor a token")


def _is_known(value: Any) -> bool:
    if not isinstance(value, str):
        return False
    if "%" not in value:
        return True
    found = _OPERATOR.fullmatch(value)
    if found is None:
        return False
    if found[1] == "CEL":
        return _is_safe(found[2] or "")
    wanted = _ARGUMENTS.get(found[1])
    return wanted is not None and wanted.fullmatch(found[2] or "") is not None


def _is_safe(expression: str) -> bool:
    """Whether an expression goes by nothing of a request, and of an answer by its status and one header of our own."""
    text = expression
    while (shorter := _FACTS.sub("", text)) != text:
        text = shorter
    text = text.replace(_REFUSED, "").replace('"x-kitchen-refused" in response.headers', "")
    rest = _TEXT.sub("", text)
    return "response.headers" not in rest and set(_WORD.findall(rest)) <= _SAFE
