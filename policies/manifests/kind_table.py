"""What the pack knows of a kind: that it is understood and what is looked at, that rules refuse it, or nothing."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache

from policies.judging.subject import Subject
from policies.judging.values import UNKNOWN
from policies.manifests.refused_kinds import REFUSED
from policies.manifests.understood_kinds import FILES, UNDERSTOOD

EVERY = "*"
"""In place of a kind: every kind of a group that no other row names."""


_OF_LISTS = {"apiVersion", "kind", "metadata", "items"}


@dataclass(frozen=True, kw_only=True)
class Known:
    """A kind of the table: what is looked at in it, or the rules that refuse it and why; `is_file` is for no object."""

    looks: tuple[str, ...] = ()
    rules: tuple[str, ...] = ()
    why: str = ""
    is_file: bool = False


@cache
def kinds() -> dict[tuple[str, str], Known]:
    """The table, by group and kind."""
    found: dict[tuple[str, str], Known] = {}
    for groups, names, rules, why in REFUSED:
        found |= {(group, name): Known(rules=rules, why=why) for group in groups.split() for name in names.split()}
    for rows, is_file in ((FILES, True), (UNDERSTOOD, False)):
        for group, names, looks in rows:
            found |= {(group, name): Known(looks=looks, is_file=is_file) for name in names.split()}
    return found


def known(group: str, kind: str) -> Known | None:
    """What the table says about a kind; None where it says nothing."""
    return kinds().get((group, kind)) or kinds().get((group, EVERY))


def is_list(subject: Subject) -> bool:
    """Whether it is a list of objects and nothing more; each of them is judged by itself."""
    if not subject.kind.endswith("List") or not subject.inputs.keys() <= _OF_LISTS or "items" not in subject.inputs:
        return False
    items = subject.inputs["items"]
    return items is UNKNOWN or (
        isinstance(items, list) and all(isinstance(entry, dict) or entry is UNKNOWN for entry in items)
    )


def refusals(subject: Subject, rule: str) -> Iterator[str]:
    """Why a rule refuses the kind of an object, whatever stands in it; nothing where it does not."""
    found = known(subject.group, subject.kind)
    if found is not None and rule in found.rules and not is_list(subject):
        yield f"is {subject.kind} of {subject.group or 'core'}: {found.why}"
