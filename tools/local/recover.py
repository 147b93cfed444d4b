"""`make recover`: damaged files are set aside, what can be rebuilt is rebuilt, and a table says what was done.

It changes nothing in the cluster's objects or in the object store: the next `make up` takes over what is there, because
every create of the program does (docs/adr/0006).
"""

from __future__ import annotations

import subprocess
from pathlib import Path
from urllib.parse import urlsplit

from tools.damaged_error import DamagedError
from tools.engine.words import table
from tools.local.damage import damages, folder_damages
from tools.local.errors import LocalError
from tools.local.intact import scratch_damages
from tools.local.locks import holder, is_held_here, locks
from tools.local.offline import STACKS
from tools.local.orphans import end_orphans, engines
from tools.local.recover_state import Row, lost_passphrase, mend_state
from tools.local.set_aside import Aside
from tools.local.up import LocalKitchen
from tools.local.workspace import SETTINGS, Workspace
from tools.own_file import folder_damage, is_there, read_yaml
from tools.toolchain import ToolchainError

_HEADER = ("FILE", "WAS", "DONE")
_NEXT = "make up (takes over what is there, makes what is missing, and compares the state with it)"


def recover(kitchen: LocalKitchen, *, force_unlock: bool = False) -> int:
    """Set damaged files of a kitchen aside and rebuild what can be; returns 0.

    `force_unlock` also takes locks away of which nobody can prove that they are stale. Raises LocalError, with nothing
    changed, while another command or an engine works here.
    """
    aside = Aside(kitchen.folder)
    with kitchen.work.begin("recover", kitchen.workspace.folder, clear=aside):
        if living := engines(kitchen.workspace.folder):
            raise LocalError(f"nothing was changed: an engine works here (process {living[0].pid}); wait for its end")
        rows = [
            *_mend_locks(kitchen, aside, force_unlock=force_unlock),
            *_mend_cluster(kitchen, aside),
            *_mend_workspace(kitchen.workspace, aside),
            *_mend_folders(kitchen.folder, aside),
        ]
    if aside.place is None and not rows:
        print("recover: no file is damaged; nothing was changed")
        return 0
    print(table(_HEADER, [(_shown(path, kitchen.folder), was, done) for path, was, done in rows]))
    if aside.place is not None:
        print(f"\nset aside in {aside.place}")
    print(f"next: {_NEXT}")
    return 0


def _mend_locks(kitchen: LocalKitchen, aside: Aside, *, force_unlock: bool) -> list[Row]:
    """Locks that are known to be stale, or are forced; a lock of a living engine of this machine never."""
    gone: list[Row] = []
    for lock in locks(kitchen.workspace.lock_folder):
        if isinstance(lock, DamagedError):
            if not force_unlock:
                raise LocalError(f"nothing was changed: {lock}")
            gone.append((lock.path, lock.what, aside.done))
        else:
            who = holder(lock, kitchen.work)
            if who and (not force_unlock or is_held_here(lock)):
                raise LocalError(f"nothing was changed: stack {kitchen.workspace.stack}: {who}")
            gone.append((lock.path, f"a lock of {lock}", aside.done))
    for path, _, _ in gone:
        aside(path)
    if gone:
        end_orphans(kitchen.workspace.folder)
    return gone


def _mend_cluster(kitchen: LocalKitchen, aside: Aside) -> list[Row]:
    root, found = kitchen.cluster.directory, kitchen.cluster.damages()
    if not found:
        return []
    if root.is_dir():
        kitchen.cluster.mend(aside, _ports(kitchen))
    else:
        aside(root)
    if kitchen.workspace.folder.is_dir():
        kitchen.workspace.set_restored(True)
    return [(entry.path, entry.what, aside.done) for entry in found]


def _ports(kitchen: LocalKitchen) -> dict[str, int]:
    """The store's port as the last update had it: with another one, its consumers would be made anew."""
    try:
        store = read_yaml(kitchen.workspace.config_file, SETTINGS)["config"][
            f"{kitchen.workspace.project_name}:objectStore"
        ]
        port = urlsplit(store["endpoint"]).port
    except (DamagedError, FileNotFoundError, KeyError, TypeError, ValueError):
        return {}
    return {"minio": port} if port else {}


def _mend_workspace(workspace: Workspace, aside: Aside) -> list[Row]:
    rows: list[Row] = []
    # What is in a folder can be looked at once it is one.
    while folders := folder_damages(workspace):
        rows += [(entry.path, entry.what, aside.move(entry.path)) for entry in folders]
    found = damages(workspace, deep=True)
    if not found and is_there(workspace.state_file):
        found = _refused(workspace)
    lost = [entry for entry in found if entry.path == workspace.passphrase]
    state = {entry.path: entry.what for entry in found if entry.path in (workspace.state_file, workspace.backup)}
    rows += [
        (entry.path, entry.what, aside.move(entry.path))
        for entry in found
        if entry not in lost and entry.path not in state
    ]
    return [*rows, *lost_passphrase(workspace, aside, lost), *mend_state(workspace, aside, state, lost=bool(lost))]


def _mend_folders(folder: Path, aside: Aside) -> list[Row]:
    """Artifacts and previews: made anew whenever they are needed."""
    found = [*folder_damage(folder / "fixtures"), *scratch_damages(folder, STACKS)]
    offline = folder / "offline"
    places = {offline if entry.path.is_relative_to(offline) else entry.path: entry for entry in found}
    return [(entry.path, entry.what, aside.move(place)) for place, entry in places.items()]


def _refused(workspace: Workspace) -> list[DamagedError]:
    """The engine's own judgement on a state that looks whole, where the engine is installed."""
    try:
        env = workspace.environment()
    except ToolchainError:
        return []
    done = subprocess.run(
        ["pulumi", "stack", "export", "--stack", workspace.stack, "--non-interactive"],
        cwd=workspace.project,
        env=env,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode == 0:
        return []
    return [DamagedError(workspace.state_file, f"is refused by the engine ({' '.join(done.stderr.split())[:200]})")]


def _shown(path: Path, folder: Path) -> str:
    return str(path.relative_to(folder) if path.is_relative_to(folder) else path)
