"""Mending: what the engine is given, what is waited for, what is taken back, and what is left to a person."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest

from tests.unit.tools.drift.objects import MANAGER, live_object, recorded_object, row
from tools.drift import Drift, DriftError, Mending, compare, mend, mend_after, recorded
from tools.drift.leaving import reasons
from tools.kube import Kind, KubeError, Listing, Object

QUOTA = recorded_object("ResourceQuota", "quota", spec={"hard": {"requests.cpu": "64"}})
OTHER = recorded_object("LimitRange", "defaults", spec={"limits": 1})
NAMESPACE = recorded_object("Namespace", "sales-dev", "")
CLAIM = recorded_object("PersistentVolumeClaim", "base", spec={})


class Engine:
    """Records what it is asked for."""

    def __init__(self, status: int = 0) -> None:
        self.status = status
        self.asked: list[tuple[str, list[str]]] = []

    def refresh(self, targets: Sequence[str]) -> int:
        self.asked.append(("refresh", list(targets)))
        return self.status

    def take_over(self, targets: Sequence[str]) -> int:
        self.asked.append(("take over", list(targets)))
        return self.status


class Cluster:
    """Answers by name; each look at an object that is going takes the next of its answers."""

    def __init__(self, *answers: Object | None, pods: Sequence[Object] = ()) -> None:
        self.answers = list(answers)
        self.pods = pods
        self.deleted: list[str] = []

    def get_all(self, wanted: Sequence[Any]) -> list[Object | KubeError | None]:
        return [self.answers.pop(0) if len(self.answers) > 1 else self.answers[0] for _ in wanted]

    def listing(self, kinds: Sequence[Kind], inside: str) -> Listing:
        return Listing(objects=[(Kind("v1", "Pod"), pod) for pod in self.pods])

    def delete(self, kind: Kind, namespace: str, name: str) -> None:
        self.deleted.append(f"{kind} {namespace}/{name}")


def going(resource: dict[str, Any], **more: Any) -> dict[str, Any]:
    live = live_object(resource)
    live["metadata"] |= {"deletionTimestamp": "2026-11-29T02:00:00Z", **more.pop("metadata", {})}
    return {**live, **more}


def of(*pairs: tuple[dict[str, Any], dict[str, Any] | None]) -> Drift:
    live = [(Kind(r["inputs"]["apiVersion"], r["inputs"]["kind"]), found) for r, found in pairs if found]
    return compare(recorded([resource for resource, _ in pairs]), Listing(objects=live), manager=MANAGER)


def done(
    drift: Drift, cluster: Any = None, engine: Engine | None = None, **how: Any
) -> tuple[list[str], Engine, list[str]]:
    used, said = engine or Engine(), list[str]()
    made = Mending(**{"command": "make up", "patience": 0.0, "say": said.append, **how})
    kube: Any = cluster or Cluster(None)
    return mend(drift, kube, used, made), used, said


CHANGED = live_object(QUOTA, row("ops", {"spec": {"hard": {"requests.cpu": 1}}}), spec={"hard": {"requests.cpu": "1"}})


def test_without_drift_the_engine_is_not_asked() -> None:
    left, engine, said = done(Drift())
    assert (left, engine.asked, said) == ([], [], [])


def test_what_is_gone_is_refreshed_and_nothing_else() -> None:
    left, engine, said = done(of((QUOTA, None), (OTHER, live_object(OTHER))))
    assert (left, engine.asked) == ([], [("refresh", [QUOTA["urn"]])])
    assert said == ["was removed by hand: ResourceQuota sales-dev/quota; it is made again"]


def test_a_field_that_was_changed_by_hand_is_named_and_stays() -> None:
    _, engine, said = done(of((QUOTA, CHANGED)))
    assert engine.asked == []
    assert said[0].startswith("was changed by hand: ResourceQuota sales-dev/quota: ")


@pytest.mark.parametrize("words", ["yes", "all", "ResourceQuota sales-dev/quota"])
def test_on_request_the_field_is_taken_back_from_that_object_alone(words: str) -> None:
    _, engine, said = done(of((QUOTA, CHANGED), (OTHER, live_object(OTHER))), take_back=words)
    assert [line.rpartition("; ")[2] for line in said] == ["it is taken back"]
    assert engine.asked == [("refresh", [QUOTA["urn"]]), ("take over", [QUOTA["urn"]])]


def test_a_name_that_was_not_changed_is_refused_before_anything_is_done() -> None:
    engine = Engine()
    with pytest.raises(DriftError, match=r"TAKE_BACK='quota': rule: yes, or one of: 'ResourceQuota sales-dev/quota'"):
        done(of((QUOTA, CHANGED), (OTHER, None)), engine=engine, take_back="quota")
    assert engine.asked == []


def test_a_job_of_a_volume_that_is_gone_is_removed_so_that_it_runs_again() -> None:
    cluster = Cluster(None)
    _, engine, _ = done(of((CLAIM, None), (LOAD, live_object(LOAD))), cluster)
    assert cluster.deleted == ["Job sales-dev/load"]
    assert engine.asked == [("refresh", [CLAIM["urn"], LOAD["urn"]])]


def test_what_is_going_is_waited_for_with_a_limit_that_is_told() -> None:
    live = going(QUOTA)
    left, engine, said = done(of((QUOTA, live)), Cluster(live, None), patience=30.0)
    assert "waiting until ResourceQuota sales-dev/quota is gone, at most 30 s" in said
    assert (left, engine.asked) == ([], [("refresh", [QUOTA["urn"]])])


def test_an_object_of_that_name_that_somebody_made_anew_is_not_waited_for() -> None:
    live, anew = going(QUOTA), live_object(QUOTA)
    anew["metadata"]["uid"] = "2"
    assert done(of((QUOTA, live)), Cluster(anew), patience=30.0)[0] == []


def test_a_namespace_that_does_not_go_ends_the_command_with_the_reason() -> None:
    remaining = {
        "type": "NamespaceContentRemaining",
        "status": "True",
        "message": "Some resources are remaining: pods.",
    }
    live = going(NAMESPACE, status={"conditions": [remaining]})
    engine = Engine()
    with pytest.raises(DriftError, match=r"Namespace sales-dev: .* not gone after 0 s: Some resources are remaining"):
        done(of((NAMESPACE, live)), Cluster(live), engine)
    assert engine.asked == []


def test_anything_else_that_does_not_go_is_left_to_a_person_and_the_rest_goes_on() -> None:
    live = going(QUOTA, metadata={"finalizers": ["example.com/hold"]})
    (left,), engine, _ = done(of((QUOTA, live), (OTHER, None)), Cluster(live))
    assert "held by the finalizer example.com/hold" in left
    assert "look: kubectl get resourcequota -n sales-dev quota -o yaml" in left
    assert engine.asked == [("refresh", [OTHER["urn"]])]


MOUNTED = {"name": "models", "persistentVolumeClaim": {"claimName": "base"}}
LOAD = recorded_object("Job", "load", api="batch/v1", spec={"template": {"spec": {"volumes": [MOUNTED]}}})


def pod(name: str, *, node: str = "l40s-1", phase: str = "Running", owner: str = "", volumes: Any = (MOUNTED,)) -> Any:
    owners = {"ownerReferences": [{"kind": "Job", "name": owner}]} if owner else {}
    metadata = {"name": name, "namespace": "sales-dev", **owners}
    return {"metadata": metadata, "spec": {"nodeName": node, "volumes": list(volumes)}, "status": {"phase": phase}}


def held_claim() -> Any:
    return going(CLAIM, metadata={"finalizers": ["kubernetes.io/pvc-protection"]})


def test_a_volume_that_pods_hold_is_not_waited_for_and_the_pods_are_named() -> None:
    live = held_claim()
    pods = [
        pod("server"),
        pod("ended", phase="Succeeded"),
        pod("load-a", phase="Succeeded", owner="another"),
        pod("without-a-node", node="", phase="Pending"),
        pod("other", volumes=()),
    ]
    (left,), engine, said = done(of((CLAIM, live)), Cluster(live, pods=pods), patience=600.0)
    assert "kubectl delete pod -n sales-dev ended load-a server, then `make up`" in left
    assert engine.asked == []
    assert not [line for line in said if "waiting" in line]


def test_a_volume_that_only_the_pods_of_its_load_job_hold_goes_with_that_job() -> None:
    live = held_claim()
    pods = [pod("load-a", phase="Succeeded", owner="load"), pod("next", node="", phase="Pending")]
    cluster = Cluster(live, None, pods=pods)
    left, engine, said = done(of((CLAIM, live), (LOAD, live_object(LOAD))), cluster, patience=30.0)
    assert cluster.deleted == ["Job sales-dev/load"]
    assert (left, engine.asked) == ([], [("refresh", [CLAIM["urn"], LOAD["urn"]])])
    assert said.index("waiting until PersistentVolumeClaim sales-dev/base is gone, at most 30 s") > 0


def test_after_an_update_what_went_with_its_removals_is_refreshed_and_nothing_else() -> None:
    engine, said = Engine(), list[str]()
    how = Mending(command="make up", patience=0.0, say=said.append)
    assert mend_after(of((QUOTA, None), (OTHER, live_object(OTHER))), engine, how)
    assert engine.asked == [("refresh", [QUOTA["urn"]])]
    assert said == [
        "went with what an interrupted update had left to remove: ResourceQuota sales-dev/quota; it is made again"
    ]
    assert not mend_after(of((QUOTA, CHANGED)), engine, how)
    assert len(engine.asked) == 1


def test_a_job_whose_volume_is_held_by_pods_is_left_alone() -> None:
    live = held_claim()
    cluster = Cluster(live, pods=[pod("server"), pod("load-a", phase="Succeeded", owner="load")])
    left, engine, said = done(of((CLAIM, live), (LOAD, live_object(LOAD))), cluster)
    assert (len(left), engine.asked, cluster.deleted) == (1, [], [])
    assert "delete pod -n sales-dev server, then" in left[0]
    assert said == ["is being removed by hand: PersistentVolumeClaim sales-dev/base"]


def test_an_engine_that_fails_ends_the_command() -> None:
    with pytest.raises(DriftError, match="could not look at"):
        done(of((QUOTA, None)), engine=Engine(status=1))


def test_a_namespace_s_own_words_come_before_its_finalizers() -> None:
    condition = {"type": "NamespaceFinalizersRemaining", "status": "True", "message": "x in 1 resource instances"}
    assert list(
        reasons({"metadata": {}, "spec": {"finalizers": ["kubernetes"]}, "status": {"conditions": [condition]}})
    ) == ["x in 1 resource instances"]
