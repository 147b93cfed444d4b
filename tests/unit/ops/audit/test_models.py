"""What a server says that it serves, asked of a real HTTP server."""

from __future__ import annotations

from pathlib import Path

import pytest

from infra.catalog import load_catalog
from infra.declared import DeclaredKitchen, declared
from infra.load import settings_from_file
from ops.audit.models import addresses, models_row, token
from ops.audit.verdicts import Finding, Verdict
from ops.models_options import TOKEN
from tests.unit.support.audited import Answer, as_declared, body, dripping, models, server
from tools.local.workspace import REPOSITORY

SERVED = ("tsuzumi-7b-instruct", "helpdesk-faq", "helpdesk-classifier")
CANARY = "canary-that-nobody-may-see"


@pytest.fixture(scope="module")
def support() -> DeclaredKitchen:
    return next(kitchen for kitchen in as_declared().kitchens if kitchen.name == "support")


def asked(kitchen: DeclaredKitchen, answer: Answer, seconds: float = 5.0) -> Finding:
    with server(answer) as (address, heard):
        found, faults = addresses([f"support={address}/v1"], ["support"])
        assert faults == []
        finding = models_row(kitchen, found["support"], CANARY, seconds).finding
    assert [request["path"] for request in heard] == ["/v1/models"]
    assert [request["Authorization"] for request in heard] == [f"Bearer {CANARY}"]
    assert CANARY not in finding.found + finding.why
    return finding


@pytest.mark.parametrize(
    ("answer", "verdict", "part"),
    [
        (models(*SERVED), Verdict.PROVEN, "helpdesk-faq"),
        (models(*SERVED[:2]), Verdict.DIFFERS, "without helpdesk-classifier"),
        (models(*SERVED, "mine\x1b[2J"), Verdict.DIFFERS, "with mine\\x1b[2J, not declared"),
        (body(b"no", 401), Verdict.NOT_PROVEN, "status 401"),
        (body(b"<html>"), Verdict.NOT_PROVEN, "no list of models"),
        (body(b'{"data": [{"id": 1}]}'), Verdict.NOT_PROVEN, "no list of models"),
        (body(b'{"data": 1}'), Verdict.NOT_PROVEN, "no list of models"),
        (body(b"x" * (1024 * 1024 + 2)), Verdict.NOT_PROVEN, "more than 1048576 bytes"),
    ],
)
def test_answers(support: DeclaredKitchen, answer: Answer, verdict: Verdict, part: str) -> None:
    finding = asked(support, answer)
    assert finding.verdict is verdict
    assert part in finding.found + finding.why


def test_behind_an_entry_a_base_model_is_told_by_two_names() -> None:
    catalog = load_catalog()
    settings = settings_from_file(REPOSITORY / "Pulumi.prod.yaml", catalog)
    (kitchen,) = [one for one in declared(settings, catalog).kitchens if one.name == "support"]
    both = ("tsuzumi-7b-instruct", "support", *SERVED[1:])
    assert asked(kitchen, models(*both)).verdict is Verdict.PROVEN
    assert asked(kitchen, models(*SERVED)).found == "without support"


def test_a_slow_answer_ends(support: DeclaredKitchen) -> None:
    finding = asked(support, dripping, seconds=0.3)
    assert finding.why.endswith("no whole answer in 0.3 s")


def test_a_redirect_is_not_followed_and_the_token_stays(support: DeclaredKitchen) -> None:
    with server(models(*SERVED)) as (other, heard):
        finding = asked(support, body(b"", 307, Location=f"{other}/v1/models"))
    assert heard == []
    assert "status 307, a redirect, which is not followed" in finding.why


def test_a_server_that_is_not_there_and_one_that_was_not_asked(support: DeclaredKitchen) -> None:
    with server(models()) as (address, _):
        pass
    assert models_row(support, f"{address}/v1/models", "").finding.why.startswith(
        f"out of reach: {address}/v1/models: "
    )
    assert models_row(support, None, "").finding.why == "not asked: --models"


@pytest.mark.parametrize("end", ["", "/", "/v1", "/v1/", "/v1/models"])
def test_an_address_may_end_in_any_of_these_ways(end: str) -> None:
    assert addresses([f"a=https://x.example{end}"], ["a"]) == ({"a": "https://x.example/v1/models"}, [])


@pytest.mark.parametrize(
    "option",
    ["a", "a=", "a=x.example", "a=file:///etc/passwd", "a=http://u@x", "a=http://x?y", "a=http://x:0", "b=http://x"],
)
def test_addresses_that_are_none(option: str) -> None:
    found, faults = addresses([option], ["a"])
    assert (found, len(faults)) == ({}, 1)
    assert len(addresses(["a=http://x", "a=http://y"], ["a"])[1]) == 1


def test_the_token_comes_from_file_or_environment(tmp_path: Path) -> None:
    path = tmp_path / "token"
    path.write_text(f"{CANARY}\n")
    assert token(path, {TOKEN: "other"}) == (CANARY, [])
    assert token(None, {TOKEN: "other"}) == ("other", [])
    assert token(None, {}) == ("", [])
    path.write_text(f"{CANARY}\nX-Evil: 1")
    bearer, faults = token(path, {})
    assert bearer == ""
    assert CANARY not in str(faults[0])
