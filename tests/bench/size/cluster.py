"""A private embedded cluster for measurements, and how one knows that it has come to rest."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from tests.bench.processes import cpu_seconds
from tools.cluster import Cluster
from tools.cluster.api import Api
from tools.cluster.objects import node_objects, unready_nodes, wait_until

_LOOK_SECONDS = 1.0
_MODEL_NODE, _GPUS_A_NODE = "l40s-1", 8
_GPUS_A_TENANT = 2
"""One for the server, and one for the pod beside it while a server is renewed."""


@contextmanager
def private_cluster(folder: Path, tenants: int) -> Iterator[Cluster]:
    """An embedded cluster of this run alone, with GPUs for the kitchens of so many tenants; it is removed at the end.

    Its schema is there already: the first to ask for that of a new cluster waits while the server puts it together.
    """
    with Cluster(folder) as cluster:
        try:
            api = Api(cluster.kubeconfig)
            _add_nodes(api, -(-_GPUS_A_TENANT * tenants // _GPUS_A_NODE))
            api.await_schema()
            yield cluster
        finally:
            cluster.destroy()


def _add_nodes(api: Api, count: int) -> None:
    """Add simulated nodes of the kitchens' pool: an update waits until every server is Ready, and so for its GPU."""
    model = next(node for node in node_objects() if node["metadata"]["name"] == _MODEL_NODE)
    names = [f"bench-{number}" for number in range(count)]
    for name in names:
        labels = {**model["metadata"]["labels"], "kubernetes.io/hostname": name}
        node = {**model, "metadata": {**model["metadata"], "name": name, "labels": labels}}
        path = f"/api/v1/nodes/{name}"
        api.apply(path, {key: value for key, value in node.items() if key != "status"})
        api.merge(f"{path}/status", {"status": node["status"]})
    wait_until(lambda: unready_nodes(api, names), "nodes", lambda: None)


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
