"""What the cluster's own policies ask of others: they see every object, and may send it anywhere."""

from __future__ import annotations

import re
from collections.abc import Iterator

from policies.judging.subject import Subject
from policies.judging.values import UNKNOWN, JsonValue
from policies.manifests.fields import NOT_KNOWN, Fault, at, shown
from policies.manifests.policy_reads import address, is_plain, parameters, strange_context
from policies.manifests.policy_shows import policy_shows

_STRINGS = re.compile(r"\"(?:[^\"\\]|\\.)*\"|'(?:[^'\\]|\\.)*'|`[^`]*`")
_CEL = re.compile(r"(?<![\w.])http(?!\w)|\.\s*(?:Post|Apply)\s*\(")
"""In CEL: the library that calls addresses, also by another name, and calls that write."""

_REGO = re.compile(
    r"(?<![\w.])(?:http\s*\.|http\s*\[|external_data(?!\w)|opa\s*\.\s*runtime|net\s*\.\s*lookup)|import\s+data\.http"
)
_PROGRAMS = ("rego", "libs")
_ENDS = ("xpression", "xpressions")
_READS = "reads objects whose kind cannot be seen, or Secrets, and a policy shows what it reads"
_SENDS = "sends what it sees to an address that is not judged"


def policy_calls(subject: Subject) -> Iterator[Fault]:
    """Calls of a policy to servers, and those that write objects with the rights of the policies' own program."""
    spec = subject.inputs.get("spec")
    yield from parameters(spec)
    yield from policy_shows(subject)
    yield from _walk(spec, "spec", "spec")


def _walk(value: JsonValue, path: str, key: str) -> Iterator[Fault]:
    if isinstance(value, list):
        for index, entry in enumerate(value):
            yield from _walk(entry, f"{path}[{index}]", key)
    elif isinstance(value, dict):
        for name, entry in value.items():
            where = f"{path}.{name}"
            if name == "apiCall":
                yield from _api_call(entry, where)
            elif name == "context":
                yield from strange_context(entry, where)
            yield from _walk(entry, where, name)
    elif isinstance(value, str):
        text = _STRINGS.sub('""', value)
        if (key.endswith(_ENDS) and _CEL.search(text)) or (key in _PROGRAMS and _REGO.search(text)):
            yield Fault(path=path, text=_SENDS)
        elif key.endswith(_ENDS) and not is_plain(value):
            yield Fault(path=path, text=_READS)
    elif value is UNKNOWN and (key.endswith(_ENDS) or key in _PROGRAMS):
        yield Fault(path=path, text=NOT_KNOWN)


def _api_call(call: JsonValue, path: str) -> Iterator[Fault]:
    if call is UNKNOWN:
        yield Fault(path=path, text=NOT_KNOWN)
        return
    if at(call, "service") is not None:
        yield Fault(path=f"{path}.service", text=_SENDS)
    elif at(call, "method") not in (None, "GET"):
        yield Fault(path=f"{path}.method", text=f"{shown(at(call, 'method'))}: it writes with the policies' own rights")
    elif text := address(at(call, "urlPath")):
        yield Fault(path=f"{path}.urlPath", text=text)
