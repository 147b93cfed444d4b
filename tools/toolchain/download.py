"""Downloads one file into the cache, goes on where an earlier try was cut off, and compares its sum."""

from __future__ import annotations

import fcntl
import hashlib
import http.client
import re
import threading
import time
import urllib.error
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tools.progress import elapsed_text
from tools.toolchain.cache import cache_root
from tools.toolchain.errors import Stopped, ToolchainError, UnavailableError
from tools.toolchain.files import RemoteFile
from tools.toolchain.reach import opener, reason_of, request

ATTEMPTS = 5
ATTEMPTS_WITHOUT_A_BYTE = 3
PAUSE_SECONDS = 1.0
STALL_SECONDS = 10.0
"""A server that sends nothing for so long is asked again, for what is lacking."""

_CHUNK = 256 * 1024
_MIB = 1024 * 1024
_AGAIN = {408, 425, 429, 500, 502, 503, 504}
_WEEK_SECONDS = 7 * 24 * 3600.0


class Meter:
    """How far one download is. One thread writes, another reads for the progress line."""

    def __init__(self) -> None:
        """Start at nothing."""
        self.have = 0
        self.total: int | None = None
        self._got = 0
        self._since = time.monotonic()

    def at(self, have: int, total: int | None) -> None:
        """An answer has begun: `have` bytes are here already, `total` is the size of the file if it is known."""
        self.have, self.total = have, total

    def more(self, size: int) -> None:
        """`size` more bytes are here."""
        self.have += size
        self._got += size

    def __str__(self) -> str:
        """Return such as `34 of 90 MB, about 12s left`."""
        if self.total is None:
            return f"{self.have // _MIB} MB"
        rate = self._got / max(time.monotonic() - self._since, 0.001)
        left = f", about {elapsed_text((self.total - self.have) / rate)} left" if self._got else ""
        return f"{self.have // _MIB} of {self.total // _MIB} MB{left}"


@contextmanager
def downloaded(file: RemoteFile, stop: threading.Event, meter: Meter | None = None) -> Iterator[Path]:
    """Yield the file once it is here whole and its sum is right; nobody else writes or removes it meanwhile.

    Raises UnavailableError if it cannot be had; a part is kept for the next run. Raises ToolchainError if it has
    another sum; then it is removed. Raises Stopped when `stop` is set.
    """
    folder = cache_root() / "toolchain" / "downloads"
    folder.mkdir(parents=True, exist_ok=True)
    whole = folder / f"{file.algorithm}-{file.digest[:40]}"
    with whole.with_suffix(".lock").open("w") as lock:
        while not _locked(lock.fileno()):
            if stop.wait(0.2):
                raise Stopped
        if not (whole.exists() and _sum(whole, file.algorithm) == file.digest):
            _fetch(file, whole, stop, meter or Meter())
        yield whole


def _locked(handle: int) -> bool:
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _fetch(file: RemoteFile, whole: Path, stop: threading.Event, meter: Meter) -> None:
    part = whole.with_suffix(".part")
    resumed = part.exists()
    if not (resumed and _sum(part, file.algorithm) == file.digest):
        _complete(file, part, stop, meter)
    found = _sum(part, file.algorithm)
    if found != file.digest and resumed:
        part.unlink()  # the part was perhaps of another file, or cut at a wrong place
        _complete(file, part, stop, meter)
        found = _sum(part, file.algorithm)
    if found != file.digest:
        part.unlink()
        raise ToolchainError(
            f"{file.url} has {file.algorithm} {found}; rule: {file.said_by} says {file.digest}; nothing was installed"
        )
    part.replace(whole)


def _complete(file: RemoteFile, part: Path, stop: threading.Event, meter: Meter) -> None:
    """Get what is lacking; a try that brings no byte more than all before it counts, and five of them are the end."""
    most = attempt = 0
    while attempt < (ATTEMPTS if most else ATTEMPTS_WITHOUT_A_BYTE):
        try:
            if _try(file, part, stop, meter):
                return
            why = f"it was cut off after {_size(part)} bytes"
        except urllib.error.HTTPError as error:
            why = f"HTTP {error.code} {error.reason}"
            if error.code not in _AGAIN:
                raise UnavailableError(f"{file.url} cannot be had: {why}") from error
        except (OSError, http.client.HTTPException) as error:
            why = reason_of(error)
        attempt = attempt + 1 if _size(part) <= most else 1
        most = max(most, _size(part))
        if stop.wait(PAUSE_SECONDS * attempt):
            raise Stopped
    here = _size(part)
    kept = f"; its first {here} bytes are kept, and the next run goes on from there" if here else ""
    raise UnavailableError(f"{file.url} cannot be had: {why}{kept}")


def _try(file: RemoteFile, part: Path, stop: threading.Event, meter: Meter) -> bool:
    """Ask once for what is lacking; False if the answer ended early."""
    start = _size(part)
    try:
        answer = opener().open(request(file.url, f"{start}-" if start else ""), timeout=STALL_SECONDS)
    except urllib.error.HTTPError as error:
        if error.code != http.client.REQUESTED_RANGE_NOT_SATISFIABLE:
            raise
        part.unlink()  # it is longer than the file, or all there is: the sum is asked again of a fresh one
        start, answer = 0, opener().open(request(file.url), timeout=STALL_SECONDS)
    with answer:
        if start and not _goes_on(answer, start):
            start = 0
        length = answer.headers.get("Content-Length")
        total = start + int(length) if length and length.isdigit() else None
        meter.at(start, total)
        with part.open("ab" if start else "wb") as out:
            while chunk := answer.read1(_CHUNK):
                out.write(chunk)
                meter.more(len(chunk))
                if stop.is_set():
                    raise Stopped
    return total is None or _size(part) >= total


def _size(part: Path) -> int:
    return part.stat().st_size if part.exists() else 0


def _goes_on(answer: http.client.HTTPResponse, start: int) -> bool:
    """Say if an answer begins at byte `start`; a server that knows no ranges sends the whole file."""
    found = re.match(r"bytes (\d+)-", answer.headers.get("Content-Range", ""))
    return answer.status == http.client.PARTIAL_CONTENT and found is not None and int(found[1]) == start


def _sum(path: Path, algorithm: str) -> str:
    with path.open("rb") as content:
        return hashlib.file_digest(content, algorithm).hexdigest()


def clear(files: Iterator[RemoteFile]) -> None:
    """Remove these files, which are unpacked, and parts that nobody has come back for within a week."""
    folder = cache_root() / "toolchain" / "downloads"
    for file in files:
        (folder / f"{file.algorithm}-{file.digest[:40]}").unlink(missing_ok=True)
    for part in folder.glob("*.part"):
        if time.time() - part.stat().st_mtime > _WEEK_SECONDS:
            part.unlink(missing_ok=True)
