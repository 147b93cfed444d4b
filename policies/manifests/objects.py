"""Rules about single objects are asked about each object inside of another one as well."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterable, Iterator

from policies.judging.pace import once
from policies.judging.rule import Case
from policies.judging.subject import Subject, entries
from policies.judging.values import UNKNOWN
from policies.manifests.fields import NOT_KNOWN, Fault
from policies.manifests.nested import HOLDERS, nested


def each_object(judge: Callable[[Case], Iterator[str]]) -> Callable[[Case], Iterator[str]]:
    """The judge, asked about a Kubernetes object and about each one in it; what is unknown in a list is a violation."""

    def judging(case: Case) -> Iterator[str]:
        if not case.subject.is_kubernetes:
            return
        yield from _unseen(case)
        found = nested(case.subject)
        for inside in found:
            if inside.subject is not None and not inside.secret:
                inner = dataclasses.replace(case, subject=alone(inside.subject))
                where = "" if _is_entry(case.subject, inside.path) else f"{case.subject.title}: {inside.path}: "
                for message in (*_unseen(inner), *judge(inner)):
                    yield f"{where}{message}"
        yield from judge(dataclasses.replace(case, subject=alone(case.subject)) if found else case)

    return judging


@once
def alone(subject: Subject) -> Subject:
    """The object without the pods of objects inside of it, of which the rule is asked as well: each is told once."""
    return dataclasses.replace(subject, alone=True)


def _unseen(case: Case) -> Iterator[str]:
    """Entries of a List or Template that are not known."""
    if case.subject.kind.endswith(("List", "Template")):
        for field in HOLDERS:
            value = case.subject.inputs.get(field)
            # A parameter of a Template can stand for an object, or for all of them.
            whole = value is UNKNOWN or isinstance(value, str)
            for index, entry in enumerate([UNKNOWN] if whole else entries(value)):
                if entry is UNKNOWN or isinstance(entry, str):
                    yield (
                        f"{case.subject.title}: {field}[{index}]: {NOT_KNOWN}; rule: every object of a list can be "
                        "seen; example: declare the object by itself"
                    )


def _is_entry(holder: Subject, path: str) -> bool:
    """Whether an object is an entry of a list, which declares it as surely as a resource does."""
    return holder.kind.endswith(("List", "Template")) and path.startswith(HOLDERS)


def told(case: Case, faults: Iterable[Fault], rule: str, example: str) -> Iterator[str]:
    """One message a fault: object, path, value; rule; example."""
    for fault in faults:
        yield f"{case.subject.title}: {fault.path}: {fault.text}; rule: {rule}; example: {example}"


def is_a(case: Case, group: str, *kinds: str) -> bool:
    """Whether the subject is one of a group's kinds."""
    return case.subject.group == group and case.subject.kind in kinds
