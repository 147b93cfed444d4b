"""Variables of servers as the catalog lists them, and what is wrong with those that a server gets."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache

from policies.judging.pace import once
from policies.judging.subject import entries
from policies.judging.values import UNKNOWN, JsonValue
from policies.judging.world import CATALOG
from policies.manifests.fields import NOT_KNOWN, Fault, at, shown
from policies.manifests.mounts import is_private
from policies.manifests.pods import Container, Pod
from policies.manifests.servers import Server
from policies.manifests.starts import FLAGS_OF_VARIABLES, variables_of

FILE = CATALOG / "server-variables.json"

_PLAIN = re.compile(r"[^/]*")
"""Values of a variable of which the list says no more: they name no file."""

_OF_THE_POD = {
    *("metadata.name", "metadata.namespace", "metadata.uid", "spec.nodeName", "spec.serviceAccountName"),
    *("status.hostIP", "status.hostIPs", "status.podIP", "status.podIPs"),
}
"""What a pod can be told of itself and nobody writes into it."""

_NAME = re.compile(r"[A-Za-z_][\w.-]{0,80}")


@dataclass(frozen=True, kw_only=True)
class ServerVariable:
    """A variable of the list. Where it is closed, `closed` says why, and `values` are those that open nothing."""

    values: re.Pattern[str] | None = None
    place: bool = False
    closed: str = ""
    rule: str = ""


@dataclass(frozen=True, kw_only=True)
class Given:
    """A variable that a server's container or its command line sets; `of_pod` where the kubelet fills it in."""

    path: str
    name: str
    value: JsonValue
    of_pod: bool = False


@cache
def variables() -> Mapping[str, ServerVariable]:
    """Every variable of the list by its name."""
    return {
        name: ServerVariable(
            values=re.compile(entry["values"], re.DOTALL) if "values" in entry else None,
            place=entry.get("place", False),
            closed=entry.get("closed", ""),
            rule=entry.get("rule", ""),
        )
        for name, entry in json.loads(FILE.read_text())["variables"].items()
    }


@cache
def closed_variables(rule: str) -> Mapping[str, ServerVariable]:
    """Variables that a policy refuses."""
    return {name: entry for name, entry in variables().items() if entry.rule == rule}


def given(server: Server) -> tuple[Given, ...]:
    """Every variable that a server gets: of its container, and of the words that start it."""
    found: tuple[Given, ...] = _given(server)
    return found


@once
def _given(server: Server) -> tuple[Given, ...]:
    container = server.container
    of_pod = set(_of_pod(container.spec))
    where = f"{container.path}.env"
    own = variables_of(container)
    found = [Given(path=where, name=name, value=value, of_pod=name in of_pod) for name, value in own.items()]
    for name, value in server.flags.variables:
        found.append(Given(path=server.path, name=name, value=value))
    for name, value in server.flags.assigned:
        # A script's own variable reaches programs where there was one of the name; the image may have those listed.
        if name in own or name in variables():
            found.append(Given(path=server.path, name=name, value=value))
    return tuple(found)


def _of_pod(spec: dict[str, JsonValue]) -> Iterator[str]:
    for entry in entries(spec.get("env")):
        name, field = at(entry, "name"), at(entry, "valueFrom", "fieldRef", "fieldPath")
        known = isinstance(field, str) and field in _OF_THE_POD
        if isinstance(name, str) and (known or isinstance(at(entry, "valueFrom", "resourceFieldRef"), dict)):
            yield name


def closed_faults(server: Server, rule: str) -> Iterator[Fault]:
    """Variables of a server that a rule refuses by name."""
    closed = closed_variables(rule)
    for entry in given(server):
        variable = closed.get(entry.name)
        if variable is not None and not _is_off(variable, entry.value):
            yield Fault(path=entry.path, text=f"sets {entry.name}, which {variable.closed}")


def _is_off(variable: ServerVariable, value: JsonValue) -> bool:
    return value == "" or (isinstance(value, str) and variable.values is not None and _fits(variable.values, value))


def _fits(pattern: re.Pattern[str], value: str) -> bool:
    return ".." not in value and pattern.fullmatch(value) is not None


def open_faults(server: Server, stated: frozenset[str]) -> Iterator[Fault]:
    """Variables of a vLLM server that the list does not know, or not with this value; `stated` are known elsewhere."""
    for entry in given(server):
        if entry.name in stated or FLAGS_OF_VARIABLES.fullmatch(entry.name):
            continue
        variable = variables().get(entry.name)
        if variable is None:
            yield Fault(path=entry.path, text=f"sets {_named(entry.name)}, which {_STRANGE}")
        elif not variable.closed and not entry.of_pod:
            text = value_fault(server.pod, server.container, variable, entry.value)
            if text:
                yield Fault(path=entry.path, text=f"{entry.name} {text}")


_STRANGE = (
    "is no variable that infra/catalog/server-variables.json knows: state it in serverVariables of this rule's"
    " configuration, with a reason"
)


def value_fault(pod: Pod, container: Container, variable: ServerVariable, value: JsonValue) -> str | None:
    """What is wrong with the value that a container's variable of the list gets, or None."""
    if value == "" or (variable.values is not None and variable.values.pattern == ".*"):
        return None
    if variable.values is None and not variable.place:
        return None if value is UNKNOWN or _fits(_PLAIN, str(value)) else f"{shown(value)}, and it names no path"
    if not isinstance(value, str):
        return NOT_KNOWN if value is UNKNOWN else shown(value)
    if variable.place:
        return None if is_private(pod, container, value) else f"{shown(value)}, {_OUTSIDE}"
    clean = variable.values is not None and _fits(variable.values, value)
    return None if clean else f"{shown(value)}, which is not understood"


_OUTSIDE = "which is no folder of the pod's own: what lies there is loaded, and nothing has compared it"


def _named(name: str) -> str:
    return name if _NAME.fullmatch(name) else "a variable"
