"""Whether everything below a kitchen's folder can be used; refused in one line each where it cannot."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from pathlib import Path

from tools.cluster import Cluster
from tools.damaged_error import DamagedError
from tools.local.damage import damages
from tools.local.errors import LocalError
from tools.local.logs import LOGS
from tools.local.workspace import Workspace
from tools.own_file import folder_damage

SCRATCH = ("offline", "render")
"""Folders of workspaces that hold nothing of value: previews and renderings without a cluster."""
MADE = ("local", "fixtures", LOGS, *SCRATCH)
"""Folders beside the cluster's that the commands make, and `down` removes."""

_NEEDED_MIB = 64
"""An update writes its state anew for every resource, and a write that does not fit leaves a cut file behind."""


def scratch_damages(folder: Path, stacks: Sequence[str]) -> list[DamagedError]:
    """What is wrong with the workspaces of previews without a cluster, and with their folders."""
    found = [entry for name in (*SCRATCH, "rendered", LOGS) for entry in folder_damage(folder / name)]
    offline = folder / "offline"
    if found or not offline.is_dir():
        return found
    every = [entry for stack in stacks for entry in damages(Workspace(offline, stack, offline / "kubeconfig"))]
    return list({entry.path: entry for entry in every}.values())


def kitchen_damages(folder: Path, workspace: Workspace, cluster: Cluster, *, deep: bool = False) -> list[DamagedError]:
    """What is wrong with state, settings, passphrase, cluster and artifacts of a kitchen; locks are not looked at."""
    return [
        *folder_damage(folder / "fixtures"),
        *folder_damage(folder / LOGS),
        *damages(workspace, deep=deep),
        *cluster.damages(),
    ]


def refuse(found: Sequence[DamagedError]) -> None:
    """Raise LocalError with one line for each damaged file; nothing if none is."""
    if found:
        raise LocalError("\n".join(f"{entry}; nothing was changed" for entry in found))


def refuse_full_disk(folder: Path) -> None:
    """Raise LocalError where an update would not have the space to write its state."""
    there = next(path for path in (folder, *folder.parents) if path.is_dir())
    free = shutil.disk_usage(there).free / 2**20
    if free < _NEEDED_MIB:
        raise LocalError(
            f"{folder}: {free:.0f} MiB free; rule: at least {_NEEDED_MIB} MiB, an update that cannot write its state "
            "leaves it cut; nothing was changed; example: KITCHEN_DIRECTORY=/big/disk/kitchen make up"
        )


def explained(text: str, folder: Path, found: Sequence[DamagedError]) -> LocalError:
    """What an engine's failure has to do with damaged files or a full disk, if anything."""
    lines = [text]
    if shutil.disk_usage(folder).free < _NEEDED_MIB * 2**20:
        lines.append(f"{folder}: the disk is full, or nearly: make space first")
    return LocalError("\n".join([*lines, *map(str, found)]))
