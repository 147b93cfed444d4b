"""The steps of the pipelines, run here as a person runs them; their files are judged in tests/unit/pipelines."""

from __future__ import annotations

import json
import re
import shlex
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from xml.etree import ElementTree

import pytest

from policies.check.__main__ import main as policy_check
from tests.unit.pipelines.files import steps, workflow
from tools.local.workspace import REPOSITORY, Workspace
from tools.pipeline import backend
from tools.pipeline import deploy as merge
from tools.pipeline.state import judge_state
from tools.toolchain import PREVIEW, environment

CANARY = "canary-51c0-not-to-be-seen"


def test_the_steps_of_a_pull_request_run_here(tmp_path: Path) -> None:
    for step in steps(workflow("pull-request")):
        if "uses" in step or step["name"] == "summary" or "token" in str(step):
            continue
        words = [*shlex.split(step["run"]), "--no-print-directory"]
        env = environment(PREVIEW) | {"KITCHEN_DIRECTORY": str(tmp_path), "MAKEFLAGS": ""}
        env = {key: value for key, value in env.items() if not key.startswith("KITCHEN_OBJECT_STORE")}
        done = subprocess.run(words, cwd=REPOSITORY, env=env, stdin=subprocess.DEVNULL, capture_output=True, text=True,
                              check=False)  # fmt: skip
        assert done.returncode == 0, done.stdout + done.stderr
    reports = REPOSITORY / "reports"
    assert "| prod |" in (reports / "policies.md").read_text()
    for stack in ("dev", "prod"):
        assert json.loads((reports / f"policies-{stack}.sarif").read_text())["runs"]
        suite = ElementTree.parse(reports / f"policies-{stack}.xml").getroot()  # noqa: S314 - our own file
        assert suite.get("failures") == suite.get("errors") == "0"


def deploy(workspace: Workspace, monkeypatch: pytest.MonkeyPatch) -> int:
    """What the merge's step does, on a backend and settings of the test's own."""
    for key, value in workspace.environment().items():
        if key.startswith(("PULUMI_", "KITCHEN_")):
            monkeypatch.setenv(key, value)
    monkeypatch.delenv("KUBECONFIG", raising=False)
    return merge.deploy("dev", ("--config-file", str(workspace.config_file)), directory=workspace.folder)


def test_a_merge_previews_and_updates_with_the_pack(
    stack: Callable[..., Workspace], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    workspace = stack("dev", {"renderTo": str(tmp_path / "rendered")})
    monkeypatch.setenv("KITCHEN_OBJECT_STORE_SECRET_KEY", CANARY)
    assert deploy(workspace, monkeypatch) == 0
    said = "".join(capfd.readouterr())
    told = re.findall(r"(preview|update) of dev: (\d+) objects (to make|made)", said)
    assert [words[::2] for words in told] == [("preview", "to make"), ("update", "made")]
    assert told[0][1] == told[1][1], "all that the preview shows"
    (log,) = (workspace.folder / "logs").glob("*.log")
    judged = re.findall(r"kitchen(?:@v|\|local\|)", log.read_text())
    assert len(judged) >= 2, "the pack judged the preview and the update"
    assert CANARY not in said
    assert list((tmp_path / "rendered").rglob("*.yaml"))


def test_a_denied_merge_changes_nothing(
    stack: Callable[..., Workspace], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    workspace = stack("dev", {"renderTo": str(tmp_path / "rendered")})
    pack = tmp_path / "pack"
    pack.mkdir()
    (pack / "PulumiPolicy.yaml").write_text("runtime: python\nversion: 0.0.1\n")
    (pack / "__main__.py").write_text(
        "from pulumi_policy import *\n"
        "PolicyPack(name='no', enforcement_level=EnforcementLevel.MANDATORY, policies=[ResourceValidationPolicy(\n"
        "    name='nothing', description='nothing passes', validate=lambda args, report: report('no'))])\n"
    )
    monkeypatch.setattr(backend, "POLICY_PACK", pack)
    with pytest.raises(merge.LocalError, match="nothing changed"):
        deploy(workspace, monkeypatch)
    assert not (tmp_path / "rendered").exists()


def test_a_merge_without_a_backend_is_one_message() -> None:
    env = {key: value for key, value in environment(PREVIEW).items() if key != "PULUMI_BACKEND_URL"}
    done = subprocess.run([sys.executable, "-m", "tools.pipeline", "deploy", "--stack", "dev"], cwd=REPOSITORY, env=env,
                          capture_output=True, text=True, check=False)  # fmt: skip
    assert done.returncode == 1
    assert "error: PULUMI_BACKEND_URL not set; rule: " in done.stderr
    assert "Traceback" not in done.stderr


def test_the_state_of_an_update_is_judged(
    stack: Callable[..., Workspace], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    workspace = stack("dev", {"renderTo": str(tmp_path / "rendered")})
    assert deploy(workspace, monkeypatch) == 0
    capfd.readouterr()
    assert judge_state("dev", tmp_path / "nothing") == 0
    said = capfd.readouterr().out
    assert int(said.split()[0]) > 30, said
    assert " 0 mandatory" in said
    exported = subprocess.run(
        ["pulumi", "stack", "export", "--stack", "dev"], cwd=REPOSITORY, env=workspace.environment(),
        capture_output=True, text=True, check=True).stdout  # fmt: skip
    (tmp_path / "state.json").write_text(exported.replace("@sha256:", ":v"))
    assert (
        policy_check([str(tmp_path / "state.json"), "--state", "--settings", str(REPOSITORY / "Pulumi.dev.yaml")]) == 1
    )
    assert "InferenceService helpdesk-dev/support: spec.predictor.initContainers[0].image" in capfd.readouterr().out


def test_without_a_state_there_is_one_message(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("PULUMI_BACKEND_URL", raising=False)
    with pytest.raises(merge.LocalError, match="no state here; rule: "):
        judge_state("prod", tmp_path)
