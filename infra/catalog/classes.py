"""Data classes stay: with the same weights under another name, and with the next version of a name.

A class says what data a model was trained on (`access.dataClasses`), so who may call it. Entries are written by hand
and by commands, and one that lacks the class would open the model to everybody. What is declassified has other files
and another name.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from infra.faults import MISSING, Fault

_WEIGHTS = ".safetensors"


@dataclass(frozen=True, kw_only=True)
class Classed:
    """An entry as it counts here: `weights` are the sha256 sums of its files with weights."""

    ref: str
    weights: frozenset[str]
    classes: frozenset[str]

    @property
    def name(self) -> str:
        """The name without its version."""
        return self.ref.split("/")[0]

    @property
    def order(self) -> tuple[int, ...]:
        """The version as numbers: of two versions of a name the newer one is greater."""
        return tuple(int(number) for number in re.findall(r"[0-9]+", self.ref.partition("/")[2]))


def weights(sums: Mapping[str, str]) -> frozenset[str]:
    """Of sums by path those of files with weights."""
    return frozenset(value for path, value in sums.items() if path.endswith(_WEIGHTS))


def lacking(one: Classed, others: Iterable[Classed]) -> Iterator[tuple[str, list[str]]]:
    """Whose classes an entry lacks, as `<reference>, ...`, and which; `others` are of its kind and may have it too.

    All weights of the other entry must be in this one: a model may share some files with what it was made from.
    """
    known = [other for other in others if other.ref != one.ref]
    older = [other for other in known if other.name == one.name and other.order < one.order]
    before = max(older, key=lambda other: other.order, default=None)
    for other in known:
        missing = sorted(other.classes - one.classes)
        if missing and other is before:
            yield f"{other.ref}, the version before it", missing
        elif missing and other.weights and other.weights <= one.weights:
            yield f"{other.ref}, which has the same weights", missing


def class_faults(kind: str, entries: Mapping[str, Mapping[str, Any]]) -> list[Fault]:
    """One fault for each entry of a kind and each other one whose classes it lacks; entries as the file has them."""
    every = [_classed(ref, entry) for ref, entry in entries.items()]
    # Most catalogs have no class, and each entry is compared with those that have one and with its own versions.
    return [
        Fault(
            path=f"{kind}.{one.ref}.access.dataClasses",
            value=sorted(one.classes) or MISSING,
            rule=f"must have the classes of {whose}; what is declassified has other files and a new name",
            example=f"access: {{dataClasses: [{', '.join(sorted(one.classes | set(missing)))}]}}",
        )
        for one in (every if any(entry.classes for entry in every) else ())
        for whose, missing in lacking(one, every)
    ]


def _classed(ref: str, entry: Mapping[str, Any]) -> Classed:
    return Classed(
        ref=ref,
        weights=weights({path: file["sha256"] for path, file in entry["files"].items()}),
        classes=frozenset(entry.get("access", {}).get("dataClasses", ())),
    )
