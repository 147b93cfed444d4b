"""Approvals to record prompts and answers: which hold on a day, and what a preview says of them."""

from __future__ import annotations

import datetime
from collections.abc import Iterator, Mapping

from components.entry.contents_recorder import Approved
from infra.settings import Settings

DAYS_BEFORE = 14
"""From how many days before its end on a preview tells that an approval ends."""


def approved(settings: Settings, today: datetime.date) -> Mapping[str, Approved]:
    """Approvals by tenant that hold on a day; those that have ended are left out."""
    stated = {name: tenant.record_contents for name, tenant in settings.tenants.items()}
    return {
        name: Approved(certificate=said.certificate, until=said.until)
        for name, said in stated.items()
        if said is not None and datetime.date.fromisoformat(said.until) >= today
    }


def told(settings: Settings, today: datetime.date) -> Iterator[str]:
    """A line for each approval: what is recorded by whose approval, what ends soon, and what has ended."""
    for name, tenant in settings.tenants.items():
        said = tenant.record_contents
        if said is None:
            continue
        left = (datetime.date.fromisoformat(said.until) - today).days
        where = f"kitchen:tenants.{name}.recordContents"
        if left < 0:
            yield f"prompts and answers of {name} are recorded no more: the approval ended on {said.until} ({where})"
            continue
        soon = f", in {left} days" if 0 < left <= DAYS_BEFORE else ", today" if left == 0 else ""
        by = f"approved by {said.approved_by}: {said.reason}"
        yield f"prompts and answers of {name} are recorded until {said.until}{soon} ({by})"


def utc_today() -> datetime.date:
    """The day by which the entry's pods go too."""
    return datetime.datetime.now(datetime.UTC).date()
