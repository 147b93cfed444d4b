"""A kitchen that is up, and what a day may do to it."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping
from typing import Any

from components.object_store.minio.admin import Admin, admin_client
from tests.cluster.support.environments import KINDS, OURS, recorded
from tests.cluster.support.kubectl import Kubectl
from tools.local.up import LocalKitchen

Identity = tuple[str, str, str]
"""Kind, namespace and name."""


class Scene:
    """The kitchen, its cluster and its store, with the rights of an administrator."""

    def __init__(self, kitchen: LocalKitchen) -> None:
        """Look at a kitchen that is up."""
        self.kitchen = kitchen
        self.kubectl = Kubectl(kitchen.cluster.kubeconfig)
        self.notes: dict[str, Any] = {}
        """What a day remembers from `harm` to `mend`."""

    @property
    def s3(self) -> Any:
        """The administrator's client."""
        return self.kitchen.store_client()

    @property
    def admin(self) -> Admin:
        """MinIO's administration."""
        cluster = self.kitchen.cluster
        return admin_client(cluster.minio_endpoint, (cluster.minio_access_key, cluster.minio_secret_key))

    def delete(self, namespace: str, kind: str, name: str) -> None:
        """Remove one object, and wait until it is gone."""
        inside = ("-n", namespace) if namespace else ()
        self.kubectl(*inside, "delete", kind, name, "--timeout=60s")

    def patch(self, namespace: str, kind: str, name: str, patch: Mapping[str, Any], manager: str = "") -> None:
        """Merge a patch into an object, as a person does or as `manager`."""
        words = ["-n", namespace, "patch", kind, name, "--type=merge", f"--patch={json.dumps(patch)}"]
        self.kubectl(*words, *([f"--field-manager={manager}"] if manager else []))

    def pods(self, namespace: str, service: str) -> list[str]:
        """Names of a service's pods."""
        label = f"serving.kserve.io/inferenceservice={service}"
        return [pod["metadata"]["name"] for pod in self.kubectl.get("-n", namespace, "pods", "-l", label)["items"]]

    def named(self, ends: str) -> str:
        """The one recorded identifier of a user or object whose URN ends so."""
        (found,) = {str(row["id"]) for row in recorded(self.kitchen)["resources"] if row["urn"].endswith(ends)}
        return found

    def identities(self) -> dict[Identity, str]:
        """The uid of every object of the kitchen."""
        items = self.kubectl.get(KINDS, *OURS)["items"]
        return {
            (item["kind"], item["metadata"].get("namespace", ""), item["metadata"]["name"]): item["metadata"]["uid"]
            for item in items
        }

    def files(self) -> set[tuple[str, str, str]]:
        """Bucket, key and version of every object in the store."""
        found = set()
        for bucket in self.s3.list_buckets()["Buckets"]:
            for version in self.s3.list_object_versions(Bucket=bucket["Name"]).get("Versions", []):
                found.add((bucket["Name"], version["Key"], version["VersionId"]))
        return found

    def told_twice(self) -> list[str]:
        """URNs and objects that the state has more than once, and what it has begun and not ended."""
        state = recorded(self.kitchen)
        urns = Counter(row["urn"] for row in state["resources"])
        objects = [row for row in state["resources"] if row["type"].startswith("kubernetes:")]
        ids = Counter((row["type"], row["id"]) for row in objects)
        twice = [str(name) for counted in (urns, ids) for name, count in counted.items() if count > 1]
        return [*twice, *map(str, state.get("pending_operations") or [])]

    def told(self) -> set[Identity]:
        """Every object of the cluster that the state knows."""
        inputs = [row["inputs"] for row in recorded(self.kitchen)["resources"] if row["type"].startswith("kubernetes:")]
        return {(each["kind"], each["metadata"].get("namespace", ""), each["metadata"]["name"]) for each in inputs}
