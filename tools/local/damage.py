"""What is wrong with the files of a workspace: looked at before anything is built, started or changed."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from tools.damaged_error import DamagedError
from tools.local import checkpoint
from tools.local.workspace import SETTINGS, Workspace
from tools.own_file import damage, folder_damage, is_there, read_yaml, text
from tools.own_form import NEWER, record, words

_OURS = re.compile(r"[A-Za-z0-9_-]{43}")
"""A passphrase as `Workspace.prepare` makes it."""
_LOST = "; only it opens the secrets in the state, which are the keys of the object store's users"
_NEW_KEYS = (
    "make recover (sets the state aside; `make up` then makes new keys and takes over what is there), "
    "or make down (removes everything)"
)
_META_VERSION = 1


def _meta_version(value: Any) -> str:
    if isinstance(value, int) and not isinstance(value, bool) and value > _META_VERSION:
        return f"is {value}, and this release knows {_META_VERSION}: {NEWER}"
    return "" if value in (0, _META_VERSION) and not isinstance(value, bool) else f"must be {_META_VERSION}"


META = record({"version": _meta_version})
PROJECT = record({"name": words, "runtime": words})


def damages(workspace: Workspace, *, deep: bool = False) -> list[DamagedError]:
    """Every damaged file of a workspace but its locks, the passphrase first; nothing is changed.

    `deep` also tries the passphrase on the state, which takes half a second.
    """
    if not is_there(workspace.folder):
        return []
    return folder_damages(workspace) or [*_passphrase(workspace, deep=deep), *_files(workspace)]


def folder_damages(workspace: Workspace) -> list[DamagedError]:
    """What stands in the place of a folder of the workspace; what would be inside cannot be looked at then."""
    return [entry for path in _folders(workspace) for entry in folder_damage(path)]


def _folders(workspace: Workspace) -> Iterator[Path]:
    """From the outside in."""
    yield workspace.folder
    yield workspace.state
    inner = workspace.state / ".pulumi"
    yield inner
    for name in ("stacks", "locks", "history", "backups"):
        yield inner / name
    yield workspace.state_file.parent
    yield from reversed([path for path in workspace.lock_folder.parents if path.is_relative_to(inner / "locks")])
    yield workspace.lock_folder


def _files(workspace: Workspace) -> Iterator[DamagedError]:
    state, backup = workspace.state_file, workspace.backup
    if is_there(backup) and not is_there(state):
        yield DamagedError(state, f"is gone, and its backup {backup.name} is there")
    for path in (state, backup):
        yield from damage(checkpoint.read, path)
    yield from damage(lambda path: read_yaml(path, META), workspace.state / ".pulumi" / "meta.yaml")
    yield from damage(lambda path: read_yaml(path, SETTINGS), workspace.config_file)
    yield from damage(lambda path: read_yaml(path, PROJECT), workspace.project_file)
    if workspace.kubeconfig and workspace.kubeconfig.parent == workspace.folder:
        yield from damage(text, workspace.kubeconfig)


def _passphrase(workspace: Workspace, *, deep: bool) -> Iterator[DamagedError]:
    path = workspace.passphrase
    salts = {
        workspace.state_file: _state_salt(workspace.state_file),
        workspace.config_file: _settings_salt(workspace.config_file),
    }
    try:
        phrase = text(path).strip()
    except FileNotFoundError:
        if any(salts.values()):
            yield DamagedError(path, f"is gone{_LOST}", _NEW_KEYS)
        return
    except DamagedError as error:
        yield DamagedError(path, f"{error.what}{_LOST}" if any(salts.values()) else error.what, _NEW_KEYS)
        return
    if not deep and _OURS.fullmatch(phrase):
        return
    for place, salted in salts.items():
        if salted and not checkpoint.opens(phrase, salted):
            yield DamagedError(path, f"is not the one that {place.name} was encrypted with{_LOST}", _NEW_KEYS)
            return


def _state_salt(path: Path) -> str | None:
    try:
        return checkpoint.salt(checkpoint.read(path))
    except (DamagedError, FileNotFoundError):
        return None


def _settings_salt(path: Path) -> str | None:
    try:
        found = read_yaml(path, SETTINGS).get("encryptionsalt")
    except (DamagedError, FileNotFoundError):
        return None
    return str(found) if found else None
