"""All cases, by the name of the alert and, where one has several, what the case is about."""

from __future__ import annotations

from tests.monitoring.rules import adapters, around, entry, objectives, serving
from tests.monitoring.rules.case import Case

CASES: dict[str, Case] = {
    **serving.CASES,
    **objectives.CASES,
    **adapters.CASES,
    **entry.CASES,
    **around.CASES,
}

FIRES_WITHOUT_SERIES = {
    "KitchenServersMissing": "a kitchen whose servers nobody sees may serve nobody",
    "KitchenEntryMissing": "an entry that nobody sees may take no calls",
    "KitchenRecordUnseen": "calls may go unrecorded",
    "KitchenStoreMissing": "a store that nobody sees may be away",
    "KitchenPartUnseen": "alerts on the part cannot fire",
    "KitchenGpuUnseen": "faults of GPUs would not be told",
    "KitchenCheckOverdue": "a check that tells nothing may not run",
    "KitchenEndsSoon": "what ends stands in Git, and needs no scrape",
    "KitchenEnded": "what ended stands in Git, and needs no scrape",
    "KitchenExemptionEnded": "what ended stands in Git, and needs no scrape",
    "KitchenAuthorityUrgent": "certificates of authorities stand in Git, and need no scrape",
}
"""Alerts that fire where nothing is scraped at all, and why; every other one says nothing then."""


def alert_of(name: str) -> str:
    """The alert that a case is of."""
    return name.split(" ", maxsplit=1)[0]
