"""Rules about exemptions from the policy pack. Which rules there are is the pack's affair."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from infra.catalog import Catalog
from infra.days import day_rule
from infra.faults import Fault
from infra.people import EXAMPLE, name_rule
from infra.settings import Settings


def exemption_faults(settings: Settings, _catalog: Catalog) -> Iterator[Fault]:
    """Days of the calendar, an object that is named, and each exemption once.

    One that has expired is no fault: the pack no longer heeds it and says so.
    """
    seen = Counter((entry.rule, entry.object) for entry in settings.exemptions)
    for index, entry in enumerate(settings.exemptions):
        path = f"exemptions.{index}"
        if broken := day_rule(entry.expires):
            yield Fault(path=f"{path}.expires", value=entry.expires, rule=broken, example="'2026-12-31'")
        if not entry.object.strip("*? "):
            rule = "must name what it lets through, not everything"
            yield Fault(
                path=f"{path}.object", value=entry.object, rule=rule, example="Deployment helpdesk-dev/exporter"
            )
        for key in ("rule", "reason", "approver"):
            said = getattr(entry, key)
            if not (said.strip() and said.isprintable()):
                yield Fault(path=f"{path}.{key}", value=said, rule="must say something, on one line", example=key)
            elif key == "approver" and (broken := name_rule(said)):
                yield Fault(path=f"{path}.{key}", value=said, rule=broken, example=EXAMPLE)
    for (name, thing), count in seen.items():
        if count > 1:
            said = f"{name}: {thing}"
            rule = "each rule and object has one exemption"
            yield Fault(path="exemptions", value=said, rule=rule, example="one entry with one last day")
