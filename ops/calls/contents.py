"""Encrypted prompts and answers beside the record of calls: that they are there, and as files for whoever has the key.

Nothing is decrypted here: the private key is the tenant's, and no command of the platform takes it.
"""

from __future__ import annotations

import base64
import binascii
import os
import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from infra.faults import Fault, FaultsError

PREFIX = "contents"
_ID = re.compile(r"[A-Za-z0-9-]{1,64}")
_PARTS = ("prompt", "answer")


@dataclass
class Written:
    """What was written: files, calls that they are of, and the certificates (sha256) that they are encrypted to."""

    files: int = 0
    calls: set[str] = field(default_factory=set)
    keys: set[str] = field(default_factory=set)
    cut: set[str] = field(default_factory=set)

    def lines(self, folder: Path) -> Iterator[str]:
        """What to tell a person."""
        yield f"contents of {len(self.calls)} calls: {self.files} encrypted files in {folder}"
        if self.keys:
            yield f"encrypted to the certificates with sha256 {', '.join(sorted(self.keys))}"
            yield "who has the private key reads one by: openssl cms -decrypt -inform DER -inkey TENANT.key -in FILE"
        if self.cut:
            yield f"of {len(self.cut)} calls the answer is not whole: its stream was cut, or too long to be recorded"


def folder_for(path: Path) -> Path:
    """A folder that is empty or is made; raise FaultsError where something lies there already."""
    if path.exists() and (not path.is_dir() or any(path.iterdir())):
        rule = "must be a folder that is empty or not there: nothing is written over"
        raise FaultsError("calls", [Fault(path="--contents", value=str(path), rule=rule, example="--contents reading")])
    path.mkdir(parents=True, exist_ok=True)
    return path


def write(lines: Iterator[Mapping[str, Any]], calls: Collection[str], folder: Path) -> Written:
    """Write the pieces of these calls (by request id) as `<request id>.<part>-<number>.cms`, DER of CMS."""
    written, whole = Written(), set()
    for line in lines:
        request, part, number = str(line.get("requestId")), line.get("part"), line.get("number")
        raw = _content(line)
        if request not in calls or not _ID.fullmatch(request) or part not in _PARTS or raw is None:
            continue
        if not isinstance(number, int):
            continue
        path = folder / f"{request}.{part}-{number:04d}.cms"
        if not path.exists():  # shipped twice, it is there once
            handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            with os.fdopen(handle, "wb") as file:
                file.write(raw)
            written.files += 1
        written.calls.add(request)
        written.keys.add(str(line.get("key")))
        if part == "answer" and line.get("last") is True:
            whole.add(request)
    written.cut = written.calls - whole
    return written


def _content(line: Mapping[str, Any]) -> bytes | None:
    try:
        return base64.b64decode(str(line.get("cms")), validate=True)
    except binascii.Error:
        return None
