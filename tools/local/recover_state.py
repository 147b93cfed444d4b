"""A state and its passphrase: what is left of them must be read together."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from tools.damaged_error import DamagedError
from tools.local import checkpoint
from tools.local.set_aside import Aside
from tools.local.workspace import Workspace
from tools.own_file import OPEN, content, is_there, text, write

Row = tuple[Path, str, str]
"""A file, what was wrong with it, and what was done."""

_NO_KEY = "is encrypted with a passphrase that is lost"
_FROM_NOTHING = "no copy can be read: `make up` takes over everything that is there, with new keys of the store's users"


def lost_passphrase(workspace: Workspace, aside: Aside, lost: Sequence[DamagedError]) -> list[Row]:
    """Set aside a passphrase that opens nothing, and the settings that were encrypted with another."""
    if not lost:
        return []
    rows: list[Row] = []
    if newest_copy(workspace):
        rows.append((workspace.passphrase, lost[0].what, "stays: it opens a copy of the state"))
    else:
        aside.move(workspace.passphrase)
        rows.append((workspace.passphrase, lost[0].what, "`make up` makes a new one"))
    if is_there(workspace.config_file):
        rows.append((workspace.config_file, _NO_KEY, aside.move(workspace.config_file)))
    return rows


def mend_state(workspace: Workspace, aside: Aside, was: Mapping[Path, str], *, lost: bool) -> list[Row]:
    """Put the newest copy that can be read in the state's place, or leave none: then everything is taken over."""
    state, backup = workspace.state_file, workspace.backup
    if not lost and state not in was:
        return [(backup, was[backup], aside.move(backup))] if backup in was else []
    if not is_there(state) and not is_there(backup):
        return []
    what = was.get(state, _NO_KEY)
    copy = newest_copy(workspace)
    if copy is None:
        aside.move(state)
        aside.move(backup)
        return [(state, what, _FROM_NOTHING)]
    fresh = state.with_name(f".{state.name}.taken")
    workspace.set_restored(True)
    write(fresh, content(copy), OPEN)  # before anything is moved: the disk may be full
    aside.move(state)
    rows = [(backup, was[backup], aside.move(backup))] if backup in was else []
    fresh.replace(state)
    return [(state, what, f"taken from {copy.name}, which is of {_time(state)}"), *rows]


def newest_copy(workspace: Workspace) -> Path | None:
    """The backend's own backup, else the newest of its copies after an update, that the passphrase opens."""
    folder = workspace.state / ".pulumi" / "backups" / workspace.project_name / workspace.stack
    kept = sorted(folder.glob(f"{workspace.stack}.*.json"), reverse=True) if folder.is_dir() else []
    phrase = _phrase(workspace)
    for path in (workspace.backup, *kept) if phrase else ():
        try:
            latest = checkpoint.read(path)
        except (FileNotFoundError, DamagedError):
            continue
        salt = checkpoint.salt(latest)
        if latest.get("resources") and salt and phrase and checkpoint.opens(phrase, salt):
            return path
    return None


def _phrase(workspace: Workspace) -> str | None:
    try:
        return text(workspace.passphrase).strip()
    except (FileNotFoundError, DamagedError):
        return None


def _time(state: Path) -> str:
    return str(checkpoint.read(state).get("manifest", {}).get("time", "an unknown time"))
