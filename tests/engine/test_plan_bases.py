"""What a base costs a plan, by the real engine: never more than is asked of it, and the report is the same."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from ops.plan.report import NO_CHANGES, SAFE, Report
from tests.engine.support.plan_changes import CHANGES, DEV, Project
from tools.deliver.approved import planner
from tools.plan import making, running
from tools.plan.goal import Goal
from tools.plan.making import Asked, report_of

BY_NAME = {change.name: change for change in CHANGES}
_NO_PROBE = ("components/serving/runtime_spec.py", '        "readinessProbe": _probe(3),\n', "")


@pytest.fixture
def runs(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, bool]]:
    """Folder of each preview, and whether the pack has seen it."""
    seen: list[tuple[str, bool]] = []
    real = running.offline

    def offline(stack: str, project: Path, folder: Path, directory: Path, *, judged: bool = True) -> Goal:
        seen.append((folder.name, judged))
        return real(stack, project, folder, directory, judged=judged)

    monkeypatch.setattr(running, "offline", offline)
    return seen


def project(folder: Path, edits: Any, base: Any = ()) -> Project:
    folder.mkdir()
    made = Project(folder)
    made.commit(base)
    made.branch(edits)
    return made


def plan(folder: Path, kept: Path, *stacks: str) -> Report:
    return report_of(stacks or ("dev",), Asked(project=folder, directory=kept))


def test_a_base_is_known_on_another_machine_and_a_change_in_one_environment_has_one_preview(
    tmp_path: Path, runs: list[tuple[str, bool]]
) -> None:
    """As a pipeline does it: a run of main keeps what it has found, one of a change brings it."""
    project(tmp_path / "main", ())
    assert plan(tmp_path / "main", tmp_path / "k", "dev", "prod").verdict == NO_CHANGES
    assert sorted(runs) == [("dev-head", True), ("prod-head", True)]

    project(tmp_path / "p", BY_NAME["adapter-added"].edits)
    fresh = plan(tmp_path / "p", tmp_path / "fresh", "dev", "prod")
    assert sorted(runs[2:]) == [("dev-base", False), ("dev-head", True), ("prod-head", True)]

    shutil.copytree(tmp_path / "k/plan/cache", tmp_path / "brought/plan/cache")
    del runs[:]
    known = plan(tmp_path / "p", tmp_path / "brought", "dev", "prod")
    assert runs == [("dev-head", True)]
    assert known.as_json() == fresh.as_json()
    assert [one.verdict for one in known.environments][1] == NO_CHANGES


def test_what_is_known_stands_for_an_environment_only_where_all_is_the_same_and_the_pack_has_seen_it(
    tmp_path: Path, runs: list[tuple[str, bool]], monkeypatch: pytest.MonkeyPatch
) -> None:
    kept = tmp_path / "k"
    made = project(tmp_path / "p", BY_NAME["adapter-added"].edits)
    plan(made.folder, kept)
    assert sorted(runs) == [("dev-base", False), ("dev-head", True)]
    made.git("checkout", "--quiet", "main")
    for expected in ([("dev-head", True)], []):
        del runs[:]
        assert plan(made.folder, kept).verdict == NO_CHANGES
        assert runs == expected
    monkeypatch.setattr(making, "made_with", lambda project: "by others")
    assert plan(made.folder, kept).verdict == NO_CHANGES
    assert runs == [("dev-head", True)]


def test_a_warning_of_the_base_is_no_new_one(tmp_path: Path, runs: list[tuple[str, bool]]) -> None:
    folder = tmp_path / "p"
    project(folder, [(DEV, "maxLoraRank: 16", "maxLoraRank: 32")], [_NO_PROBE])
    first = plan(folder, tmp_path / "k")
    assert (first.verdict, first.environments[0].policy["warnings"]) == (SAFE, [])
    assert runs[-1] == ("dev-base", True)
    del runs[:]
    again = plan(folder, tmp_path / "k")
    assert runs == [("dev-head", True)]
    assert again.as_json() == first.as_json()


def test_where_code_differs_the_pack_sees_both(tmp_path: Path, runs: list[tuple[str, bool]]) -> None:
    folder = tmp_path / "p"
    project(folder, [_NO_PROBE])
    found = json.loads(plan(folder, tmp_path / "k").as_json())["environments"][0]
    assert sorted(runs) == [("dev-base", True), ("dev-head", True)]
    assert {entry["policy"] for entry in found["policy"]["warnings"]} == {"pods-have-probes"}


def test_a_base_that_is_known_without_the_packs_words_is_judged_where_code_differs(
    tmp_path: Path, runs: list[tuple[str, bool]]
) -> None:
    made = project(tmp_path / "p", BY_NAME["adapter-added"].edits)
    plan(made.folder, tmp_path / "k")
    made.git("checkout", "--quiet", "-b", "other", "main")
    made.commit([("components/platform.py", "import", "# a comment\nimport")])
    for expected in ([("dev-base", True), ("dev-head", True)], [("dev-head", True)]):
        del runs[:]
        plan(made.folder, tmp_path / "k")
        assert sorted(runs) == expected


def test_what_is_edited_while_a_plan_runs_is_no_base(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It would be compared with itself once it is committed."""
    made = project(tmp_path / "p", ())
    real = running.offline

    def edited(stack: str, project: Path, folder: Path, directory: Path, *, judged: bool = True) -> Goal:
        made.edit([(DEV, "maxLoraRank: 16", "maxLoraRank: 32")])
        return real(stack, project, folder, directory, judged=judged)

    with monkeypatch.context() as patch:
        patch.setattr(running, "offline", edited)
        plan(made.folder, tmp_path / "k")
    made.commit(())
    (found,) = plan(made.folder, tmp_path / "k").environments
    assert found.counts["update"] > 0
    assert found == plan(made.folder, tmp_path / "fresh").environments[0]


def test_a_delivery_knows_nothing_that_lay_there(tmp_path: Path, runs: list[tuple[str, bool]]) -> None:
    """Who has forged a base has then no say; of its own plans, such as those of earlier merges, it knows."""
    made = project(tmp_path / "p", BY_NAME["adapter-added"].edits)
    before = made.git("rev-parse", "main")
    told = plan(made.folder, tmp_path / "k").environments[0]
    for _ in range(2):
        del runs[:]
        again = planner(tmp_path / "k")
        assert again("dev", made.folder, before) == told
        assert sorted(runs) == [("dev-base", False), ("dev-head", True)]
        assert again("dev", made.folder, before) == told
        assert runs[2:] == [("dev-head", True)]
    assert len(list((tmp_path / "k/plan").glob("cache-*"))) == 1


def test_a_base_that_is_denied_is_compared_with(tmp_path: Path) -> None:
    """What mends it is told as that, and not as if everything were new."""
    folder = tmp_path / "p"
    escalation = next(edit for change in CHANGES if change.name == "policy-violation" for edit in change.edits)
    back = (escalation[0], escalation[2], escalation[1])
    project(folder, [back], [escalation])
    (found,) = plan(folder, tmp_path / "k").environments
    assert found.counts["create"] == 0
    assert found.counts["update"] > 0
    assert found.policy["violations"] == []
