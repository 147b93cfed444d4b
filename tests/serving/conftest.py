"""This tier runs where `make test-serving` has made a Python environment with vLLM, and nowhere else."""

from __future__ import annotations

import os
import subprocess

import pytest

from tests.serving.support.served_kitchen import PYTHON
from tools.toolchain import ToolchainError, ensure

collect_ignore_glob = [] if os.environ.get(PYTHON) else ["test_*.py"]

_LOOK = "import importlib.util as u; print(*[n for n in ('vllm', 'torch', 'safetensors') if u.find_spec(n) is None])"


def pytest_collection_finish(session: pytest.Session) -> None:
    """Say at once why the tier cannot run: else each test says it, after a minute, in words of its own."""
    if any("tests/serving/" in item.nodeid for item in session.items) and (why := unable()):
        pytest.exit(f"tests/serving cannot run: {why}", returncode=2)


def unable() -> str | None:
    """What this machine lacks to run the tier; None where it lacks nothing."""
    python = os.environ.get(PYTHON, "")
    try:
        done = subprocess.run([python, "-c", _LOOK], capture_output=True, text=True, check=False, timeout=60)
    except (OSError, subprocess.TimeoutExpired) as error:
        return f"{PYTHON}={python}: {error}; make test-serving builds it"
    if done.returncode != 0 or done.stdout.strip():
        lacking = done.stdout.strip() or done.stderr.strip().splitlines()[-1:]
        return f"{PYTHON}={python}: lacks {lacking}; remove its folder and let make test-serving build it anew"
    try:
        ensure(["minio"])
    except ToolchainError as error:
        return f"no MinIO for the buckets: {error}"
    return None
