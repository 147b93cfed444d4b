"""Small Pulumi programs of tests and benchmarks, each a project of its own."""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import Any

import yaml

from tools.local.offline import offline_workspace
from tools.local.workspace import REPOSITORY, Workspace

RUNTIME = {"name": "python", "options": {"toolchain": "pip", "virtualenv": str(REPOSITORY / ".venv")}}
"""This repository's Python environment, for a project that lies elsewhere."""


def program(folder: Path, text: str, config: dict[str, Any]) -> Workspace:
    """Write a project with one program and return its workspace, whose cluster is nowhere."""
    folder.mkdir(parents=True)
    (folder / "Pulumi.yaml").write_text(yaml.safe_dump({"name": "sample", "runtime": RUNTIME}))
    (folder / "Pulumi.dev.yaml").write_text(yaml.safe_dump({"config": config}))
    (folder / "__main__.py").write_text(text)
    state = offline_workspace("dev", folder / "state")
    return Workspace(state.folder, "dev", state.kubeconfig, folder)


def unjudged(workspace: Workspace, command: str, *options: str) -> int:
    """Run the engine on a sample without the policy pack, which would judge it as a whole environment."""
    words = ["pulumi", command, "--stack", workspace.stack, "--config-file", str(workspace.config_file)]
    done = subprocess.run(
        [*words, "--non-interactive", *options],
        cwd=workspace.project,
        env=workspace.environment(),
        stdin=subprocess.DEVNULL,
        check=False,
    )
    return done.returncode
