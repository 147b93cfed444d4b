"""How `kitchen plan` ends."""

from __future__ import annotations

import argparse

import pytest

from infra.faults import Fault, FaultsError
from ops.plan.report import DENIED, FAILED, NEEDS_APPROVAL, SAFE
from tests.support.plan_reports import quiet, report, whole
from tools.plan import command


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
