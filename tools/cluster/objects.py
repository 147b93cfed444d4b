"""What every embedded cluster holds from the start: CRDs, GPU nodes, storage classes and KServe's objects."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import yaml

from tools.cluster.api import Api
from tools.cluster.errors import ClusterError

HERE = Path(__file__).resolve().parent
KSERVE_NAMESPACE = "kserve"
PROVISIONER = "binder.kitchen.example.com"
"""Storage classes with this provisioner are served by `tools.cluster.binder`."""
_CRDS = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions"
_WEBHOOKS = "/apis/admissionregistration.k8s.io/v1"
_AGGREGATED = "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList"
# The text of a CRD is megabytes of schema: its name is read without parsing the rest.
_NAME = re.compile(rb"^metadata:\n(?:[ #].*\n)*?  name: \"?([a-z0-9.-]+)\"?$", re.MULTILINE)
# A description with a value on its line, and the deeper or empty lines that go on with it. A property that is named
# description has its schema on the next lines, and the first key of a list's entry has a dash before it: both stay.
_DESCRIPTION = re.compile(rb"^( +)description: +[^\s{].*\n(?:(?:\1 +\S.*)?\n)*", re.MULTILINE)
_STORAGE_INITIALIZER = "kserve/storage-initializer:v0.20.0"
_THREADS = 4


def crds(folder: Path) -> dict[str, bytes]:
    """Return the CRDs below a folder as raw YAML by name; raise ClusterError for a document without a name."""
    found: dict[str, bytes] = {}
    for path in sorted(folder.rglob("*.yaml")):
        for document in re.split(rb"^---.*\n", path.read_bytes(), flags=re.MULTILINE):
            if b"kind: CustomResourceDefinition" not in document:
                continue
            match = _NAME.search(document)
            if match is None:
                raise ClusterError(f"{path}: a CustomResourceDefinition without metadata.name")
            found[match[1].decode()] = without_descriptions(document)
    return found


def without_descriptions(document: bytes) -> bytes:
    """Drop the prose of a CRD's schema: two thirds of it, which the server would parse, store and publish."""
    return _DESCRIPTION.sub(b"", document)


def install_crds(api: Api, documents: Mapping[str, bytes]) -> None:
    """Create the CRDs, or bring those that exist to this content."""

    def one(name: str) -> None:
        # A create costs the server a third of what a server-side apply of the same schema costs.
        if not api.create(_CRDS, documents[name]):
            api.apply(f"{_CRDS}/{name}", documents[name])

    in_parallel([lambda name=name: one(name) for name in documents])  # type: ignore[misc]  # default binds the name


def missing_crds(api: Api, names: Sequence[str]) -> list[str]:
    """Return those of the named CRDs whose resources the server does not offer yet."""
    _, answer = api.request("GET", "/apis", accept=_AGGREGATED)
    served = {
        f"{resource['resource']}.{group['metadata']['name']}"
        for group in json.loads(answer).get("items", [])
        for version in group.get("versions", [])
        for resource in version.get("resources", [])
    }
    return [name for name in names if name not in served]


def node_objects() -> list[dict[str, Any]]:
    """Return the Node objects that nodes.yaml describes, with their status."""
    pools = yaml.safe_load((HERE / "nodes.yaml").read_text())["pools"]
    return [_node(pool, index) for pool in pools for index in range(int(pool["count"]))]


def install_nodes(api: Api) -> list[str]:
    """Apply the nodes and their capacity; return their names."""
    nodes = node_objects()

    def one(node: dict[str, Any]) -> None:
        path = f"/api/v1/nodes/{node['metadata']['name']}"
        api.apply(path, {key: value for key, value in node.items() if key != "status"})
        api.merge(f"{path}/status", {"status": node["status"]})

    in_parallel([lambda node=node: one(node) for node in nodes])  # type: ignore[misc]  # default binds the node
    return [str(node["metadata"]["name"]) for node in nodes]


def unready_nodes(api: Api, names: Sequence[str]) -> list[str]:
    """Return those of the nodes that no pod can be placed on yet."""
    ready = {
        node["metadata"]["name"]
        for node in api.get("/api/v1/nodes")["items"]
        if any(c["type"] == "Ready" and c["status"] == "True" for c in node["status"].get("conditions", []))
        and not any(taint["key"].startswith("node.kubernetes.io/") for taint in node["spec"].get("taints", []))
    }
    return [name for name in names if name not in ready]


def release_nodes(api: Api) -> None:
    """Forget who kept the nodes alive before: a new kwok would wait until the old one's leases run out."""
    api.delete("/apis/coordination.k8s.io/v1/namespaces/kube-node-lease/leases")


def install_storage_classes(api: Api) -> None:
    """Apply the storage classes that the binder serves."""
    for entry in yaml.safe_load((HERE / "storage-classes.yaml").read_text())["storageClasses"]:
        default = "true" if entry.get("default") else "false"
        api.apply(
            f"/apis/storage.k8s.io/v1/storageclasses/{entry['name']}",
            {
                "apiVersion": "storage.k8s.io/v1",
                "kind": "StorageClass",
                "metadata": {
                    "name": entry["name"],
                    "annotations": {"storageclass.kubernetes.io/is-default-class": default},
                },
                "provisioner": PROVISIONER,
                "reclaimPolicy": "Delete",
                "volumeBindingMode": "Immediate",
                "allowVolumeExpansion": True,
            },
        )


def install_kserve_settings(api: Api, folder: Path) -> None:
    """Apply KServe's namespace and config map: Standard mode, no ingress of its own."""
    api.apply(
        f"/api/v1/namespaces/{KSERVE_NAMESPACE}",
        {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": KSERVE_NAMESPACE}},
    )
    config = yaml.safe_load((folder / "inferenceservice.yaml").read_text())
    values: dict[str, str] = {key: text for key, text in config["data"].items() if key != "_example"}
    _change(values, "deploy", {"defaultDeploymentMode": "Standard"})
    _change(values, "ingress", {"disableIstioVirtualHost": True, "disableIngressCreation": True})
    _change(values, "storageInitializer", {"image": _STORAGE_INITIALIZER})
    config["data"] = values
    api.apply(f"/api/v1/namespaces/{KSERVE_NAMESPACE}/configmaps/inferenceservice-config", config)


def install_storage_container(api: Api, folder: Path, *, update: bool) -> None:
    """Create the container that KServe puts before servers whose model lies in an object store, or update it."""
    container = yaml.safe_load((folder / "default.yaml").read_text())
    container["spec"]["container"]["image"] = _STORAGE_INITIALIZER
    path = "/apis/serving.kserve.io/v1alpha1/clusterstoragecontainers"
    if not api.create(path, container) and update:
        api.apply(f"{path}/default", container)


def install_webhooks(api: Api, folder: Path, *, port: int, authority: str) -> None:
    """Apply KServe's admission webhooks, pointed at the manager on loopback; `authority` is base64 of a PEM."""
    for document in yaml.safe_load_all((folder / "manifests.yaml").read_text()):
        if not document:
            continue
        document["metadata"].pop("creationTimestamp", None)
        for webhook in document["webhooks"]:
            path = webhook["clientConfig"]["service"]["path"]
            webhook["clientConfig"] = {"url": f"https://127.0.0.1:{port}{path}", "caBundle": authority}
        kind = "mutating" if document["kind"].startswith("Mutating") else "validating"
        api.apply(f"{_WEBHOOKS}/{kind}webhookconfigurations/{document['metadata']['name']}", document)


def in_parallel(jobs: Sequence[Callable[[], None]]) -> None:
    """Run jobs in a few threads; raise the first error."""
    pool = ThreadPoolExecutor(_THREADS)
    try:
        for future in [pool.submit(job) for job in jobs]:
            future.result()
    finally:
        # After an error or Ctrl-C the jobs in the queue are not worth waiting for.
        pool.shutdown(cancel_futures=True)


def _change(values: dict[str, str], key: str, changes: Mapping[str, object]) -> None:
    values[key] = json.dumps(json.loads(values[key]) | changes, indent=2)


def _node(pool: Mapping[str, Any], index: int) -> dict[str, Any]:
    name = f"{pool['name']}-{index + 1}"
    labels = {
        "kubernetes.io/hostname": name,
        "kubernetes.io/os": "linux",
        "kubernetes.io/arch": "amd64",
        "kitchen.example.com/pool": pool["name"],
        "type": "kwok",
    }
    resources = {"cpu": str(pool["cpu"]), "memory": pool["memory"], "ephemeral-storage": "1Ti", "pods": "250"}
    spec: dict[str, Any] = {}
    if gpu := pool.get("gpu"):
        labels |= {
            "nvidia.com/gpu.present": "true",
            "nvidia.com/gpu.product": gpu["product"],
            "nvidia.com/gpu.family": gpu["family"],
            "nvidia.com/gpu.memory": str(gpu["memoryMiB"]),
            "nvidia.com/gpu.count": str(gpu["count"]),
        }
        resources["nvidia.com/gpu"] = str(gpu["count"])
        spec["taints"] = [{"key": "nvidia.com/gpu", "value": "present", "effect": "NoSchedule"}]
    return {
        "apiVersion": "v1",
        "kind": "Node",
        "metadata": {"name": name, "labels": labels, "annotations": {"kwok.x-k8s.io/node": "fake"}},
        "spec": spec,
        "status": {"capacity": resources, "allocatable": resources},
    }


def wait_until(still_missing: Callable[[], Sequence[str]], what: str, check: Callable[[], None]) -> None:
    """Wait until nothing is missing, at most a minute; `check` raises if a process has died meanwhile."""
    limit = time.monotonic() + 60.0
    while missing := still_missing():
        check()
        if time.monotonic() > limit:
            raise ClusterError(f"{what}: not ready after 60 s: {', '.join(missing[:5])}")
        time.sleep(0.1)
