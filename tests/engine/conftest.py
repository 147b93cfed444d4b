"""Programs run by the real engine, offline: a file backend, no cluster."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.support.programs import program as written
from tools.local.offline import offline_workspace
from tools.local.workspace import Workspace
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
    done = subprocess.run(
        [
            *("pulumi", command, "--non-interactive", "--stack", workspace.stack),
            *("--config-file", str(workspace.config_file), *options),
        ],
        cwd=workspace.project,
        env=workspace.environment() | (env or {}),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
        timeout=300,
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
        workspace = written(tmp_path / "project", text, {})
        workspace.prepare({})
        return workspace

    return make


@pytest.fixture
def stack(tmp_path: Path) -> Callable[..., Workspace]:
    """The project's own program with changed settings; returns its workspace."""

    def make(name: str, changes: dict[str, Any] | None = None) -> Workspace:
        workspace = offline_workspace(name, tmp_path / name)
        workspace.prepare(changes or {})
        return workspace

    return make
