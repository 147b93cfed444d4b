"""The files of the record of calls: taken over from Envoy one after the other, and read into batches.

Runs beside Envoy in the entry's pod, on Python 3.9+. Envoy appends to one file. That file is renamed, and Envoy asked
to open a new one; once the new one is there, Envoy has closed the old one, and it is complete. Nothing is deleted
before somebody says that its lines are elsewhere.
"""

from __future__ import annotations

import gzip
import hashlib
import http.client
import json
import re
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

LIVE = "calls.jsonl"
"""The file that Envoy writes."""

BEGINS = '{"adapter":'
"""How each line begins: Envoy sorts the keys. In a text of a line it cannot stand, because quotes are escaped."""

NO_TENANT, UNREADABLE = "_none", "_unreadable"
"""Parts of the record without a tenant: calls that nobody had a right to, and what is no line of JSON."""

_TENANT = re.compile(r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?")
_DAY = re.compile(r"(\d{4})-(\d{2})-(\d{2})T")
_ADMIN_SECONDS = 5
_REOPEN_SECONDS = 5


@dataclass(frozen=True)
class Batch:
    """Lines of one tenant and day out of one file. `body` is gzip of JSON lines: the same lines are the same bytes."""

    tenant: str
    day: str
    lines: int
    body: bytes

    def key(self, prefix: str, source: str) -> str:
        """The object's key. It ends in a sum of the content: what is put a second time is the same object."""
        return f"{prefix}/{self.tenant}/{self.day}/{source}-{hashlib.sha256(self.body).hexdigest()[:16]}.jsonl.gz"


class CallFiles:
    """The folder in which Envoy writes; `admin_port` is that of Envoy's administration on the loopback."""

    def __init__(self, folder: Path, admin_port: int) -> None:
        """Look at nothing yet."""
        self._folder, self._admin_port = folder, admin_port
        self.live = folder / LIVE

    def taken(self) -> list[Path]:
        """Files that were taken over and are not deleted, the oldest first."""
        return sorted(self._folder.glob("taken-*.jsonl"))

    def waiting_bytes(self) -> int:
        """Bytes of everything that is not deleted."""
        return sum(_size(path) for path in [self.live, *self.taken()])

    def oldest_seconds(self, now: float) -> float:
        """Age of the oldest file that was taken over; 0 where there is none."""
        taken = self.taken()
        return max(0.0, now - int(taken[0].stem.rpartition("-")[2]) / 1e9) if taken else 0.0

    def take(self) -> bool:
        """Take the live file over if it has lines; return whether Envoy has answered where it was asked.

        Where Envoy does not open a new file, because it is away or this process was killed in between, the next call
        asks again.
        """
        if _size(self.live):
            self.live.rename(self._folder / f"taken-{time.time_ns():019d}.jsonl")
        if self.live.exists() or not self.taken():
            return True
        answered = self.reopen()
        deadline = time.monotonic() + _REOPEN_SECONDS
        while answered and not self.live.exists() and time.monotonic() < deadline:
            time.sleep(0.01)
        return answered

    def complete(self, *, ended: bool = False) -> list[Path]:
        """Files that nobody writes any more; `ended` says that Envoy has ended for good."""
        taken = self.taken()
        return taken if ended or self.live.exists() else taken[:-1]

    def reopen(self) -> bool:
        """Ask Envoy to open its files anew; return whether it has answered."""
        connection = http.client.HTTPConnection("127.0.0.1", self._admin_port, timeout=_ADMIN_SECONDS)
        try:
            connection.request("POST", "/reopen_logs")
            return connection.getresponse().status == 200
        except (OSError, http.client.HTTPException):
            return False
        finally:
            connection.close()

    @staticmethod
    def delete(path: Path, read_bytes: int) -> bool:
        """Delete a file whose lines are elsewhere; return False for one that has grown since it was read."""
        if _size(path) != read_bytes:
            return False
        path.unlink()
        return True


def batches(content: bytes, taken_at: str) -> list[Batch]:
    """The lines of a file by tenant and day, in their order; `taken_at` (2026-11-29) is the day of lines without one.

    A line that Envoy could not finish, because it was killed, may have the next one behind it: both are found again.
    What is no JSON is kept as a text in the part UNREADABLE.
    """
    found: dict[tuple[str, str], list[str]] = {}
    for raw in content.decode("utf-8", "backslashreplace").split("\n"):
        for text in _pieces(raw):
            line = _line(text)
            part = (UNREADABLE, taken_at) if line is None else _part(line, taken_at)
            found.setdefault(part, []).append(json.dumps({"unreadable": text}) if line is None else text)
    return [_batch(tenant, day, lines) for (tenant, day), lines in sorted(found.items())]


def _pieces(raw: str) -> list[str]:
    if not raw.strip():
        return []
    if _line(raw) is not None:
        return [raw]
    first, *others = raw.split(BEGINS)
    return [text for text in (first, *(BEGINS + other for other in others)) if text]


def _line(text: str) -> dict[str, Any] | None:
    try:
        value = json.loads(text)
    except ValueError:
        return None
    return value if isinstance(value, dict) else None


def _part(line: dict[str, Any], taken_at: str) -> tuple[str, str]:
    tenant, said = line.get("tenant"), _DAY.match(str(line.get("time")))
    known = isinstance(tenant, str) and _TENANT.fullmatch(tenant)
    return (str(tenant) if known else NO_TENANT, "-".join(said.groups()) if said else taken_at)


def _batch(tenant: str, day: str, lines: list[str]) -> Batch:
    body = gzip.compress("".join(f"{line}\n" for line in lines).encode(), 6, mtime=0)
    return Batch(tenant, day.replace("-", "/"), len(lines), body)


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except FileNotFoundError:
        return 0
