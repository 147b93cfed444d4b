"""What people have judged once: an earlier report, kept in Git, against which later looks tell what is new or gone."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from infra.faults import Fault, FaultsError
from infra.strict_json import MAX_OBJECT_DEPTH, JsonError, parse
from infra.validate import schema_faults
from tools.drift.look import MADE
from tools.drift_report.findings import Finding, Place, Unjudged, What, sum_of
from tools.kube import Kind, Object

_MOST_BYTES = 64 * 1024**2
_EXAMPLE = "kitchen drift --stack prod --json > reviewed.json"
REVIEWED = "reviewed"
RULES = {REVIEWED: "people have judged it, as the file of --reviewed says, and it is as it was then"}

_OF_KUBERNETES = ".k8s.io"
_OF_MODELS = "serving.kserve.io"
_OF_NETWORK = Kind("networking.k8s.io/v1", "NetworkPolicy")


def is_for_people(kind: Kind, live: Object) -> bool:
    """Whether a review may accept an object in our namespaces that nobody declares, such as an ExternalSecret.

    It is of a kind that only another program's controller reads and that this program does not make, or it is a rule
    of the network, as engines of policies make one for each namespace; and it has a generation: so a changed one is
    known. Pods, rights and models are never accepted.
    """
    group = kind.api_version.rpartition("/")[0]
    others = "." in group and not group.endswith(_OF_KUBERNETES) and group != _OF_MODELS
    may_be = kind == _OF_NETWORK or (others and kind not in MADE)
    return may_be and isinstance(live["metadata"].get("generation"), int)


def found_beside(finding: Finding, live: Object) -> Unjudged:
    """The same as something for people; made anew or with another content it is another one."""
    metadata = live["metadata"]
    return Unjudged(
        place=finding.place, kind=finding.kind, name=f"{finding.namespace}/{finding.name}", why="nobody declares it",
        sum=sum_of([metadata.get("uid"), metadata["generation"]]), is_told=True, way=finding.way, finding=finding,
    )  # fmt: skip


def read(path: Path, environment: str | None) -> list[Unjudged]:
    """What the report in a file has left to people; raise FaultsError for what is no report of this environment.

    Without an environment, as where the stack is not known, any report will do.
    """
    try:
        report: Any = parse(path.read_bytes(), most=_MOST_BYTES, depth=MAX_OBJECT_DEPTH)
    except OSError as error:
        raise _fault(path, f"must be a file that can be read: {error.strerror}") from None
    except JsonError as error:
        raise _fault(path, f"must be one JSON value: it {error}") from None
    if faults := schema_faults("drift-report", report):
        raise _fault(path, f"must be a report of `kitchen drift --json`: {faults[0].path}: {faults[0].rule}")
    if environment is not None and report["environment"] != environment:
        raise _fault(path, f"must be a report of {environment}: it is of {json.dumps(report['environment'])}")
    return [
        Unjudged(
            place=Place(row["place"]), kind=row["kind"], name=row["name"], why=row["why"], sum=row["sum"],
            is_told=row["told"],
        )
        for row in report["notJudged"]
    ]  # fmt: skip


def judged(
    found: Sequence[Unjudged], before: Sequence[Unjudged] | None, *, whole: bool, skipped: frozenset[str] = frozenset()
) -> tuple[list[Finding], Counter[str]]:
    """What of it is drift, and how much of it people have judged.

    Without an earlier report that is what nobody can have meant; with one, whatever is new, changed or gone since.
    What is gone is told where the look was `whole`, and not of kinds that were `skipped`.
    """
    known: Counter[str] = Counter()
    if before is None:
        return [one.finding or _of(one, What.UNDECLARED) for one in found if one.is_told], known
    keys = {one.key for one in before}
    names = {one.key[:3] for one in before}
    findings = []
    for one in found:
        if one.key in keys:
            known[REVIEWED] += 1
        else:
            is_changed = one.key[:3] in names
            how = "changed since it was reviewed" if is_changed else "not reviewed"
            findings.append(_of(one, What.CHANGED if is_changed else What.UNDECLARED, how))
    there = {one.key[:3] for one in found}
    gone = [one for one in before if whole and one.key[:3] not in there and one.kind not in skipped]
    return [*findings, *(_of(one, What.MISSING, "it was there when it was reviewed") for one in gone)], known


def _of(one: Unjudged, what: What, how: str = "") -> Finding:
    why = one.finding.more if one.finding is not None else one.why
    more = "; ".join(filter(None, (why, how)))
    if one.finding is not None:
        return replace(one.finding, more=more)
    # It may be your platform's, and what is typed at night is the first thing that stands there.
    meant, other = "if it is meant, a review accepts it (docs/drift.md)", one.way or "take it away"
    if what is What.MISSING:
        meant, other = "if it is meant, make the review anew", "make it again"
    way = f"ask your platform's people; {meant}; else {other}"
    return Finding(place=one.place, what=what, kind=one.kind, name=one.name, more=more, way=way)


def _fault(path: Path, rule: str) -> FaultsError:
    return FaultsError("drift", [Fault(path="--reviewed", value=str(path), rule=rule, example=_EXAMPLE)])
