"""The workflows of GitHub, run for real by act: how each job ends, what it prints, uploads and tells the forge."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.delivery.support.acting import Act, ActRan
from tests.delivery.support.forges import nothing_secret, pull_request
from tests.delivery.support.scratch import Scratch
from tests.support.forge_server import ForgeServer
from tools.local.workspace import REPOSITORY
from tools.toolchain import binary

REPORTS = ("report.json", "report.md", "plan.sarif", "junit.xml")
SETTINGS, PLAN, POLICIES = "settings and catalog", "plan of every environment", "policy report"
TELL, SUMMARY = "comment and statuses", "summary"


@pytest.fixture
def act(tmp_path: Path, scratch: Scratch) -> Act:
    return Act(tmp_path / "act", scratch)


@pytest.fixture
def forge() -> Iterator[ForgeServer]:
    with ForgeServer(kind="github") as server:
        yield server


def test_actionlint_finds_nothing(tmp_path: Path) -> None:
    done = subprocess.run([binary("actionlint")], cwd=REPOSITORY, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (0, "")
    text = (REPOSITORY / ".github" / "workflows" / "merge.yaml").read_text()
    spoilt = tmp_path / "merge.yaml"
    spoilt.write_text(text.replace("needs: dev", "needs: staging"))
    done = subprocess.run([binary("actionlint"), spoilt], capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert "staging" in done.stdout


def test_what_main_declares_is_known_to_a_pull_request(act: Act, scratch: Scratch, forge: ForgeServer) -> None:
    commit = scratch.git("rev-parse", "main").strip()
    kept = act.run("push", "base", said={"ref": "refs/heads/main", "after": commit})
    assert (kept.status, kept.ended("base")) == (0, "succeeded"), kept.text[-3000:]
    assert f"Cache saved with key: plan-{commit}-" in kept.printed()
    scratch.git("checkout", "--quiet", "-b", "change")
    scratch.change("Pulumi.dev.yaml", "maxLoraRank: 16", "maxLoraRank: 32")
    scratch.commit("a higher rank")
    ran = pull_request(act, scratch, forge)
    assert (ran.status, ran.ended("change")) == (0, "succeeded"), ran.text[-3000:]
    assert f"Cache restored from key: plan-{commit}-" in ran.printed()
    assert {one["name"]: one["verdict"] for one in report(ran)["environments"]} == {"dev": "safe", "prod": "no changes"}
    previews = [name for name in ran.uploaded if name.startswith("logs/") and "-plan-" in name]
    assert len(previews) == 1, "that of dev's work tree: its base is known, and prod does not change"


def report(ran: ActRan) -> dict[str, Any]:
    content: dict[str, Any] = json.loads(ran.uploaded["reports/plan/report.json"])
    return content


def test_a_good_change_is_planned_told_and_kept(act: Act, scratch: Scratch, forge: ForgeServer) -> None:
    scratch.git("checkout", "--quiet", "-b", "change")
    scratch.change(
        "Pulumi.dev.yaml",
        "helpdesk-classifier/v2026-02-01]",
        "helpdesk-classifier/v2026-02-01, legal-contract-review/v2026-04-01]",
    )
    scratch.commit("one more adapter for dev")
    ran = pull_request(act, scratch, forge)
    assert (ran.status, ran.ended("change")) == (0, "succeeded"), ran.text[-3000:]
    assert [ran.step(title) for title in (SETTINGS, PLAN, POLICIES, TELL, SUMMARY)] == ["Success"] * 5
    assert {f"reports/plan/{name}" for name in REPORTS} <= set(ran.uploaded)
    assert "reports/policies.md" in ran.uploaded
    assert any(name.startswith("logs/") for name in ran.uploaded)
    found = {one["name"]: one["verdict"] for one in report(ran)["environments"]}
    assert set(found) == {"dev", "prod"}
    assert found["prod"] == "no changes"
    assert found["dev"] in ("safe", "needs approval")
    (comment,) = forge.comments
    assert "legal-contract-review" in comment["body"]
    assert {one["context"] for one in forge.statuses} == {"kitchen/plan (dev)", "kitchen/plan (prod)"}
    nothing_secret(ran)


def test_a_change_that_a_policy_denies_fails_and_is_told(act: Act, scratch: Scratch, forge: ForgeServer) -> None:
    scratch.git("checkout", "--quiet", "-b", "change")
    scratch.change("components/tenancy/tenant.py", '"restricted"', '"privileged"')
    scratch.commit("pods may do all")
    ran = pull_request(act, scratch, forge)
    assert (ran.status, ran.ended("change")) == (1, "failed")
    assert [ran.step(title) for title in (SETTINGS, PLAN, POLICIES, TELL)] == [
        "Success", "Failure", "Failure", "Success"]  # fmt: skip
    assert report(ran)["verdict"] == "denied"
    assert "pod-security" in ran.printed()
    assert "denied" in forge.comments[0]["body"].lower()
    assert {one["state"] for one in forge.statuses} <= {"failure", "error"}
    nothing_secret(ran)


def test_bad_settings_end_it_at_once_with_one_message(act: Act, scratch: Scratch, forge: ForgeServer) -> None:
    scratch.git("checkout", "--quiet", "-b", "change")
    scratch.change("Pulumi.dev.yaml", "maxLoraRank: 8,", "maxLoraRank: 4,")
    scratch.commit("a rank that there is not")
    ran = pull_request(act, scratch, forge)
    assert (ran.status, ran.ended("change")) == (1, "failed")
    assert [ran.step(title) for title in (SETTINGS, PLAN, POLICIES, TELL, SUMMARY)] == ["Failure", *[""] * 4]
    assert "kitchens.summary.runtime.maxLoraRank: 4; rule: must be one of [" in ran.printed()
    assert "Traceback" not in ran.text
    assert forge.comments == []


def test_a_fork_has_no_token_and_its_report_is_kept(act: Act, scratch: Scratch, forge: ForgeServer) -> None:
    scratch.git("checkout", "--quiet", "-b", "change")
    scratch.change("Makefile", "settings: venv", "settings: venv leak")
    with (scratch.root / "Makefile").open("a") as makefile:
        makefile.write("\nleak:\n\t@echo leaked=$${KITCHEN_FORGE_TOKEN:-nothing}\n")
    scratch.commit("what a stranger would try")
    ran = pull_request(act, scratch, forge, fork=True)
    assert (ran.status, ran.ended("change")) == (0, "succeeded"), ran.text[-3000:]
    assert "leaked=nothing" in ran.printed()
    assert ran.step(TELL) == ""
    assert forge.asked == []
    assert {f"reports/plan/{name}" for name in REPORTS} <= set(ran.uploaded)
    nothing_secret(ran)
