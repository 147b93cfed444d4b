"""Options that `calls` and `usage` share: where the record is, and of which time."""

from __future__ import annotations

import argparse
import re
import sys
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

from infra.catalog import load_catalog
from infra.faults import Fault, FaultsError
from infra.load import settings_from_file
from infra.settings import Settings
from ops.calls.reading import Period, Record
from ops.store import client

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
    store = (settings or settings_of(options)).object_store
    bucket = options.bucket or f"{store.bucket_prefix}audit"
    return Record(client(options.endpoint or store.endpoint, store.region), bucket, say)


def period(command: str, start: str, end: str) -> Period:
    """From a day or minute up to another, both in UTC; a day as the end is within. Raise FaultsError."""
    moments, faults = [], []
    for option, text, is_end in (("--from", start, False), ("--to", end, True)):
        try:
            moments.append(_moment(text, is_end=is_end))
        except ValueError:
            rule = "a day, or a minute in UTC"
            faults.append(Fault(path=option, value=text, rule=rule, example="2026-11-29 or 2026-11-29T13:30"))
    if not faults and moments[0] >= moments[1]:
        faults.append(Fault(path="--to", value=end, rule=f"must be after --from {start}", example=start))
    if faults:
        raise FaultsError(command, faults)
    return Period(start=_written(moments[0]), end=_written(moments[1]))


def month(command: str, text: str) -> Period:
    """A month such as 2026-11; raise FaultsError."""
    try:
        first = date.fromisoformat(f"{text}-01") if len(text) == len("2026-11") else None
    except ValueError:
        first = None
    if first is None:
        raise FaultsError(command, [Fault(path="--month", value=text, rule="a month in UTC", example="2026-11")])
    after = (first + timedelta(days=32)).replace(day=1)
    return Period(start=f"{first}T00:00:00.000Z", end=f"{after}T00:00:00.000Z")


def say(text: str) -> None:
    """Tell a person, and leave standard output to the result."""
    print(text, file=sys.stderr)


def _moment(text: str, *, is_end: bool) -> datetime:
    if _TIME.fullmatch(text):
        return datetime.fromisoformat(text).replace(tzinfo=UTC)
    day = datetime.combine(date.fromisoformat(text), datetime.min.time(), UTC)
    return day + timedelta(days=1) if is_end else day


def _written(moment: datetime) -> str:
    return f"{moment:%Y-%m-%dT%H:%M}:00.000Z"
