"""Reads the record of calls from the bucket: each call once, and what somebody has hidden too.

A line may be there more than once: it is shipped at least once, and a call that went on for long has a line for each
minute. All lines of one call have its request id and its time of start; the one that covers the longest time is the
call. Lock or no lock, everybody who may delete can lay a delete marker over an object, so versions are read.
"""

from __future__ import annotations

import gzip
import hashlib
import io
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

from botocore.exceptions import BotoCoreError, ClientError

from infra.strict_json import parse
from ops.calls.contents import PREFIX as CONTENTS
from ops.store import StoreError

if TYPE_CHECKING:
    from types_boto3_s3 import S3Client

PREFIX = "calls"
UNREADABLE = "_unreadable"
"""The part of the record with what was no line of JSON."""

_SUM_DIGITS = 16
_MOST_BYTES = 256 * 1024**2
"""Of a piece unpacked; the sidecar writes pieces of a few MB."""

Call = dict[str, Any]
"""A line of the record, by the names that components/entry/envoy/records.py gives."""


@dataclass(frozen=True, kw_only=True)
class Period:
    """From `start` on and before `end`, both as the record writes times (UTC), such as 2026-11-29T00:00:00.000Z."""

    start: str
    end: str

    def days(self) -> Iterator[str]:
        """Every day that has a part in it, as keys have it."""
        day, last = date.fromisoformat(self.start[:10]), date.fromisoformat(self.end[:10])
        while day < last or (day == last and self.end > f"{day}T00:00:00.000Z"):
            yield f"{day:%Y/%m/%d}"
            day += timedelta(days=1)

    def day_after(self) -> str:
        """The day after the last one, as keys have it."""
        return f"{date.fromisoformat(self.end[:10]) + timedelta(days=1):%Y/%m/%d}"


@dataclass
class Doubts:
    """What makes the record less than whole; nothing of it is passed over in silence."""

    hidden: int = 0
    changed: list[str] = field(default_factory=list)
    unreadable: int = 0

    def lines(self) -> list[str]:
        """One line for each kind, none for a record without doubts."""
        told = []
        if self.hidden:
            told.append(f"{self.hidden} objects lie under delete markers; their calls are counted")
        if self.changed:
            told.append(f"{len(self.changed)} objects are not what their keys say, and left out: {self.changed[0]}")
        if self.unreadable:
            told.append(f"{self.unreadable} lines are no calls: see {PREFIX}/{UNREADABLE}/")
        return told


class Record:
    """The record in a bucket. `doubts` fills up while it is read; `progress` hears one line for each day."""

    def __init__(self, client: S3Client, bucket: str, progress: Callable[[str], None] = lambda _: None) -> None:
        """Ask nothing yet."""
        self._client, self._bucket, self._progress = client, bucket, progress
        self.doubts = Doubts()

    def calls(self, period: Period, tenant: str | None = None) -> Iterator[Call]:
        """Each call of the period once, day by day and by its time of start; raise StoreError.

        Refused calls of nobody's tenant are there where no `tenant` is asked for.
        """
        with self._told():
            tenants = [tenant] if tenant else self._tenants()
            for day in period.days():
                found: dict[tuple[str, str], Call] = {}
                for part in tenants:
                    for line in self._lines(f"{PREFIX}/{part}/{day}/"):
                        _keep(found, line)
                self._progress(f"{day}: {len(found)} calls")
                within = (call for (time, _), call in sorted(found.items()) if period.start <= time < period.end)
                yield from within
            if not tenant:
                for day in period.days():
                    self.doubts.unreadable += sum(1 for _ in self._lines(f"{PREFIX}/{UNREADABLE}/{day}/"))

    def contents(self, period: Period, tenant: str | None = None) -> Iterator[Call]:
        """Encrypted pieces of the calls of a period: they may be a day younger than their call; raise StoreError."""
        with self._told():
            for day in (*period.days(), period.day_after()):
                for part in [tenant] if tenant else self._tenants(CONTENTS):
                    yield from self._lines(f"{CONTENTS}/{part}/{day}/")

    def has_contents(self, period: Period, tenant: str | None = None) -> list[str]:
        """Tenants of whose calls in the period some contents are there; raise StoreError."""
        with self._told():
            days = list(period.days())
            tenants = [tenant] if tenant else self._tenants(CONTENTS)
            return [part for part in tenants if any(self._any(f"{CONTENTS}/{part}/{day}/") for day in days)]

    def _any(self, prefix: str) -> bool:
        """Whether some version is there, under a delete marker too: `contents` reads those."""
        pages = self._client.get_paginator("list_object_versions").paginate(Bucket=self._bucket, Prefix=prefix)
        return any(page.get("Versions") for page in pages)

    @contextmanager
    def _told(self) -> Iterator[None]:
        """What goes wrong in a store, in one sentence."""
        try:
            yield
        except ClientError as error:
            code = str(error.response.get("Error", {}).get("Code", "?"))
            raise StoreError(
                f"{error.operation_name} of {self._bucket}: {code}; check: the bucket and the key"
            ) from None
        except BotoCoreError as error:
            where = self._client.meta.endpoint_url
            raise StoreError(f"object store {where} out of reach ({type(error).__name__}); check: --endpoint") from None

    def _tenants(self, prefix: str = PREFIX) -> list[str]:
        pages = self._client.get_paginator("list_object_versions").paginate(
            Bucket=self._bucket, Prefix=f"{prefix}/", Delimiter="/"
        )
        found = {entry["Prefix"].split("/")[1] for page in pages for entry in page.get("CommonPrefixes", [])}
        return sorted(found - {UNREADABLE})

    def _lines(self, prefix: str) -> Iterator[Call]:
        for key, version in self._versions(prefix):
            body = self._client.get_object(Bucket=self._bucket, Key=key, **version)["Body"].read()
            if hashlib.sha256(body).hexdigest()[:_SUM_DIGITS] != key.removesuffix(".jsonl.gz")[-_SUM_DIGITS:]:
                self.doubts.changed.append(key)
                continue
            yield from self._parsed(key, body)

    def _parsed(self, key: str, body: bytes) -> Iterator[Call]:
        try:
            lines = [parse(text) for text in _unpacked(body).splitlines()]
        except (OSError, EOFError, ValueError, zlib.error):
            self.doubts.changed.append(key)
            return
        for line in lines:
            if isinstance(line, dict):
                yield line

    def _versions(self, prefix: str) -> Iterator[tuple[str, Any]]:
        """Every version of every object, those under a delete marker too."""
        markers: set[str] = set()
        found: list[tuple[str, Any]] = []
        for page in self._client.get_paginator("list_object_versions").paginate(Bucket=self._bucket, Prefix=prefix):
            markers |= {entry["Key"] for entry in page.get("DeleteMarkers", []) if entry.get("IsLatest")}
            for entry in page.get("Versions", []):
                has_version = entry.get("VersionId") not in (None, "null")
                found.append((entry["Key"], {"VersionId": entry["VersionId"]} if has_version else {}))
        self.doubts.hidden += len(markers & {key for key, _ in found})
        yield from found


def _unpacked(body: bytes) -> bytes:
    """The text of a piece; raise OSError, EOFError, and ValueError for more than a piece has."""
    with gzip.GzipFile(fileobj=io.BytesIO(body)) as packed:
        text = packed.read(_MOST_BYTES + 1)
    if len(text) > _MOST_BYTES:
        raise ValueError(f"more than {_MOST_BYTES} bytes")
    return text


def _keep(found: dict[tuple[str, str], Call], line: Call) -> None:
    """Of the lines of one call the one that covers the longest time."""
    key = (str(line.get("time")), str(line.get("requestId")))
    if key not in found or _duration(line) > _duration(found[key]):
        found[key] = line


def _duration(line: Call) -> float:
    value = line.get("durationMs")
    return float(value) if isinstance(value, int | float) else -1.0
