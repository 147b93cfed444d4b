"""Whether an update would do once more what the last one has done: then it is left out, which saves a third of it.

A preview without a change is not enough for that: an update also records what no preview shows, such as what a resource
depends on. So state, settings and program have to be those of an update of everything that succeeded.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path
from typing import Any

from tools.damaged_error import DamagedError
from tools.engine.outcome import Outcome
from tools.local.workspace import REPOSITORY, SETTINGS, Workspace
from tools.own_file import OPEN, content, read_yaml, remove, text, write

PROGRAM = ("Pulumi.yaml", "requirements.lock", "infra", "components")
"""What makes the resources; policies make none, and a preview shows another version of a provider."""


def is_settled(workspace: Workspace, planned: Outcome) -> bool:
    """Whether `planned`, a preview of everything, shows no change, and nothing is another than at the last update."""
    if planned.status != 0 or not planned.is_complete or planned.changes() or workspace.journal.read() is not None:
        return False
    try:
        return text(_mark(workspace)).strip() == _sum(workspace)
    except (FileNotFoundError, DamagedError):
        return False


def settle(workspace: Workspace) -> None:
    """Say that an update of everything has succeeded just now."""
    write(_mark(workspace), f"{_sum(workspace)}\n", OPEN)


def unsettle(workspace: Workspace) -> None:
    """Say that an update begins: what it leaves when it is killed is not settled, whatever the files say."""
    remove(_mark(workspace))


def _mark(workspace: Workspace) -> Path:
    return workspace.folder / "settled"


def _sum(workspace: Workspace) -> str:
    found = sha256(json.dumps(_settings(workspace), sort_keys=True, default=str).encode())
    for path in (workspace.state_file, *_program()):
        whole = content(path) if path.stat().st_size else b""
        found.update(f"{path.name}\0{len(whole)}\0".encode() + whole)
    return found.hexdigest()


def _settings(workspace: Workspace) -> dict[str, Any]:
    """The settings in one form: an engine that has written the file has made text of numbers."""
    found: dict[str, Any] = read_yaml(workspace.config_file, SETTINGS)
    config = found.get("config") or {}
    plain = {key: value if isinstance(value, dict | list | str) else json.dumps(value) for key, value in config.items()}
    return {**found, "config": plain}


def _program() -> Iterator[Path]:
    for name in PROGRAM:
        root = REPOSITORY / name
        files = root.rglob("*") if root.is_dir() else (root,)
        yield from sorted(path for path in files if path.is_file() and "__pycache__" not in path.parts)
