"""What `make down` removes: everything that the commands made, whatever is damaged, and nothing of anybody else."""

from __future__ import annotations

from pathlib import Path

from tools.cluster import Cluster, ClusterError
from tools.local.intact import MADE
from tools.local.orphans import end_orphans
from tools.local.set_aside import FOLDER
from tools.local.work import LOCK, RECORD
from tools.own_file import is_there, remove


def cluster(made: Cluster) -> list[str]:
    """End the cluster's processes and remove its data; returns what is left and why."""
    try:
        made.destroy()
    except ClusterError as error:
        return [str(error)]
    except OSError as error:
        return [_left(error)]
    return []


def files(folder: Path, workspace: Path) -> list[str]:
    """End the engines' plugins and remove state, artifacts and what was set aside; returns what is left."""
    end_orphans(workspace)
    left = []
    # The lock goes last: another command waits for it to be free, and looks whether it is still this file.
    for name in (*MADE, FOLDER, RECORD, LOCK):
        try:
            if is_there(folder / name):
                remove(folder / name)
        except OSError as error:
            left.append(_left(error))
    return left


def _left(error: OSError) -> str:
    return f"{error.filename}: cannot be removed: {error.strerror}; everything else was removed"
