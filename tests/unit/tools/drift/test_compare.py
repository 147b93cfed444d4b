"""A state held against a cluster: what is missing, going, taken, ours and unknown, or not to be seen."""

from __future__ import annotations

from typing import Any

from tests.unit.tools.drift.objects import MANAGER, live_object, recorded_object, row
from tools.drift import Drift, compare, leftovers, recorded
from tools.drift.report import lines
from tools.kube import Kind, Listing

CLAIM = recorded_object("PersistentVolumeClaim", "base", spec={})
NAMESPACE = recorded_object("Namespace", "sales-dev", "")
QUOTA = recorded_object("ResourceQuota", "quota", spec={"hard": {"requests.cpu": "64"}})


def job(**spec: Any) -> dict[str, Any]:
    volume = {"name": "models", "persistentVolumeClaim": {"claimName": "base"}}
    return recorded_object("Job", "load", api="batch/v1", spec={"template": {"spec": {"volumes": [volume]}}, **spec})


def seen(*objects: dict[str, Any], **unread: str) -> Listing:
    return Listing(
        objects=[(Kind(entry["apiVersion"], entry["kind"]), entry) for entry in objects],
        unread={Kind("v1", kind): why for kind, why in unread.items()},
    )


def drift(resources: list[dict[str, Any]], present: Listing) -> Drift:
    return compare(recorded(resources), present, manager=MANAGER)


def test_what_is_there_as_recorded_is_no_drift() -> None:
    resources = [NAMESPACE, QUOTA, CLAIM, job()]
    assert drift(resources, seen(*map(live_object, resources))) == Drift()


def test_what_was_removed_is_named_and_given_to_the_engine() -> None:
    found = drift([NAMESPACE, QUOTA], seen(live_object(NAMESPACE)))
    assert found.gone == [QUOTA["urn"]]
    assert list(lines(found, "make up")) == ["was removed by hand: ResourceQuota sales-dev/quota; it is made again"]


def test_a_preview_says_what_would_mend_it() -> None:
    found = drift([QUOTA], seen())
    (line,) = lines(found, "make up", mends=False)
    assert line == "was removed by hand: ResourceQuota sales-dev/quota; `make up` makes it again"


def test_a_namespace_is_told_once_with_what_was_in_it() -> None:
    found = drift([NAMESPACE, QUOTA, CLAIM], seen())
    assert found.gone == [NAMESPACE["urn"], QUOTA["urn"], CLAIM["urn"]]
    (line,) = lines(found, "make up")
    assert line.startswith("was removed by hand: Namespace sales-dev with 2 recorded objects and its volumes; ")


def test_an_object_of_the_same_name_in_another_namespace_is_another_one() -> None:
    other = recorded_object("ResourceQuota", "quota", "helpdesk-dev", spec={})
    assert [entry.urn for entry in drift([QUOTA, other], seen(live_object(QUOTA))).missing] == [other["urn"]]


def test_a_job_that_its_time_to_live_has_removed_is_no_drift() -> None:
    ended = job(ttlSecondsAfterFinished=60)
    assert drift([NAMESPACE, CLAIM, ended], seen(live_object(NAMESPACE), live_object(CLAIM))) == Drift()
    assert [
        entry.urn
        for entry in drift([NAMESPACE, CLAIM, job()], seen(live_object(NAMESPACE), live_object(CLAIM))).missing
    ] == [ended["urn"]]


def test_what_such_a_job_has_done_is_gone_with_its_volume_or_its_namespace() -> None:
    ended = job(ttlSecondsAfterFinished=60)
    assert ended["urn"] in drift([NAMESPACE, CLAIM, ended], seen(live_object(NAMESPACE))).gone
    assert ended["urn"] in drift([NAMESPACE, CLAIM, ended], seen()).gone


def test_a_job_whose_volume_is_gone_is_run_again() -> None:
    found = drift([CLAIM, job()], seen(live_object(job())))
    assert [entry.name for entry in found.stale] == ["load"]
    assert found.gone == [CLAIM["urn"], job()["urn"]]
    assert "Job sales-dev/load: the volume that it has loaded is gone; it is run again" in lines(found, "make up")


def test_what_is_going_is_waited_for_and_its_fields_are_not_looked_at() -> None:
    going = live_object(QUOTA, row("ops", {}))
    going["metadata"]["deletionTimestamp"] = "2026-11-29T02:00:00Z"
    found = drift([QUOTA], seen(going))
    assert ([leaving.entry.name for leaving in found.leaving], found.missing, found.taken) == (["quota"], (), ())


def test_what_is_in_a_namespace_that_is_going_goes_with_it_whatever_is_seen_of_it_yet() -> None:
    going = live_object(NAMESPACE)
    going["metadata"]["deletionTimestamp"] = "2026-11-29T02:00:00Z"
    still_there = live_object(QUOTA, row("ops", {}))
    found = drift([NAMESPACE, QUOTA, CLAIM, job()], seen(going, still_there, live_object(job())))
    assert [leaving.entry.name for leaving in found.leaving] == ["sales-dev"]
    assert (found.missing, found.taken, found.stale) == ((), (), ())
    assert set(found.gone) == {entry["urn"] for entry in (NAMESPACE, QUOTA, CLAIM, job())}


def test_a_kind_that_may_not_be_listed_is_not_taken_for_absent() -> None:
    secret = recorded_object("Secret", "key")
    found = drift([QUOTA, secret], seen(live_object(QUOTA), Secret="listing Secret: 403: no"))
    assert found.missing == ()
    assert list(lines(found, "make up")) == ["not compared: Secret: listing Secret: 403: no"]


def test_what_an_update_had_begun_to_remove_is_left_to_the_engine() -> None:
    assert drift([{**QUOTA, "delete": True}], seen()) == Drift()


def test_a_changed_field_is_named_with_its_owner_and_the_way_back() -> None:
    hard = {"hard": {"requests.cpu": "1"}}
    own = row(MANAGER, {"metadata": {"annotations": {"pulumi.com/patchFieldManager": 1}}})
    found = drift([QUOTA], seen(live_object(QUOTA, own, row("kubectl-patch", {"spec": hard}, "Update"), spec=hard)))
    assert found.gone == []
    changed, back = lines(found, "make up")
    assert changed == (
        'was changed by hand: ResourceQuota sales-dev/quota: spec.hard["requests.cpu"] is "1", declared is "64"; '
        "set by kubectl-patch since 2026-11-29T02:00:00Z"
    )
    assert "make up TAKE_BACK=yes" in back
    assert "make up TAKE_BACK='ResourceQuota sales-dev/quota'" in back


def test_what_was_added_to_a_field_that_is_kept_as_a_whole_is_named_once() -> None:
    """An empty list that holds something is both: with another value, and with what is declared and more."""
    declared: dict[str, Any] = {"ingress": [], "podSelector": {}}
    policy = recorded_object("NetworkPolicy", "default-deny", api="networking.k8s.io/v1", spec=declared)
    own = row(MANAGER, {"metadata": {"annotations": {"pulumi.com/patchFieldManager": 1}}})
    spec = {"ingress": [{}], "podSelector": {"matchLabels": {"no": "pod"}}}
    other = row("kubectl-replace", {"spec": {"ingress": 1, "podSelector": 1}}, "Update")
    (taken,) = drift([policy], seen(live_object(policy, own, other, spec=spec))).taken
    assert [(str(one), one.declared, one.live) for one in taken.fields] == [
        ("spec.ingress", [], [{}]),
        ("spec.podSelector", {}, {"matchLabels": {"no": "pod"}}),
    ]


def test_what_an_interrupted_update_has_set_is_given_to_the_engine() -> None:
    found = drift([QUOTA], seen(live_object(QUOTA, spec={"hard": {"requests.cpu": "1"}})))
    assert found.gone == [QUOTA["urn"]]
    assert list(lines(found, "make up")) == [
        'was set by an update that was interrupted: ResourceQuota sales-dev/quota: spec.hard["requests.cpu"] is "1", '
        'declared is "64"; it is set again'
    ]


def test_no_value_of_a_secret_is_shown() -> None:
    secret = recorded_object("Secret", "key", data={"password": "bm90LXNob3du"})
    (changed, _) = lines(
        drift([secret], seen(live_object(secret, row("ops", {"data": {"password": 1}}), data={}))), "make up"
    )
    assert "data.password; set by ops" in changed
    assert "bm90" not in changed


def test_what_is_ours_and_in_no_state_is_named_with_the_command_that_removes_it() -> None:
    left = recorded_object("ServingRuntime", "old-vllm", api="serving.kserve.io/v1alpha1", spec={})
    made_for_it = live_object(recorded_object("ConfigMap", "copy"))
    made_for_it["metadata"]["ownerReferences"] = [{"uid": "1"}]
    of_another = live_object(recorded_object("ConfigMap", "other"), row("helm", {}))
    found = drift([QUOTA], seen(live_object(QUOTA), live_object(left), made_for_it, of_another))
    assert leftovers(found, [QUOTA]) == [
        "in no state: ServingRuntime sales-dev/old-vllm, which an interrupted update has left; remove it: "
        "kubectl delete -n sales-dev servingruntime.serving.kserve.io old-vllm"
    ]
    assert leftovers(found, [QUOTA, left]) == [], "the update has taken it over"
