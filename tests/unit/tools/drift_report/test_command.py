"""`kitchen drift --stack`: bad input is told at once, and the two forms are told apart."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from ops.__main__ import main
from tests.support.forge_server import ForgeServer
from tools.drift_report import command
from tools.drift_report.findings import Finding, Look, Place, What


@pytest.fixture(autouse=True)
def nowhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("PULUMI_BACKEND_URL", raising=False)
    monkeypatch.setenv("KITCHEN_DIRECTORY", str(tmp_path))


@pytest.mark.parametrize(
    ("words", "paths"),
    [
        ([], ["FILE", "--environment"]),
        (["--environment", "dev"], ["FILE"]),
        (["--stack", "dev", "--environment", "dev", "-"], ["FILE", "--environment"]),
        (["--json", "--environment", "dev", "-"], ["--json"]),
        (["--stack", "nope", "--skip", "secret"], ["--skip", "--stack"]),
        (["--stack", "../dev"], ["--stack"]),
        (["--stack", "dev"], ["--stack"]),
        (["--stack", "prod"], ["--stack"]),
        (["--stack", "prod", "--reviewed", "/dev/null"], ["--reviewed", "--stack"]),
        (["--reviewed", "a.json", "--environment", "dev", "-"], ["--reviewed"]),
    ],
)
def test_bad_input_is_a_fault_each(words: list[str], paths: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["drift", *words]) == 2
    said = capsys.readouterr()
    assert said.out == ""
    told = [line.split(":")[0].strip() for line in said.err.splitlines()[1:]]
    assert sorted(told) == sorted(paths), said.err
    assert "Traceback" not in said.err


def test_a_damaged_state_is_one_line_and_not_no_drift(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    state = tmp_path / "local" / "state" / ".pulumi" / "stacks" / "kitchen" / "dev.json"
    state.parent.mkdir(parents=True)
    state.write_text('{"version": 3, "checkpoint')
    status = main(["drift", "--stack", "dev"])
    said = capsys.readouterr()
    assert status == 4, said.err
    assert said.err.startswith("drift: ") and "Traceback" not in said.err


def seen(*findings: Finding, unread: tuple[str, ...] = ()) -> Look:
    return Look(
        stack="dev",
        environment="dev",
        against="the state",
        findings=findings,
        known=Counter(),
        unread=unread,
        seconds=1.0,
    )


BY_HAND = Finding(
    place=Place.CLUSTER, what=What.CHANGED, kind="ConfigMap", namespace="a", name="b```@everyone", way="make deploy"
)


@pytest.mark.parametrize(
    ("look", "status", "said"),
    [
        (seen(BY_HAND), 1, "issue 1 opened"),
        (seen(), 0, "no drift, and no issue is open"),
        (seen(unread=("the store",)), 4, "no drift in what could be looked at, and no issue is open"),
    ],
)
def test_drift_is_told_at_a_forge(
    look: Look, status: int, said: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(command, "look", lambda options: look)
    with ForgeServer(kind="gitea") as server:
        for name, value in server.variables().items():
            monkeypatch.setenv(name, value)
        assert main(["drift", "--stack", "dev", "--tell"]) == status
        assert f"dev: {said}" in capsys.readouterr().err
        if look.findings:
            (issue,) = server.issues
            assert "\n````text\nPLACE" in issue["body"], "no word of a cluster ends the fence"
            assert main(["drift", "--stack", "dev", "--tell"]) == status
            assert "issue 1 is up to date" in capsys.readouterr().err
        server.hook = lambda *_: (500, {}, {"Retry-After": "3600"})
        assert main(["drift", "--stack", "dev", "--tell"]) == (status or 4)
        assert "drift: not told: gitea: " in capsys.readouterr().err


def test_telling_belongs_to_a_look(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["drift", "--tell", "--environment", "dev", "-"]) == 2
    assert "--tell" in capsys.readouterr().err
