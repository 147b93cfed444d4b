"""Plugins that outlive a killed engine: found by the workspace that they were started for, and ended."""

from __future__ import annotations

from pathlib import Path

from tools.cluster.processes import Identity, end, with_variable

WORKSPACE_VARIABLE = "KITCHEN_WORKSPACE"
"""Environment variable of every engine of a workspace, and so of its plugins; the value is its folder."""

_PROC = Path("/proc")
_PATIENCE_SECONDS = 5.0


def orphans(folder: Path) -> list[Identity]:
    """Processes of a workspace that have no living engine above them (Linux)."""
    return [found for found in with_variable(WORKSPACE_VARIABLE, str(folder)) if not _has_engine(found.pid)]


def end_orphans(folder: Path) -> int:
    """End them and return how many there were; a provider that goes on alone could still change the cluster."""
    found = orphans(folder)
    end(found, patience_seconds=_PATIENCE_SECONDS)
    return len(found)


def _has_engine(pid: int) -> bool:
    while pid > 1:
        try:
            # The command name, in parentheses, may hold spaces: fields count from the last parenthesis.
            head, _, rest = (_PROC / str(pid) / "stat").read_text().rpartition(")")
        except OSError:
            return False
        state, parent = rest.split()[:2]
        if head.partition("(")[2] == "pulumi" and state not in "ZX":
            return True
        pid = int(parent)
    return False
