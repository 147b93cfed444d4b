"""Sums of many files at once: hashing releases the interpreter, so threads use every core."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial

from ops.bundle.entry import Entry, content
from ops.bundle.progress import Progress

THREADS = min(8, os.cpu_count() or 1)


def sums(entries: Iterable[Entry], progress: Progress) -> Iterator[tuple[Entry, str | OSError]]:
    """Yield each entry with its sha256 sum, or with what kept it from being read, in order."""
    with ThreadPoolExecutor(THREADS) as pool:
        try:
            # Largest first, so that one of them does not run alone at the end.
            yield from pool.map(partial(_sum, progress=progress), sorted(entries, key=lambda entry: -entry.size))
        except BaseException:
            progress.stop()
            pool.shutdown(cancel_futures=True)
            raise


def _sum(entry: Entry, progress: Progress) -> tuple[Entry, str | OSError]:
    digest = hashlib.sha256()
    try:
        for chunk in content(entry):
            digest.update(chunk)
            progress.advance(len(chunk), entry.name)
    except OSError as error:
        return entry, error
    return entry, digest.hexdigest()
