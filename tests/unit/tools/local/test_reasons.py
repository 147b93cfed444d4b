"""Why something in the embedded cluster waits, from objects as a real cluster had them."""

from __future__ import annotations

from pathlib import Path
from typing import Any, ClassVar

import pytest

from tools.cluster import Cluster, ClusterError
from tools.cluster.health import ComponentStatus, Status
from tools.local import reasons as told
from tools.local.reasons import reasons

JOB = "base-tsuzumi-7b-instruct-v1-2ba26fb088"
EXCEEDED = "exceeded quota: none, requested: pods=1, used: pods=0, limited: pods=0"
NODES = "0/9 nodes are available: 9 node(s) were unschedulable. preemption: 0/9 nodes are available"


def item(name: str, status: dict[str, Any] | None = None, **metadata: Any) -> dict[str, Any]:
    return {"metadata": {"name": name, "namespace": "legal-dev", **metadata}, "status": status or {}}


def event(pod: str, when: str) -> dict[str, Any]:
    message = f'Error creating: pods "{JOB}-{pod}" is forbidden: {EXCEEDED}'
    about = {"kind": "Job", "namespace": "legal-dev", "name": JOB}
    return {"involvedObject": about, "message": message, "lastTimestamp": when}


class Api:
    """Answers lists by the end of their path."""

    content: ClassVar[dict[str, list[dict[str, Any]]]] = {}

    def __init__(self, kubeconfig: Path) -> None:
        pass

    def get(self, path: str) -> dict[str, Any]:
        return {"items": self.content.get(path.partition("?")[0].rpartition("/")[2], [])}


@pytest.fixture
def cluster(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Cluster:
    monkeypatch.setattr(told, "Api", Api)
    monkeypatch.setattr(Api, "content", {})
    monkeypatch.setattr(Cluster, "status", lambda _: status())
    return Cluster(tmp_path)


def status(*components: ComponentStatus) -> Status:
    return Status(
        state="running", directory="", kubeconfig="", minio_endpoint=None, audit_log="", components=components
    )


def component(*, alive: bool, healthy: bool) -> ComponentStatus:
    return ComponentStatus(
        name="kserve", pid=12, alive=alive, healthy=healthy, address="http://127.0.0.1:1/readyz", log="kserve.log"
    )


def test_a_cluster_that_is_well_gives_no_reason(cluster: Cluster) -> None:
    Api.content = {
        "pods": [item("a", {"phase": "Running"})],
        "jobs": [item(JOB, {"succeeded": 1, "conditions": [{"type": "Complete", "status": "True"}]})],
        "events": [event("old", "2026-01-01T00:00:00Z")],
        "namespaces": [item("legal-dev", {"phase": "Active"})],
        "inferenceservices": [item("contracts", {"conditions": [{"type": "Ready", "status": "True"}]})],
    }
    assert reasons(cluster) == []


def test_a_pod_that_finds_no_node_is_told_in_the_scheduler_s_words(cluster: Cluster) -> None:
    placed = {"type": "PodScheduled", "status": "False", "message": NODES}
    Api.content = {"pods": [item(f"{JOB}-x", {"phase": "Pending", "conditions": [placed]})]}
    assert reasons(cluster) == [f"pod legal-dev/{JOB}-x is Pending: {NODES}"]


def test_a_quota_is_told_once_for_a_job_whatever_pods_it_tries(cluster: Cluster) -> None:
    Api.content = {
        "jobs": [item(JOB)],
        "events": [event("b", "2026-01-01T00:00:02Z"), event("a", "2026-01-01T00:00:01Z")],
    }
    assert reasons(cluster) == [
        f"Job legal-dev/{JOB} gets no pod: {EXCEEDED}",
    ]


def test_a_finalizer_is_named(cluster: Cluster) -> None:
    held = {"type": "NamespaceFinalizersRemaining", "status": "True", "message": "remaining: example.com/held"}
    gone = {"deletionTimestamp": "2026-01-01T00:00:00Z"}
    Api.content = {
        "namespaces": [item("legal-dev", {"conditions": [held]}, **gone)],
        "persistentvolumeclaims": [item("base", {}, **gone, finalizers=["kubernetes.io/pvc-protection"])],
    }
    assert set(reasons(cluster)) == {
        "namespace legal-dev is being deleted: remaining: example.com/held",
        "claim legal-dev/base is being deleted, and waits for the finalizer kubernetes.io/pvc-protection",
    }


def test_a_process_that_has_ended_or_hangs_comes_first(cluster: Cluster, monkeypatch: pytest.MonkeyPatch) -> None:
    Api.content = {"inferenceservices": [item("contracts")]}
    monkeypatch.setattr(Cluster, "status", lambda _: status(component(alive=True, healthy=False)))
    assert reasons(cluster) == [
        "kserve (process 12) does not answer at http://127.0.0.1:1/readyz",
        "InferenceService legal-dev/contracts: KServe has not looked at it yet",
    ]
    monkeypatch.setattr(Cluster, "status", lambda _: status(component(alive=False, healthy=False)))
    assert reasons(cluster)[0] == "kserve has ended (its log: kserve.log); `make up` starts it again"


def test_a_server_that_does_not_answer_is_a_reason_and_no_error(
    cluster: Cluster, monkeypatch: pytest.MonkeyPatch
) -> None:
    def silent(self: Api, path: str) -> dict[str, Any]:
        raise ClusterError(f"API server: no answer to GET {path}")

    monkeypatch.setattr(Api, "get", silent)
    assert reasons(cluster)[0].startswith("API server: no answer to GET ")
