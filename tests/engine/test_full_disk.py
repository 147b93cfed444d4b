"""A disk that runs full during the first update: the engine leaves a cut state, and `make recover` gets out of it."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tools.local.workspace import REPOSITORY

ALONE = ("unshare", "--map-root-user", "--mount")


def can_mount() -> bool:
    """Whether this user may mount in a namespace of its own."""
    if shutil.which(ALONE[0]) is None:
        return False
    words = [*ALONE, "mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", "/mnt"]
    return subprocess.run(words, capture_output=True, check=False).returncode == 0


@pytest.mark.skipif(not can_mount(), reason="no mount namespace of one's own on this machine")
@pytest.mark.parametrize("checkpoints", ["kept", "skipped"])
def test_a_full_disk_in_the_first_update(tmp_path: Path, checkpoints: str) -> None:
    done = subprocess.run(
        [*ALONE, sys.executable, "-m", "tests.engine.support.full_disk", str(tmp_path), checkpoints],
        cwd=REPOSITORY,
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )
    assert done.returncode == 0, done.stderr
    result = json.loads(done.stdout.splitlines()[-1])
    state = tmp_path / "kitchen" / "local" / "state" / ".pulumi" / "stacks" / "sample" / "dev.json"
    assert result["found"][0].startswith(f"{state}: is cut off or no JSON"), result["found"]
    assert result["left"] == result["last"] == []
    assert result["status"] == 0, result["said"]
    assert result["recovers"], "the next `make up` does not compare the state with what is there"
