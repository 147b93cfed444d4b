"""Archives in the layout of official releases, and files that name them with their sums."""

from __future__ import annotations

import hashlib
import io
import random
import tarfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

from tools.toolchain.families import FAMILIES
from tools.toolchain.official import this_platform

RECORD = {"repository": "example/sums", "path": "sums.txt", "commit": "0123456789abcdef0123456789abcdef01234567"}


def script(name: str, size: int = 0) -> bytes:
    """An executable that prints its name, filled up to a size with what does not compress."""
    head = b"#!/bin/sh\necho " + name.encode() + b"\nexit\n"
    return head + random.Random(name).randbytes(max(0, size - len(head)))  # noqa: S311 (the same bytes every time)


def archive(names: Mapping[str, bytes] | tuple[str, ...]) -> bytes:
    """A .tar.gz of files; names alone become small scripts."""
    files = names if isinstance(names, Mapping) else {name: script(name) for name in names}
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz") as tar:
        for name, content in files.items():
            member = tarfile.TarInfo(name)
            member.size = len(content)
            tar.addfile(member, io.BytesIO(content))
    return buffer.getvalue()


def entry(url: str, content: bytes, algorithm: str = "sha256", name: str = "") -> dict[str, Any]:
    """One file as both YAML files name it."""
    named = {"name": name} if name else {}
    return {"url": url, algorithm: hashlib.new(algorithm, content).hexdigest(), **named}


def write_sources(path: Path, **files: list[dict[str, Any]]) -> Path:
    """Write official sources: these families with files for this platform, all others are built."""
    content: dict[str, Any] = {name: {"built": "not in this test"} for name in FAMILIES}
    for key, entries in files.items():
        name = key.replace("_", "-")
        read = [{"read": [RECORD], **file} for file in entries]
        content[name] = {"version": FAMILIES[name].version, "files": {this_platform(): read}}
    path.write_text(yaml.safe_dump({"families": content}))
    return path
