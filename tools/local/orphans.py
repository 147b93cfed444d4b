"""Plugins that outlive a killed engine: found by the workspace that they were started for, and ended."""

from __future__ import annotations

from pathlib import Path

from tools.cluster.processes import Identity, end, identify, parent, with_variable

WORKSPACE_VARIABLE = "KITCHEN_WORKSPACE"
"""Environment variable of every engine of a workspace, and so of its plugins; the value is its folder."""

_PATIENCE_SECONDS = 5.0


def orphans(folder: Path) -> list[Identity]:
    """Processes of a workspace that have no living engine above them (Linux)."""
    return [found for found in with_variable(WORKSPACE_VARIABLE, str(folder)) if not _has_engine(found.pid)]


def engines(folder: Path) -> list[Identity]:
    """Living engines of a workspace, whoever has started them (Linux)."""
    return [found for found in with_variable(WORKSPACE_VARIABLE, str(folder)) if is_engine(found.pid)]


def end_orphans(folder: Path) -> int:
    """End them and return how many there were; a provider that goes on alone could still change the cluster."""
    found = orphans(folder)
    end(found, patience_seconds=_PATIENCE_SECONDS)
    return len(found)


def is_engine(pid: int) -> bool:
    """Whether the process lives (a zombie does not) and is a pulumi: its number may be another program's by now."""
    if identify(pid) is None:
        return False
    try:
        return Path(f"/proc/{pid}/comm").read_text().strip() == "pulumi"
    except OSError:
        return True


def _has_engine(pid: int) -> bool:
    above: int | None = pid
    while above is not None and above > 1:
        if is_engine(above):
            return True
        above = parent(above)
    return False
