"""What rules about pods share: reading nested fields without losing the unknown, and one form of message."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase

from policies.judging.rule import Case
from policies.judging.subject import entries
from policies.judging.values import UNKNOWN, JsonValue
from policies.manifests.pod_finder import pods
from policies.manifests.pods import Container, Pod

NOT_KNOWN = "is not known before the update, so it cannot be judged: write it as plain text"


@dataclass(frozen=True, kw_only=True)
class Fault:
    """What is wrong at a path of the object."""

    path: str
    text: str


def judged_pods(case: Case, rule: str, example: str, judge: Callable[[Pod], Iterator[Fault]]) -> Iterator[str]:
    """One message a fault of every pod of the subject; what is unknown and may hold containers is a fault."""
    for pod in pods(case.subject):
        hidden = [Fault(path=path, text=NOT_KNOWN) for path in pod.hidden()]
        for fault in (*hidden, *(judge(pod) if pod.spec is not UNKNOWN else ())):
            yield f"{case.subject.title}: {fault.path}: {fault.text}; rule: {rule}; example: {example}"


def at(value: JsonValue, *keys: str) -> JsonValue:
    """The value below `keys`; None where a key is missing, UNKNOWN where a value on the way is."""
    for key in keys:
        if value is UNKNOWN:
            return UNKNOWN
        value = value.get(key) if isinstance(value, dict) else None
    return value


def shown(value: JsonValue) -> str:
    """A value as messages show it."""
    return NOT_KNOWN if value is UNKNOWN else f"is {value!r}"


def missing(value: JsonValue) -> str:
    """What a message says of a value that is not what it must be."""
    return "is missing" if value is None else shown(value)


def without_key(address: JsonValue) -> str:
    """An address as messages show it: without the user and password that it may carry."""
    return re.sub(r"//[^/@]*@", "//...@", str(address))


def listed(value: JsonValue, path: str) -> Iterator[tuple[str, JsonValue]]:
    """Each entry of a list with its path; an unknown list is one unknown entry."""
    if value is UNKNOWN:
        yield path, UNKNOWN
    for index, entry in enumerate(entries(value)):
        yield f"{path}[{index}]", entry


def environment(container: Container) -> dict[str, JsonValue]:
    """Plain values of a container's variables, the last of a name wins; UNKNOWN for one out of another object."""
    found: dict[str, JsonValue] = {}
    for entry in entries(container.spec.get("env")):
        if isinstance(entry, dict) and isinstance(entry.get("name"), str):
            found[entry["name"]] = UNKNOWN if entry.get("valueFrom") is not None else _text(entry.get("value"))
    return found


def _text(value: JsonValue) -> JsonValue:
    return "" if value is None else value


def unseen_environment(container: Container) -> Iterator[str]:
    """Paths of variables whose names cannot be seen: unknown ones, and those of a whole ConfigMap or Secret."""
    for path, entry in listed(container.spec.get("env"), f"{container.path}.env"):
        if entry is UNKNOWN or at(entry, "name") is UNKNOWN:
            yield path
    for path, _ in listed(container.spec.get("envFrom"), f"{container.path}.envFrom"):
        yield path


def command_line(container: Container) -> list[JsonValue]:
    """Command and arguments, UNKNOWN for what is not known."""
    return [
        entry for key in ("command", "args") for _, entry in listed(container.spec.get(key), f"{container.path}.{key}")
    ]


def titles(config: Mapping[str, JsonValue], key: str, title: str) -> bool:
    """Whether a rule's configuration lists the object: `<kind> <namespace>/<name>`, `*` is any text."""
    return any(isinstance(entry, str) and fnmatchcase(title, entry) for entry in entries(config.get(key)))


def titles_schema(description: str) -> dict[str, JsonValue]:
    """Schema of such a list."""
    return {"type": "array", "items": {"type": "string"}, "default": [], "description": description}
