"""The report's JSON: what fits is read as it was written, what does not is refused whole."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from infra.faults import FaultsError
from ops.plan.report import VERDICTS, Report, of, read
from tests.support.plan_reports import quiet, report, whole


def test_what_is_written_is_read_as_it_was(tmp_path: Path) -> None:
    file = tmp_path / "report.json"
    file.write_text(report().as_json())
    found = read(file)
    assert found.as_json() == report().as_json()
    assert found.environment("prod") is not None
    assert found.environment("test") is None


@pytest.mark.parametrize("verdict", VERDICTS)
def test_the_verdict_is_the_worst_of_all_environments(verdict: str) -> None:
    every = [whole(name=f"e{number}", verdict=one) for number, one in enumerate(VERDICTS)]
    known = every[: VERDICTS.index(verdict) + 1]
    assert report(*known).verdict == verdict
    assert report(*reversed(known)).verdict == verdict


def _changed(path: list[Any], value: Any) -> Any:
    content = json.loads(report().as_json())
    place = content
    for key in path[:-1]:
        place = place[key]
    place[path[-1]] = value
    return content


@pytest.mark.parametrize(
    ("path", "value", "named"),
    [
        (["version"], 2, "version"),
        (["commit"], "HEAD", "commit"),
        (["verdict"], "safe", "verdict"),
        (["environments"], [], "environments"),
        (["environments", 0, "digest"], "sha256:xyz", "digest"),
        (["environments", 0, "counts", "create"], -1, "counts.create"),
        (["environments", 0, "kitchens", 0, "pods"], "gone", "pods"),
        (["environments", 0, "unheard"], "of", "unheard"),
        (["environments", 0, "drift"], "much", "drift"),
        (["environments", 0, "next"], {"command": "x"}, "next.back"),
    ],
)
def test_what_does_not_fit_is_refused_with_its_path(path: list[Any], value: Any, named: str) -> None:
    with pytest.raises(FaultsError, match=named.replace(".", r"\.")):
        of(_changed(path, value))


def test_an_approved_verdict_cannot_hide_a_denied_environment() -> None:
    with pytest.raises(FaultsError, match="must be the worst verdict"):
        of({**json.loads(report().as_json()), "verdict": "no changes"})


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b"\xff", b'{"version": 1}', b'{"a": 1, "a": 2}'])
def test_a_file_that_is_no_report_is_one_message(tmp_path: Path, content: bytes) -> None:
    file = tmp_path / "report.json"
    file.write_bytes(content)
    with pytest.raises(FaultsError):
        read(file)


def test_a_file_that_is_not_there_is_one_message(tmp_path: Path) -> None:
    with pytest.raises(FaultsError, match="No such file"):
        read(tmp_path / "nothing.json")


def test_nothing_that_does_not_fit_is_written() -> None:
    with pytest.raises(FaultsError):
        Report(environments=(quiet(), whole(verdict="fine"))).as_json()
