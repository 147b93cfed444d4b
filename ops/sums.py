"""The sum of a file, as catalog entries and signatures state it."""

from __future__ import annotations

import hashlib
from pathlib import Path


def sha256(path: Path) -> str:
    """The sum of a file, 64 lower-case hexadecimal digits; raise OSError when it cannot be read."""
    with path.open("rb") as content:
        return hashlib.file_digest(content, "sha256").hexdigest()
