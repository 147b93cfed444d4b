"""Which forge, repository, pull request and commit: out of the environment, as pipelines set it. The token too."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from infra.faults import MISSING, Fault, FaultsError
from infra.strict_json import JsonError, parse
from ops.forge.door import Door
from ops.forge.gitea import Gitea
from ops.forge.github import GitHub
from ops.forge.gitlab import GitLab
from ops.forge.reading import COMMIT
from ops.forge.things import Forge
from ops.token.asking import safe

FORGES = ("github", "gitlab", "gitea")
_TOKEN, _KIND, _URL = "KITCHEN_FORGE_TOKEN", "KITCHEN_FORGE", "KITCHEN_FORGE_URL"
_REPOSITORY, _PULL, _COMMIT = "KITCHEN_FORGE_REPOSITORY", "KITCHEN_FORGE_PULL", "KITCHEN_FORGE_COMMIT"
_CA, _BRANCH, _TELLER = "KITCHEN_FORGE_CA", "KITCHEN_FORGE_BRANCH", "KITCHEN_FORGE_TELLER"
_MOST_EVENT = 25 * 1024**2
_OWNED = re.compile(r"[\w.-]+/[\w.-]+", re.ASCII)
_PROJECT = re.compile(r"[\w.-]+(?:/[\w.-]+)+|[0-9]+", re.ASCII)
_NUMBER = re.compile(r"[1-9][0-9]{0,8}")
_MERGE_REF = re.compile(r"refs/pull/([0-9]+)/")
_EXAMPLES = {
    _URL: "https://gitea.example.com/api/v1",
    _REPOSITORY: "ai/kitchen",
    _PULL: "12",
    _COMMIT: "0123456789abcdef0123456789abcdef01234567",
    _CA: "/etc/ssl/company-ca.pem",
}


@dataclass(frozen=True, kw_only=True)
class Place:
    """Where to speak, and of what. `pull` and `commit` are None where nothing names them.

    `branch` is the one that pull requests go to; `fork` says that this run is for one that comes out of a fork.
    `teller` is the account that tells plans, "" for the token's own.
    """

    kind: str
    url: str
    repository: str
    token: str = field(repr=False)
    pull: int | None = None
    commit: str | None = None
    branch: str = "main"
    fork: bool = False
    teller: str = ""
    ca: Path | None = None

    def forge(self) -> Forge:
        """The forge; nothing is asked yet. Raise FaultsError for authorities that are none."""
        headers = {"github": ("Authorization", f"Bearer {self.token}"), "gitlab": ("PRIVATE-TOKEN", self.token),
                   "gitea": ("Authorization", f"token {self.token}")}  # fmt: skip
        name, value = headers[self.kind]
        plain = {"User-Agent": "kitchen"}
        if self.kind == "github":
            plain |= {"X-GitHub-Api-Version": "2022-11-28"}
        door = Door(forge=self.kind, base=self.url, token=self.token, secret={name: value}, plain=plain, ca=self.ca)
        makers: dict[str, Any] = {"github": GitHub, "gitlab": GitLab, "gitea": Gitea}
        made: Forge = makers[self.kind](door, self.repository)
        return made


def place(variables: Mapping[str, str] | None = None) -> Place | None:
    """What the environment says; None without a token. Raise FaultsError with every fault, and never a token in it.

    KITCHEN_FORGE_... come first; what they do not say comes from the variables of the pipeline.
    """
    env = os.environ if variables is None else variables
    said = _said(env)
    if not said[_TOKEN]:
        return None
    faults = [*_faults(said)]
    if faults:
        raise FaultsError("forge", faults)
    return Place(
        kind=said[_KIND],
        url=said[_URL].rstrip("/"),
        repository=said[_REPOSITORY],
        token=said[_TOKEN],
        pull=int(said[_PULL]) if said[_PULL] else None,
        commit=said[_COMMIT] or None,
        branch=said[_BRANCH] or "main",
        fork=_is_fork(env.get("GITHUB_EVENT_PATH", "")),
        teller=said[_TELLER],
        ca=Path(said[_CA]) if said[_CA] else None,
    )


def _said(env: Mapping[str, str]) -> dict[str, str]:
    kind = env.get(_KIND, "").strip() or _kind(env)
    found = _of_gitlab(env) if kind == "gitlab" else _of_actions(env) if kind in FORGES else {}
    own = {
        name: env.get(name, "").strip() for name in (_TOKEN, _URL, _REPOSITORY, _PULL, _COMMIT, _CA, _BRANCH, _TELLER)
    }
    return {name: value or found.get(name, "") for name, value in own.items()} | {_KIND: kind}


def _kind(env: Mapping[str, str]) -> str:
    if env.get("GITEA_ACTIONS") == "true":
        return "gitea"
    if env.get("GITHUB_ACTIONS") == "true":
        return "github"
    return "gitlab" if env.get("GITLAB_CI") == "true" else ""


def runs_in_pipeline(variables: Mapping[str, str] | None = None) -> bool:
    """Whether a forge's runner has started this process, as its own variables say."""
    return bool(_kind(os.environ if variables is None else variables))


def _of_gitlab(env: Mapping[str, str]) -> dict[str, str]:
    """A job's own token cannot comment in GitLab, so that it is not taken."""
    return {
        _URL: env.get("CI_API_V4_URL", ""),
        _REPOSITORY: env.get("CI_PROJECT_PATH", ""),
        _PULL: env.get("CI_MERGE_REQUEST_IID", ""),
        _COMMIT: env.get("CI_MERGE_REQUEST_SOURCE_BRANCH_SHA", "") or env.get("CI_COMMIT_SHA", ""),
        _BRANCH: env.get("CI_COMMIT_BRANCH", ""),
    }


def _of_actions(env: Mapping[str, str]) -> dict[str, str]:
    """A run for a pull request has checked out a commit that merges it: the event names its own newest one."""
    ref = _MERGE_REF.match(env.get("GITHUB_REF", ""))
    head = _event_head(env.get("GITHUB_EVENT_PATH", ""))
    return {
        _TOKEN: env.get("GITHUB_TOKEN", ""),
        _URL: env.get("GITHUB_API_URL", ""),
        _REPOSITORY: env.get("GITHUB_REPOSITORY", ""),
        _PULL: ref[1] if ref else "",
        _COMMIT: head or ("" if ref else env.get("GITHUB_SHA", "")),
        _BRANCH: env.get("GITHUB_REF", "").removeprefix("refs/heads/") if not ref else "",
    }


def _event_head(path: str) -> str:
    try:
        return str(_pull_of_event(path)["head"]["sha"])
    except (KeyError, TypeError):
        return ""


def _is_fork(path: str) -> bool:
    """Whether the event's pull request comes out of another repository: its token may read alone."""
    try:
        pull = _pull_of_event(path)
        return bool(pull["head"]["repo"]["full_name"] != pull["base"]["repo"]["full_name"])
    except (KeyError, TypeError):
        return False


def _pull_of_event(path: str) -> Any:
    try:
        with Path(path or os.devnull).open("rb") as file:
            return parse(file.read(_MOST_EVENT + 1), most=_MOST_EVENT)["pull_request"]
    except (OSError, JsonError, KeyError, TypeError):
        return None


def _faults(said: Mapping[str, str]) -> list[Fault]:
    kind = said[_KIND]
    owned = _PROJECT if kind == "gitlab" else _OWNED
    token = said[_TOKEN]
    rules = [
        (_KIND, kind in FORGES, f"must be one of {', '.join(FORGES)}", "gitea"),
        (_URL, safe(said[_URL]), "must be the https address of the REST interface, without a user", ""),
        (_REPOSITORY, bool(owned.fullmatch(said[_REPOSITORY])), "must be owner/name, as the forge has it", ""),
        (_PULL, not said[_PULL] or bool(_NUMBER.fullmatch(said[_PULL])),
         "must be the number of a pull request", ""),
        (_COMMIT, not said[_COMMIT] or bool(COMMIT.fullmatch(said[_COMMIT])), "must be a whole commit", ""),
    ]  # fmt: skip
    faults = [
        Fault(path=name, value=said[name] or MISSING, rule=rule, example=f"{name}={example or _EXAMPLES[name]}")
        for name, right, rule, example in rules
        if not right
    ]
    if any(part in (".", "..") for part in said[_REPOSITORY].split("/")):
        faults.append(Fault(path=_REPOSITORY, value=said[_REPOSITORY], rule="must be owner/name, as the forge has it",
                            example=f"{_REPOSITORY}={_EXAMPLES[_REPOSITORY]}"))  # fmt: skip
    if not (token.isascii() and token.isprintable() and " " not in token):
        rule = "must be one word of plain characters"
        faults.append(Fault(path=_TOKEN, value="(not shown)", rule=rule, example=f"{_TOKEN}=... of a secret"))
    if urlsplit(said[_URL]).query:
        rule = "must have no question in it"
        faults.append(Fault(path=_URL, value="(not shown)", rule=rule, example=f"{_URL}={_EXAMPLES[_URL]}"))
    return faults


def no_token(variables: Mapping[str, str] | None = None) -> str:
    """Why nothing is told without a token, in one line."""
    env = os.environ if variables is None else variables
    if _kind(env) == "gitlab" and env.get("CI_JOB_TOKEN"):
        return f"no token: a job's own token cannot comment in GitLab; {_TOKEN} of an account of its own can"
    return f"no token: {_TOKEN} is not set, as in a run for a fork"
