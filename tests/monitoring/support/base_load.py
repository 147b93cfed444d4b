"""A load of a base model that is halfway for as long as it is looked at: its last file never comes to its end."""

from __future__ import annotations

import hashlib
import json
import os
from pathlib import Path

from tests.entry.counter.parts import Part
from tests.support.pod_package import HOME, started
from tests.support.ports import free_ports

_NAME, _VERSION = "tiny", "v1"


def base_load(folder: Path) -> Part:
    """The Job's very module; `port` is that of its metrics."""
    source = folder / "source" / "base" / _NAME / _VERSION
    source.mkdir(parents=True)
    content = b"x" * 1000
    (source / "config.json").write_bytes(content)
    os.mkfifo(source / "model.safetensors")
    entry = {"sha256": hashlib.sha256(content).hexdigest(), "sizeBytes": len(content)}
    files = [{"path": path, **entry} for path in ("config.json", "model.safetensors")]
    manifest = folder / "manifest.json"
    manifest.write_text(json.dumps({"name": _NAME, "version": _VERSION, "files": files}))
    (folder / "models").mkdir()
    (port,) = free_ports(1)
    argv = [*started("load_base_model"), f"--manifest={manifest}", f"--models={folder / 'models'}"]
    argv += [f"--from={folder / 'source'}", f"--port={port}"]
    return Part(folder, "load", argv, port, {"PYTHONPATH": str(HOME)})
