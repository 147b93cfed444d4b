"""Objects within a resource: a List or a Template declares each of its objects as surely as a resource does."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterable, Iterator

from policies.judging.rule import Case
from policies.judging.subject import Subject, entries
from policies.judging.values import UNKNOWN, JsonValue
from policies.manifests.fields import NOT_KNOWN, Fault

_HOLDERS = ("items", "objects")


def each_object(judge: Callable[[Case], Iterator[str]]) -> Callable[[Case], Iterator[str]]:
    """The judge, asked about a Kubernetes object and about each one in it; what is unknown in a list is a violation."""

    def judging(case: Case) -> Iterator[str]:
        if not case.subject.is_kubernetes:
            return
        if case.subject.kind.endswith(("List", "Template")):
            for field in _HOLDERS:
                value = case.subject.inputs.get(field)
                for index, entry in enumerate([UNKNOWN] if value is UNKNOWN else entries(value)):
                    if isinstance(entry, dict):
                        yield from judging(dataclasses.replace(case, subject=_subject(case.subject, entry)))
                    elif entry is UNKNOWN:
                        yield (
                            f"{case.subject.title}: {field}[{index}]: {NOT_KNOWN}; rule: every object of a list can be "
                            "seen; example: declare the object by itself"
                        )
        yield from judge(case)

    return judging


def told(case: Case, faults: Iterable[Fault], rule: str, example: str) -> Iterator[str]:
    """One message a fault: object, path, value; rule; example."""
    for fault in faults:
        yield f"{case.subject.title}: {fault.path}: {fault.text}; rule: {rule}; example: {example}"


def not_known(value: JsonValue, path: str) -> Iterator[Fault]:
    """A fault where the value is not known."""
    if value is UNKNOWN:
        yield Fault(path=path, text=NOT_KNOWN)


def is_a(case: Case, group: str, *kinds: str) -> bool:
    """Whether the subject is one of a group's kinds."""
    return case.subject.group == group and case.subject.kind in kinds


def _subject(holder: Subject, entry: dict[str, JsonValue]) -> Subject:
    version, kind = entry.get("apiVersion"), entry.get("kind")
    token = f"kubernetes:{version if isinstance(version, str) else 'v1'}:{kind if isinstance(kind, str) else 'Unknown'}"
    return Subject(resource_type=token, name=holder.name, inputs=entry)
