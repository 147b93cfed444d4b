"""The pipelines as files: thin over targets that a person runs, pinned, with the least rights, and never cut short."""

from __future__ import annotations

import hashlib
import json
import os
import re
import shlex
import subprocess
from pathlib import Path

import pytest
import yaml

from policies.check.__main__ import main as policy_check
from tests.unit.pipelines.files import (
    GITLAB,
    SCHEMA,
    STACKS,
    WORKFLOWS,
    gitlab,
    gitlab_faults,
    gitlab_jobs,
    steps,
    targets,
    tekton,
    workflow,
)
from tools.gitops import application
from tools.local.workspace import REPOSITORY

EXPRESSION = re.compile(r"\$\{\{(.*?)\}\}")
CALLED = {"settings", "plan", "plan-report", "policy-report", "plan-tell", "deliver", "drift", "gitops", "gitops-check"}
RIGHTS = {
    "pull-request": {"change": {"contents": "read", "pull-requests": "write", "statuses": "write"}},
    "merge": {key: {"contents": "read", "pull-requests": "read", "statuses": "write"} for key in STACKS},
    "drift": {
        **{key: {"contents": "read", "issues": "write", "statuses": "write"} for key in STACKS},
        "branches": {"contents": "read"},
    },
    "rendered": {key: {"contents": "write"} for key in STACKS},
    "base": {"base": {"contents": "read"}},
}


def make_words(line: str) -> list[str]:
    """The words of a call of make; fails where a line is anything else."""
    words = shlex.split(line)
    assert words[0] == "make", line
    assert words[1] in targets(), f"{line}: no target of the Makefile"
    assert all(re.fullmatch(r"[A-Z]+=\S+", word) for word in words[2:]), line
    return words


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.stem)
def test_a_workflow_runs_targets_and_pinned_actions_alone(path: Path) -> None:
    for step in steps(yaml.safe_load(path.read_text())):
        if "uses" in step:
            assert re.fullmatch(r"actions/(?:checkout|upload-artifact|cache/\w+)@[0-9a-f]{40}", step["uses"])
        elif step["name"] != "summary":
            make_words(step["run"].replace("${{ github.job }}", "dev"))


def test_every_pinned_action_says_its_version() -> None:
    for path in WORKFLOWS:
        for line in path.read_text().splitlines():
            if re.search(r"\buses:", line):
                assert re.search(r"@[0-9a-f]{40} # v\d+\.\d+\.\d+$", line), line


def test_each_target_of_delivery_is_called_by_github_and_by_gitlab() -> None:
    github = {shlex.split(step["run"])[1] for path in WORKFLOWS for step in steps(yaml.safe_load(path.read_text()))
              if step.get("run", "").startswith("make")}  # fmt: skip
    gitlab_ci = {make_words(line)[1] for job in gitlab_jobs(gitlab()).values() for line in job["script"]}
    assert github == gitlab_ci == CALLED


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.stem)
def test_rights_are_those_of_each_job_alone(path: Path) -> None:
    content = yaml.safe_load(path.read_text())
    assert content["permissions"] == {}
    assert {name: job["permissions"] for name, job in content["jobs"].items()} == RIGHTS[path.stem]


def test_credentials_of_git_stay_where_a_branch_is_pushed_and_nowhere_else() -> None:
    for path in WORKFLOWS:
        for step in steps(yaml.safe_load(path.read_text())):
            if step.get("uses", "").startswith("actions/checkout"):
                assert (step["with"].get("persist-credentials") is False) == (path.stem != "rendered")


def test_no_text_of_strangers_reaches_a_shell() -> None:
    allowed = {"github.job"}
    for path in WORKFLOWS:
        for step in steps(yaml.safe_load(path.read_text())):
            assert {found.strip() for found in EXPRESSION.findall(step.get("run", ""))} <= allowed


def test_secrets_are_in_the_environment_of_one_step_of_a_job() -> None:
    """Actions of others, such as those that upload what is kept, are steps too."""
    for path in WORKFLOWS:
        for name, job in yaml.safe_load(path.read_text())["jobs"].items():
            assert "env" not in job, f"{path.stem}: {name}"
            holding = [step for step in job["steps"] if "secrets." in str(step) or "github.token" in str(step)]
            assert len(holding) == (name != "branches" and path.stem not in ("rendered", "base")), (
                f"{path.stem}: {name}"
            )
            assert all("run" in step for step in holding)


@pytest.mark.parametrize(("name", "who"), [("merge", "delivery"), ("drift", "drift")])
def test_a_job_is_handed_what_the_table_of_the_docs_gives_it_and_nothing_else(name: str, who: str) -> None:
    text = (REPOSITORY / "docs" / "pipelines.md").read_text()
    table = text.partition("## Variables and secrets")[2].partition("## ")[0]
    rows = [line.strip("| ").split(" | ") for line in table.splitlines() if line.startswith("| `")]
    stated = {
        (kind, variable)
        for names, where, has in rows for kind, word in (("vars", "variable"), ("secrets", "secret"))
        if re.match(f"{word}s? of each environment", where) and re.search(rf"(?:^|and |; ){who}\b", has)
        for variable in re.findall(r"`([A-Z_]+)`", names)
    }  # fmt: skip
    handed = set(re.findall(r"\b(vars|secrets)\.([A-Z_]+)", str(list(steps(workflow(name))))))
    assert handed == stated


def test_a_pull_request_has_no_secret_and_its_token_is_not_for_forks() -> None:
    text = (REPOSITORY / ".github" / "workflows" / "pull-request.yaml").read_text()
    assert "secrets." not in text
    assert "vars." not in text
    assert "pull_request_target" not in text
    holding = [step for step in steps(workflow("pull-request")) if "token" in str(step)]
    assert [step["run"] for step in holding] == ["make plan-tell"]
    assert "github.event.pull_request.head.repo.full_name == github.repository" in holding[0]["if"]


def test_code_that_nobody_has_looked_at_runs_on_no_runner_that_delivers() -> None:
    """A runner takes a job if it has every label of it: so each side names one that the other must not have."""
    github = {path.stem: [set(job["runs-on"]) for job in yaml.safe_load(path.read_text())["jobs"].values()]
              for path in WORKFLOWS}  # fmt: skip
    assert github.pop("pull-request") == [{"self-hosted", "linux", "kitchen-change"}]
    assert all(labels == {"self-hosted", "linux", "kitchen"} for jobs in github.values() for labels in jobs)
    usual = gitlab()["default"]["tags"]
    tags = {name: job.get("tags", usual) for name, job in gitlab_jobs(gitlab()).items()}
    assert {name for name, own in tags.items() if own == ["kitchen-change"]} == {"change", "comment"}
    assert all(own == ["kitchen"] for name, own in tags.items() if name not in ("change", "comment"))


def test_what_is_known_of_main_goes_to_changes_and_never_back() -> None:
    """Who writes it may forge a base: code that nobody has looked at does not, and what delivers does not read it."""
    folder = ".kitchen/plan/cache"
    uses = [(path.stem, step["uses"].partition("@")[0].rpartition("/")[2], step["with"]) for path in WORKFLOWS
            for step in steps(yaml.safe_load(path.read_text())) if "actions/cache" in step.get("uses", "")]  # fmt: skip
    assert [(name, what, given["path"]) for name, what, given in uses] == [
        ("base", "save", folder),
        ("pull-request", "restore", folder),
    ]
    assert [given["key"].partition("-")[0] for *_, given in uses] == ["plan", "plan"]
    assert uses[1][2]["restore-keys"] == "plan-"
    caches = {name: job["cache"] for name, job in gitlab_jobs(gitlab()).items() if "cache" in job}
    assert {name: (one["policy"], one["key"], one["paths"]) for name, one in caches.items()} == {
        "change": ("pull", "plan", [f"{folder}/"]),
        "base": ("push", "plan", [f"{folder}/"]),
    }
    assert "cache" not in gitlab()["default"]
    assert "cache" not in gitlab()
    # A delivery waits for no base, and is not ended by one.
    assert (gitlab()["base"]["needs"], gitlab()["base"]["allow_failure"]) == ([], True)


def test_what_was_found_is_kept_however_a_job_ends() -> None:
    kept = [step for step in steps(workflow("pull-request")) if step.get("uses", "").startswith("actions/upload")]
    assert [(step["if"], step["with"]["path"]) for step in kept] == [
        ("${{ always() }}", "reports/"),
        ("${{ always() }}", ".kitchen/logs/"),
    ]
    assert gitlab_jobs(gitlab())["change"]["artifacts"]["when"] == "always"


def test_an_update_is_never_cancelled_and_one_runs_a_stack_at_a_time() -> None:
    for name in ("merge", "rendered"):
        jobs = workflow(name)["jobs"]
        groups = [job["concurrency"] for job in jobs.values()]
        assert groups == [{"group": f"stack-{stack}", "cancel-in-progress": False} for stack in STACKS]
    for stack in STACKS:
        job = gitlab_jobs(gitlab())[f"deliver {stack}"]
        assert job["resource_group"] == f"stack-{stack}"
        assert "interruptible" not in job
    assert gitlab()["default"]["interruptible"] is False


def test_prod_comes_after_dev_and_after_an_approval() -> None:
    for name in ("merge", "rendered"):
        jobs = workflow(name)["jobs"]
        assert (jobs["prod"]["needs"], jobs["prod"]["environment"]) == ("dev", "prod")
    # What dev leaves behind is nothing for prod; once it has expired, GitLab would start no job that asks for it.
    for way, dev in (("deliver", {"job": "deliver dev", "artifacts": False}), ("rendered", "rendered dev")):
        job = gitlab_jobs(gitlab())[f"{way} prod"]
        assert job["needs"] == [dev]
        assert job["environment"] == {"name": "prod"}
        assert [(rule["when"], rule["allow_failure"]) for rule in job["rules"]] == [("manual", False)]


def test_a_branch_that_differs_hides_no_other_one() -> None:
    checks = [step for step in workflow("drift")["jobs"]["branches"]["steps"] if "run" in step]
    assert [step.get("if") for step in checks] == [None, "${{ !cancelled() }}"]
    jobs = gitlab_jobs(gitlab())
    assert [jobs[f"branches {stack}"]["script"] for stack in STACKS] == [
        [f"make gitops-check STACK={stack}"] for stack in STACKS
    ]


def test_an_environment_is_delivered_in_one_way() -> None:
    """Two hands on the same objects would take fields from each other."""
    for name, sign in (("merge", "!="), ("rendered", "==")):
        assert workflow(name)["jobs"]["dev"]["if"] == f"${{{{ vars.KITCHEN_WAY {sign} 'argocd' }}}}"
    for name, job in gitlab_jobs(gitlab()).items():
        said = str(job["rules"])
        assert ("KITCHEN_WAY" in said) == (name not in ("change", "comment", "base")), name
        assert ('== "argocd"' in said) == (name.startswith(("rendered", "branches"))), name


def test_every_schedule_says_that_it_reads_no_secret() -> None:
    """The rights of the way `drift` have none: without the word no look would ever be whole."""
    runs = [step["run"] for step in steps(workflow("drift")) if "make drift" in step.get("run", "")]
    runs += [line for job in gitlab_jobs(gitlab()).values() for line in job["script"] if "make drift" in line]
    tasks = [task for one in tekton() if one["kind"] == "Pipeline" for task in one["spec"]["tasks"]]
    told = [{param["name"]: param["value"] for param in task["params"]} for task in tasks]
    called = [" ".join(params["arguments"]) for params in told if params.get("target") == "drift"]
    assert len(runs) == 4 and len(called) == 1
    assert [line for line in (*runs, *called) if "SKIP=Secret" not in line.split()] == []


def test_a_schedule_waits_for_no_approval() -> None:
    jobs = workflow("drift")["jobs"]
    assert [jobs[stack]["environment"] for stack in STACKS] == [f"{stack}-drift" for stack in STACKS]
    assert [gitlab_jobs(gitlab())[f"drift {stack}"]["environment"]["name"] for stack in STACKS] == [
        f"{stack}-drift" for stack in STACKS
    ]


def test_the_schema_of_gitlab_is_the_one_that_is_named() -> None:
    digest = hashlib.sha256(SCHEMA.read_bytes()).hexdigest()
    assert digest in SCHEMA.with_name("README.md").read_text()
    assert SCHEMA.with_name("LICENSE.gitlab").is_file()


def test_gitlab_s_file_is_valid_by_gitlab_s_schema() -> None:
    assert gitlab_faults(gitlab()) == []
    text = GITLAB.read_text().replace("resource_group: stack-prod", "resource_groups: stack-prod", 1)
    assert any("resource_groups" in fault for fault in gitlab_faults(yaml.safe_load(text)))


def test_a_merge_request_has_the_token_in_one_job_that_forks_do_not_have() -> None:
    jobs = gitlab_jobs(gitlab())
    of_changes = {name: job for name, job in jobs.items() if "merge_request_event" in str(job["rules"])}
    assert set(of_changes) == {"change", "comment"}
    *never, told = of_changes["comment"]["rules"]
    # A fork's pipeline runs in the fork's project: that it is the pipeline's own says nothing.
    assert "$CI_MERGE_REQUEST_SOURCE_PROJECT_ID == $CI_MERGE_REQUEST_PROJECT_ID" in told["if"]
    assert [rule["when"] for rule in never] == ["never"]
    assert [name for name, job in jobs.items() if job.get("environment") == {"name": "plan", "action": "access"}] == [
        "comment"
    ], "a variable of GitLab goes to every job, unless it is tied to an environment"
    assert of_changes["comment"]["needs"] == [{"job": "change", "artifacts": True}]


@pytest.mark.parametrize("stack", STACKS)
def test_what_argo_cd_may_make_passes_the_pack_once_its_repository_is_named(
    stack: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = REPOSITORY / "deploy" / "argocd" / f"{stack}.yaml"
    words = [str(path), "--settings", str(REPOSITORY / f"Pulumi.{stack}.yaml")]
    policy_check(words)
    assert "rendered-elsewhere" in capsys.readouterr().out
    config = tmp_path / "config.json"
    named = [application.place_of(path).repository]
    config.write_text(json.dumps({"rendered-elsewhere": {"gitRepositories": named}}))
    assert policy_check([*words, "--config", str(config)]) == 0, capsys.readouterr().out
    assert " 0 mandatory and 0 advisory" in capsys.readouterr().out


def test_a_review_that_lies_in_git_is_read_by_the_look_that_pipelines_make(tmp_path: Path) -> None:
    for name in ("Makefile", "requirements.lock", "pyproject.toml"):
        (tmp_path / name).write_bytes((REPOSITORY / name).read_bytes())

    def look(*words: str) -> str:
        env = {name: value for name, value in os.environ.items() if not name.startswith("MAKE")}  # of a make around it
        command = ["make", "-n", "drift", *words]
        done = subprocess.run(command, cwd=tmp_path, env=env, capture_output=True, text=True, check=True)
        return shlex.join(shlex.split(done.stdout.splitlines()[-1]))

    assert look("STACK=prod") == ".venv/bin/kitchen drift --stack prod"
    (tmp_path / "reviewed-prod.json").touch()
    assert look("STACK=prod") == ".venv/bin/kitchen drift --stack prod --reviewed reviewed-prod.json"
    assert look("STACK=dev") == ".venv/bin/kitchen drift --stack dev"
    assert look("STACK=prod", "REVIEWED=other.json").endswith("--reviewed other.json")
