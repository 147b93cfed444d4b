"""The report of a plan: the verdict of every environment and what it rests on, as `reports/plan/report.json` holds it.

Its form is `infra/schema/plan-report.schema.json`. Nothing in it is a secret, and nothing in it has stayed as it was.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from infra.faults import Fault, FaultsError
from infra.strict_json import JsonError, parse
from infra.validate import schema_faults

VERSION = 1
SCHEMA = "plan-report"

NO_CHANGES, SAFE, NEEDS_APPROVAL, DENIED, FAILED = "no changes", "safe", "needs approval", "denied", "failed"
VERDICTS = (NO_CHANGES, SAFE, NEEDS_APPROVAL, DENIED, FAILED)
"""From the best to the worst."""

OPERATIONS = ("create", "update", "replace", "delete")

_MOST_BYTES = 64 * 1024**2
_EXAMPLE = "reports/plan/report.json, as `kitchen plan --out reports/plan` writes it"

Entry = Mapping[str, Any]
"""One object of the report, with the keys that the schema names."""


def _no_policy() -> Entry:
    return {"violations": [], "warnings": [], "exemptions": []}


def _no_gpus() -> Entry:
    return {"tenants": [], "pools": [], "memory": [], "cost": [], "notCounted": []}


@dataclass(frozen=True, kw_only=True)
class Environment:
    """One environment of a report; each field is the key of the same name, and the schema says what it holds.

    `digest` is empty where there is no plan. `counts` are objects by OPERATIONS, and `same`.
    """

    name: str
    verdict: str
    compared: Entry
    next: Entry
    digest: str = ""
    counts: Mapping[str, int] = field(default_factory=lambda: dict.fromkeys((*OPERATIONS, "same"), 0))
    approvals: Sequence[str] = ()
    reasons: Sequence[str] = ()
    policy: Entry = field(default_factory=_no_policy)
    kitchens: Sequence[Entry] = ()
    gpus: Entry = field(default_factory=_no_gpus)
    access: Sequence[Entry] = ()
    images: Sequence[Entry] = ()
    red: Sequence[Entry] = ()
    drift: Entry | None = None
    unknown: Sequence[str] = ()
    changes: Sequence[Entry] = ()
    errors: Sequence[str] = ()
    notes: Sequence[str] = ()


@dataclass(frozen=True, kw_only=True)
class Report:
    """A plan of one environment or more; `commit` is None where the work tree is no commit."""

    environments: tuple[Environment, ...]
    commit: str | None = None

    @property
    def verdict(self) -> str:
        """The worst of all environments."""
        return max((one.verdict for one in self.environments), key=_rank)

    def environment(self, name: str) -> Environment | None:
        """The environment of that name; None where the report has none."""
        return next((one for one in self.environments if one.name == name), None)

    def as_json(self) -> str:
        """The text of `report.json`; raise FaultsError where it does not fit its own schema."""
        environments = [{key: _plain(getattr(one, key)) for key in _FIELDS} for one in self.environments]
        content = {"version": VERSION, "commit": self.commit, "verdict": self.verdict, "environments": environments}
        _check(content, "report")
        return json.dumps(content, indent=2) + "\n"


def _rank(verdict: str) -> int:
    """A verdict that nobody knows is the worst of all."""
    return VERDICTS.index(verdict) if verdict in VERDICTS else len(VERDICTS)


_FIELDS = tuple(Environment.__dataclass_fields__)


def read(path: Path) -> Report:
    """Read and check a report; raise FaultsError with every fault."""
    try:
        content = parse(path.read_bytes(), most=_MOST_BYTES)
    except OSError as error:
        raise _fault(path, f"must be a file that can be read: {error.strerror}") from None
    except JsonError as error:
        raise _fault(path, f"must be one JSON value: it {error}") from None
    return of(content, path.name)


def of(content: Any, source: str = "report") -> Report:
    """The report in what was read; raise FaultsError with every fault, a verdict that is not the worst among them."""
    _check(content, source)
    environments = tuple(Environment(**entry) for entry in content["environments"])
    report = Report(environments=environments, commit=content["commit"])
    if content["verdict"] != report.verdict:
        rule = "must be the worst verdict of its environments"
        fault = Fault(path="verdict", value=content["verdict"], rule=rule, example=report.verdict)
        raise FaultsError(source, [fault])
    return report


def _check(content: Any, source: str) -> None:
    if faults := schema_faults(SCHEMA, content):
        raise FaultsError(source, faults)


def _plain(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {key: _plain(part) for key, part in value.items()}
    return [_plain(part) for part in value] if isinstance(value, list | tuple) else value


def _fault(path: Path, rule: str) -> FaultsError:
    return FaultsError("report", [Fault(path="FILE", value=str(path), rule=rule, example=_EXAMPLE)])
