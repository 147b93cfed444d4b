"""A change, a merge and a schedule as each forge runs them: GitHub's files by act, GitLab's by gitlab-ci-local."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from tests.delivery.support.acting import Act
from tests.delivery.support.forges import merge_request, pull_request, runner
from tests.delivery.support.gitlab import GitLab
from tests.delivery.support.runner import Ran, Runner
from tests.delivery.support.scratch import Scratch
from tests.support.forge_server import TOKEN, ForgeServer

_ENVIRONMENTS = ("dev", "prod", "dev-drift", "prod-drift")


@dataclass(frozen=True, kw_only=True)
class Given:
    """What a forge is given: variables and secrets of the environments; and what the runner has itself."""

    variables: dict[str, str]
    secrets: dict[str, str]
    around: dict[str, str]


class Pipelines(Protocol):
    """What runs when; `ended` of a run knows the jobs `dev` and `prod`."""

    forge: ForgeServer

    @property
    def runner(self) -> Runner:
        """What runs them; a person works in its repository."""

    def change(self) -> Ran:
        """The plan of the branch that is checked out, told at its pull request; raise AssertionError when it fails."""

    def merge(self) -> Ran:
        """A push to main: dev, and then prod as soon as it is approved."""

    def drift(self, stack: str) -> Ran:
        """The schedule, for one environment."""

    def rendered(self, stack: str) -> Ran:
        """A push to main where Argo CD delivers."""


@dataclass(kw_only=True)
class OnGitHub:
    scratch: Scratch
    folder: Path
    given: Given
    forge: ForgeServer = field(init=False)
    runner: Act = field(init=False)

    def __post_init__(self) -> None:
        self.forge, self.runner = ForgeServer(kind="github"), Act(self.folder, self.scratch)

    def change(self) -> Ran:
        ran = pull_request(self.runner, self.scratch, self.forge)
        assert ran.ended("change") == "succeeded", ran.text[-3000:]
        return ran

    def merge(self) -> Ran:
        return self._run("push", "merge")

    def drift(self, stack: str) -> Ran:
        return self._run("schedule", "drift", job=stack)

    def rendered(self, stack: str) -> Ran:
        return self._run("push", "rendered", job=stack)

    def _run(self, event: str, workflow: str, job: str = "") -> Ran:
        given, commit = self.given, self.scratch.git("rev-parse", "HEAD").strip()
        self.scratch.git("push", "--quiet", "--force", str(self.scratch.bare), f"{commit}:refs/heads/main")
        around = given.around | runner(self.forge, commit)
        return self.runner.run(
            event, workflow, variables=given.variables, secrets=given.secrets, environment=around, job=job
        )  # fmt: skip


@dataclass(kw_only=True)
class OnGitLab:
    """Every variable is tied to the environments that need it, as docs/pipelines.md says."""

    scratch: Scratch
    folder: Path
    given: Given
    forge: ForgeServer = field(init=False)
    runner: GitLab = field(init=False)

    def __post_init__(self) -> None:
        self.forge, self.runner = ForgeServer(kind="gitlab"), GitLab(self.folder, self.scratch)

    def change(self) -> Ran:
        ran = merge_request(self.runner, self.scratch, self.forge)
        assert (ran.ended("change"), ran.ended("comment")) == ("succeeded", "succeeded"), ran.text[-3000:]
        return ran

    def merge(self) -> Ran:
        return self._run("push", "deliver ", manual=("deliver prod",))

    def drift(self, stack: str) -> Ran:
        return self._run("schedule", "drift ", jobs=(f"drift {stack}",))

    def rendered(self, stack: str) -> Ran:
        return self._run("push", "rendered ", jobs=(f"rendered {stack}",))

    def _run(self, source: str, prefix: str, *, jobs: tuple[str, ...] = (), manual: tuple[str, ...] = ()) -> Ran:
        given = self.given
        tied = {"KITCHEN_FORGE_TOKEN": TOKEN} | given.variables | given.secrets
        secrets: Mapping[str, Mapping[str, str]] = {
            name: {"*": value} if name == "KITCHEN_WAY" else dict.fromkeys(_ENVIRONMENTS, value)
            for name, value in tied.items()
        }
        return self.runner.run(
            source, variables={"CI_API_V4_URL": self.forge.url}, secrets=secrets, environment=given.around,
            jobs=jobs, manual=manual, prefix=prefix,
        )  # fmt: skip


PIPELINES: dict[str, type[OnGitHub] | type[OnGitLab]] = {"github": OnGitHub, "gitlab": OnGitLab}
