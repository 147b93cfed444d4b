"""`make up`: toolchain, cluster, artifacts, the dev environment, and a table of what is where."""

from __future__ import annotations

from typing import Any

import yaml

from tools.cluster import Cluster
from tools.local.errors import LocalError
from tools.local.steps import Steps
from tools.local.workspace import POLICY_PACK, REPOSITORY, Workspace
from tools.toolchain import CLUSTER, PREVIEW, ensure

FOLDER = REPOSITORY / ".kitchen"
STACK = "dev"
BUCKETS_ONLY = "**kitchen:object_store:Bucket**"


def local_workspace() -> Workspace:
    """The workspace of the dev environment on the embedded cluster."""
    return Workspace(FOLDER / "local", STACK, FOLDER / "cluster" / "kubeconfig")


def local_cluster() -> Cluster:
    """The embedded cluster of this checkout."""
    return Cluster(FOLDER / "cluster")


def credentials(cluster: Cluster) -> dict[str, str]:
    """Administrator's key of the cluster's object store, as the program reads it."""
    return {
        "KITCHEN_OBJECT_STORE_ACCESS_KEY": cluster.minio_access_key,
        "KITCHEN_OBJECT_STORE_SECRET_KEY": cluster.minio_secret_key,
    }


def local_changes(cluster: Cluster) -> dict[str, Any]:
    """What the embedded cluster changes in the dev settings: the object store's address, without TLS."""
    content = yaml.safe_load((REPOSITORY / f"Pulumi.{STACK}.yaml").read_text())
    store = dict(content["config"].get("kitchen:objectStore") or {})
    store.pop("tls", None)
    return {"objectStore": {**store, "endpoint": cluster.minio_endpoint}}


def up() -> int:
    """Bring the dev environment up; a second run changes nothing."""
    steps = Steps(5)
    with steps.step("toolchain"):
        ensure([*PREVIEW, *CLUSTER])
    cluster = local_cluster()
    with steps.step("embedded cluster"):
        cluster.start()
    workspace = local_workspace()
    workspace.prepare(local_changes(cluster))
    workspace.free_stale_lock()
    with steps.step("buckets and artifacts"):
        _artifacts(workspace, cluster)
    with steps.step("pulumi up"):
        status = workspace.engine(
            "up", "--yes", "--skip-preview", "--policy-pack", str(POLICY_PACK), extra=credentials(cluster)
        )
        if status != 0:
            raise LocalError("pulumi up did not end well: see its messages above; `make up` again goes on from there")
    with steps.step("what is where"):
        print(overview(workspace, cluster))
    return 0
