"""Small Pulumi programs of tests and benchmarks, each a project of its own."""

from __future__ import annotations

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
