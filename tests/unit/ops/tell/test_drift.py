"""Drift as one issue: opened, kept up to date, closed; those of others are left alone."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import pytest

from ops.tell.drift import mark_of, tell_drift
from tests.support.forge_server import HEAD, OTHER, OWN, ForgeServer

HERE = f"<!-- {mark_of('dev')} -->\n"


@pytest.fixture(params=["github", "gitlab", "gitea"])
def server(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[ForgeServer]:
    with ForgeServer(kind=request.param) as made:
        for name, value in made.variables().items():
            monkeypatch.setenv(name, value)
        yield made


def tell(found: int, unseen: Sequence[str] = (), text: str = "| ConfigMap a/b | changed |") -> str:
    return tell_drift("dev", found, unseen, text)


def issues(server: ForgeServer) -> list[tuple[str, str, bool]]:
    return [
        (entry["title"], entry.get("body") or entry["description"], entry["state"] == "open")
        for entry in server.issues
        if OWN in str(entry)
    ]


def states(server: ForgeServer) -> list[str]:
    return [entry.get("status") or entry["state"] for entry in server.statuses]


def test_an_issue_is_opened_edited_and_closed(server: ForgeServer) -> None:
    assert tell(0) == "no drift, and no issue is open"
    assert tell(2) == "issue 1 opened"
    assert tell(1, text="other") == "issue 1 edited"
    assert issues(server) == [
        ("Drift in dev", f"{HERE}**1 object differs in dev** from what was delivered.\n\nother\n", True)
    ]
    assert tell(0, text="") == "issue 1 closed"
    assert issues(server) == [("Drift in dev", f"{HERE}**Nothing differs in dev** from what was delivered.\n", False)]
    assert tell(3) == "issue 2 opened"
    bad = "failed" if server.kind == "gitlab" else "failure"
    assert states(server) == ["success", bad, bad, "success", bad]
    assert {entry["sha"] for entry in server.statuses} == {HEAD}


def test_what_could_not_be_looked_at_calls_nobody_and_commands_nothing(server: ForgeServer) -> None:
    tell(1, ["/close", "@everyone", "x\n/close"])
    (told,) = issues(server)
    assert "@everyone" not in told[1]
    assert "\n/" not in told[1]
    assert "- \\/close\n" in told[1]


def test_what_could_not_be_looked_at_closes_nothing(server: ForgeServer) -> None:
    assert tell(0, ["the store"]) == "no drift in what could be looked at, and no issue is open"
    tell(2)
    assert tell(0, ["the store\nand \x1b[2J"]) == "issue 1 stays open: not everything could be looked at"
    assert tell(1, ["the store\n# x"]) == "issue 1 edited"
    (told,) = issues(server)
    assert "Not looked at:\n- the store\\\\n# x\n" in told[1]
    bad = "failed" if server.kind == "gitlab" else "failure"
    assert states(server) == [bad] * 4, "no state that GitLab would take for a job that still runs"


def test_an_issue_of_another_with_our_mark_is_left_alone(server: ForgeServer) -> None:
    server.add_issue(OTHER, "Drift in dev", f"{HERE}nothing to see")
    assert tell(1) == "issue 2 opened"
    assert tell(0) == "issue 2 closed"
    assert server.issues[0]["state"] == "open"


def test_of_two_of_ours_the_oldest_stays_and_another_environment_s_is_not_touched(server: ForgeServer) -> None:
    for number in range(25):
        server.add_issue(OTHER, f"other {number}", "text")
    for text in (HERE, HERE, f"<!-- {mark_of('prod')} -->\n"):
        server.add_issue(OWN, "Drift", text)
    assert tell(1) == "issue 26 edited"
    assert [entry["state"] for entry in server.issues[25:]] == ["open", "closed", "open"]


def test_without_a_token_nothing_is_told(server: ForgeServer, monkeypatch: Any) -> None:
    monkeypatch.delenv("KITCHEN_FORGE_TOKEN")
    for name in ("GITHUB_ACTIONS", "GITEA_ACTIONS", "GITLAB_CI"):
        monkeypatch.delenv(name, raising=False)
    assert tell(1).startswith("no token: ")
    assert server.asked == []
