"""A base model's upgrade by updates of the real engine: the new version beside the old, the switch, the old gone."""

from __future__ import annotations

import copy
import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from infra.load import read_stack_file
from tests.cluster.support.environments import UpdatedEnvironment
from tests.cluster.support.kubectl import Kubectl, eventually, is_ready, no_other_environment
from tools.cluster import Cluster
from tools.local.workspace import REPOSITORY, Workspace

NAMESPACE = "upgrade-dev"
OLD, NEW = "tsuzumi-7b-instruct/v1", "tsuzumi-7b-instruct/v2"
OLD_ADAPTER, NEW_ADAPTER = "sales-summary/v2026-03-15", "sales-summary/v2026-06-15"
OLD_CLAIM, NEW_CLAIM = "base-tsuzumi-7b-instruct-v1", "base-tsuzumi-7b-instruct-v2"


def program(folder: Path) -> Path:
    """The program with a catalog that also has the new version, and the adapter that was evaluated on it."""
    shutil.copytree(REPOSITORY / "infra", folder / "infra", ignore=shutil.ignore_patterns("__pycache__"))
    project = yaml.safe_load((REPOSITORY / "Pulumi.yaml").read_text())
    project["runtime"]["options"]["virtualenv"] = str(REPOSITORY / ".venv")
    (folder / "Pulumi.yaml").write_text(yaml.safe_dump(project))
    shutil.copy(REPOSITORY / "Pulumi.dev.yaml", folder)
    for name, old, new in (("base-models.yaml", OLD, NEW), ("adapters.yaml", OLD_ADAPTER, NEW_ADAPTER)):
        path = folder / "infra" / "catalog" / name
        data = yaml.safe_load(path.read_text())
        ((_, entries),) = data.items()
        entries[new] = copy.deepcopy(entries[old])
        if "baseModel" in entries[new]:
            entries[new]["baseModel"] = NEW
        else:
            entries[new]["files"]["config.json"]["sha256"] = "0" * 64
        path.write_text(yaml.safe_dump(data, sort_keys=False))
    return folder


class Environment(UpdatedEnvironment):
    """One tenant with one kitchen, which serves the old version."""

    def __init__(self, cluster: Cluster, folder: Path, kubectl: Kubectl) -> None:
        project = program(folder / "program")
        said = copy.deepcopy(read_stack_file(REPOSITORY / "Pulumi.dev.yaml"))
        settings = {
            "tenants": {"upgrade": said["tenants"]["sales"]},
            "kitchens": {"summary": {**said["kitchens"]["summary"], "tenant": "upgrade", "loraMode": "static"}},
            "objectStore": {"endpoint": cluster.minio_endpoint, "bucketPrefix": "upgrade-"},
        }
        workspace = Workspace(folder / "workspace", "dev", cluster.kubeconfig, project)
        super().__init__(cluster, workspace, settings, PYTHONPATH=str(project))
        self._kubectl = kubectl

    def serve(self, model: str, adapter: str, *, beside: list[str]) -> dict[str, int]:
        """Update to a kitchen of `model`, with other versions held `beside` it; what changed."""
        self.settings["kitchens"]["summary"] |= {"baseModel": model, "adapters": [adapter]}
        self.settings["tenants"]["upgrade"]["baseModels"] = beside
        return {what: count for what, count in self.up().items() if what != "unchanged"}

    def found(self, kinds: str) -> dict[str, dict[str, Any]]:
        """Objects by uid; what is on its way out does not count."""
        items = self._kubectl.get("-n", NAMESPACE, kinds)["items"]
        return {item["metadata"]["uid"]: item for item in items if "deletionTimestamp" not in item["metadata"]}

    def servers(self) -> dict[str, dict[str, Any]]:
        """The server's pods by uid."""
        label = "serving.kserve.io/inferenceservice"
        return {uid: pod for uid, pod in self.found("pods").items() if label in pod["metadata"]["labels"]}

    def claims(self) -> set[str]:
        return {item["metadata"]["name"] for item in self.found("persistentvolumeclaims").values()}


def mounted(pod: dict[str, Any]) -> set[str]:
    """Claims that a pod's specification mounts."""
    sources = [volume.get("persistentVolumeClaim") for volume in pod["volumes"]]
    return {source["claimName"] for source in sources if source is not None}


@pytest.fixture(scope="module")
def environment(cluster: Cluster, kubectl: Kubectl, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Environment]:
    made = Environment(cluster, tmp_path_factory.mktemp("upgrade"), kubectl)
    with no_other_environment(kubectl):
        made.serve(OLD, OLD_ADAPTER, beside=[])
        yield made


def test_the_new_version_is_loaded_beside_the_old(environment: Environment) -> None:
    jobs, servers = environment.found("jobs"), environment.servers()
    assert set(environment.serve(OLD, OLD_ADAPTER, beside=[NEW])) == {"created"}
    assert environment.claims() == {OLD_CLAIM, NEW_CLAIM}
    now = environment.found("jobs")
    assert jobs.keys() < now.keys(), "the load before stays as it was"
    ((_, load),) = ((uid, job) for uid, job in now.items() if uid not in jobs)
    assert mounted(load["spec"]["template"]["spec"]) == {NEW_CLAIM}
    assert load["status"]["succeeded"] == 1, "an update ends when the load has"
    assert environment.servers().keys() == servers.keys()


def test_the_kitchen_is_switched_and_both_versions_stay(environment: Environment, kubectl: Kubectl) -> None:
    """Depends on the test before."""
    jobs, before = environment.found("jobs"), environment.servers()
    counted = environment.serve(NEW, NEW_ADAPTER, beside=[OLD])
    assert (counted["updated"], counted["replaced"]) == (3, 1), "key with its user, service; the list of adapters"
    assert environment.found("jobs").keys() == jobs.keys(), "nothing is loaded again"
    assert environment.claims() == {OLD_CLAIM, NEW_CLAIM}
    kubectl("-n", NAMESPACE, "rollout", "status", "deployment/summary-predictor", "--timeout=300s")

    def changed() -> list[dict[str, Any]]:
        """The new pod, once it is alone: where it does not start beside the old one there is none for a moment."""
        now = environment.servers()
        return [*now.values()] if len(now) == 1 and not now.keys() & before.keys() else []

    eventually(changed, "the old pods go, and a new one is there")
    (pod,) = changed()
    spec = pod["spec"]
    assert mounted(spec) == {NEW_CLAIM}
    (folder,) = (mount for mount in spec["containers"][0]["volumeMounts"] if mount["mountPath"] == "/mnt/models")
    assert (folder["subPath"], folder["readOnly"]) == (f"base/{NEW}", True)
    (manifest,) = (volume for volume in spec["volumes"] if volume["name"] == "base-model-manifest")
    data = kubectl.get("-n", NAMESPACE, "configmap", manifest["configMap"]["name"])["data"]
    assert json.loads(data["manifest.json"])["version"] == "v2"
    eventually(lambda: is_ready(kubectl, NAMESPACE, "summary"), "the service is Ready again")


def test_the_old_version_goes_and_the_server_stays(environment: Environment, kubectl: Kubectl) -> None:
    """Depends on the test before."""
    before = environment.servers()
    assert set(environment.serve(NEW, NEW_ADAPTER, beside=[])) == {"deleted"}
    assert environment.servers().keys() == before.keys()
    eventually(lambda: environment.claims() == {NEW_CLAIM}, "the old volume goes")
    left = kubectl("-n", NAMESPACE, "get", "jobs,configmaps,secrets,serviceaccounts,networkpolicies", "-o", "name")
    assert "tsuzumi-7b-instruct-v1" not in left
    assert set(environment.up("--expect-no-changes")) == {"unchanged"}
