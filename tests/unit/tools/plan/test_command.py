"""How `kitchen plan` ends."""

from __future__ import annotations

import argparse
from pathlib import Path

import pytest

from infra.faults import Fault, FaultsError
from ops.plan.report import DENIED, FAILED, NEEDS_APPROVAL, SAFE, Report
from tests.support.plan_reports import quiet, report, whole
from tools.plan import command
from tools.plan.making import Asked


@pytest.mark.parametrize(("verdict", "status"), [(SAFE, 0), (NEEDS_APPROVAL, 0), (DENIED, 1), (FAILED, 1)])
def test_the_status_goes_by_the_verdict(verdict: str, status: int) -> None:
    assert command.status(report(whole(verdict=verdict), quiet())) == status
    assert command.status(report(quiet())) == 0


def test_settings_that_cannot_be_used_end_with_two(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object) -> None:
        raise FaultsError("settings", [Fault(path="a", value=1, rule="b", example="c")])

    monkeypatch.setattr(command, "facts", broken)
    assert command.status(report(whole(verdict=FAILED))) == 2
    assert command.status(report(whole(verdict=DENIED))) == 1


def test_stacks_that_are_none_are_told_at_once() -> None:
    parser = argparse.ArgumentParser()
    command.arguments(parser)
    with pytest.raises(FaultsError) as raised:
        command.run(parser.parse_args(["--stack", "dev", "--stack", "test", "--stack", "../x"]))
    assert [(fault.path, fault.value) for fault in raised.value.faults] == [("--stack", "../x"), ("--stack", "test")]
    assert "known: dev, prod; example: --stack dev" in str(raised.value)


def test_a_stack_that_the_base_alone_has_is_one(monkeypatch: pytest.MonkeyPatch) -> None:
    planned: list[str] = []

    class Base:
        def __init__(self, _: Path) -> None:
            pass

        def base(self, asked: str | None) -> str | None:
            return asked

        def stacks(self, commit: str) -> list[str]:
            return ["dev", "old"] if commit == "main" else []

    def report_of(stacks: list[str], asked: Asked) -> Report:
        planned.extend(stacks)
        assert not asked.every
        return report(quiet())

    monkeypatch.setattr(command, "Git", Base)
    monkeypatch.setattr(command, "ensure", lambda *_: None)
    monkeypatch.setattr(command, "report_of", report_of)
    parser = argparse.ArgumentParser()
    command.arguments(parser)
    command.run(parser.parse_args(["--stack", "old", "--base", "main"]))
    assert planned == ["old"]
    with pytest.raises(FaultsError, match=r"--stack.*known: dev, prod;"):
        command.run(parser.parse_args(["--stack", "old", "--base", "other"]))


@pytest.mark.parametrize("kind", ["file", "below a file"])
def test_a_folder_that_cannot_be_written_is_told_at_once(kind: str, tmp_path: Path) -> None:
    place = tmp_path / "a"
    place.write_text("x")
    parser = argparse.ArgumentParser()
    command.arguments(parser)
    folder = place if kind == "file" else place / "b"
    with pytest.raises(FaultsError, match=r"--out.*must be a folder that can be written to"):
        command.run(parser.parse_args(["--stack", "dev", "--out", str(folder)]))


def test_every_environment_with_a_settings_file_is_planned(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """One that is gone too, of those that the project always has."""
    for name in ("dev", "test"):
        (tmp_path / f"Pulumi.{name}.yaml").write_text("config: {}")
    planned: list[str] = []

    def report_of(stacks: list[str], asked: Asked) -> Report:
        planned.extend(stacks)
        assert asked.every
        return report(quiet())

    monkeypatch.setattr(command, "REPOSITORY", tmp_path)
    monkeypatch.setattr(command, "ensure", lambda *_: None)
    monkeypatch.setattr(command, "report_of", report_of)
    parser = argparse.ArgumentParser()
    command.arguments(parser)
    assert command.run(parser.parse_args([])) == 0
    assert planned == ["dev", "prod", "test"]
