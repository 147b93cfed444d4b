"""What the embedded cluster puts into its API server, without one."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from tools.cluster import ClusterError, binder, objects

CRD = """\
# generated
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata:
  annotations:
    name: not-this-one
  name: stoves.kitchen.example.com
spec:
  additionalPrinterColumns:
  - description: kept, it opens the entry
    name: Age
  schema:
    description: one line
    properties:
      description:
        description: |-
          Many lines:

          name: x
        type: string
      heat:
        description: 'quoted, and
          going on'
        enum: [low, high]
"""


def test_crds_are_found_by_name_without_their_prose(tmp_path: Path) -> None:
    (tmp_path / "two.yaml").write_text(f"---\n{CRD}---\n{CRD.replace('stoves', 'pans')}---\nkind: Other\n")
    found = objects.crds(tmp_path)
    assert list(found) == ["stoves.kitchen.example.com", "pans.kitchen.example.com"]
    content = yaml.safe_load(found["stoves.kitchen.example.com"])
    assert content["spec"]["schema"] == {
        "properties": {"description": {"type": "string"}, "heat": {"enum": ["low", "high"]}}
    }
    assert content["spec"]["additionalPrinterColumns"][0]["description"].startswith("kept")


def test_a_crd_without_a_name_is_named_by_its_file(tmp_path: Path) -> None:
    (tmp_path / "bad.yaml").write_text("kind: CustomResourceDefinition\nmetadata: {}\n")
    with pytest.raises(ClusterError, match=r"bad\.yaml: a CustomResourceDefinition without"):
        objects.crds(tmp_path)


def test_gpu_nodes_are_labelled_tainted_and_countable() -> None:
    nodes = objects.node_objects()
    names = [node["metadata"]["name"] for node in nodes]
    assert len(set(names)) == len(names)
    gpus: dict[str, int] = {}
    for node in nodes:
        labels, resources = node["metadata"]["labels"], node["status"]["allocatable"]
        if product := labels.get("nvidia.com/gpu.product"):
            gpus[product] = gpus.get(product, 0) + int(resources["nvidia.com/gpu"])
            assert int(labels["nvidia.com/gpu.memory"]) > 40_000
            assert node["spec"]["taints"] == [{"key": "nvidia.com/gpu", "value": "present", "effect": "NoSchedule"}]
    assert any("nvidia.com/gpu" not in node["status"]["allocatable"] for node in nodes)
    assert {product.split("-")[1] for product in gpus} == {"H100", "A100", "L40S", "RTX"}


def pvc(**spec: object) -> dict[str, Any]:
    return {
        "metadata": {"name": "base", "namespace": "support-dev", "uid": "u-1"},
        "spec": {
            "accessModes": ["ReadOnlyMany"],
            "resources": {"requests": {"storage": "20Gi"}},
            "storageClassName": "shared-rwx",
            **spec,
        },
    }


def test_a_volume_is_made_for_its_claim() -> None:
    volume = binder.volume_for(pvc(), "Delete")
    assert volume["metadata"]["name"] == "pvc-u-1"
    assert volume["spec"]["claimRef"]["uid"] == "u-1"
    assert volume["spec"]["accessModes"] == ["ReadOnlyMany"]
    assert volume["spec"]["capacity"] == {"storage": "20Gi"}


class FakeApi:
    """Collections by path; records what is created and deleted."""

    def __init__(self, collections: dict[str, list[dict[str, Any]]]) -> None:
        self.collections = collections
        self.created: list[str] = []
        self.deleted: list[str] = []

    def get(self, path: str) -> dict[str, Any]:
        return {"items": self.collections[path], "metadata": {"resourceVersion": "1"}}

    def create(self, path: str, body: dict[str, Any]) -> bool:
        self.created.append(body["metadata"]["name"])
        return True

    def delete(self, path: str) -> None:
        self.deleted.append(path.rpartition("/")[2])

    def watch(self, path: str, version: str) -> list[dict[str, Any]]:
        return []


@pytest.mark.parametrize(
    ("claim", "volumes"),
    [
        (pvc(), ["pvc-u-1"]),
        (pvc(storageClassName="no-such-class"), []),
        (pvc(storageClassName="foreign"), []),
        (pvc(storageClassName=""), []),
        (pvc(volumeName="by-hand"), []),
    ],
)
def test_the_binder_serves_its_own_classes_alone(claim: dict[str, Any], volumes: list[str]) -> None:
    classes = [
        {"metadata": {"name": "shared-rwx"}, "provisioner": objects.PROVISIONER},
        {"metadata": {"name": "foreign"}, "provisioner": "other.example.com"},
    ]
    api = FakeApi(
        {
            "/api/v1/persistentvolumeclaims": [claim],
            "/api/v1/persistentvolumes": [],
            "/apis/storage.k8s.io/v1/storageclasses": classes,
        }
    )
    binder.Binder(api).run_once()  # type: ignore[arg-type]  # only these four methods are called
    assert api.created == volumes


def test_the_binder_deletes_only_its_own_volumes_without_a_claim() -> None:
    kept = binder.volume_for(pvc(), "Delete")
    orphan = binder.volume_for(pvc() | {"metadata": {"name": "x", "namespace": "y", "uid": "gone"}}, "Delete")
    retained = binder.volume_for(pvc() | {"metadata": {"name": "x", "namespace": "y", "uid": "r"}}, "Retain")
    foreign = {"metadata": {"name": "by-hand"}, "spec": {"persistentVolumeReclaimPolicy": "Delete"}}
    bound = pvc() | {"status": {"phase": "Bound", "capacity": {"storage": "20Gi"}}}
    api = FakeApi(
        {
            "/api/v1/persistentvolumeclaims": [bound],
            "/api/v1/persistentvolumes": [kept, orphan, retained, foreign],
        }
    )
    binder.Binder(api).run_once()  # type: ignore[arg-type]  # only these four methods are called
    assert api.deleted == ["pvc-gone"]
