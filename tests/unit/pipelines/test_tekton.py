"""Pipelines of Tekton and the image of its tasks, as files: what they name exists, secrets reach one task alone."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from policies.check.__main__ import main as policy_check
from tests.unit.pipelines.files import IMAGE, targets, tekton
from tools.local.workspace import REPOSITORY


def of_kind(kind: str) -> dict[str, dict[str, Any]]:
    return {str(one["metadata"].get("name", "")): one for one in tekton() if one["kind"] == kind}


def test_tekton_s_pipelines_name_tasks_parameters_and_workspaces_that_exist() -> None:
    tasks = of_kind("Task")
    for pipeline in of_kind("Pipeline").values():
        spec = pipeline["spec"]
        every = [*spec["tasks"], *spec.get("finally", ())]
        for task in every:
            called = tasks[task["taskRef"]["name"]]["spec"]
            given = {one["name"] for one in task.get("params", ())}
            known = {one["name"]: "default" in one for one in called["params"]}
            assert given <= set(known)
            assert {name for name, optional in known.items() if not optional} <= given
            assert {one["name"] for one in task["workspaces"]} == {one["name"] for one in called["workspaces"]}
            assert set(task.get("runAfter", ())) <= {one["name"] for one in every}
        used = set(re.findall(r"\$\(params\.([\w-]+)\)", str(every)))
        assert used == {one["name"] for one in spec["params"]}


def test_tekton_calls_make_targets_and_gives_secrets_to_the_last_task_alone() -> None:
    pipeline = of_kind("Pipeline")["kitchen-pull-request"]["spec"]
    for one in of_kind("Pipeline").values():
        for task in (*one["spec"]["tasks"], *one["spec"].get("finally", ())):
            given = {entry["name"]: entry["value"] for entry in task.get("params", ())}
            assert "target" not in given or given["target"] in targets()
    assert [entry for task in pipeline["tasks"] for entry in task["params"] if entry["name"] == "variables"] == []
    (tell,) = pipeline["finally"]
    assert {"input": "$(params.fork)", "operator": "in", "values": ["false"]} in tell["when"]


def test_runs_of_tekton_give_what_their_pipeline_asks_for() -> None:
    pipelines = of_kind("Pipeline")
    runs = [one for one in tekton() if one["kind"] == "PipelineRun"]
    for template in of_kind("TriggerTemplate").values():
        runs += template["spec"]["resourcetemplates"]
    assert len(runs) == 4
    for run in runs:
        asked = {one["name"] for one in pipelines[run["spec"]["pipelineRef"]["name"]]["spec"]["params"]}
        assert {one["name"] for one in run["spec"]["params"]} == asked


def test_tasks_of_tekton_have_one_image_by_digest_and_closed_steps() -> None:
    templates = [task["spec"]["stepTemplate"] for task in of_kind("Task").values()]
    assert len({str(template) for template in templates}) == 1
    assert re.fullmatch(r"registry\.kitchen\.example/kitchen/task@sha256:[0-9a-f]{64}", templates[0]["image"])
    assert templates[0]["securityContext"]["runAsNonRoot"] is True
    assert templates[0]["securityContext"]["allowPrivilegeEscalation"] is False


def test_the_image_pins_what_it_takes_and_names_what_exists() -> None:
    text = (IMAGE / "Containerfile").read_text()
    assert "--require-hashes -r requirements.lock" in text
    assert re.findall(r"^FROM (\S+)", text, re.MULTILINE) == ["${BUILDER}", "${BASE}"], "both are given by digest"
    assert "-m tools.toolchain build preview" in text
    for source in re.findall(r"^COPY (?!--from)(.+) \S+$", text, re.MULTILINE):
        for name in source.split():
            assert (REPOSITORY / name).exists(), name
    path = re.findall(r"(/usr/local/bin/\S+?)[\"\s]", text)
    assert {one["spec"]["steps"][0].get("command", path)[0] for one in of_kind("Task").values()} == set(path)


def task(folder: Path, root: Path, *words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["sh", IMAGE / "kitchen-task", *words],
        cwd=folder,
        env={"PATH": "/usr/bin:/bin", "KITCHEN_TASK_ROOT": str(root)},
        capture_output=True,
        text=True,
        check=False,
    )


def test_the_image_s_command_installs_nothing_and_refuses_other_packages(tmp_path: Path) -> None:
    root, work = tmp_path / "image", tmp_path / "work"
    (root / "venv" / "bin").mkdir(parents=True)
    (root / "venv" / "bin" / "python").write_text('#!/bin/sh\necho "python $* in $PYTHONPATH"\n')
    (root / "venv" / "bin" / "python").chmod(0o755)
    work.mkdir()
    for name in ("Makefile", "requirements.lock", "pyproject.toml"):
        shutil.copy(REPOSITORY / name, work / name)
    refused = task(work, root, "settings")
    assert (refused.returncode, refused.stdout) == (2, "")
    assert "build the image anew" in refused.stderr
    shutil.copy(REPOSITORY / "requirements.lock", root)
    done = task(work, root, "preview", "STACK=prod")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == f"python -m tools.local preview --stack prod in {work}\n"


def test_an_image_of_zeros_is_refused_by_the_pack(capsys: pytest.CaptureFixture[str]) -> None:
    path = REPOSITORY / "deploy" / "tekton" / "tasks.yaml"
    assert policy_check([str(path), "--settings", str(REPOSITORY / "Pulumi.dev.yaml")]) == 1
    assert "a digest of zeros only, which no image has" in capsys.readouterr().out


def test_tekton_s_source_task_brings_a_commit_and_what_it_is_compared_with(tmp_path: Path) -> None:
    """The folder of a volume is root's, and no step is root: Git reads nothing there unless it is told to."""

    def git(*words: str, where: Path) -> str:
        return subprocess.run(["git", *words], cwd=where, capture_output=True, text=True, check=True).stdout

    origin, work = tmp_path / "origin", tmp_path / "work"
    origin.mkdir()
    work.mkdir()
    git("init", "--quiet", "--initial-branch=main", where=origin)
    who = ("-c", "user.name=ana", "-c", "user.email=ana@example.com", "commit", "--quiet", "--allow-empty")
    git(*who, "--message=main", where=origin)
    git("checkout", "--quiet", "-b", "change", where=origin)
    git(*who, "--message=change", where=origin)
    commit = git("rev-parse", "HEAD", where=origin).strip()
    spec = of_kind("Task")["kitchen-source"]["spec"]
    (step,) = spec["steps"]
    told = {one["name"]: one["value"].replace("$(workspaces.source.path)", str(work))
            for one in spec["stepTemplate"].get("env", ())}  # fmt: skip
    (tmp_path / ".gitconfig").write_text(f'[safe]\n\tdirectory = "{origin}/.git"\n')  # which is another machine's
    for revision, status in ((commit, 0), ("--upload-pack=x", 2)):
        env = told | {"PATH": "/usr/bin:/bin", "HOME": str(tmp_path), "GIT_TEST_ASSUME_DIFFERENT_OWNER": "1"}
        env |= {"REPOSITORY": f"file://{origin}", "REVISION": revision}
        words = ["sh", "-c", step["script"]]
        done = subprocess.run(words, cwd=work, env=env, capture_output=True, text=True, check=False)
        assert done.returncode == status, done.stderr
    assert git("merge-base", "HEAD", "origin/main", where=work) == git("rev-parse", "main", where=origin)
