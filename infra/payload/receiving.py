"""One file onto a volume, continued where it was cut off: within a run, and after the pod was killed.

The sum is made of every byte, of those that were there before too; whoever calls compares it. Reading, writing and the
sum go on beside each other, with three MiB in memory. On Python 3.9+ and nothing else.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple

from .local_files import MIB, Sum, discard

WRONG_CONTENT, BAD_INPUT, NO_STORE = 1, 2, 3
ATTEMPTS = 5
"""Times that a stream may break without a byte more than at the last time."""

SUM, SIGNATURE, VALUES, MISSING, OTHER = "sum", "signature", "values", "missing", "other"
"""Why content is refused, in one word of these: for metrics, whose labels are bounded."""

_SUMS = ThreadPoolExecutor(8)


class FetchError(Exception):
    """What is wrong, the exit code that it asks for, and why in one word."""

    def __init__(self, message: str, code: int = WRONG_CONTENT, why: str = OTHER) -> None:
        """Keep the message for the report."""
        super().__init__(message)
        self.code, self.why = code, why


class Opened(NamedTuple):
    """What a source gives: bytes from `start` on of a file of `size` bytes, which is None where nobody says."""

    stream: Any
    """With `read(count)` and `close()`."""

    start: int
    size: int | None


class Source:
    """Where a file comes from."""

    where = ""
    """As messages name it."""

    def open(self, offset: int) -> Opened:
        """The bytes from `offset` on, or where the source knows no offsets from the file's first byte on."""
        raise NotImplementedError

    def broken(self, error: Exception) -> bool:
        """Whether an exception of `read` may end with the next stream."""
        raise NotImplementedError

    def fault(self, error: Exception) -> FetchError:
        """What an exception of `open` or `read` means."""
        raise NotImplementedError


def receive(source: Source, part: Path, size: int, watch: Sum, told: Callable[[int, bool], None] | None = None) -> str:
    """Continue or begin `part` (never over a link) until it has `size` bytes; return the sha256 sum of all of them.

    `told` hears of each piece how long it is, and whether it was read from the source; of what is thrown away again it
    hears a negative number.
    """
    with os.fdopen(os.open(part, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW, 0o644), "r+b") as out:
        _Receiver(source, out, size, watch, told or (lambda _count, _read: None)).run()
        out.flush()
        os.fsync(out.fileno())
    return watch.sha256()


def received(
    source: Source, part: Path, file: dict[str, Any], watch: Sum, told: Callable[[int, bool], None] | None = None
) -> None:
    """Bring `part` to the file's size and sum; raise FetchError. A wrong part is gone afterwards."""
    if part.is_symlink() or part.is_dir():
        discard(part)
    for resumed in (part.exists(), False):
        actual = receive(source, part, file["sizeBytes"], watch, told)
        if actual == file["sha256"]:
            return
        discard(part)
        if not resumed:  # else the beginning may have been another file's
            raise FetchError(f"{source.where}: sha256 {actual}; expected {file['sha256']}", why=SUM)


class _Receiver:
    """One file on its way."""

    def __init__(self, source: Source, out: BinaryIO, size: int, watch: Sum, tell: Callable[[int, bool], None]) -> None:
        self._source, self._out, self._size, self._watch, self._tell = source, out, size, watch, tell
        self._have = 0

    def run(self) -> None:
        """What is there, and then what is not; raise FetchError."""
        self._begin()
        failures, furthest = 0, self._have
        while self._have < self._size:
            given = _opened(self._source, self._have, self._size)
            with closing(given.stream):
                if given.start < self._have:  # the source knows no offsets: all of it comes again
                    self._tell(-self._have, False)
                    self._empty()
                cut = self._take(given.stream)
            failures = 0 if self._have > furthest else failures + 1
            furthest = max(furthest, self._have)
            fault = _ended(self._source, cut, failures, (self._have, self._size)) if self._have < self._size else None
            if fault is not None:
                raise fault from None

    def _begin(self) -> None:
        """Hash what an interrupted run left; what is too long is thrown away."""
        self._watch.begin()
        if os.fstat(self._out.fileno()).st_size > self._size:
            self._out.truncate(0)
        for chunk in iter(lambda: self._out.read(MIB), b""):
            self._watch.update(chunk)
            self._have += len(chunk)
        self._tell(self._have, False)

    def _empty(self) -> None:
        self._out.seek(0)
        self._out.truncate()
        self._watch.begin()
        self._have = 0

    def _take(self, stream: Any) -> Exception | None:
        """All that a stream gives; what broke it."""
        with _Behind(self._watch) as behind:
            while (chunk := _read(stream)) and isinstance(chunk, bytes):
                self._have += len(chunk)
                if self._have > self._size:
                    where, size = self._source.where, self._size
                    raise FetchError(f"{where}: more than {size} bytes; expected {size} bytes", why=SUM)
                behind.update(chunk)
                self._out.write(chunk)
                self._tell(len(chunk), True)
        return chunk if isinstance(chunk, Exception) else None


def _ended(source: Source, cut: Exception | None, failures: int, span: tuple[int, int]) -> FetchError | None:
    """Why no further stream is asked for; None as long as streams bring more, or may do so."""
    if cut is None:  # a source may give less than it was asked for, as long as it is something
        return FetchError(f"{source.where}: {span[0]} bytes; expected {span[1]} bytes", why=SUM) if failures else None
    return source.fault(cut) if failures >= ATTEMPTS or not source.broken(cut) else None


def _opened(source: Source, offset: int, size: int) -> Opened:
    """What comes from an offset; raise FetchError before anything of another file, or of no file, is taken for it."""
    try:
        given = source.open(offset)
    except Exception as error:  # noqa: BLE001 - as in _read
        raise source.fault(error) from None
    fault = None
    if given.size not in (None, size):
        fault = FetchError(f"{source.where}: {given.size} bytes; expected {size} bytes", why=SUM)
    elif given.start != offset and (given.start or given.size is None):
        fault = FetchError(
            f"{source.where}: asked from byte {offset} on, it gives bytes from {given.start} on", NO_STORE
        )
    if fault is not None:
        given.stream.close()
        raise fault
    return given


def _read(stream: Any) -> bytes | Exception:
    """The next piece, or why there is none: what cannot be written is another matter."""
    try:
        return bytes(stream.read(MIB))
    except Exception as error:  # noqa: BLE001 - whatever the source's library raises is the source's to judge
        return error


class _Behind:
    """Makes the sum of a piece while the next one is read: hashlib gives up Python's lock for it."""

    def __init__(self, watch: Sum) -> None:
        self._watch = watch
        self._last: Future[None] | None = None

    def __enter__(self) -> _Behind:
        return self

    def __exit__(self, *_: object) -> None:
        if self._last is not None:
            self._last.result()

    def update(self, piece: bytes) -> None:
        if self._last is not None:
            self._last.result()
        self._last = _SUMS.submit(self._watch.update, piece)
