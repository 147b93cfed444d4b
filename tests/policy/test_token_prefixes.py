"""Tokens are known by their beginning, from a list that says where each line comes from."""

from __future__ import annotations

import base64

import pytest

from policies.manifests.secret_looks import form_of
from policies.manifests.token_prefixes import BEGINNINGS

LINES = [(beginning, line.least) for line in BEGINNINGS for beginning in line.beginnings]
OTHERS = (
    *(
        "SK" + "0a1b2c3d" * 4,
        "0123456789ab" * 3 + "NRAL",
        "abc1Q~" + "a1B2c3D4" * 4,
        "123456789:AA" + "a1B2c3D4" * 4 + "x",
    ),
    "https://hooks.slack.com/services/" + "T0A1B2C3/B0A1B2C3/a1B2c3D4",
)
WORDS = (
    *("sk-this-is-no-key-but-words-in-a-row", "key-value-store-of-the-team-for-everything", "hvs.example.com"),
    *("sha256:" + "ab12" * 16, "dapi", "ico-small", "pul-request", "npm_config_registry", "glpat", "SG.example"),
    *(
        "v1.0-alpha",
        "v1.0-" + "0a1b" * 8,
        "atlasv1.",
        "xai-team",
        "r8_models",
        "api_org_name",
        "figd_",
        "s.example.com",
    ),
)


@pytest.mark.parametrize(("beginning", "least"), LINES, ids=[beginning for beginning, _ in LINES])
def test_a_token_is_found_by_its_beginning(beginning: str, least: int) -> None:
    token = beginning + ("a1B2c3D4e5" * (least // 10 + 1))[: least + 1]
    assert form_of(token) in ("an access token", "an AWS access key")
    assert form_of(f"one {token}\ntwo") is not None
    assert form_of(base64.b64encode(f"x {token} ".encode()).decode()) is not None
    assert form_of(beginning + "x" * 4) is None


@pytest.mark.parametrize("token", OTHERS)
def test_a_token_is_found_by_its_whole_form(token: str) -> None:
    assert form_of(f"x {token}") == "an access token"


@pytest.mark.parametrize("word", WORDS)
def test_a_word_is_no_token(word: str) -> None:
    assert form_of(word) is None


def test_each_line_says_where_it_comes_from() -> None:
    assert all(line.origin and line.least >= 10 for line in BEGINNINGS)
    assert len({beginning for beginning, _ in LINES}) == len(LINES)
    services = [line.service.lower() for line in BEGINNINGS]
    assert services == sorted(services)
