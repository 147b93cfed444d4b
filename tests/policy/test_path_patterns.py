"""Beginnings of expressions for paths: what an expression matches begins with one, or it is not understood."""

from __future__ import annotations

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from policies.manifests.path_patterns import PART, beginnings

PIECES = st.sampled_from(
    [
        *(
            "/v1",
            "/chat",
            "/completions",
            "x",
            "-",
            "_",
            r"\.",
            r"\-",
            ".*",
            "(.*)",
            "(/|$)",
            "$",
            "^",
            "|",
            ".",
            "?",
            "*",
            "+",
        ),
        *(
            "(a|b)",
            "(?:a|/b)?",
            "(/chat)?",
            "[a-z]+",
            "[^/]+",
            "[a-z/]+",
            "[!-~]+",
            r"\w+",
            "[[:alpha:]]",
            "{2}",
            "(",
            ")",
        ),
        *("(?i)", "(?!x)", "[^a]", "[0-9]{1,3}", "[a-z]*?", r"[\w-]+", "a?", "/"),
    ]
)
EXPRESSIONS = st.lists(PIECES, min_size=1, max_size=7).map("".join)


def begins(text: str, found: tuple[str, ...]) -> bool:
    """Whether a text begins with one of the beginnings, where a part is any text without `/`, a point any sign."""
    forms = ("[^/]*".join(map(re.escape, beginning.split(PART))) for beginning in found)
    return any(re.match(form.replace(r"\.", "."), text) for form in forms)


@settings(max_examples=1500, deadline=None)
@given(EXPRESSIONS, st.data())
def test_what_matches_begins_as_it_is_said(expression: str, data: st.DataObject) -> None:
    found = beginnings(expression)
    if found is None:
        return
    text = data.draw(st.from_regex(re.compile(f"(?:{expression.removeprefix('^')})")))
    match = re.match(f"(?:{expression.removeprefix('^')})", text)
    assert match is None or begins(text, found)


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("/v1/(chat/)?completions$", ("/v1/chat/completions", "/v1/completions")),
        ("^/v1/completions(/|$)(.*)", ("/v1/completions", "/v1/completions/")),
        ("/v2/models/[^/]+/(infer|ready)", ("/v2/models/{}/infer", "/v2/models/{}/ready")),
        ("/v1/models.*", ("/v1/models",)),
        ("/api(/.*)?", ("/api", "/api/")),
        ("/a|/b", ("/a", "/b")),
        (r"/v1\.1/x-y", ("/v1.1/x-y",)),
    ],
)
def test_the_beginnings_of_an_expression(expression: str, expected: tuple[str, ...]) -> None:
    assert beginnings(expression) == expected


@pytest.mark.parametrize(
    "expression",
    [
        *(
            "/[a-z/]+",
            "/[!-~]+",
            "/[+-9]",
            "/[^a]+",
            "/v1/[[:alpha:]_]+",
            "/(?i)x",
            "/(?!x).*",
            "/a{2}",
            "/(a|b)*",
            "/a+",
        ),
        *("/(", "/)", "/[", "/a$b", r"/\w+", r"/\d", "/[a-z]+?", "/a**", "/(a|b|c|d)(a|b|c|d)(a|b|c|d)(a|b|c|d)"),
    ],
)
def test_what_is_read_otherwise_elsewhere_is_not_understood(expression: str) -> None:
    assert beginnings(expression) is None
