"""What runners are told of a pull request, as GitHub and GitLab tell theirs."""

from __future__ import annotations

from typing import Any

from tests.delivery.support.acting import Act, ActRan
from tests.delivery.support.gitlab import GitLab, GitLabRan
from tests.delivery.support.runner import Ran
from tests.delivery.support.scratch import OWN, Scratch
from tests.support.forge_server import TOKEN, ForgeServer

NUMBER = 12


def runner(forge: ForgeServer, commit: str) -> dict[str, str]:
    """The runner's own variables: where the forge is; the token is the workflow's to give."""
    variables = forge.variables(KITCHEN_FORGE_COMMIT=commit)
    del variables["KITCHEN_FORGE_TOKEN"]
    return variables


def pull_request(act: Act, scratch: Scratch, forge: ForgeServer, *, fork: bool = False) -> ActRan:
    """The workflow for the branch that is checked out, as a pull request to main."""
    forge.head = head = scratch.git("rev-parse", "HEAD").strip()
    whose = "eve/kitchen" if fork else OWN
    scratch.git("push", "--quiet", "--force", str(scratch.bare), f"HEAD:refs/pull/{NUMBER}/merge")
    said: dict[str, Any] = {
        "number": NUMBER,
        "repository": {"full_name": OWN},
        "pull_request": {
            "number": NUMBER,
            "head": {"sha": head, "ref": "change", "repo": {"full_name": whose}},
            "base": {
                "sha": scratch.git("rev-parse", "main").strip(),
                "ref": "main",
                "repo": {"full_name": OWN},
            },
        },
    }
    return act.run("pull_request", "pull-request", said=said, environment=runner(forge, head))


def of_merge_request(forge: ForgeServer, *, fork: bool = False) -> dict[str, str]:
    """What GitLab tells a pipeline; that of a fork runs in the fork's own project, which is then CI_PROJECT_ID."""
    return {
        "CI_API_V4_URL": forge.url,
        "CI_PROJECT_ID": "8" if fork else "7",
        "CI_MERGE_REQUEST_IID": str(NUMBER),
        "CI_MERGE_REQUEST_TARGET_BRANCH_NAME": "main",
        "CI_MERGE_REQUEST_PROJECT_ID": "7",
        "CI_MERGE_REQUEST_SOURCE_PROJECT_ID": "8" if fork else "7",
        "CI_MERGE_REQUEST_EVENT_TYPE": "detached",
    }


def merge_request(gitlab: GitLab, scratch: Scratch, forge: ForgeServer, *, fork: bool = False) -> GitLabRan:
    """The pipeline for the branch that is checked out, as a merge request to main; `plan` alone has the token."""
    forge.head = scratch.git("rev-parse", "HEAD").strip()
    secrets = {"KITCHEN_FORGE_TOKEN": {"plan": TOKEN}}
    return gitlab.run("merge_request_event", variables=of_merge_request(forge, fork=fork), secrets=secrets)


def nothing_secret(ran: Ran, *more: str) -> None:
    """No secret in what was printed and uploaded; act and GitLab hide what they were given as a secret."""
    for word in (TOKEN, *more):
        assert word not in ran.text
        assert not [name for name, content in ran.uploaded.items() if word.encode() in content]
