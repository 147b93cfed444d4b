"""What the Python processes of an update import, and how long each module takes."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from tools.local.workspace import REPOSITORY

IMPORTED: Mapping[str, str] = {
    "program": "import pulumi, infra.catalog, infra.faults, infra.kitchen, infra.load, infra.pace",
    "policy pack": "import pulumi, pulumi_policy, policies.pack, policies.judging.stack",
    "store providers": "import pulumi.dynamic, components.s3_provider, components.minio_users",
}
"""What each process imports before it does its work."""

_LINE = re.compile(r"^import time: +(\d+) \| +(\d+) \| ( *)(\S+)$")


@dataclass(frozen=True, kw_only=True)
class Import:
    """A module, its own milliseconds, and those with all that it imported first."""

    module: str
    own_ms: float
    with_imports_ms: float


def imports(words: str) -> tuple[str, list[Import]]:
    """The interpreter's report of an import statement, and its modules, the slowest with their imports first.

    Files are read and compiled once before, so that what is measured is what every later run meets.
    """
    env = {key: value for key, value in os.environ.items() if key != "PYTHONDONTWRITEBYTECODE"}
    text = ""
    for _ in range(2):
        done = subprocess.run(
            [sys.executable, "-X", "importtime", "-c", words],
            cwd=REPOSITORY,
            env=env,
            capture_output=True,
            text=True,
            check=True,
        )
        text = done.stderr
    found = [
        Import(module=match[4], own_ms=int(match[1]) / 1000, with_imports_ms=int(match[2]) / 1000)
        for match in map(_LINE.match, text.splitlines())
        if match
    ]
    return text, sorted(found, key=lambda entry: -entry.with_imports_ms)


def write(folder: Path) -> dict[str, list[Import]]:
    """Measure every process's imports; the interpreter's reports go into the folder."""
    found = {}
    for role, words in IMPORTED.items():
        text, found[role] = imports(words)
        (folder / f"imports-{role.replace(' ', '-')}.txt").write_text(text)
    return found
