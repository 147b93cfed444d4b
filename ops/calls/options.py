"""Options that `calls` and `usage` share: where the record is, and of which time."""

from __future__ import annotations

import argparse
import re
import sys
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

from infra.catalog import load_catalog
from infra.days import day
from infra.faults import Fault, FaultsError
from infra.load import settings_from_file
from infra.settings import Settings
from ops.calls.reading import Period, Record
from ops.store import client

FIRST_YEAR, LAST_YEAR, MOST_DAYS = 2020, 2999, 400
"""Before the first year there is no record; a longer period would ask the store for days without an end."""

_BUCKET = re.compile(r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]")
_TIME = re.compile(r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}")


def add_place(parser: argparse.ArgumentParser) -> None:
    """Add what says where the record is."""
    parser.add_argument("--settings", type=Path, required=True, metavar="FILE", help="Pulumi.<stack>.yaml")
    parser.add_argument("--endpoint", metavar="URL", help="the store, if not the settings' own")
    parser.add_argument("--bucket", metavar="NAME", help="the audit bucket, if not the settings' own")


def settings_of(options: argparse.Namespace) -> Settings:
    """The settings that the options name; raise FaultsError."""
    return settings_from_file(options.settings, load_catalog())


def record(options: argparse.Namespace, settings: Settings | None = None) -> Record:
    """The record that the options name; raise FaultsError or StoreError."""
    settings = settings or settings_of(options)
    store = settings.object_store
    bucket = options.bucket or f"{store.bucket_prefix}audit"
    if not _BUCKET.fullmatch(bucket):
        rule = "a bucket's name: 3 to 63 lower-case letters, digits, dots and dashes"
        raise FaultsError("object store", [Fault(path="--bucket", value=bucket, rule=rule, example="prod-audit")])
    if options.tenant is not None and options.tenant not in settings.tenants:
        say(f"{options.command}: the settings have no tenant {options.tenant!r}: what an earlier one has left is read")
    return Record(client(options.endpoint or store.endpoint, store.region), bucket, say)


def period(command: str, start: str, end: str) -> Period:
    """From a day or minute up to another, both in UTC; a day as the end is within. Raise FaultsError."""
    moments, faults = [], []
    for option, text, is_end in (("--from", start, False), ("--to", end, True)):
        try:
            moments.append(_moment(text, is_end=is_end))
        except ValueError:
            rule = f"a day, or a minute in UTC, of the years {FIRST_YEAR} to {LAST_YEAR}"
            faults.append(Fault(path=option, value=text, rule=rule, example="2026-11-29 or 2026-11-29T13:30"))
    if not faults and moments[0] >= moments[1]:
        rule = f"must be after --from {start}"
        faults.append(
            Fault(path="--to", value=end, rule=rule, example=start if len(start) == len("2026-11-29") else end)
        )
    elif not faults and moments[1] - moments[0] > timedelta(days=MOST_DAYS):
        rule = f"{MOST_DAYS} days at most: ask for the rest by a second command"
        faults.append(Fault(path="--to", value=end, rule=rule, example=_written(moments[0] + timedelta(days=31))[:10]))
    if faults:
        raise FaultsError(command, faults)
    return Period(start=_written(moments[0]), end=_written(moments[1]))


def month(command: str, text: str) -> Period:
    """A month such as 2026-11; raise FaultsError."""
    try:
        first = date.fromisoformat(f"{text}-01") if len(text) == len("2026-11") else None
    except ValueError:
        first = None
    if first is None or not FIRST_YEAR <= first.year <= LAST_YEAR:
        raise FaultsError(command, [Fault(path="--month", value=text, rule="a month in UTC", example="2026-11")])
    after = (first + timedelta(days=32)).replace(day=1)
    return Period(start=f"{first}T00:00:00.000Z", end=f"{after}T00:00:00.000Z")


def say(text: str) -> None:
    """Tell a person, and leave standard output to the result."""
    print(text, file=sys.stderr)


def _moment(text: str, *, is_end: bool) -> datetime:
    if _TIME.fullmatch(text):
        moment = datetime.fromisoformat(text).replace(tzinfo=UTC)
        if not FIRST_YEAR <= moment.year <= LAST_YEAR:
            raise ValueError(text)
        return moment
    said = day(text)
    if said is None or not FIRST_YEAR <= said.year <= LAST_YEAR:
        raise ValueError(text)
    begin = datetime.combine(said, datetime.min.time(), UTC)
    return begin + timedelta(days=1) if is_end else begin


def _written(moment: datetime) -> str:
    return f"{moment:%Y-%m-%dT%H:%M}:00.000Z"
