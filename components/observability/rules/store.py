"""Alerts on the object store, by MinIO's own numbers; another store tells its numbers to whoever runs it."""

from __future__ import annotations

from collections.abc import Iterator

from components.observability.alert import Alert, Record
from components.observability.facts import RuleFacts


def records(_facts: RuleFacts) -> tuple[Record, ...]:
    """None: MinIO tells what is needed."""
    return ()


def alerts(facts: RuleFacts) -> tuple[Alert, ...]:
    """The alerts of this subject; none where MinIO is not scraped."""
    return tuple(_alerts(facts)) if facts.store else ()


def _alerts(facts: RuleFacts) -> Iterator[Alert]:
    part = "store"
    free, total = (
        f"max by (environment) ({facts.at(part, f'minio_cluster_capacity_usable_{name}_bytes')})"
        for name in ("free", "total")
    )
    yield Alert(
        id="KitchenStoreFull",
        subject="store",
        expression=f"{free} / {total} < {facts.thresholds.store_free_share}",
        hold="15m",
        severity="ticket",
        owner="platform",
        summary="The object store of {{ $labels.environment }} has {{ $value | humanizePercentage }} of its room left",
        impact="When it is full, the record of calls stops, and with it the entry.",
        keeps=("environment",),
    )
    failed = f"sum by (environment) (rate({facts.at(part, 'minio_s3_requests_5xx_errors_total')}[5m]))"
    every = f"sum by (environment) (rate({facts.at(part, 'minio_s3_requests_total')}[5m]))"
    yield Alert(
        id="KitchenStoreErrors",
        subject="store",
        expression=f"{failed} / {every} > {facts.thresholds.error_share}",
        hold="5m",
        severity="page",
        owner="platform",
        summary="The object store of {{ $labels.environment }} fails {{ $value | humanizePercentage }} of its calls",
        impact="New pods cannot fetch adapters; the record of calls waits.",
        keeps=("environment",),
    )
    drives = facts.at(part, "minio_cluster_drive_offline_total")
    yield Alert(
        id="KitchenStoreDrives",
        subject="store",
        expression=f"max by (environment) ({drives}) > 0",
        hold="5m",
        severity="ticket",
        owner="platform",
        summary="{{ $value }} drives of the object store of {{ $labels.environment }} are away",
        impact="One more may make it read-only.",
        keeps=("environment",),
    )
    yield Alert(
        id="KitchenStoreMissing",
        subject="store",
        expression=f"absent({facts.at(part, 'up')} == 1)",
        hold="2m",
        severity="page",
        owner="platform",
        summary=f"No pod of the object store of {facts.environment} answers scrapes",
        impact="New pods cannot fetch adapters or base models; the record of calls waits.",
        keeps=("environment",),
    )
