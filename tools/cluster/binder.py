"""Binds volume claims: `python -m tools.cluster.binder KUBECONFIG`, a storage provisioner without storage.

A claim of one of its classes gets a volume of the size and the access modes that it asks for; the volume goes
when its claim goes. Simulated nodes mount nothing, so that a volume is a name.
"""

from __future__ import annotations

import http.client
import sys
import time
from pathlib import Path
from typing import Any

from tools.cluster.api import Api
from tools.cluster.errors import ClusterError
from tools.cluster.objects import PROVISIONER

_CLAIMS = "/api/v1/persistentvolumeclaims"
_VOLUMES = "/api/v1/persistentvolumes"
_CLASSES = "/apis/storage.k8s.io/v1/storageclasses"
_ANNOTATION = "pv.kubernetes.io/provisioned-by"
_PAUSE_SECONDS = 0.5


def volume_name(claim: dict[str, Any]) -> str:
    """Return the name of a claim's volume, as external provisioners compose it."""
    return f"pvc-{claim['metadata']['uid']}"


def volume_for(claim: dict[str, Any], reclaim_policy: str) -> dict[str, Any]:
    """Return the volume that fits a claim."""
    meta, spec = claim["metadata"], claim["spec"]
    return {
        "apiVersion": "v1",
        "kind": "PersistentVolume",
        "metadata": {"name": volume_name(claim), "annotations": {_ANNOTATION: PROVISIONER}},
        "spec": {
            "accessModes": spec["accessModes"],
            "capacity": {"storage": spec["resources"]["requests"]["storage"]},
            "claimRef": {
                "apiVersion": "v1",
                "kind": "PersistentVolumeClaim",
                "namespace": meta["namespace"],
                "name": meta["name"],
                "uid": meta["uid"],
            },
            "nfs": {"server": "storage.kitchen.example", "path": f"/{meta['namespace']}/{meta['name']}"},
            "persistentVolumeReclaimPolicy": reclaim_policy,
            "storageClassName": spec["storageClassName"],
            "volumeMode": spec.get("volumeMode", "Filesystem"),
        },
    }


class Binder:
    """Keeps volumes equal to claims."""

    def __init__(self, api: Api) -> None:
        """Start without knowledge: every reconnection looks at all claims again."""
        self._api = api

    def run_once(self) -> None:
        """Reconcile everything, then follow the claims until the server ends the watch."""
        claims = self._api.get(_CLAIMS)
        for claim in claims["items"]:
            self._bind(claim)
        self._sweep({volume_name(claim) for claim in claims["items"]})
        for event in self._api.watch(_CLAIMS, claims["metadata"]["resourceVersion"]):
            if event["type"] in ("ADDED", "MODIFIED"):
                self._bind(event["object"])
            elif event["type"] == "DELETED":
                self._release(volume_name(event["object"]))
            elif event["type"] == "ERROR":
                return

    def _bind(self, claim: dict[str, Any]) -> None:
        name = claim["spec"].get("storageClassName")
        if not name or claim["metadata"].get("deletionTimestamp"):
            return
        if claim.get("status", {}).get("phase") == "Bound":
            self._grow(claim)
            return
        if claim["spec"].get("volumeName"):
            return
        found = [item for item in self._api.get(_CLASSES)["items"] if item["metadata"]["name"] == name]
        if found and found[0]["provisioner"] == PROVISIONER:
            policy = found[0].get("reclaimPolicy", "Delete")
            if self._api.create(_VOLUMES, volume_for(claim, policy)):
                print(f"{claim['metadata']['namespace']}/{claim['metadata']['name']}: volume made", flush=True)

    def _grow(self, claim: dict[str, Any]) -> None:
        """Follow an enlarged claim, as a driver that can expand volumes does."""
        wanted = claim["spec"]["resources"]["requests"]["storage"]
        if claim["spec"].get("volumeName") != volume_name(claim) or wanted == claim["status"]["capacity"]["storage"]:
            return
        meta = claim["metadata"]
        capacity = {"capacity": {"storage": wanted}}
        self._api.merge(f"{_VOLUMES}/{volume_name(claim)}", {"spec": capacity})
        self._api.merge(
            f"/api/v1/namespaces/{meta['namespace']}/persistentvolumeclaims/{meta['name']}/status",
            {"status": capacity},
        )

    def _release(self, name: str) -> None:
        for volume in self._api.get(_VOLUMES)["items"]:
            if volume["metadata"]["name"] == name and _is_ours(volume):
                self._api.delete(f"{_VOLUMES}/{name}")

    def _sweep(self, wanted: set[str]) -> None:
        """Delete volumes whose claim went while nobody watched."""
        for volume in self._api.get(_VOLUMES)["items"]:
            if _is_ours(volume) and volume["metadata"]["name"] not in wanted:
                self._api.delete(f"{_VOLUMES}/{volume['metadata']['name']}")


def _is_ours(volume: dict[str, Any]) -> bool:
    annotations = volume["metadata"].get("annotations") or {}
    policy = volume["spec"].get("persistentVolumeReclaimPolicy")
    return annotations.get(_ANNOTATION) == PROVISIONER and policy == "Delete"


def main(argv: list[str]) -> None:
    """Run until ended by a signal; a server that is away is waited for."""
    binder = Binder(Api(Path(argv[0])))
    while True:
        try:
            binder.run_once()
        except (ClusterError, OSError, http.client.HTTPException) as error:
            print(f"binder: {error}", flush=True)
            time.sleep(_PAUSE_SECONDS)


if __name__ == "__main__":
    main(sys.argv[1:])
