"""Days as people write them: YYYY-MM-DD, in the calendar, and in the past where something has been done."""

from __future__ import annotations

import datetime
import re

FIRST_YEAR = 1970
"""Of Unix: no day before it counts in seconds."""

_FORM = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", re.ASCII)


def day(text: str) -> datetime.date | None:
    """The day that a text says, None for what is none: another form, no day of the calendar, one before 1970."""
    if not _FORM.fullmatch(text):
        return None
    try:
        found = datetime.date.fromisoformat(text)
    except ValueError:
        return None
    return found if found.year >= FIRST_YEAR else None


def today() -> datetime.date:
    """The day by this machine's clock, in UTC."""
    return datetime.datetime.now(datetime.UTC).date()


def day_rule(text: str, *, done: bool = False, now: datetime.date | None = None) -> str | None:
    """The rule that a day breaks, None for a right one.

    `done`: what has been done, was done today at the latest. Somewhere it is tomorrow already, so a day more passes.
    """
    found, clock = day(text), now or today()
    if found is None:
        return "must be a day of the calendar, as YYYY-MM-DD"
    if done and found > clock + datetime.timedelta(days=1):
        return f"must be today at the latest: this machine's clock says {clock}"
    return None
