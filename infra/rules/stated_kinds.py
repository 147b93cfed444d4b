"""Rules about the kinds that the settings state for the policy pack. Which it knows itself is the pack's affair."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from infra.catalog import Catalog
from infra.faults import Fault
from infra.settings import Settings


def stated_kind_faults(settings: Settings, _catalog: Catalog) -> Iterator[Fault]:
    """A reason for each kind, and each kind once."""
    seen = Counter((entry.group, entry.kind) for entry in settings.stated_kinds)
    for index, entry in enumerate(settings.stated_kinds):
        if not entry.reason.strip():
            path = f"policy.kinds.{index}.reason"
            yield Fault(path=path, value=entry.reason, rule="must say something", example="holds settings alone")
    for (group, kind), count in seen.items():
        if count > 1:
            rule = "each kind is stated once"
            yield Fault(path="policy.kinds", value=f"{kind} of {group or 'core'}", rule=rule, example="one entry")
