"""The table as groups of rules, in the form that Prometheus, promtool and the operator's PrometheusRule all have."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from components.observability.alert import Alert, Record
from components.observability.facts import RuleFacts
from components.observability.rules import SUBJECTS, all_alerts, constants, objectives

INTERVAL, PAST_INTERVAL = "1m", "5m"
"""How often rules are evaluated, and those that keep what is averaged over hours and days."""


@dataclass(frozen=True, kw_only=True)
class Group:
    """Rules that are evaluated one after the other; records stand before the alerts that read them.

    `name` is a part of an object's name too, and unique in an environment.
    """

    name: str
    rules: tuple[dict[str, Any], ...]
    interval: str = INTERVAL

    def content(self) -> dict[str, Any]:
        """As Prometheus reads it."""
        return {"name": f"kitchen-{self.name}", "interval": self.interval, "rules": list(self.rules)}


def groups(facts: RuleFacts, runbook: str) -> tuple[Group, ...]:
    """Every rule of an environment: constants by tenant, and one group a subject. Groups run side by side."""
    all_alerts(facts)  # says which id stands twice
    return tuple(group for group in _groups(facts, runbook) if group.rules)


def _groups(facts: RuleFacts, runbook: str) -> Iterator[Group]:
    own = {"environment": facts.environment}
    for tenant in sorted({kitchen.tenant for kitchen in facts.kitchens}):
        yield _group(f"constants-{tenant}", constants.of_tenant(facts, tenant), (), runbook, own)
    yield _group("constants", constants.of_environment(facts), (), runbook, own)
    past = tuple(record.rule() for record in objectives.past_records(facts))
    yield Group(name="objectives-past", rules=past, interval=PAST_INTERVAL)
    for name, subject in SUBJECTS.items():
        yield _group(name, subject.records(facts), subject.alerts(facts), runbook, own)


def _group(
    name: str, records: tuple[Record, ...], alerts: tuple[Alert, ...], runbook: str, own: dict[str, str]
) -> Group:
    told = [*(record.rule() for record in records), *(alert.rule(runbook, own) for alert in alerts)]
    return Group(name=name, rules=tuple(told))
