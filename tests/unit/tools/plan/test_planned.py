"""An event of the engine is reduced at once: paths and sums stay, and no value of a secret in any form."""

from __future__ import annotations

import json
from typing import Any

import pytest

from components import restarts
from tools.plan.goal import Goal
from tools.plan.planned import SECRET, UNKNOWN, Planned, planned, planned_from

CANARY = "canary-5c0ffee7"
SIGNATURE = "4dabf18193072939515e22adb298388d"
UNKNOWN_TEXT = "04da6b54-80e4-46f7-96ec-b56ff0331ba9"
DEPLOYMENT = "kubernetes:apps/v1:Deployment"


def reduced(inputs: dict[str, Any], kind: str = DEPLOYMENT) -> Planned:
    return planned({"inputs": inputs, "parent": "urn:p"}, kind, f"urn:pulumi:dev::kitchen::{kind}::thing")


def test_paths_are_written_as_the_engine_writes_them() -> None:
    found = reduced({"metadata": {"name": "a", "labels": {"app.kubernetes.io/name": "x"}}, "spec": {"c": [{"i": 1}]}})
    assert set(found.leaves) == {"metadata.name", 'metadata.labels["app.kubernetes.io/name"]', "spec.c[0].i"}
    assert (found.name, found.called, found.kind, found.title) == ("thing", "a", "Deployment", "Deployment a")


@pytest.mark.parametrize(
    ("inputs", "kind"),
    [
        ({"data": {"key": CANARY}}, "kubernetes:core/v1:Secret"),
        ({"stringData": {"key": {"deep": [CANARY]}}}, "kubernetes:core/v1:Secret"),
        ({"spec": {"password": CANARY}}, DEPLOYMENT),
        ({"spec": {"dbPassword": CANARY, "apiKey": CANARY, "api_key": CANARY, "secretKey": CANARY}}, DEPLOYMENT),
        ({"spec": {"credentials": {"user": CANARY}}}, DEPLOYMENT),
        ({"spec": {"value": {SIGNATURE: "1b47061264138c4ac30d75fd1eb44270", "ciphertext": CANARY}}}, DEPLOYMENT),
        ({"spec": {"value": "[secret]"}}, DEPLOYMENT),
    ],
)
def test_a_secret_has_a_mark_and_no_sum(inputs: dict[str, Any], kind: str) -> None:
    found = reduced(inputs, kind)
    assert set(found.leaves.values()) == {SECRET}
    assert CANARY not in json.dumps(found.as_json())


def test_no_value_is_kept_but_names_and_images() -> None:
    image = f"registry.kitchen.example/vllm/vllm@sha256:{'a' * 64}"
    found = reduced({"metadata": {"name": "n", "namespace": "ns"}, "spec": {"image": image, "note": CANARY}})
    assert found.images == (image,)
    assert CANARY not in json.dumps(found.as_json())


def test_switches_that_are_called_as_secrets_are_compared() -> None:
    one, other = (reduced({"spec": {"automountServiceAccountToken": said}}) for said in (True, False))
    assert one.leaves != other.leaves
    said = [reduced({"env": {"secretKeyRef": {"name": name}}}) for name in ("a", "b")]
    assert said[0].leaves != said[1].leaves


@pytest.mark.parametrize("text", [UNKNOWN_TEXT, "6a19a0b0-7e62-4c92-b797-7f8e31da9cc2"])
def test_what_nobody_knows_yet_has_a_mark(text: str) -> None:
    assert reduced({"spec": {"ip": text}}).leaves == {"spec.ip": UNKNOWN}


def test_empty_is_not_the_same_as_nothing() -> None:
    assert reduced({"spec": {}}).leaves != reduced({}).leaves
    assert reduced({"spec": {"a": []}}).leaves != reduced({"spec": {"a": {}}}).leaves


def test_kubeconfig_and_code_of_providers_are_no_part() -> None:
    assert reduced({"kubeconfig": "/a", "__provider": "x"}, "pulumi:providers:kubernetes").leaves == {}


def test_parts_of_pods_are_kept_as_sums() -> None:
    inputs = {"metadata": {"name": "a", "namespace": "b"}, "spec": {"predictor": {"volumes": [CANARY]}}}
    found = reduced(inputs, "kubernetes:serving.kserve.io/v1beta1:InferenceService")
    assert set(found.pods) == {"volumes"}
    assert found.manner == restarts.BESIDE
    assert CANARY not in json.dumps(found.as_json())
    assert planned_from(json.loads(json.dumps(found.as_json()))) == found


def _event(operation: str, **sides: Any) -> dict[str, Any]:
    return {"resourcePreEvent": {"metadata": {"op": operation, "urn": "u::a", "type": "t:a:B", **sides}}}


def test_both_sides_of_a_recorded_state_are_kept() -> None:
    goal = Goal()
    goal.take(_event("update", old={"inputs": {"a": 1}}, new={"inputs": {"a": 2}}))
    goal.take({"summaryEvent": {}})
    goal.take(_event("create-replacement", new={"inputs": {}}))
    assert goal.before["u::a"].leaves != goal.after["u::a"].leaves
    assert goal.operations == {"u::a": "update"}


def test_what_goes_is_on_the_old_side_alone() -> None:
    goal = Goal()
    goal.take(_event("delete", old={"inputs": {"a": 1}}))
    assert set(goal.before) == {"u::a"}
    assert goal.after == {}
