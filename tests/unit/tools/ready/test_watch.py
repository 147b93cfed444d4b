"""What an update waits for is told, and what does not come by itself ends it."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import Any

from tests.support.waiting import until
from tests.unit.tools.ready.test_ready import deployment, replica_set, service
from tools.kube import Kind, KubeError, Listing
from tools.ready.watch import Watch, waiting

QUOTA = {"type": "ReplicaFailure", "status": "True", "message": "exceeded quota"}
SERVICE = Kind("serving.kserve.io/v1beta1", "InferenceService")


class Cluster:
    """Holds the given objects by kind; one may be an error."""

    def __init__(self, *objects: tuple[str, dict[str, Any]], error: KubeError | None = None) -> None:
        self.objects, self.error, self.asked = objects, error, 0

    def listing(self, kinds: Sequence[Kind], **how: Any) -> Listing:
        self.asked += 1
        if self.error:
            raise self.error
        by_name = {kind.kind: kind for kind in kinds}
        return Listing(objects=[(by_name[name], live) for name, live in self.objects if name in by_name])


def held(ready: str = "False") -> Cluster:
    made = deployment(updatedReplicas=0, conditions=[QUOTA])
    return Cluster(
        ("InferenceService", service(ready)), ("Deployment", made), ("ReplicaSet", replica_set("r", "2", QUOTA))
    )


def pod(name: str, phase: str, **labels: str) -> dict[str, Any]:
    unplaced = {"type": "PodScheduled", "status": "False", "message": "no node"}
    metadata = {"name": name, "namespace": "sales-dev", "labels": labels}
    return {"metadata": metadata, "spec": {}, "status": {"phase": phase, "conditions": [unplaced]}}


def seen(cluster: Any) -> list[str]:
    return [f"{what}: {reason.text}" for what, reason in waiting(cluster, "dev")]


def test_what_is_going_not_ready_or_pending_is_told_with_its_reason() -> None:
    claim = {
        "metadata": {
            "name": "base",
            "namespace": "sales-dev",
            "deletionTimestamp": "now",
            "finalizers": ["example.com/x"],
        }
    }
    of_service = pod("server", "Pending", **{"serving.kserve.io/inferenceservice": "support"})
    objects = [("PersistentVolumeClaim", claim), ("Pod", pod("load", "Pending")), ("Pod", pod("done", "Succeeded")),
               ("Pod", of_service), *held().objects]  # fmt: skip
    going, unready, load = seen(Cluster(*objects))
    assert going.startswith(
        "PersistentVolumeClaim sales-dev/base, which is being removed: held by the finalizer example.com/x"
    )
    assert unready == "support in helpdesk-dev: pods cannot be made: exceeded quota"
    assert load == "Pod sales-dev/load: no node takes it: no node"


def test_a_cluster_where_everything_is_ready_says_nothing() -> None:
    assert seen(Cluster(("InferenceService", service()), ("Deployment", deployment()))) == []


def watched(
    cluster: Any, patience: float, reached: Callable[[list[str], list[str]], bool]
) -> tuple[Watch, list[str], list[str]]:
    said, stopped = list[str](), list[str]()
    watch = Watch(cluster, "dev", said.append, every=0.02)
    with watch.running(patience, lambda: stopped.append("stopped")):
        until(lambda: reached(said, stopped), lambda: (said, stopped))
    return watch, said, stopped


def test_what_stands_still_and_does_not_come_by_itself_is_stopped_once() -> None:
    watch, said, stopped = watched(held(), 0.05, lambda said, stopped: bool(stopped) and len(said) > 5)
    assert stopped == ["stopped"]
    assert re.match(r"not Ready after \d+ s: support in helpdesk-dev", watch.ended[0])
    assert watch.ended[1:] == [
        "  pods cannot be made: exceeded quota",
        "  look: kubectl -n helpdesk-dev describe replicaset support-r",
    ]
    assert said[0].endswith(": support in helpdesk-dev: pods cannot be made: exceeded quota")


def test_what_may_come_is_told_and_never_stopped() -> None:
    loading = Cluster(("InferenceService", service("False")))
    watch, said, stopped = watched(loading, 0.0, lambda said, stopped: len(said) > 5)
    assert (watch.ended, stopped) == ([], [])
    assert "KServe has made no Deployment for it" in said[0]


def test_a_cluster_that_does_not_answer_disturbs_nothing() -> None:
    asked = Cluster(error=KubeError("no answer"))
    watch, said, stopped = watched(asked, 0.0, lambda said, stopped: asked.asked > 5)
    assert (watch.ended, said, stopped) == ([], [], [])
