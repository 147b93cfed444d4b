"""Kubernetes' own cases of the Pod Security Standards, out of the Go module that enforces them; none is copied here."""

from __future__ import annotations

import json
import subprocess
from functools import cache
from pathlib import Path
from typing import Any

import yaml

MODULE = "k8s.io/pod-security-admission@v0.34.2"
SUM = "h1:r77cRPmc2kEPtX2DKh5thmb8zmcFCZhAHUHvVYrjFvA="
"""The module's sum; another content is refused."""

VERSION = "v1.34"


@cache
def folder() -> Path:
    """The module's folder in Go's module cache, downloaded through the configured mirror where it is not there yet."""
    done = subprocess.run(
        ["go", "mod", "download", "-json", MODULE], cwd="/", capture_output=True, text=True, check=False, timeout=300
    )
    assert done.returncode == 0, f"{MODULE}: {done.stdout}{done.stderr}"
    info = json.loads(done.stdout)
    assert info["Sum"] == SUM, f"{MODULE}: sum {info['Sum']}; rule: it must be {SUM}"
    return Path(info["Dir"])


def cases(level: str, verdict: str) -> dict[str, dict[str, Any]]:
    """The pods of a level (`baseline`, `restricted`) that it passes or fails, by file name."""
    found = sorted((folder() / "test" / "testdata" / level / VERSION / verdict).glob("*.yaml"))
    return {path.stem: yaml.safe_load(path.read_text()) for path in found}
