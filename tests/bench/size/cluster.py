"""A private embedded cluster for measurements, and how one knows that it has come to rest."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from tests.bench.processes import cpu_seconds
from tools.cluster import Cluster

_LOOK_SECONDS = 1.0


@contextmanager
def private_cluster(folder: Path) -> Iterator[Cluster]:
    """An embedded cluster of this run alone; it is removed at the end."""
    with Cluster(folder) as cluster:
        try:
            yield cluster
        finally:
            cluster.destroy()


def store_settings(cluster: Cluster) -> dict[str, Any]:
    """The setting that leads a generated environment to the cluster's own object store."""
    return {"objectStore": {"endpoint": cluster.minio_endpoint}}


def credentials(cluster: Cluster) -> dict[str, str]:
    """The administrator's key of that store, as the engine's providers read it."""
    return {
        "KITCHEN_OBJECT_STORE_ACCESS_KEY": cluster.minio_access_key,
        "KITCHEN_OBJECT_STORE_SECRET_KEY": cluster.minio_secret_key,
    }


def settle(cluster: Cluster, *, cores: float = 0.3, patience_seconds: float = 120.0) -> None:
    """Wait until the cluster's controllers have done what an update gave them to do, or the patience ends."""
    limit = time.monotonic() + patience_seconds
    while time.monotonic() < limit:
        before = _cpu_seconds(cluster)
        time.sleep(_LOOK_SECONDS)
        if _cpu_seconds(cluster) - before < cores * _LOOK_SECONDS:
            return


def _cpu_seconds(cluster: Cluster) -> float:
    found = 0.0
    for entry in cluster.status().components:
        with suppress(OSError):
            found += cpu_seconds(entry.pid) if entry.pid else 0.0
    return found
