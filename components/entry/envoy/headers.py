"""Headers: those of a caller that go any further, and an expression for all others."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator

KEPT = (
    "accept",
    "authorization",
    "content-encoding",
    "content-length",
    "content-type",
    "x-forwarded-proto",
    "x-request-id",
)
"""What a caller's request keeps: Envoy itself writes the last two, and `authorization` goes at the route.

All else goes: what the entry writes itself, what steers Envoy's router (`x-envoy-*`) or the server
(`x-data-parallel-rank`, `endpoint-load-metrics-format`), addresses that a caller may invent, cookies, and
`accept-encoding`, because the tokens of a compressed answer could not be read.
"""


def others(kept: Collection[str] = KEPT) -> str:
    """A regular expression that matches each header's name but these; names of HTTP/2's own begin with a colon."""
    return "|".join(_others(frozenset(kept), first=True))


def _others(rests: frozenset[str], *, first: bool = False) -> Iterator[str]:
    """Expressions for what none of the rests is: it ends before, goes on after, or differs at the next letter."""
    letters = sorted({rest[0] for rest in rests if rest})
    if "" not in rests and not first:
        yield ""
    excluded = "".join(re.escape(letter) for letter in letters) + (":" if first else "")
    yield f"[^{excluded}].*" if excluded else ".+"
    for letter in letters:
        inner = "|".join(_others(frozenset(rest[1:] for rest in rests if rest[:1] == letter)))
        yield f"{re.escape(letter)}(?:{inner})"
