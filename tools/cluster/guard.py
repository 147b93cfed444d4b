"""Stops a cluster whose owner is gone: `python -m tools.cluster.guard DIRECTORY PID STARTED`.

A test run that is killed cannot clean up after itself; this process does it a second later.
"""

from __future__ import annotations

import sys
import time
from pathlib import Path

from tools.cluster.cluster import Cluster
from tools.cluster.processes import Identity, alive

_PERIOD_SECONDS = 1.0


def main(argv: list[str]) -> None:
    """Wait for the owner's end, then stop the cluster."""
    directory, owner = Path(argv[0]), Identity(pid=int(argv[1]), started=argv[2])
    while alive(owner):
        time.sleep(_PERIOD_SECONDS)
    Cluster(directory).stop()


if __name__ == "__main__":
    main(sys.argv[1:])
