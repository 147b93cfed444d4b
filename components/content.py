"""Sums over what is declared: they change when the content does, and only then."""

from __future__ import annotations

import hashlib
import json


def sha256_of(value: object) -> str:
    """The sha256 sum (64 hexadecimal digits) of plain data, whatever the order of its keys."""
    return hashlib.sha256(json.dumps(value, sort_keys=True).encode()).hexdigest()
