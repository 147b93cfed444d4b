"""The expression for headers that go no further, beside the list that it is made of."""

from __future__ import annotations

import itertools
import re

import pytest

from components.entry.envoy.headers import KEPT, others


@pytest.mark.parametrize("name", KEPT)
def test_what_is_kept_does_not_match(name: str) -> None:
    assert re.fullmatch(others(), name) is None


@pytest.mark.parametrize(
    "name",
    [
        *("x-kitchen-groups", "x-envoy-original-path", "x-data-parallel-rank", "cookie", "accept-encoding", "x", "a"),
        *(name[:-1] for name in KEPT),
        *(f"{name}-" for name in KEPT),
        *(f"x-{name}" for name in KEPT),
    ],
)
def test_all_else_matches(name: str) -> None:
    assert re.fullmatch(others(), name)


@pytest.mark.parametrize("name", [":path", ":method", ":authority", ":scheme"])
def test_what_http2_itself_has_does_not_match(name: str) -> None:
    assert re.fullmatch(others(), name) is None


def test_every_short_name_is_kept_or_matches() -> None:
    kept = ("at", "ate", "x-a", "t")
    expression = re.compile(others(kept))
    names = ("".join(letters) for size in range(1, 6) for letters in itertools.product("atex-", repeat=size))
    assert [name for name in names if (expression.fullmatch(name) is None) != (name in kept)] == []
