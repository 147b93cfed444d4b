"""The one table of alerts and recording rules. Each module is one subject; outputs are made of all of them."""

from __future__ import annotations

from types import ModuleType

from components.observability.alert import Alert, Record
from components.observability.facts import RuleFacts
from components.observability.rules import (
    adapters,
    constants,
    delivery,
    entry,
    governance,
    gpu,
    objectives,
    platform,
    record,
    serving,
    store,
)

SUBJECTS: dict[str, ModuleType] = {
    module.__name__.rpartition(".")[2]: module
    for module in (serving, objectives, adapters, entry, record, gpu, store, platform, governance, delivery)
}
"""The modules of the table by name; each has `records(facts)` and `alerts(facts)`."""


def all_alerts(facts: RuleFacts) -> tuple[Alert, ...]:
    """Every alert of an environment; raises ValueError where two have one id."""
    found = tuple(alert for subject in SUBJECTS.values() for alert in subject.alerts(facts))
    ids = [alert.id for alert in found]
    if twice := sorted({name for name in ids if ids.count(name) > 1}):
        raise ValueError(f"alerts: {twice}; rule: one alert an id; example: KitchenServerDown")
    return found


def all_records(facts: RuleFacts) -> tuple[Record, ...]:
    """Every recording rule: the constants of Git first, for others read them."""
    found = [record for subject in SUBJECTS.values() for record in subject.records(facts)]
    return (*constants.records(facts), *objectives.past_records(facts), *found)
