"""Rules about exemptions from the policy pack. Which rules there are is the pack's affair."""

from __future__ import annotations

import datetime
from collections import Counter
from collections.abc import Iterator

from infra.catalog import Catalog
from infra.faults import Fault
from infra.settings import Settings


def exemption_faults(settings: Settings, _catalog: Catalog) -> Iterator[Fault]:
    """Days of the calendar, an object that is named, and each exemption once.

    One that has expired is no fault: the pack no longer heeds it and says so.
    """
    seen = Counter((entry.rule, entry.object) for entry in settings.exemptions)
    for index, entry in enumerate(settings.exemptions):
        path = f"exemptions.{index}"
        if not _is_day(entry.expires):
            rule = "must be a day of the calendar"
            yield Fault(path=f"{path}.expires", value=entry.expires, rule=rule, example="'2026-12-31'")
        if not entry.object.strip("*? "):
            rule = "must name what it lets through, not everything"
            yield Fault(
                path=f"{path}.object", value=entry.object, rule=rule, example="Deployment helpdesk-dev/exporter"
            )
        for key in ("rule", "reason", "approver"):
            if not getattr(entry, key).strip():
                yield Fault(path=f"{path}.{key}", value=getattr(entry, key), rule="must say something", example=key)
    for (name, thing), count in seen.items():
        if count > 1:
            said = f"{name}: {thing}"
            rule = "each rule and object has one exemption"
            yield Fault(path="exemptions", value=said, rule=rule, example="one entry with one last day")


def _is_day(text: str) -> bool:
    try:
        datetime.date.fromisoformat(text)
    except ValueError:
        return False
    return True
