"""What counts as Ready, why something is not, and how long that is waited for."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest

from tools.kube import Kind, KubeError, Listing, Object
from tools.local.errors import LocalError
from tools.local.readiness import refuse_unready
from tools.ready import Service, Verdict, await_ready, declared_services, state_of
from tools.ready.reasons import Around, reasons

KIND = Kind("serving.kserve.io/v1beta1", "InferenceService")
SUMS = {"kitchen.example.com/adapters-sha256": "a", "other": "x"}
SUPPORT = Service(KIND, "helpdesk-dev", "support")


def service(ready: str = "True", *more: dict[str, Any], kind: str = "InferenceService") -> dict[str, Any]:
    conditions = [{"type": "Ready", "status": ready}, *more]
    return {
        "kind": kind,
        "metadata": {"name": "support", "namespace": "helpdesk-dev", "uid": "s"},
        "spec": {"predictor": {"annotations": SUMS}},
        "status": {"conditions": conditions},
    }


def deployment(sums: dict[str, str] | None = None, conditions: Sequence[Any] = (), **status: int) -> dict[str, Any]:
    counts = {"observedGeneration": 2, "replicas": 1, "updatedReplicas": 1, "availableReplicas": 1, **status}
    return {
        "metadata": {
            "name": "support-predictor", "namespace": "helpdesk-dev", "uid": "d", "generation": 2,
            "ownerReferences": [{"uid": "s"}],
        },
        "spec": {"replicas": 1, "template": {"metadata": {"annotations": sums or SUMS}}},
        "status": {**counts, "conditions": list(conditions)},
    }  # fmt: skip


def replica_set(uid: str = "r", revision: str = "2", *conditions: dict[str, Any]) -> dict[str, Any]:
    annotations = {"deployment.kubernetes.io/revision": revision}
    owner = [{"uid": "d"}]
    metadata = {"name": f"support-{uid}", "uid": uid, "annotations": annotations, "ownerReferences": owner}
    return {"metadata": metadata, "status": {"conditions": list(conditions)}}


def pod(status: dict[str, Any], owner: str = "r", claims: Sequence[str] = (), **metadata: Any) -> dict[str, Any]:
    volumes = [{"name": name, "persistentVolumeClaim": {"claimName": name}} for name in claims]
    named = {"name": f"support-{owner}-1", "ownerReferences": [{"uid": owner}], **metadata}
    return {"metadata": named, "spec": {"volumes": volumes}, "status": status}


@pytest.mark.parametrize(
    ("live", "made", "state"),
    [
        (None, [], "absent"),
        (service("False"), [deployment()], "False"),
        ({**service(), "status": {}}, [deployment()], "Unknown"),
        (service(), [deployment()], "True"),
        (service(), [], "rolling out"),
        (service(kind="LLMInferenceService"), [], "True"),
        (service(), [deployment(replicas=2)], "rolling out"),
        (service(), [deployment(updatedReplicas=0)], "rolling out"),
        (service(), [deployment(availableReplicas=0)], "rolling out"),
        (service(), [deployment(observedGeneration=1)], "rolling out"),
        (service(), [deployment({**SUMS, "kitchen.example.com/adapters-sha256": "before"})], "rolling out"),
        (service(), [deployment({**SUMS, "other": "before"})], "True"),
    ],
)
def test_a_kitchen_is_ready_when_its_pods_are_the_declared_ones(live: Any, made: list[Any], state: str) -> None:
    assert state_of(live, made) == state


def why(live: Any, **around: Any) -> list[str]:
    found = reasons(live, "InferenceService", "helpdesk-dev", "support", Around(**around))
    return [f"{reason.text} | {reason.look}" for reason in found]


ROLLING = {"deployments": [deployment(replicas=2, updatedReplicas=1)], "replica_sets": [replica_set()]}
DESCRIBE = "kubectl -n helpdesk-dev describe"


def test_a_service_that_is_not_there_is_called_so() -> None:
    assert why(None) == ["there is no InferenceService helpdesk-dev/support | kubectl -n helpdesk-dev get events"]


def test_a_quota_that_forbids_pods_is_told_in_the_cluster_s_words() -> None:
    message = 'pods "x" is forbidden: exceeded quota: quota, requested: requests.nvidia.com/gpu=1, limited: 0'
    failed = {"type": "ReplicaFailure", "status": "True", "message": message}
    around = {"deployments": [deployment(replicas=1, updatedReplicas=0, conditions=[failed])],
              "replica_sets": [replica_set("old", "1"), replica_set("new", "10", failed)]}  # fmt: skip
    assert why(service(), **around) == [f"pods cannot be made: {message} | {DESCRIBE} replicaset support-new"]


@pytest.mark.parametrize(
    ("status", "said"),
    [
        (
            {"phase": "Pending", "conditions": [{"type": "PodScheduled", "status": "False", "message": "no GPU"}]},
            "no node takes it: no GPU",
        ),
        (
            {"phase": "Pending", "containerStatuses": [
                {"name": "server", "state": {"waiting": {"reason": "ImagePullBackOff", "message": "not found"}}}]},
            "container server: ImagePullBackOff: not found",
        ),
        (
            {"phase": "Pending", "initContainerStatuses": [
                {"name": "fetch-adapters", "state": {"terminated": {"exitCode": 1, "reason": "Error"}}}]},
            "container fetch-adapters: ended with 1: Error",
        ),
        (
            {"phase": "Running", "containerStatuses": [
                {"name": "server", "state": {"waiting": {"reason": "CrashLoopBackOff"}},
                 "lastState": {"terminated": {"exitCode": 137}}}]},
            "container server: CrashLoopBackOff, it ended with 137",
        ),
        (
            {"phase": "Pending", "initContainerStatuses": [{"name": "require-base-model", "state": {"running": {}}}]},
            "init container require-base-model is at work",
        ),
        (
            {"phase": "Running", "containerStatuses": [{"name": "server", "ready": False, "state": {"running": {}}}]},
            "container server runs and is not ready: it loads its model, or its readiness probe fails",
        ),
        ({"phase": "Failed", "reason": "Evicted", "message": "The node was low on memory"},
         "it has failed: The node was low on memory"),
    ],
)  # fmt: skip
def test_a_pod_says_what_keeps_it(status: dict[str, Any], said: str) -> None:
    found = why(service(), **ROLLING, pods=[pod(status)])
    assert found == [f"pod support-r-1: {said} | {DESCRIBE} pod support-r-1"]


@pytest.mark.parametrize(
    ("claims", "said"),
    [
        ([], "there is no PersistentVolumeClaim base"),
        ([{"metadata": {"name": "base"}, "spec": {"storageClassName": "slow"}, "status": {"phase": "Pending"}}],
         "PersistentVolumeClaim base is Pending: storage class slow has given no volume yet"),
        ([{"metadata": {"name": "base", "deletionTimestamp": "now"}, "spec": {}, "status": {"phase": "Bound"}}],
         "PersistentVolumeClaim base is being removed"),
    ],
)  # fmt: skip
def test_a_volume_is_nearer_to_the_cause_than_the_pod(claims: list[Any], said: str) -> None:
    unplaced = {"conditions": [{"type": "PodScheduled", "status": "False", "message": "unbound claims"}]}
    found = why(service(), **ROLLING, pods=[pod(unplaced, claims=["base"])], claims=claims)
    assert found == [f"pod support-r-1: {said} | {DESCRIBE} pod support-r-1"]


def test_pods_of_an_older_revision_are_not_the_reason() -> None:
    broken = {"phase": "Failed", "message": "old"}
    around = {**ROLLING, "replica_sets": [replica_set("old", "1"), replica_set("r", "2")], "pods": [pod(broken, "old")]}
    assert why(service(), **around) == [
        f"its pods are being made; 1 old pods have not ended yet | {DESCRIBE} deployment support-predictor"
    ]


def test_a_change_that_kserve_has_not_brought_to_pods_is_told() -> None:
    behind = deployment({"kitchen.example.com/adapters-sha256": "before"})
    assert why(service(), deployments=[behind]) == [
        "KServe has not brought the change to Deployment support-predictor yet: is its controller running? | "
        f"{DESCRIBE} deployment support-predictor"
    ]


def test_a_deployment_that_was_scaled_by_hand_is_not_ready_and_the_way_back_is_told() -> None:
    scaled = deployment(replicas=0, updatedReplicas=0, availableReplicas=0)
    scaled["spec"]["replicas"] = 0
    live = service()
    assert state_of(live, [scaled]) == "True", "a kitchen that may have no pods"
    live["spec"]["predictor"]["minReplicas"] = 2
    assert state_of(live, [scaled]) == "rolling out"
    assert why(live, deployments=[scaled]) == [
        "Deployment support-predictor was scaled by hand to 0, declared is 2: "
        "kubectl -n helpdesk-dev scale deployment support-predictor --replicas=2 | "
        f"{DESCRIBE} deployment support-predictor"
    ]


def test_what_kserve_says_of_a_service_without_a_deployment_is_told() -> None:
    refused = {"type": "PredictorReady", "status": "False", "message": "failed calling webhook"}
    quiet = {"type": "Stopped", "status": "False", "severity": "Info", "message": "no"}
    assert why(service("False", refused, quiet)) == [
        f"PredictorReady: failed calling webhook | {DESCRIBE} inferenceservice support"
    ]
    assert why(service("Unknown")) == [
        f"KServe has made no Deployment for it: is its controller running? | {DESCRIBE} inferenceservice support"
    ]


def test_what_may_not_be_looked_at_is_said() -> None:
    (_, last) = why(service(), deployments=[deployment()], unread=["listing Pod: 403: no"])
    assert last.startswith("not looked at: listing Pod: 403: no")


class Cluster:
    """Answers each look with the next of its states."""

    def __init__(self, *states: str) -> None:
        self.states = list(states)

    def get_all(self, wanted: Sequence[Any]) -> list[Object | KubeError | None]:
        state = self.states.pop(0) if len(self.states) > 1 else self.states[0]
        return [service(state) for _ in wanted]

    def listing(self, kinds: Any, **how: Any) -> Listing:
        found = [kind for kind in kinds if kind.kind == "Deployment"]
        return Listing(objects=[(kind, deployment()) for kind in found])


def waited(*states: str, seconds: float) -> Verdict:
    kube: Any = Cluster(*states)
    return await_ready(kube, [SUPPORT], "dev", seconds, lambda line: None)


def test_it_waits_until_the_kitchen_is_ready() -> None:
    assert waited("Unknown", "False", "True", seconds=60.0) == Verdict(states={("helpdesk-dev", "support"): "True"})


def test_after_the_limit_it_says_why_and_the_command_fails() -> None:
    verdict = waited("False", seconds=0.0)
    assert verdict.waiting == [SUPPORT]
    with pytest.raises(LocalError) as error:
        refuse_unready(verdict, ["and something else"])
    lines = str(error.value).splitlines()
    assert lines[0] == "not Ready: support in helpdesk-dev: False"
    assert lines[1].startswith("  ")
    assert lines[2].startswith("  look: kubectl -n helpdesk-dev describe")
    assert lines[3] == "and something else"
    assert lines[4].startswith("1 of 1 kitchens: not Ready; the update itself is done")


def test_something_left_to_a_person_is_no_success_either() -> None:
    refuse_unready(waited("True", seconds=0.0))
    with pytest.raises(LocalError, match=r"^a volume is held$"):
        refuse_unready(waited("True", seconds=0.0), ["a volume is held"])


def test_services_are_those_of_the_state() -> None:
    def entry(kind: str, api: str) -> dict[str, Any]:
        inputs = {"apiVersion": api, "kind": kind, "metadata": {"name": "x", "namespace": "n"}}
        return {"urn": kind, "type": f"kubernetes:{api}:{kind}", "inputs": inputs}

    resources = [entry("InferenceService", "serving.kserve.io/v1beta1"), entry("Secret", "v1"),
                 entry("LLMInferenceService", "serving.kserve.io/v1alpha2")]  # fmt: skip
    assert [each.kind.kind for each in declared_services(resources)] == ["LLMInferenceService", "InferenceService"]
