"""Where an engine finds the work tree's program with another side's Python packages."""

from __future__ import annotations

import sys
from pathlib import Path

from tools.local.workspace import REPOSITORY
from tools.own_file import remove

_LINKED = ("Pulumi.yaml", "Pulumi.dev.yaml", "Pulumi.prod.yaml", "infra", "components", "policies")


def project_of(venv: Path, folder: Path) -> Path:
    """The repository itself where the packages are its own; else a folder of links to it, with the other packages."""
    if venv == Path(sys.prefix):
        return REPOSITORY
    project = folder / f"project-{venv.name}"
    remove(project)
    project.mkdir(parents=True)
    for name in sorted({*_LINKED, *(path.name for path in REPOSITORY.glob("Pulumi*.yaml"))}):
        (project / name).symlink_to(REPOSITORY / name)
    (project / ".venv").symlink_to(venv)
    return project
