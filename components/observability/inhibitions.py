"""Which alert makes which others say nothing: what is a consequence of something that is told already.

An alert silences only what is not more urgent than itself: a ticket that nobody reads at night must never keep a page
from waking somebody. What may be an attack (owner `security`) is silenced by nothing but its own first sign.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from components.observability.alert import Alert, Severity

URGENCY: tuple[Severity, ...] = ("note", "ticket", "page")

_KITCHEN = ("environment", "tenant", "kitchen")
_ADAPTER = (*_KITCHEN, "adapter", "version")
_LATENCY = ("KitchenTtftSlow", "KitchenTokensSlow", "KitchenQueueLong", "KitchenQueueDeferred", "KitchenKvCacheFull")
_BURNS = tuple(f"Kitchen{kind}Burn{speed}" for kind in ("Ttft", "Tokens") for speed in ("Fast", "Slow"))
_AVAILABILITY = ("KitchenAvailabilityBurnFast", "KitchenAvailabilityBurnSlow")


@dataclass(frozen=True, kw_only=True)
class Inhibition:
    """While `source` fires, `targets` say nothing that have the same values of `equal`."""

    source: str
    targets: Sequence[str]
    equal: Sequence[str]


INHIBITIONS = (
    Inhibition(
        source="KitchenServersMissing",
        targets=(
            *("KitchenServerDown", "KitchenServerRestarts", "KitchenNothingGenerated", "KitchenTtftVerySlow"),
            *(*_LATENCY, "KitchenPreemptions", "KitchenServerErrors", "KitchenEntryErrors"),
            *(*_BURNS, *_AVAILABILITY),
            *("KitchenAdapterNotLoaded", "KitchenSidecarUnseen", "KitchenSidecarStalled", "KitchenSidecarFailing"),
            *("KitchenCanaryErrors", "KitchenCanarySlow"),
        ),
        equal=_KITCHEN,
    ),
    Inhibition(
        source="KitchenServerDown",
        targets=(
            *(*_LATENCY, "KitchenTtftBurnSlow", "KitchenTokensBurnSlow"),
            *("KitchenSidecarUnseen", "KitchenServersFew"),
        ),
        equal=_KITCHEN,
    ),
    Inhibition(
        source="KitchenNothingGenerated",
        targets=(*_LATENCY, "KitchenTtftVerySlow", *_BURNS),
        equal=_KITCHEN,
    ),
    Inhibition(
        source="KitchenKvCacheFull",
        targets=("KitchenTtftSlow", "KitchenTokensSlow", "KitchenQueueLong", "KitchenPreemptions"),
        equal=_KITCHEN,
    ),
    Inhibition(source="KitchenTtftVerySlow", targets=("KitchenTtftSlow",), equal=_KITCHEN),
    *(
        Inhibition(source=f"Kitchen{kind}BurnFast", targets=(f"Kitchen{kind}BurnSlow",), equal=_KITCHEN)
        for kind in ("Ttft", "Tokens", "Availability")
    ),
    Inhibition(source="KitchenServerErrors", targets=("KitchenEntryErrors", *_AVAILABILITY), equal=_KITCHEN),
    Inhibition(source="KitchenEntryErrors", targets=_AVAILABILITY, equal=_KITCHEN),
    Inhibition(source="KitchenEntryLimited", targets=("KitchenLimitsNear",), equal=_KITCHEN),
    Inhibition(source="KitchenAdapterRefused", targets=("KitchenAdapterNotLoaded",), equal=_ADAPTER),
    Inhibition(source="KitchenAdapterUnusable", targets=("KitchenAdapterNotLoaded",), equal=_ADAPTER),
    Inhibition(source="KitchenSidecarUnseen", targets=("KitchenAdapterNotLoaded",), equal=_KITCHEN),
    Inhibition(
        source="KitchenSidecarStalled", targets=("KitchenAdapterNotLoaded", "KitchenSidecarFailing"), equal=_KITCHEN
    ),
    Inhibition(
        source="KitchenEntryMissing", targets=("KitchenEntryDown", "KitchenRecordUnseen"), equal=("environment",)
    ),
    Inhibition(
        source="KitchenStoreMissing",
        targets=(
            *("KitchenStoreErrors", "KitchenStoreDrives", "KitchenStoreFull"),
            *("KitchenRecordFailing", "KitchenSidecarFailing", "KitchenLoadStalled"),
        ),
        equal=("environment",),
    ),
    Inhibition(
        source="KitchenStoreErrors", targets=("KitchenRecordFailing", "KitchenSidecarFailing"), equal=("environment",)
    ),
    Inhibition(
        source="KitchenEntryCertificateUrgent", targets=("KitchenEntryCertificateEnds",), equal=("environment",)
    ),
    Inhibition(
        source="KitchenCertificateUrgent",
        targets=("KitchenCertificateEnds",),
        equal=("environment", "namespace", "name"),
    ),
    Inhibition(source="KitchenAuthorityUrgent", targets=("KitchenEndsSoon",), equal=("environment", "what", "name")),
    Inhibition(
        source="KitchenRecordNotReady", targets=("KitchenRecordFailing",), equal=("environment", "namespace", "pod")
    ),
)
"""In the order of their sources' weight."""


def inhibit_rules(alerts: Sequence[Alert]) -> list[dict[str, Any]]:
    """Alertmanager's `inhibit_rules` for the alerts that an environment has."""
    return [*_rules({alert.id for alert in alerts})]


def _rules(there: set[str]) -> Iterator[dict[str, Any]]:
    for one in INHIBITIONS:
        targets = [name for name in one.targets if name in there]
        if one.source in there and targets:
            yield {
                "source_matchers": [f'alertname="{one.source}"'],
                "target_matchers": [f'alertname=~"{"|".join(targets)}"'],
                "equal": list(one.equal),
            }
