"""What versions of vLLM do that decides a setting, by the catalog's `server-versions.json`: images change data."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

FILE = Path(__file__).resolve().parent / "catalog" / "server-versions.json"

_VERSIONS: dict[str, dict[str, Any]] = json.loads(FILE.read_text())["versions"]


@dataclass(frozen=True, kw_only=True)
class ServerVersion:
    """`loads` is None where nobody knows it. `caches_by_folder` says that a replaced adapter's blocks are not read.

    `moe_lora_rank` is the highest rank of adapters on a mixture of experts that is not fully sharded, None for none.
    """

    loads: bool | None = None
    caches_by_folder: bool = False
    moe_lora_rank: int | None = None


def server_version(version: str) -> ServerVersion:
    """What is known of a version; of one that is not listed nothing is."""
    said = _VERSIONS.get(version, {})
    return ServerVersion(
        loads=said.get("loads"),
        caches_by_folder=said.get("prefixCache") == "name and folder",
        moe_lora_rank=said.get("moeLoraRank"),
    )


def caching_versions() -> list[str]:
    """Versions whose prefix cache tells two versions of an adapter apart."""
    return [version for version in _VERSIONS if server_version(version).caches_by_folder]
