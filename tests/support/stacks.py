"""New stacks for tests without a start of the engine for each: `pulumi stack init` takes half a second of it."""

from __future__ import annotations

import atexit
import shutil
from collections.abc import Iterable, Mapping
from functools import cache
from pathlib import Path
from tempfile import mkdtemp
from typing import Any

import yaml

from tools.local.workspace import Workspace

_MADE: dict[tuple[str, str], Workspace] = {}


def prepare(workspace: Workspace, changes: Mapping[str, Any], without: Iterable[str] = ()) -> Workspace:
    """`Workspace.prepare`; new stacks of one name begin with the same empty state and passphrase, made once.

    `without` are settings of the file that the stack does not have.
    """
    if not workspace.exists():
        empty = _empty(workspace)
        shutil.copytree(empty.state, workspace.state, dirs_exist_ok=True)
        shutil.copy(empty.passphrase, workspace.passphrase)
    workspace.prepare(changes)
    if names := set(without):
        content = yaml.safe_load(workspace.config_file.read_text())
        for name in names:
            content["config"].pop(f"kitchen:{name}", None)
        workspace.config_file.write_text(yaml.safe_dump(content))
    return workspace


def _empty(workspace: Workspace) -> Workspace:
    """A stack of the same name on which nothing has ever worked."""
    key = (workspace.project_name, workspace.stack)
    if key not in _MADE:
        made = Workspace(_folder() / "-".join(key), workspace.stack, None, workspace.project)
        made.prepare({})
        _MADE[key] = made
    return _MADE[key]


@cache
def _folder() -> Path:
    folder = Path(mkdtemp(prefix="kitchen-stacks-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return folder
