"""A delivery's own token: got by a client's secret when the calls begin, and never shown."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from infra.catalog import load_catalog
from infra.faults import FaultsError
from infra.load import settings_from_file
from infra.settings import Settings
from tests.support.model_door import ModelDoor, right
from tests.support.token_issuer import SECRET, TokenIssuer
from tests.unit.support.entry import issuer as stated
from tests.unit.support.entry import with_entry
from tools.deliver import bearer as owner
from tools.deliver.bearer import CLIENT, ISSUER, SCOPE, bearer
from tools.deliver.bearer import SECRET as NAMED
from tools.deliver.calls import ANSWERED, NOT_CALLED, URL, WRONG, Called, acceptance, call
from tools.local.workspace import REPOSITORY

OPEN: dict[str, Any] = {
    name: {"access": [{"groups": ["ticket-bots"], "models": ["base", *adapters]}]}
    for name, adapters in (("support", ["helpdesk-faq", "helpdesk-classifier"]), ("summary", ["sales-summary"]))
}
"""Somebody may call every model."""
WHO = {CLIENT: "ticket-bot", NAMED: SECRET}


@pytest.fixture
def issuer() -> Iterator[TokenIssuer]:
    with TokenIssuer() as made:
        yield made


def settings(folder: Path, *addresses: str) -> Settings:
    issuers = [stated(name=f"i{number}", issuer=address) for number, address in enumerate(addresses)]
    path = folder / "Pulumi.test.yaml"
    data = with_entry(OPEN, issuers=issuers)
    path.write_text(yaml.safe_dump({"config": {f"kitchen:{key}": value for key, value in data.items()}}))
    return settings_from_file(path, load_catalog())


def dev() -> Settings:
    return settings_from_file(REPOSITORY / "Pulumi.dev.yaml", load_catalog())


def called(entry: ModelDoor, made: Settings, **variables: str) -> list[Called]:
    how = acceptance({URL: entry.url, **WHO, **variables})
    how.check(made)
    return call(made, load_catalog(), how, None)


def test_a_token_is_asked_for_when_the_calls_begin(entry: ModelDoor, issuer: TokenIssuer, tmp_path: Path) -> None:
    how = acceptance({URL: entry.url, **WHO})
    assert issuer.asked == [], "an update may take longer than a token lasts"
    found = call(settings(tmp_path, issuer.issuer), load_catalog(), how, None)
    assert found
    assert {one.outcome for one in found} == {ANSWERED}
    (given,) = issuer.given
    assert {said for _, _, said in entry.asked} == {f"Bearer {given}"}
    assert SECRET not in repr(how)
    assert given not in repr(found)


@pytest.mark.parametrize("gone", [300.0, 1.0])
def test_a_token_that_has_ended_meanwhile_is_asked_for_again_and_one_that_is_refused_is_not(
    gone: float, entry: ModelDoor, issuer: TokenIssuer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An entry says the same of both: all but the first call are made later, as after a wait for adapters."""
    now = [0.0]
    monkeypatch.setattr(owner.time, "monotonic", lambda: now[0])

    def answer(path: str, model: str) -> tuple[int, Any]:
        first, now[0] = not now[0], gone
        return right(path, model) if first or entry.asked[-1][2] != f"Bearer {issuer.given[0]}" else (401, b"")

    entry.answer = answer
    found = called(entry, settings(tmp_path, issuer.issuer))
    outcomes = {one.outcome for one in found}
    assert (len(issuer.given), outcomes) == ((2, {ANSWERED}) if gone == 300.0 else (1, {ANSWERED, NOT_CALLED}))


def test_an_issuers_word_names_the_variables(entry: ModelDoor, issuer: TokenIssuer, tmp_path: Path) -> None:
    issuer.polls = ["invalid_scope"]
    found = called(entry, settings(tmp_path, issuer.issuer))
    assert {one.outcome for one in found} == {WRONG}
    assert all(one.why.endswith(f"gives it not to this client: check {SCOPE}") for one in found)


def test_a_scope_is_asked_for_where_it_is_stated(entry: ModelDoor, issuer: TokenIssuer, tmp_path: Path) -> None:
    made = settings(tmp_path, issuer.issuer)
    called(entry, made)
    called(entry, made, **{SCOPE: "api://kitchen/.default"})
    assert [asked.form.get("scope") for asked in issuer.asked] == [None, "api://kitchen/.default"]


def test_a_token_is_taken_where_the_settings_have_no_entry_and_else_the_client_is_asked(
    entry: ModelDoor, issuer: TokenIssuer, tmp_path: Path
) -> None:
    for made, tokens in ((settings(tmp_path, issuer.issuer), issuer.given), (dev(), ["by-hand"])):
        entry.asked.clear()
        found = called(entry, made, KITCHEN_MODELS_TOKEN="by-hand")
        assert {one.outcome for one in found} == {ANSWERED}
        assert {said for _, _, said in entry.asked} == {f"Bearer {token}" for token in tokens}


@pytest.mark.parametrize(("changes", "why"), [
    ({NAMED: "wrong-canary"}, "invalid_client: the client or its secret is wrong"),
    ({CLIENT: "nobody-canary"}, "invalid_client: the client or its secret is wrong"),
])  # fmt: skip
def test_an_issuer_that_gives_none_fails_every_model(
    changes: dict[str, str], why: str, entry: ModelDoor, issuer: TokenIssuer, tmp_path: Path
) -> None:
    found = called(entry, settings(tmp_path, issuer.issuer), **changes)
    assert {one.outcome for one in found} == {WRONG}
    assert all(why in one.why for one in found)
    assert not [word for word in changes.values() if word in str(found)]
    assert entry.asked == []


def test_an_issuer_that_is_away_fails_every_model(entry: ModelDoor, tmp_path: Path) -> None:
    found = called(entry, settings(tmp_path, "http://127.0.0.1:1/realms/kitchen"))
    assert {one.outcome for one in found} == {WRONG}


def test_what_the_client_may_not_call_names_the_client(entry: ModelDoor, issuer: TokenIssuer, tmp_path: Path) -> None:
    entry.answer = lambda path, model: (403, b"") if model == "helpdesk-faq" else right(path, model)
    (found,) = [one for one in called(entry, settings(tmp_path, issuer.issuer)) if one.model == "helpdesk-faq"]
    assert (found.outcome, found.why) == (NOT_CALLED, f"status 403: the token of {CLIENT} may not call it")


@pytest.mark.parametrize(("said", "wrong"), [
    ({CLIENT: "ticket-bot"}, [NAMED]),
    ({NAMED: "canary-a"}, [CLIENT]),
    ({CLIENT: "ticket-bot", NAMED: "canary-a\ncanary-b"}, [NAMED]),
    ({CLIENT: "tïcket", NAMED: "x" * 4097}, [CLIENT, NAMED]),
    ({CLIENT: "ticket-bot", NAMED: "canary-a\n"}, []),
    ({CLIENT: "", NAMED: ""}, []),
    ({CLIENT: " ", NAMED: "  "}, [CLIENT, NAMED]),
    ({CLIENT: "ticket-bot", NAMED: "canary-a\r\n"}, [NAMED]),
    ({**WHO, SCOPE: "a\tb"}, [SCOPE]),
    ({**WHO, SCOPE: "api://kitchen/.default"}, []),
])  # fmt: skip
def test_faults_are_told_at_once_and_without_the_secret(said: dict[str, str], wrong: list[str]) -> None:
    _, faults = bearer("", said)
    assert [fault.path for fault in faults] == wrong
    assert "canary" not in str(FaultsError("deliver", faults)) if faults else True


def test_a_clients_name_may_stand_among_spaces() -> None:
    found, _ = bearer("", {CLIENT: " ticket-bot\n", NAMED: " canary-a "})
    assert found.client is not None
    assert (found.client.id, found.client.secret) == ("ticket-bot", " canary-a ")


def test_an_entry_without_a_token_and_a_client_is_refused_before_anything_is_done(entry: ModelDoor) -> None:
    with pytest.raises(FaultsError, match=f"or {CLIENT} and {NAMED}, must be set beside {URL}"):
        acceptance({URL: entry.url})


def test_which_issuer_is_looked_at_before_anything_is_done(
    entry: ModelDoor, tmp_path: Path, issuer: TokenIssuer
) -> None:
    several = settings(tmp_path, "https://one.example.com", issuer.issuer)
    with pytest.raises(FaultsError, match=f"{ISSUER}.*must be one of i0, i1"):
        called(entry, several)
    with pytest.raises(FaultsError, match="must be one of i0, i1"):
        called(entry, several, **{ISSUER: "i2"})
    assert entry.asked == []
    assert {one.outcome for one in called(entry, several, **{ISSUER: "i1"})} == {ANSWERED}


def test_without_an_entry_in_the_settings_nobody_gives_tokens(entry: ModelDoor) -> None:
    with pytest.raises(FaultsError, match="these settings have no entry"):
        called(entry, dev())
    acceptance(WHO).check(dev())  # without an address calls go by the API server, which asks for no token of ours
