"""Audit and rollback of an environment that the engine brought up: what is tampered with is seen, and only that."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from typing import Any

import pytest

from infra.load import read_stack_file
from ops.__main__ import main
from ops.store import client as store_client
from tests.cluster.support.audited_environment import NAMESPACE, Environment
from tests.cluster.support.environments import KINDS
from tests.cluster.support.kubectl import Kubectl, eventually, no_other_environment
from tools import fixtures
from tools.cluster import Cluster

FAQ, CLASSIFIER = "helpdesk-faq/v2026-02-01", "helpdesk-classifier/v2026-02-01"
WEIGHTS = f"{FAQ}/adapter_model.safetensors"

Rows = dict[tuple[str, str, str], dict[str, str]]


@pytest.fixture(scope="module")
def environment(cluster: Cluster, kubectl: Kubectl, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Environment]:
    made = Environment(cluster, tmp_path_factory.mktemp("audit"))
    artifacts = tmp_path_factory.mktemp("artifacts")
    fixtures.write(artifacts)
    with no_other_environment(kubectl):
        made.up()
        with pytest.MonkeyPatch.context() as patch:
            for name, value in made.keys.items():
                patch.setenv(name, value)
            assert main(["publish", "--settings", str(made.file), "--from", str(artifacts), "--all"]) == 0
        yield made


class Audit:
    """Runs the audit of the environment; a call returns its rows."""

    def __init__(self, environment: Environment, capsys: pytest.CaptureFixture[str]) -> None:
        self.environment = environment
        self._capsys = capsys

    def __call__(self, *words: str) -> Rows:
        state = self.environment.export()
        settings = ("--settings", str(self.environment.file), "--state", str(state))
        self._capsys.readouterr()
        self.status = main(["audit", *settings, "--json", *words])
        captured = self._capsys.readouterr()
        assert self.environment.keys["KITCHEN_OBJECT_STORE_SECRET_KEY"] not in captured.out + captured.err
        rows = json.loads(captured.out)["rows"]
        return {(row["kitchen"], row["what"], row["where"]): row for row in rows}

    def differing(self, *words: str) -> set[tuple[str, str, str]]:
        return {key for key, row in self(*words).items() if row["verdict"] == "differs"}


@pytest.fixture
def audit(environment: Environment, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Audit:
    for name, value in environment.keys.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("KUBECONFIG", str(environment.kubeconfig))
    return Audit(environment, capsys)


def pod(kubectl: Kubectl, kitchen: str) -> str:
    """The one pod of a kitchen, once there is one alone."""
    selector = ("-l", f"serving.kserve.io/inferenceservice={kitchen}")
    eventually(lambda: len(kubectl.get("-n", NAMESPACE, "pods", *selector)["items"]) == 1, f"one pod of {kitchen}")
    return str(kubectl.get("-n", NAMESPACE, "pods", *selector)["items"][0]["metadata"]["name"])


def patch(kubectl: Kubectl, what: str, *changes: dict[str, Any], subresource: str = "") -> None:
    more = [f"--subresource={subresource}"] if subresource else []
    kubectl("-n", NAMESPACE, "patch", what, "--type=json", f"--patch={json.dumps(changes)}", *more)


def test_what_the_engine_made_is_proven(audit: Audit, kubectl: Kubectl) -> None:
    for kitchen in ("support", "summary"):
        pod(kubectl, kitchen)
    rows = audit("--full")
    assert audit.status == 3
    left = {key: row["why"] for key, row in rows.items() if row["verdict"] != "proven"}
    servers = {key for key in left if key[2] == "server"}
    images = {key for key in left if key[1].startswith("image of ")}
    assert set(left) == servers | images, left
    assert {left[key] for key in images} == {"nothing to see: the node tells no image ID"}
    for place in ("pods", "bucket"):
        assert rows["support", f"adapter {FAQ}", place]["verdict"] == "proven"
    assert rows["support", "base model tsuzumi-7b-instruct/v1", "bucket"]["found"] == "hashed"
    assert rows["support", "InferenceService support", "state"]["verdict"] == "proven"
    assert audit.differing() == set()


def test_a_digest_that_the_node_reports_decides(audit: Audit, kubectl: Kubectl) -> None:
    name = pod(kubectl, "support")
    key = ("support", "image of kserve-container", "pods")
    (status,) = kubectl.get("-n", NAMESPACE, "pod", name)["status"]["containerStatuses"]
    place = {"op": "add", "path": "/status/containerStatuses/0/imageID"}
    patch(kubectl, f"pod/{name}", {**place, "value": status["image"]}, subresource="status")
    assert audit()[key]["verdict"] == "proven"
    patch(kubectl, f"pod/{name}", {**place, "value": f"x@sha256:{'0' * 64}"}, subresource="status")
    assert audit.differing() == {key}
    patch(kubectl, f"pod/{name}", {**place, "value": ""}, subresource="status")


def test_another_image_in_a_pod_is_seen(audit: Audit, kubectl: Kubectl) -> None:
    name = pod(kubectl, "support")
    kubectl("-n", NAMESPACE, "set", "image", f"pod/{name}", "kserve-container=registry.kitchen.example/other:1")
    assert audit.differing() == {("support", "image of kserve-container", "pods")}
    kubectl("-n", NAMESPACE, "delete", "pod", name)
    eventually(lambda: pod(kubectl, "support") != name, "another pod")
    assert audit.differing() == set()


def test_another_argument_is_seen_in_the_runtime_and_then_in_its_pod(audit: Audit, kubectl: Kubectl) -> None:
    where = "/spec/containers/0/args"
    args = kubectl.get("-n", NAMESPACE, "servingruntime", "support-vllm")["spec"]["containers"][0]["args"]
    patch(kubectl, "servingruntime/support-vllm", {"op": "add", "path": f"{where}/-", "value": "--trust-remote-code"})
    runtime = {("support", "ServingRuntime support-vllm", place) for place in ("cluster", "state")}
    assert audit.differing() - {("support", "containers", "pods")} == runtime
    # KServe takes a runtime's change to its pods with the service's next change.
    annotation = ("-n", NAMESPACE, "annotate", "inferenceservice", "support", "--overwrite")
    kubectl(*annotation, "example.com/touched=1")
    containers = ("support", "containers", "pods")
    eventually(lambda: audit.differing() == runtime | {containers}, "a pod with the argument")
    assert "with --trust-remote-code" in audit()[containers]["found"]
    patch(kubectl, "servingruntime/support-vllm", {"op": "replace", "path": where, "value": args})
    kubectl(*annotation, "example.com/touched-")
    eventually(lambda: audit.differing() == set(), "pods as declared")


def test_an_edited_list_of_adapters_is_seen(audit: Audit, kubectl: Kubectl) -> None:
    name = "configmap/summary-declared-adapters"
    text = kubectl.get("-n", NAMESPACE, name)["data"]["manifest.json"]
    listed = json.loads(text)
    listed["adapters"][0]["files"][0]["sha256"] = "0" * 64
    place = {"op": "replace", "path": "/data/manifest.json"}
    patch(kubectl, name, {**place, "value": json.dumps(listed)})
    lists = {("summary", "ConfigMap summary-declared-adapters", at) for at in ("cluster", "state")}
    assert audit.differing() == {*lists, ("summary", "adapter sales-summary/v2026-03-15", "pods")}
    patch(kubectl, name, {**place, "value": text})
    assert audit.differing() == set()


def test_an_object_that_was_written_again_is_seen_even_with_the_right_content(
    audit: Audit, environment: Environment, cluster: Cluster
) -> None:
    s3 = store_client(cluster.minio_endpoint, "us-east-1", environment.keys)
    content = s3.get_object(Bucket="audit-lora", Key=WEIGHTS)["Body"].read()
    key = ("support", f"adapter {FAQ}", "bucket")
    written = [s3.put_object(Bucket="audit-lora", Key=WEIGHTS, Body=b"x" * len(content))["VersionId"]]
    assert audit.differing("--full") == {key}
    written.append(s3.put_object(Bucket="audit-lora", Key=WEIGHTS, Body=content)["VersionId"])
    rows = audit("--full")
    assert (rows[key]["verdict"], rows[key]["found"]) == ("differs", "adapter_model.safetensors: 3 versions")
    for version in written:
        s3.delete_object(Bucket="audit-lora", Key=WEIGHTS, VersionId=version)
    assert audit.differing() == set()


def test_other_content_is_seen_by_its_sum_alone(audit: Audit, environment: Environment, cluster: Cluster) -> None:
    """Of the same size and with one version, as somebody leaves it who may delete versions."""
    s3 = store_client(cluster.minio_endpoint, "us-east-1", environment.keys)
    content = s3.get_object(Bucket="audit-lora", Key=WEIGHTS)["Body"].read()
    key = ("support", f"adapter {FAQ}", "bucket")
    for body, differing in ((b"x" * len(content), {key}), (content, set())):
        (only,) = s3.list_object_versions(Bucket="audit-lora", Prefix=WEIGHTS)["Versions"]
        s3.delete_object(Bucket="audit-lora", Key=WEIGHTS, VersionId=only["VersionId"])
        s3.put_object(Bucket="audit-lora", Key=WEIGHTS, Body=body, ChecksumAlgorithm="SHA256")
        assert audit.differing() == audit.differing("--full") == differing


def test_a_store_without_a_sum_proves_nothing_until_it_is_hashed(
    audit: Audit, environment: Environment, cluster: Cluster
) -> None:
    s3 = store_client(cluster.minio_endpoint, "us-east-1", environment.keys)
    content = s3.get_object(Bucket="audit-lora", Key=WEIGHTS)["Body"].read()
    (first,) = s3.list_object_versions(Bucket="audit-lora", Prefix=WEIGHTS)["Versions"]
    s3.delete_object(Bucket="audit-lora", Key=WEIGHTS, VersionId=first["VersionId"])
    s3.put_object(Bucket="audit-lora", Key=WEIGHTS, Body=content, ChecksumAlgorithm="CRC32")
    key = ("support", f"adapter {FAQ}", "bucket")
    assert "the store keeps no SHA256 of adapter_model.safetensors" in audit()[key]["why"]
    assert audit("--full")[key]["verdict"] == "proven"


def test_a_store_that_is_away_and_a_wrong_key_prove_nothing(audit: Audit, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KITCHEN_OBJECT_STORE_ACCESS_KEY", "somebody-else")
    assert {row["why"].split(": ")[-1] for key, row in audit().items() if key[2] == "bucket"} == {"403"}
    rows = audit("--endpoint", "http://127.0.0.1:1")
    whys = {row["why"] for key, row in rows.items() if key[2] == "bucket"}
    assert whys == {"out of reach: http://127.0.0.1:1: EndpointConnectionError"}
    assert audit.status == 3


def test_a_service_that_git_does_not_know_is_seen(audit: Audit, kubectl: Kubectl) -> None:
    service = kubectl.get("-n", NAMESPACE, "inferenceservice", "summary")
    predictor = service["spec"]["predictor"] | {"minReplicas": 0}
    annotations = {"serving.kserve.io/deploymentMode": "Standard", "serving.kserve.io/autoscalerClass": "none"}
    metadata = {"name": "mine", "namespace": NAMESPACE, "annotations": annotations}
    other = {"apiVersion": service["apiVersion"], "kind": "InferenceService", "metadata": metadata}
    kubectl("apply", "-f", "-", manifest=json.dumps(other | {"spec": {"predictor": predictor}}))
    key = ("-", "InferenceService mine", NAMESPACE)
    try:
        found = audit.differing()
        assert key in found
        assert {kitchen for kitchen, _, _ in found} == {"-"}
    finally:
        kubectl("-n", NAMESPACE, "delete", "inferenceservice", "mine")
    # Each makes the next, and goes before it: pods alone may be gone because there are none yet.
    kinds, label = "deployments,replicasets,pods", "serving.kserve.io/inferenceservice=mine"
    eventually(lambda: kubectl("-n", NAMESPACE, "get", kinds, "-l", label, "-o", "name") == "", "its pods are gone")
    assert audit.differing() == set()


def stamped(kubectl: Kubectl) -> dict[tuple[str, str], tuple[str, int]]:
    """Identity of each pod, Job and Deployment of the tenant, with the number of its specification."""
    found = kubectl.get("-n", NAMESPACE, "pods,jobs,deployments,replicasets")["items"]
    metadata = {(item["kind"], item["metadata"]["name"]): item["metadata"] for item in found}
    return {key: (entry["uid"], entry.get("generation", 0)) for key, entry in metadata.items()}


def owners(kubectl: Kubectl) -> dict[tuple[str, str], tuple[str, str]]:
    """Owner and cost centre of everything that the program made for the tenant."""
    ours = ("-l", "app.kubernetes.io/managed-by=pulumi,kitchen.example.com/tenant=audit")
    found = kubectl.get("--all-namespaces", KINDS, *ours)["items"]
    labels = {(item["kind"], item["metadata"]["name"]): item["metadata"]["labels"] for item in found}
    keys = ("kitchen.example.com/owner", "kitchen.example.com/cost-centre")
    return {key: (entry[keys[0]], entry[keys[1]]) for key, entry in labels.items()}


def test_another_owner_changes_labels_in_place_and_no_pod_and_no_job(
    environment: Environment, audit: Audit, kubectl: Kubectl
) -> None:
    for kitchen in ("support", "summary"):
        pod(kubectl, kitchen)
    before, rows, labelled = stamped(kubectl), audit(), owners(kubectl)
    said = read_stack_file(environment.file)
    said["tenants"]["audit"] |= {"owner": "retail", "costCentre": "9999"}
    environment.write(said)
    environment.commit("another owner")
    counted = environment.up()
    assert set(counted) == {"updated", "unchanged"}, counted
    assert owners(kubectl) == dict.fromkeys(labelled, ("retail", "9999"))
    kinds = {kind for kind, _ in labelled}
    assert {"Namespace", "InferenceService", "ServingRuntime", "Job", "Secret", "PersistentVolumeClaim"} <= kinds
    after = time.monotonic() + 5  # KServe acts on a change at once
    while time.monotonic() < after:
        assert stamped(kubectl) == before
        time.sleep(0.2)
    for item in kubectl.get("-n", NAMESPACE, "pods")["items"]:
        carried = item["metadata"]["labels"]
        assert carried["kitchen.example.com/tenant"] == "audit"
        assert not carried.get("kitchen.example.com/owner")
        assert not carried.get("kitchen.example.com/cost-centre")
    verdicts = [{key: row["verdict"] for key, row in found.items()} for found in (rows, audit())]
    assert verdicts[0] == verdicts[1]
    assert "differs" not in verdicts[1].values()


def declared_adapters(kubectl: Kubectl) -> list[str]:
    text = kubectl.get("-n", NAMESPACE, "configmap", "summary-declared-adapters")["data"]["manifest.json"]
    return [f"{entry['name']}/{entry['version']}" for entry in json.loads(text)["adapters"]]


def recorded_adapters(environment: Environment) -> list[str]:
    resources = json.loads(environment.export().read_text())["deployment"]["resources"]
    (inputs,) = (
        entry["inputs"]
        for entry in resources
        if entry.get("inputs", {}).get("metadata", {}).get("name") == "summary-declared-adapters"
    )
    return [f"{entry['name']}/{entry['version']}" for entry in json.loads(inputs["data"]["manifest.json"])["adapters"]]


def test_a_rollback_brings_the_former_adapters_back(
    environment: Environment, audit: Audit, kubectl: Kubectl, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = environment.git("rev-parse", "HEAD").strip()
    before = declared_adapters(kubectl)
    said = read_stack_file(environment.file)
    said["kitchens"]["summary"]["adapters"] = [CLASSIFIER]
    said["kitchens"]["summary"]["runtime"]["maxLoraRank"] = 16
    environment.write(said)
    environment.commit("another menu")
    environment.up()
    assert declared_adapters(kubectl) == recorded_adapters(environment) == [CLASSIFIER]

    for name in ("GIT_AUTHOR_NAME", "GIT_AUTHOR_EMAIL", "GIT_COMMITTER_NAME", "GIT_COMMITTER_EMAIL"):
        monkeypatch.setenv(name, "a@example.com")
    assert main(["rollback", "summary", "--to", first, "--settings", str(environment.file), "--commit"]) == 0
    assert environment.git("diff", first, "--stat") == ""
    lists = {("summary", "ConfigMap summary-declared-adapters", at) for at in ("cluster", "state")}
    assert lists <= audit.differing(), "Git says one thing, the cluster still another"
    environment.up()
    assert declared_adapters(kubectl) == recorded_adapters(environment) == before
    eventually(lambda: audit.differing() == set(), "pods as declared")
