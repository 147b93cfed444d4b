"""`kitchen drift --stack`: bad input is told at once, and the two forms are told apart."""

from __future__ import annotations

from pathlib import Path

import pytest

from ops.__main__ import main


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
