"""Both sides over every environment: what the work tree's versions change, replace, delete, refuse."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from tools.engine.change import DELETE, HOLD_DATA, REPLACE, SAME
from tools.own_file import remove
from tools.progress import say
from tools.upgrade.errors import UpgradeError
from tools.upgrade.schemas import validators
from tools.upgrade.settled import planned, settle, workspace_of
from tools.upgrade.sides import Side

_REPLACING = ("create-replacement", "delete-replaced", "discard-replaced")
"""Steps of which a replacement is made; the step `replace` tells of the whole."""
_NO_OBJECT = ("kitchen:", "pulumi:pulumi:")
_SHOWN_FAULTS = 5


@dataclass(frozen=True, kw_only=True)
class Row:
    """One resource that other versions change, and how: `replace`, `update`, `delete` or `create`."""

    operation: str
    kind: str
    name: str
    properties: tuple[str, ...]
    holds_data: bool

    @property
    def loses_data(self) -> bool:
        """Whether what people have stored would go with it."""
        return self.holds_data and self.operation in (REPLACE, DELETE)


@dataclass(frozen=True, kw_only=True)
class Refusal:
    """An object that the CRDs of one side refuse; `faults` are those of each side."""

    object: str
    base: tuple[str, ...]
    work: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class Environment:
    """What becomes of one environment.

    `restless` are resources that the versions of the base change with every run, so that nothing can be said of them;
    `failed` is what the engine said where the versions of the work tree cannot preview at all.
    """

    name: str
    resources: int
    rows: tuple[Row, ...] = ()
    restless: tuple[str, ...] = ()
    refusals: tuple[Refusal, ...] = ()
    judged: int = 0
    failed: str = ""

    @property
    def is_bad(self) -> bool:
        """Whether these versions must not come as they are."""
        refused = any(refusal.work and not refusal.base for refusal in self.refusals)
        return bool(self.failed) or refused or any(row.loses_data for row in self.rows)

    def as_json(self) -> dict[str, Any]:
        """For machines."""
        rows = [asdict(row) | {"loses_data": row.loses_data} for row in self.rows]
        return asdict(self) | {"rows": rows, "is_bad": self.is_bad}


def checked(base: Side, work: Side, stack: str, folder: Path, projects: tuple[Path, Path]) -> Environment:
    """Settle one environment with the base's versions, and preview it with the work tree's. Raises UpgradeError.

    `projects` are where each side's engine finds the program; it is the same one.
    """
    place = folder / stack
    remove(place)
    say(f"{stack}: settling with the versions of the {base.name}")
    before = settle(workspace_of(base, stack, place, projects[0]))
    say(f"{stack}: preview with the versions of the {work.name}")
    workspace = workspace_of(work, stack, place, projects[1])
    try:
        after = planned(workspace)
    except UpgradeError as error:
        return Environment(name=stack, resources=len(before), failed=str(error))
    restless = unsettled(before, after)
    objects = [step["newState"] for step in after if str((step.get("newState") or {}).get("type")).startswith("kube")]
    return Environment(
        name=stack,
        resources=len(before),
        rows=tuple(rows(step for step in after if step["urn"] not in restless)),
        restless=tuple(sorted(urn.rpartition("::")[2] for urn in restless)),
        refusals=tuple(refusals([state["inputs"] for state in objects], base.crds, work.crds)),
        judged=sum(1 for state in objects if validators(work.crds).knows(*_kind(state["inputs"]))),
    )


def unsettled(before: Iterable[Mapping[str, Any]], after: Iterable[Mapping[str, Any]]) -> set[str]:
    """URNs of what the base changes with every run, and the work tree's versions no further than that."""
    found: dict[str, set[str]] = {}
    for step in before:
        if step["op"] != SAME:
            found.setdefault(step["urn"], {SAME}).add(step["op"])
    return set(found) - {step["urn"] for step in after if step["op"] not in found.get(step["urn"], ())}


def rows(steps: Iterable[Mapping[str, Any]]) -> Iterator[Row]:
    """Every resource that does not stay the same, what holds data first; components of ours are nothing anywhere."""
    found = []
    for step in steps:
        operation, state = str(step["op"]), step.get("newState") or step.get("oldState") or {}
        kind = str(state.get("type", ""))
        if operation == SAME or operation in _REPLACING or kind.startswith(_NO_OBJECT):
            continue
        properties = list(step.get("detailedDiff") or {}) or list(step.get("diffReasons") or ())
        found.append(
            Row(
                operation=operation,
                kind=kind.rpartition(":")[2],
                name=called(state),
                properties=tuple(sorted(properties)),
                holds_data=kind.rpartition(":")[2] in HOLD_DATA,
            )
        )
    yield from sorted(found, key=lambda row: (not row.loses_data, row.operation != REPLACE, row.kind, row.name))


def called(state: Mapping[str, Any]) -> str:
    """Namespace and name of an object, the bucket's name, or what the program calls it."""
    inputs = state.get("inputs") or {}
    metadata = inputs.get("metadata") or {}
    if isinstance(metadata, Mapping) and metadata.get("name"):
        return "/".join(str(metadata[key]) for key in ("namespace", "name") if metadata.get(key))
    return str(inputs.get("bucket") or str(state.get("urn", "")).rpartition("::")[2])


def refusals(objects: Sequence[Mapping[str, Any]], base: Path, work: Path) -> Iterator[Refusal]:
    """Objects that the CRDs of a side refuse: an unknown field, a value that is not allowed, a version not served."""
    for each in objects:
        old, new = faults(each, base), faults(each, work)
        if validators(base).knows(*_kind(each)) and not validators(work).knows(*_kind(each)):
            new = (f"{_kind(each)[0]} is no longer among the CRDs",)
        if old or new:
            metadata = each.get("metadata") or {}
            name = "/".join(str(metadata[key]) for key in ("namespace", "name") if metadata.get(key))
            yield Refusal(object=f"{each.get('kind')} {name}", base=old, work=new)


def faults(each: Mapping[str, Any], folder: Path) -> tuple[str, ...]:
    """What the CRDs below a folder say against an object; nothing against a kind that is not theirs."""
    known, (version, kind) = validators(folder), _kind(each)
    if not known.knows(version, kind):
        return ()
    validator = known.get(version, kind)
    if validator is None:
        return (f"{version} is not served",)
    found = sorted(validator.iter_errors(each), key=lambda error: error.json_path)
    return tuple(f"{error.json_path}: {error.message[:200]}" for error in found[:_SHOWN_FAULTS])


def _kind(each: Mapping[str, Any]) -> tuple[str, str]:
    return str(each.get("apiVersion", "")), str(each.get("kind", ""))
