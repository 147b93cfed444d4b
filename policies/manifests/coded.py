"""Texts in base64, as they stand in fields and files."""

from __future__ import annotations

import base64
import re

_SHORTEST = 40
"""Characters in base64; no shorter text names the version and kind of an object."""

_CODED = re.compile(r"[A-Za-z0-9+/_-]+={0,2}")


def in_base64(text: str) -> bytes | None:
    """The bytes of a text in base64, also in lines and of the form for addresses; None where it is none."""
    if len(text) < _SHORTEST or not _CODED.fullmatch("".join(text[:_SHORTEST].split())):
        return None
    joined = "".join(text.split())
    if not _CODED.fullmatch(joined):
        return None
    try:
        return base64.b64decode(joined.replace("-", "+").replace("_", "/") + "=" * (-len(joined) % 4), validate=True)
    except ValueError:
        return None
