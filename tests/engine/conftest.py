"""Programs run by the real engine, offline: a file backend, no cluster."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.support.once import once
from tests.support.programs import program as written
from tests.support.stacks import prepare
from tools.engine.checkpoints import WITHOUT
from tools.local.offline import offline_workspace
from tools.local.workspace import POLICY_PACK, REPOSITORY, Workspace
from tools.toolchain import PREVIEW, ensure


@dataclass(frozen=True, kw_only=True)
class Run:
    """What the engine said."""

    status: int
    text: str


@pytest.fixture(scope="session", autouse=True)
def toolchain() -> None:
    ensure(PREVIEW)


def run(workspace: Workspace, command: str, *options: str, env: dict[str, str] | None = None) -> Run:
    """Run a command of the engine on a workspace's stack. An update writes its state once, but for what `env` says."""
    done = subprocess.run(
        [
            *("pulumi", command, "--non-interactive", "--stack", workspace.stack),
            *("--config-file", str(workspace.config_file), *options),
        ],
        cwd=workspace.project,
        env=workspace.environment() | WITHOUT | (env or {}),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
        timeout=900,
    )
    return Run(status=done.returncode, text=done.stdout)


def planned(result: Run) -> list[dict[str, Any]]:
    """The steps of a `preview --json` that succeeded."""
    assert result.status == 0, result.text
    steps: list[dict[str, Any]] = json.loads(result.text[result.text.index("{") :])["steps"]
    return steps


@pytest.fixture
def program(tmp_path: Path) -> Callable[[str], Workspace]:
    """Make a project of one small program; returns its workspace."""

    def make(text: str) -> Workspace:
        return prepare(written(tmp_path / "project", text, {}), {})

    return make


@pytest.fixture
def stack(tmp_path: Path) -> Callable[..., Workspace]:
    """The project's own program with changed settings; returns its workspace."""

    def make(name: str, changes: dict[str, Any] | None = None) -> Workspace:
        return prepare(offline_workspace(name, tmp_path / name), changes or {})

    return make


@pytest.fixture(scope="session")
def judged(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., Run]:
    """The preview with the policy pack of an environment as Git has it, made once for everybody who looks at it."""

    def made(name: str, *options: str) -> Run:
        def preview() -> dict[str, Any]:
            file = REPOSITORY / f"Pulumi.{name}.yaml"
            before = file.read_bytes()
            workspace = prepare(offline_workspace(name, tmp_path_factory.mktemp(name)), {})
            result = run(workspace, "preview", "--policy-pack", str(POLICY_PACK), *options)
            assert file.read_bytes() == before, "a preview leaves the settings as they are"
            return asdict(result)

        return Run(**once(tmp_path_factory, "-".join(("judged", name, *options)), preview))

    return made
