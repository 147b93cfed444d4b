"""Alerts on the record of calls: it must reach the locked bucket."""

from __future__ import annotations

from collections.abc import Iterator

from components.observability.alert import Alert, Record
from components.observability.facts import RuleFacts

_POD = "environment, namespace, pod"
_KEEPS = ("environment", "namespace", "pod")


def records(_facts: RuleFacts) -> tuple[Record, ...]:
    """None: the shipper tells what is needed."""
    return ()


def alerts(facts: RuleFacts) -> tuple[Alert, ...]:
    """The alerts of this subject; none where there is no entry."""
    return tuple(_alerts(facts)) if facts.entry else ()


def _alerts(facts: RuleFacts) -> Iterator[Alert]:
    part = "record"
    yield Alert(
        id="KitchenRecordNotShipped",
        subject="record",
        expression=(
            f"max by ({_POD}) ({facts.at(part, 'kitchen_record_oldest_waiting_seconds')})"
            f" > {facts.thresholds.record_waiting_seconds}"
        ),
        severity="page",
        owner="security",
        summary="Lines of the record of calls have waited {{ $value | humanizeDuration }} in pod {{ $labels.pod }}",
        impact="Calls are answered and not yet recorded in the locked bucket. When the pod's room is full, the entry "
        "takes no more calls.",
        keeps=_KEEPS,
    )
    yield Alert(
        id="KitchenRecordNotReady",
        subject="record",
        expression=f"min by ({_POD}) ({facts.at(part, 'kitchen_record_ready')}) == 0",
        hold="1m",
        severity="page",
        owner="platform",
        summary="The record's shipper in pod {{ $labels.pod }} is not ready: half of its room is full",
        impact="The pod takes no calls until lines are shipped.",
        keeps=_KEEPS,
    )
    yield Alert(
        id="KitchenRecordFailing",
        subject="record",
        expression=f"sum by ({_POD}) (rate({facts.at(part, 'kitchen_record_failures_total')}[10m])) > 0",
        hold="10m",
        severity="ticket",
        owner="platform",
        summary="Pod {{ $labels.pod }} cannot write the record of calls to the object store",
        impact="Lines wait in the pod; they are lost with its node.",
        keeps=_KEEPS,
    )
    yield Alert(
        id="KitchenRecordUnseen",
        subject="record",
        expression=f"absent({facts.at(part, 'kitchen_record_oldest_waiting_seconds')})",
        hold="5m",
        severity="ticket",
        owner="security",
        summary="No shipper of the record of {{ $labels.environment }} is scraped",
        impact="Nobody can tell whether calls are recorded.",
        keeps=("environment", "part", "namespace"),
    )
