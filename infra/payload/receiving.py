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
from typing import Any, BinaryIO

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


class Source:
    """Where a file comes from."""

    where = ""
    """As messages name it."""

    def open(self, offset: int) -> Any:
        """A stream with `read(count)` and `close()`, of the bytes from `offset` on."""
        raise NotImplementedError

    def broken(self, error: Exception) -> bool:
        """Whether an exception of `read` may end with the next stream."""
        raise NotImplementedError

    def fault(self, error: Exception) -> FetchError:
        """What an exception of `open` or `read` means."""
        raise NotImplementedError


def receive(source: Source, part: Path, size: int, watch: Sum, told: Callable[[int, bool], None] | None = None) -> str:
    """Continue or begin `part` (never over a link) until it has `size` bytes; return the sha256 sum of all of them.

    `told` hears of each piece how long it is, and whether it was read from the source.
    """
    tell = told or (lambda _count, _read: None)
    with os.fdopen(os.open(part, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW, 0o644), "r+b") as out:
        have = _beginning(out, size, watch)
        tell(have, False)
        _rest(source, out, (have, size), watch, tell)
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


def _beginning(out: BinaryIO, size: int, watch: Sum) -> int:
    """Hash what an interrupted run left; what is too long is thrown away."""
    watch.begin()
    if os.fstat(out.fileno()).st_size > size:
        out.truncate(0)
    have = 0
    for chunk in iter(lambda: out.read(MIB), b""):
        watch.update(chunk)
        have += len(chunk)
    return have


def _rest(source: Source, out: BinaryIO, span: tuple[int, int], watch: Sum, tell: Callable[[int, bool], None]) -> None:
    (have, size), failures = span, 0
    while have < size:
        before = have
        cut = None
        with closing(_opened(source, have)) as stream, _Behind(watch) as behind:
            while (chunk := _read(stream)) and isinstance(chunk, bytes):
                have += len(chunk)
                if have > size:
                    raise FetchError(f"{source.where}: more than {size} bytes; expected {size} bytes", why=SUM)
                behind.update(chunk)
                out.write(chunk)
                tell(len(chunk), True)
            cut = chunk if isinstance(chunk, Exception) else None
        if cut is None and have < size:
            raise FetchError(f"{source.where}: {have} bytes; expected {size} bytes", why=SUM)
        failures = 0 if have > before else failures + 1
        if cut is not None and (failures >= ATTEMPTS or not source.broken(cut)):
            raise source.fault(cut) from None


def _opened(source: Source, offset: int) -> Any:
    try:
        return source.open(offset)
    except Exception as error:  # noqa: BLE001 - as in _read
        raise source.fault(error) from None


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
