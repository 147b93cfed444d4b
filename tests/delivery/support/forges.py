"""What act is told of a pull request and of a merge, as GitHub tells its runners."""

from __future__ import annotations

from typing import Any

from tests.delivery.support.acting import Act, Ran
from tests.delivery.support.scratch import OWN, Scratch
from tests.support.forge_server import TOKEN, ForgeServer

NUMBER = 12


def runner(forge: ForgeServer, commit: str) -> dict[str, str]:
    """The runner's own variables: where the forge is; the token is the workflow's to give."""
    variables = forge.variables(KITCHEN_FORGE_COMMIT=commit)
    del variables["KITCHEN_FORGE_TOKEN"]
    return variables


def pull_request(act: Act, scratch: Scratch, forge: ForgeServer, *, fork: bool = False) -> Ran:
    """The workflow for the branch that is checked out, as a pull request to main."""
    forge.head = head = scratch.git("rev-parse", "HEAD").strip()
    whose = "eve/kitchen" if fork else OWN
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
    secrets = {"GITHUB_TOKEN": TOKEN}
    return act.run("pull_request", "pull-request", said=said, secrets=secrets, environment=runner(forge, head))


def nothing_secret(ran: Ran, *more: str) -> None:
    """No secret in what was printed and uploaded; act itself hides what it was given as a secret."""
    for word in (TOKEN, *more):
        assert word not in ran.text
        assert not [name for name, content in ran.uploaded.items() if word.encode() in content]
