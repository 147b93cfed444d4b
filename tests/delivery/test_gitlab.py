"""GitLab's pipelines, run for real by gitlab-ci-local: which jobs run, how each ends, what it prints and tells."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.delivery.support.forges import merge_request, nothing_secret, of_merge_request
from tests.delivery.support.gitlab import GitLab, GitLabRan
from tests.delivery.support.scratch import Scratch
from tests.support.forge_server import ForgeServer

REPORTS = {f"change/reports/plan/{name}" for name in ("report.json", "report.md", "plan.sarif", "junit.xml")}


@pytest.fixture
def gitlab(tmp_path: Path, scratch: Scratch) -> GitLab:
    return GitLab(tmp_path / "gitlab", scratch)


@pytest.fixture
def forge() -> Iterator[ForgeServer]:
    with ForgeServer(kind="gitlab") as server:
        yield server


def report(ran: GitLabRan) -> dict[str, Any]:
    content: dict[str, Any] = json.loads(ran.uploaded["change/reports/plan/report.json"])
    return content


def leaking(scratch: Scratch) -> None:
    """What a stranger would try: a target that prints the token."""
    scratch.change("Makefile", "settings: venv", "settings: venv leak")
    with (scratch.root / "Makefile").open("a") as makefile:
        makefile.write("\nleak:\n\t@echo leaked=$${KITCHEN_FORGE_TOKEN:-nothing}\n")


def test_a_good_change_is_planned_told_and_kept(gitlab: GitLab, scratch: Scratch, forge: ForgeServer) -> None:
    """What main declares is known by its own job; the job of the change has no token, though its project has one."""
    leaking(scratch)
    scratch.commit("what a stranger would try, were it on main")
    scratch.git("push", "--quiet", str(scratch.bare), "main")
    kept = gitlab.run("push", jobs=["base"])
    assert (kept.status, kept.ended("base")) == (0, "succeeded"), kept.text[-3000:]
    scratch.git("checkout", "--quiet", "-b", "change")
    scratch.change("Pulumi.dev.yaml", "maxLoraRank: 16", "maxLoraRank: 32")
    scratch.commit("a higher rank")
    ran = merge_request(gitlab, scratch, forge)
    assert (ran.status, ran.ended("change"), ran.ended("comment")) == (0, "succeeded", "succeeded"), ran.text[-3000:]
    assert "leaked=nothing" in ran.printed()
    assert set(ran.uploaded) >= REPORTS | {"change/reports/policies.md"}
    assert {one["name"]: one["verdict"] for one in report(ran)["environments"]} == {"dev": "safe", "prod": "no changes"}
    previews = [name for name in ran.uploaded if name.startswith("change/.kitchen/logs/") and "-plan-" in name]
    assert len(previews) == 1, "that of dev's work tree: its base is known, and prod does not change"
    assert len(forge.comments) == 1, ran.text[-3000:]
    (comment,) = forge.comments
    assert "maxLoraRank" in comment["body"]
    assert {one["name"] for one in forge.statuses} == {"kitchen/plan (dev)", "kitchen/plan (prod)"}
    assert {one["status"] for one in forge.statuses} == {"success"}
    nothing_secret(ran)


def test_a_change_that_a_policy_denies_fails_and_is_told(gitlab: GitLab, scratch: Scratch, forge: ForgeServer) -> None:
    scratch.git("checkout", "--quiet", "-b", "change")
    scratch.change("components/tenancy/tenant.py", '"restricted"', '"privileged"')
    scratch.commit("pods may do all")
    ran = merge_request(gitlab, scratch, forge)
    assert (ran.status, ran.ended("change"), ran.ended("comment")) == (1, "failed", "succeeded"), ran.text[-3000:]
    assert report(ran)["verdict"] == "denied"
    assert "denied" in forge.comments[0]["body"].lower()
    assert {one["status"] for one in forge.statuses} == {"failed"}
    nothing_secret(ran)


def test_bad_settings_end_it_at_once_with_one_message(gitlab: GitLab, scratch: Scratch, forge: ForgeServer) -> None:
    scratch.git("checkout", "--quiet", "-b", "change")
    scratch.change("Pulumi.dev.yaml", "maxLoraRank: 8,", "maxLoraRank: 4,")
    scratch.commit("a rank that there is not")
    ran = merge_request(gitlab, scratch, forge)
    assert (ran.status, ran.ended("change"), ran.ended("comment")) == (1, "failed", "succeeded"), ran.text[-3000:]
    assert "kitchens.summary.runtime.maxLoraRank: 4; rule: must be one of [" in ran.printed()
    assert "no plan was made, so that nothing is told: reports/plan is not there" in ran.printed()
    assert "Traceback" not in ran.text
    assert forge.asked == []


def test_a_fork_tells_nothing_and_its_report_is_kept(gitlab: GitLab, scratch: Scratch, forge: ForgeServer) -> None:
    scratch.git("checkout", "--quiet", "-b", "change")
    leaking(scratch)
    scratch.commit("what a stranger would try")
    ran = merge_request(gitlab, scratch, forge, fork=True)
    assert (ran.status, ran.ended("change"), ran.ended("comment")) == (0, "succeeded", ""), ran.text[-3000:]
    assert "leaked=nothing" in ran.printed()
    assert forge.asked == []
    assert set(ran.uploaded) >= REPORTS
    nothing_secret(ran)


@pytest.mark.parametrize(
    ("fork", "said", "jobs"),
    [
        (False, {}, {"change", "comment"}),
        (True, {}, {"change"}),
        (True, {"CI_PROJECT_ID": "7"}, {"change"}),  # started in this project by one of its members
        (False, {"CI_MERGE_REQUEST_EVENT_TYPE": "merge_train"}, {"change"}),
    ],
)
def test_only_what_people_look_at_is_told(
    fork: bool, said: dict[str, str], jobs: set[str], gitlab: GitLab, forge: ForgeServer
) -> None:
    """The plan of a merge train is of the changes before it too: it takes the place of no plan that was approved."""
    variables = of_merge_request(forge, fork=fork) | said
    listed = gitlab.run("merge_request_event", variables=variables, jobs=["--list-csv"]).text
    assert {line.partition(";")[0] for line in listed.splitlines() if ";" in line} - {"name"} == jobs, listed
