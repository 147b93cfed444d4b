"""`python -m tests.engine.support.full_disk FOLDER kept|skipped`: an update whose disk runs full, recorded both ways.

The workspace lies on a small file system of this process alone, in a mount namespace of its own. Prints what was found
at each moment as JSON.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

from tests.engine.support.stages import PROGRAM, stage
from tools.engine.checkpoints import WITHOUT
from tools.engine.journal import Journal, time_of
from tools.engine.recovery import to_recover
from tools.local.damage import damages
from tools.local.recover import recover
from tools.local.up import LocalKitchen
from tools.local.workspace import Workspace

_LEFT_BYTES = 300_000
"""Less than the state needs, more than its first versions."""


def kitchen_on(folder: Path) -> LocalKitchen:
    """A kitchen whose program is a small one with a large state."""
    project = stage(folder / "project", PROGRAM)
    made = LocalKitchen(folder / "kitchen")
    made.workspace = Workspace(made.folder / "local", "dev", None, project, work=made.work)
    return made


def update(workspace: Workspace) -> list[str]:
    """The words of an update without the policy pack, which would judge a sample as a whole environment."""
    words = ["pulumi", "up", "--yes", "--skip-preview", "--non-interactive", "--stack", "dev"]
    return [*words, "--config-file", str(workspace.config_file)]


def main(folder: Path, checkpoints: str) -> None:
    """Fill the disk, let an update fail, recover with space again, update again."""
    kitchen = kitchen_on(folder)
    workspace = kitchen.workspace
    workspace.folder.mkdir(parents=True)
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=8m", "tmpfs", str(workspace.folder)], check=True)
    workspace.prepare({})
    filler = workspace.folder / "filler"
    free = os.statvfs(workspace.folder)
    filler.write_bytes(b"x" * (free.f_bavail * free.f_frsize - _LEFT_BYTES))
    skipped = checkpoints == "skipped"
    if skipped:  # as `recording` does, whose end a killed command does not see
        workspace.journal.write(Journal(since="2026-01-01T00:00:00+00:00", before=time_of(workspace.latest())))
    engine = subprocess.Popen(
        update(workspace),
        cwd=workspace.project,
        env=workspace.environment() | (WITHOUT if skipped else {}),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    limit = time.monotonic() + 120
    while not damages(workspace) and engine.poll() is None and time.monotonic() < limit:
        time.sleep(0.05)
    os.killpg(engine.pid, signal.SIGKILL)  # it would try for half a minute more, with every resource
    engine.wait()
    found = [str(entry) for entry in damages(workspace)]
    filler.unlink()
    recover(kitchen, force_unlock=True)
    left = [str(entry) for entry in damages(workspace)]
    # Where no copy could be read there is no state: then every object is made, which takes over what is there whole.
    is_open = not workspace.exists() or to_recover(workspace, restored=workspace.was_restored()) is not None
    workspace.prepare({})  # as `make up` does: where no copy could be read there is no stack
    again = subprocess.run(
        update(workspace),
        cwd=workspace.project,
        env=workspace.environment(),
        capture_output=True,
        text=True,
        check=False,
    )
    last = [str(entry) for entry in damages(workspace, deep=True)]
    told = {"found": found, "left": left, "status": again.returncode, "said": again.stdout, "last": last}
    print(json.dumps({**told, "recovers": is_open}))


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2])
