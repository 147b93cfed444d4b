"""Samples of kinds that a rule refuses whatever stands in them."""

from __future__ import annotations

from tests.policy.support.objects import manifest
from tests.policy.support.sample import Sample


def refused_kinds(*kinds: tuple[str, str], why: str = "") -> tuple[Sample, ...]:
    """An empty object of each group and kind, which is refused by its name; `why` begins what is said of it."""
    return tuple(
        Sample(
            name=f"a {kind} of {group}",
            resource_type=f"kubernetes:{group}/v1:{kind}",
            inputs=manifest(f"{group}/v1", kind, {}),
            says=(f"kind: is {kind} of {group}: {why}",),
        )
        for group, kind in kinds
    )
