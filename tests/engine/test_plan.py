"""Plans by the real engine: what each prepared change is told to do, that it is the same each time, and no secret."""

from __future__ import annotations

import copy
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from ops.plan.files import write
from ops.plan.report import DENIED, FAILED, NO_CHANGES, Report, of
from tests.engine.support.plan_changes import CHANGES, DEV, PROD, SECRET, Change, Project
from tests.engine.support.plan_heads import FOLDER, fixed, made
from tests.engine.support.recorded import Recorded
from tools.engine.change import REPLACE, UPDATE
from tools.local.workspace import REPOSITORY
from tools.pipeline.backend import Backend
from tools.plan.compare import differences
from tools.plan.making import Asked, report_of

OFTEN = {"adapter-added-hot", "tenant-removed-protected", "key-rotation", "policy-violation"}
"""Prepared changes of every run of the tests; `make test-plan` makes all of them."""

BY_NAME = {change.name: change for change in CHANGES}


@pytest.fixture(scope="module")
def directory(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where bases are known again."""
    return tmp_path_factory.mktemp("kitchen")


@pytest.mark.parametrize(
    "change", [pytest.param(one, id=one.says, marks=() if one.name in OFTEN else pytest.mark.long) for one in CHANGES]
)
def test_the_head_of_a_prepared_change(change: Change, tmp_path: Path, directory: Path) -> None:
    report = made(change, tmp_path, directory)
    # `make golden-plans` writes them anew: look at each one.
    assert fixed(report) == (FOLDER / f"{change.name}.md").read_text()
    of(json.loads(report.as_json()))


def test_each_prepared_change_has_a_head_and_nothing_else_has() -> None:
    assert {file.stem for file in FOLDER.glob("*.md")} == set(BY_NAME)
    assert len(BY_NAME) == len(CHANGES) >= 20


def _environment(report: Report) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(report.as_json())["environments"][0]
    return found


def test_a_plan_has_one_sum_in_every_place_and_each_time(tmp_path: Path) -> None:
    """Another folder, another state of the cache, with and without a commit: the same two programs."""
    found = []
    for number in range(2):
        folder = tmp_path / f"p{number}"
        folder.mkdir()
        project = Project(folder)
        project.commit(())
        if number:
            project.edit(BY_NAME["adapter-added"].edits)
        else:
            project.branch(BY_NAME["adapter-added"].edits)
        found.append(report_of(("dev",), Asked(project=folder, directory=tmp_path / f"k{number}")))
    first, second = map(_environment, found)
    assert first["digest"] == second["digest"]
    assert first["changes"] == second["changes"] != []
    assert (found[0].commit is None, found[1].commit is None) == (False, True)


def test_an_environment_whose_files_do_not_change_is_previewed_once(tmp_path: Path) -> None:
    folder, directory = tmp_path / "p", tmp_path / "k"
    folder.mkdir()
    project = Project(folder)
    project.commit(())
    project.branch(BY_NAME["adapter-removed"].edits)
    report = report_of(("prod",), Asked(project=folder, directory=directory))
    assert report.verdict == NO_CHANGES
    assert not (directory / "plan" / "prod-base").exists()


def test_no_secret_is_in_what_a_plan_leaves(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("PULUMI_CONFIG_PASSPHRASE", "AWS_SECRET_ACCESS_KEY", "PULUMI_ACCESS_TOKEN", "KITCHEN_FORGE_TOKEN"):
        monkeypatch.setenv(name, SECRET)
    folder, kept = tmp_path / "p", tmp_path / "k"
    folder.mkdir()
    project = Project(folder)
    sealed = f"  kitchen:pullSecret: registry\n  kitchen:registryCredentials: {{secure: 'v1:{SECRET}:AAAA'}}\n"
    project.commit([(DEV, "  kitchen:tenants:\n", f"{sealed}  kitchen:tenants:\n")])
    project.branch([*BY_NAME["key-rotation"].edits, (DEV, f"v1:{SECRET}:AAAA", f"v1:{SECRET}:BBBB")])
    report = report_of(("dev",), Asked(project=folder, directory=kept))
    files = write(report, kept / "reports")
    assert "registryCredentials: another encrypted text" in files[0].read_text()
    texts = {path: path.read_bytes() for path in kept.rglob("*") if path.is_file()}
    assert len(texts) > 6
    assert [path for path, text in texts.items() if SECRET.encode() in text] == []


def test_a_program_that_fails_is_told_with_its_error(tmp_path: Path, directory: Path) -> None:
    project = Project(tmp_path)
    project.commit(())
    project.branch([("infra/kitchen/__init__.py", "    priority(context)\n", "    raise ValueError('broken')\n")])
    (one,) = report_of(("dev",), Asked(project=tmp_path, directory=directory)).environments
    assert one.verdict == FAILED
    assert "ValueError: broken" in "\n".join(one.errors)
    assert one.digest == ""


@pytest.mark.long
def test_a_base_that_fails_is_compared_with_nothing_and_that_is_said(tmp_path: Path, directory: Path) -> None:
    project = Project(tmp_path)
    project.commit([("infra/kitchen/__init__.py", "    priority(context)\n", "    raise ValueError('broken')\n")])
    project.branch([("infra/kitchen/__init__.py", "    raise ValueError('broken')\n", "    priority(context)\n")])
    (one,) = report_of(("dev",), Asked(project=tmp_path, directory=directory)).environments
    assert one.compared["text"] == "compared with nothing: there is no base that can be read"
    assert one.counts["same"] == 0
    assert any("or its own preview fails" in line for line in one.unknown)


@pytest.mark.long
def test_a_denied_environment_denies_the_report(tmp_path: Path, directory: Path) -> None:
    project = Project(tmp_path)
    project.commit(())
    project.branch([(PROD, old, new) for _, old, new in BY_NAME["tenant-removed-protected"].edits])
    report = report_of(("dev", "prod"), Asked(project=tmp_path, directory=directory))
    assert [one.verdict for one in report.environments] == [NO_CHANGES, DENIED]
    assert report.verdict == DENIED


def test_the_command_prints_the_report_and_writes_its_files(tmp_path: Path) -> None:
    """On this work tree itself, compared with its own last commit."""
    words = ["plan", "--stack", "dev", "--base", "HEAD", "--json", "--out", str(tmp_path / "out")]
    env = {**os.environ, "KITCHEN_DIRECTORY": str(tmp_path / "k")}
    env.pop("PULUMI_BACKEND_URL", None)
    done = subprocess.run([sys.executable, "-m", "ops", *words], cwd=REPOSITORY, env=env, capture_output=True,
                          text=True, check=False)  # fmt: skip
    assert done.returncode in (0, 1), done.stderr
    report = of(json.loads(done.stdout))
    assert [one.name for one in report.environments] == ["dev"]
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == [
        "junit.xml", "plan.sarif", "report.json", "report.md"]  # fmt: skip


def test_a_plan_against_the_state_of_a_backend(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder, state = tmp_path / "p", tmp_path / "state"
    folder.mkdir()
    state.mkdir()
    project = Project(folder)
    rendered = f"  kitchen:renderTo: {tmp_path / 'objects'}\n  kitchen:tenants:\n"
    project.commit([(DEV, "  kitchen:tenants:\n", rendered)])
    monkeypatch.setenv("PULUMI_BACKEND_URL", f"file://{state}")
    monkeypatch.setenv("PULUMI_CONFIG_PASSPHRASE", SECRET)
    monkeypatch.setenv("PYTHONPATH", str(folder))
    words = ["pulumi", "stack", "init", "dev", "--no-select", "--non-interactive"]
    subprocess.run(words, cwd=folder, env=Backend.environment(), check=True, capture_output=True)
    project.git("checkout", "--quiet", "--", DEV)
    up = ("up", "--yes", "--skip-preview", "--suppress-outputs")
    log = tmp_path / "up.log"
    assert Backend("dev", folder, tmp_path / "up").run(*up, log=log, echo=False).status == 0, log.read_text()
    asked = Asked(project=folder, directory=tmp_path / "k", recorded=True)
    assert report_of(("dev",), asked).verdict == NO_CHANGES
    project.branch(BY_NAME["adapter-added"].edits)
    (one,) = report_of(("dev",), asked).environments
    assert one.compared["kind"] == "state"
    assert {name: number for name, number in one.counts.items() if number and name != "same"} == {
        "update": 1, "replace": 1}  # fmt: skip
    assert [(entry["name"], entry["pods"]) for entry in one.kitchens] == [("support", "restart")]
    assert project.git("status", "--porcelain") == "", "the settings file keeps its text"
    left = [path for path in (tmp_path / "k").rglob("*") if path.is_file()]
    assert [path for path in left if SECRET.encode() in path.read_bytes()] == []


@pytest.fixture(scope="module")
def recorded(tmp_path_factory: pytest.TempPathFactory) -> Recorded:
    return Recorded(tmp_path_factory.mktemp("recorded"))


def _other_storage(said: dict[str, Any]) -> None:
    said["storage"] = {**said.get("storage", {"accessMode": "ReadWriteMany"}), "className": "other"}


def _other_base(said: dict[str, Any]) -> None:
    said["kitchens"]["search"]["runtime"]["maxModelLen"] = 4096
    said["kitchens"]["support"]["adapters"] = said["kitchens"]["support"]["adapters"][:1]


def _other_priority(said: dict[str, Any]) -> None:
    said["priority"] = {"value": 2000, "preempt": True}


def _other_owner(said: dict[str, Any]) -> None:
    for tenant in said["tenants"].values():
        tenant |= {"owner": "somebody-else", "costCentre": "9999"}


@pytest.mark.parametrize("edit", [_other_storage, _other_base, _other_priority, _other_owner])
def test_operations_are_those_of_the_engine(recorded: Recorded, edit: Any) -> None:
    """The table of what cannot change in place, held against a preview that compares with a state."""
    settings = copy.deepcopy(recorded.settings)
    edit(settings)
    goal = recorded.preview(settings)
    mine = {(one.resource.type, one.resource.name): one.operation for one in differences(goal.before, goal.after)
            if one.operation in (UPDATE, REPLACE)}  # fmt: skip
    theirs = {(goal.after[urn].type, goal.after[urn].name): operation for urn, operation in goal.operations.items()
              if operation in (UPDATE, REPLACE)}  # fmt: skip
    assert theirs
    assert mine == theirs
