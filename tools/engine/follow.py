"""Reads an engine's event log while the engine writes it."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

OPTION = "--event-log"
SWITCH = {"PULUMI_DEBUG_COMMANDS": "true"}
"""Environment of an engine that knows the option: it is one of those that the help does not show."""

_POLL_SECONDS = 0.1


@contextmanager
def following(path: Path, take: Callable[[dict[str, Any]], None]) -> Iterator[None]:
    """Give each event of the log to `take`, in order, while the block runs; all are given when it has ended.

    The log holds properties of resources, secrets hidden, and is removed at the end. A last line that was cut by a
    killed engine is left out.
    """
    path.unlink(missing_ok=True)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.touch(0o600)
    ended = threading.Event()
    thread = threading.Thread(target=_read, args=(path, take, ended), daemon=True)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join()
        path.unlink(missing_ok=True)


def _read(path: Path, take: Callable[[dict[str, Any]], None], ended: threading.Event) -> None:
    rest = b""
    with path.open("rb") as source:
        while True:
            last = ended.is_set()
            if path.stat().st_size < source.tell():  # an update that previews first begins its log anew
                source.seek(0)
                rest = b""
            rest += source.read()
            *lines, rest = rest.split(b"\n")
            for line in lines:
                if line.strip():
                    take(json.loads(line))
            if last:
                return
            ended.wait(_POLL_SECONDS)
