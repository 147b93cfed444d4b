"""The pods' package in a process of its own, started as in a pod: `python -m payload.<module>` beside its folder."""

from __future__ import annotations

import atexit
import shutil
import sys
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tools.local.workspace import REPOSITORY

HOME = Path(tempfile.mkdtemp(prefix="kitchen-pod-"))
"""Working directory in which `payload` is found, and as in a pod nothing else of the program."""

(HOME / "payload").symlink_to(REPOSITORY / "infra" / "payload", target_is_directory=True)
atexit.register(shutil.rmtree, HOME, ignore_errors=True)


def started(module: str) -> list[str]:
    """Words that start a module of the package; for a process whose working directory is HOME."""
    return [sys.executable, "-m", f"payload.{module}"]


def lay_out(config_map: Mapping[str, Any], volume: Mapping[str, Any], folder: Path) -> None:
    """Write a ConfigMap's data into a folder as the kubelet does: by the volume's `items`, or else every key."""
    data = config_map["data"]
    source = volume["configMap"]
    assert source["name"] == config_map["metadata"]["name"]
    items = source.get("items") or [{"key": key, "path": key} for key in data]
    for item in items:
        path = folder / item["path"]
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(data[item["key"]])


def mount_secret(data: Mapping[str, str], folder: Path) -> None:
    """Write or change a mounted Secret's files as the kubelet does: into a new folder, to which one link is turned."""
    folder.mkdir(parents=True, exist_ok=True)
    link, before = folder / "..data", list(folder.glob("..2*"))
    made = folder / f"..2026_{time.time_ns()}"
    made.mkdir()
    for name, text in data.items():
        (made / name).write_text(text)
        if not (folder / name).is_symlink():
            (folder / name).symlink_to(Path("..data", name))
    turned = folder / "..data_tmp"
    turned.symlink_to(made.name)
    turned.replace(link)
    for old in before:
        shutil.rmtree(old)
