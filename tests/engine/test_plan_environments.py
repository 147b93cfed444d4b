"""Environments that come and go, by the real engine: each is told, and neither names its own approvers."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from ops.plan.markdown import head, plain
from ops.plan.report import NEEDS_APPROVAL, NO_CHANGES, Environment, Report, of
from tests.engine.support.plan_changes import DEV, Project
from tools.plan.making import Asked, report_of

TEST = "Pulumi.test.yaml"


class Two(Project):
    """A project with a third environment, which is like dev."""

    def add(self) -> None:
        text = (self.folder / DEV).read_text()
        (self.folder / TEST).write_text(text.replace("platform: [ai-platform]", "platform: [mallory]"))


@pytest.fixture
def project(tmp_path: Path) -> Two:
    (tmp_path / "p").mkdir()
    return Two(tmp_path / "p")


def planned(project: Project, *stacks: str) -> tuple[Environment, ...]:
    asked = Asked(project=project.folder, directory=project.folder.parent / "k", every=not stacks)
    report = report_of(stacks or ("dev", "prod"), asked)
    of(json.loads(report.as_json()))
    return report.environments


def test_one_that_goes_keeps_its_objects_and_asks_the_platform_of_the_base(project: Two) -> None:
    project.add()
    project.commit(())
    project.git("checkout", "--quiet", "-b", "change")
    (project.folder / TEST).unlink()
    made = [planned(project)]
    project.commit(())
    made.append(planned(project))
    for dev, prod, gone in made:
        assert (dev.name, dev.verdict, prod.verdict) == ("dev", NO_CHANGES, NO_CHANGES)
        assert (gone.name, gone.verdict, list(gone.approvals)) == ("test", NEEDS_APPROVAL, ["mallory"])
        assert gone.counts["same"] > 50
    assert made[0][2].digest == made[1][2].digest != made[0][0].digest
    (one,) = planned(project, "test")
    assert one.digest == made[0][2].digest
    base = project.git("rev-parse", "main")[:12]
    assert head(Report(environments=(one,))).splitlines()[2:] == [
        f"**test: needs approval of mallory**; no object changes; {one.counts['same']} stay",
        "- why: mallory: environment test goes: its stack keeps its objects until pulumi destroy --stack test",
        f"- next: `git checkout {base}; pulumi destroy --stack test`; takes it back, by a pull request: "
        "`git revert COMMIT`",
    ]


def test_one_that_comes_is_told_as_new_and_asks_those_of_the_others(project: Two) -> None:
    project.commit(())
    project.git("checkout", "--quiet", "-b", "change")
    project.add()
    project.commit(())
    (new,) = planned(project, "test")
    assert new.verdict == NEEDS_APPROVAL
    assert "ai-platform" in new.approvals
    assert "mallory" not in new.approvals
    base = project.git("rev-parse", "main")[:12]
    assert new.compared["text"] == f"commit {base} has no settings of it: everything is new"
    assert "the environment is new" in new.notes
    assert new.reasons[0].startswith("ai-platform: the environment is new, ")
    assert new.unknown == []
    (why,) = (line for line in new.reasons if line.startswith("support-team: "))
    assert "support comes, search comes" in why
    assert "pool" not in why, "what is new changes nothing"


@pytest.mark.parametrize("backend", [False, True])
def test_whether_the_cluster_was_looked_at_is_said_where_nothing_changes(
    project: Two, backend: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("PULUMI_BACKEND_URL", raising=False)
    why = "no backend is named whose state it could be held against (PULUMI_BACKEND_URL)"
    if backend:
        monkeypatch.setenv("PULUMI_BACKEND_URL", "file:///nowhere")
        why = "with --base a commit is compared, and not the state of the backend"
    project.commit(())
    asked = Asked(project=project.folder, directory=project.folder.parent / "k", base="main", context="c")
    (one,) = report_of(("dev",), asked).environments
    assert one.verdict == NO_CHANGES
    lines = [f"- drift: cluster c not looked at: {why}"]
    assert plain(Report(environments=(one,))).splitlines()[3:4] == lines


@pytest.mark.parametrize("path", ["k", "k/plan/dev-head", "k/plan/cache"])
def test_a_plan_goes_on_without_a_folder_of_its_own(project: Two, path: str, capfd: pytest.CaptureFixture[str]) -> None:
    project.commit(())
    name = project.folder.parent / path
    name.parent.mkdir(parents=True, exist_ok=True)
    name.write_text("x")
    asked = Asked(project=project.folder, directory=project.folder.parent / "k")
    assert report_of(("dev",), asked).verdict == NO_CHANGES
    (said,) = [line for line in capfd.readouterr().err.splitlines() if str(name) in line]
    assert "goes on without what earlier ones have kept" in said
