"""A declared field that is not ours: who has it, what it is, and when it is not worth a word."""

from __future__ import annotations

from typing import Any

import pytest

from tests.unit.tools.drift.objects import MANAGER, row
from tools.drift.fields import beyond, taken, unrecorded
from tools.drift.values import MISSING, same

DECLARED = {
    "apiVersion": "v1",
    "kind": "ResourceQuota",
    "metadata": {"name": "quota", "namespace": "sales-dev", "labels": {"a": "b"}},
    "spec": {"hard": {"requests.cpu": "64", "limits.memory": "256Gi"}},
}


def live(*rows: dict[str, Any], **hard: str) -> dict[str, Any]:
    spec = {"hard": {**DECLARED["spec"]["hard"], **hard}}  # type: ignore[index]  # a mapping of mappings
    return {**DECLARED, "spec": spec, "metadata": {"labels": {"a": "b"}, "managedFields": list(rows)}}


OURS = {"metadata": {"labels": {"a": "b"}}, "spec": {"hard": {"requests.cpu": 1, "limits.memory": 1}}}
LESS = {"metadata": {"labels": {"a": "b"}}, "spec": {"hard": {"limits.memory": 1}}}
CPU = {"spec": {"hard": {"requests.cpu": 1}}}


def test_nothing_is_taken_from_an_object_that_is_ours() -> None:
    assert taken(DECLARED, live(row(MANAGER, OURS)), MANAGER) == []


def test_a_patch_by_hand_is_named_with_both_values_and_its_tool() -> None:
    (field,) = taken(
        DECLARED, live(row(MANAGER, LESS), row("kubectl-patch", CPU, "Update"), **{"requests.cpu": "1"}), MANAGER
    )
    assert str(field) == 'spec.hard["requests.cpu"]'
    assert (field.declared, field.live) == ("64", "1")
    assert field.holders == ["kubectl-patch since 2026-11-29T02:00:00Z"]


def test_a_field_that_was_removed_is_nobody_s() -> None:
    found = live(row(MANAGER, LESS))
    del found["spec"]["hard"]["requests.cpu"]
    (field,) = taken(DECLARED, found, MANAGER)
    assert (field.live, field.holders) == (MISSING, [])


@pytest.mark.parametrize("value", ["64", "64000m"])
def test_another_owner_of_the_same_value_is_not_worth_a_word(value: str) -> None:
    found = live(row(MANAGER, LESS), row("hpa", CPU, "Update"), **{"requests.cpu": value})
    assert taken(DECLARED, found, MANAGER) == []


def test_what_we_have_updated_and_applied_is_both_ours() -> None:
    """A webhook's change of an applied object is recorded as an update by the same manager."""
    found = live(row(MANAGER, LESS), row(MANAGER, CPU, "Update"), **{"requests.cpu": "1"})
    assert taken(DECLARED, found, MANAGER) == []


def test_an_object_that_was_made_anew_by_another_hand_has_no_field_of_ours() -> None:
    found = live(row("kubectl-create", OURS, "Update"), **{"requests.cpu": "7", "limits.memory": "1Gi"})
    assert [str(field) for field in taken(DECLARED, found, MANAGER)] == [
        'spec.hard["requests.cpu"]',
        'spec.hard["limits.memory"]',
    ]


def test_items_of_lists_are_known_by_their_keys_and_values() -> None:
    declared = {
        "metadata": {"finalizers": ["x", "y"]},
        "spec": {"ports": [{"port": 80, "name": "http"}, {"port": 81, "name": "more", "targetPort": 1}]},
    }
    managed = {
        "f:metadata": {"f:finalizers": {'v:"x"': {}}},
        "f:spec": {
            "f:ports": {
                'k:{"port":80,"protocol":"TCP"}': {".": {}, "f:port": {}, "f:name": {}},
                'k:{"port":81,"protocol":"TCP"}': {".": {}, "f:port": {}, "f:name": {}},
            }
        },
    }
    rows = [{"manager": MANAGER, "operation": "Apply", "fieldsV1": managed}]
    ports = [{"port": 81, "name": "more", "targetPort": 2}, {"port": 80, "name": "http"}]
    found = {"metadata": {"finalizers": ["x"], "managedFields": rows}, "spec": {"ports": ports}}
    assert {str(field): field.live for field in taken(declared, found, MANAGER)} == {
        "metadata.finalizers[1]": MISSING,
        "spec.ports[1].targetPort": 2,
    }


def test_a_field_that_is_held_as_a_whole_holds_everything_below() -> None:
    """Fields of a custom resource without a schema for lists, and node selectors, have one owner."""
    declared = {"metadata": {}, "spec": {"args": ["a", "b"], "nodeSelector": {"x": "y"}}}
    rows = [{"manager": MANAGER, "fieldsV1": {"f:spec": {"f:args": {}, "f:nodeSelector": {}}}}]
    found = {"metadata": {"managedFields": rows}, "spec": {"args": ["a"], "nodeSelector": {}}}
    assert taken(declared, found, MANAGER) == []


def test_a_secret_s_values_are_never_compared() -> None:
    sealed = {"4dabf18193072939515e22adb298388d": "1b47061264138c4ac30d75fd1eb44270", "ciphertext": "v1:..."}
    declared = {"kind": "Secret", "metadata": {}, "data": {"key": sealed}}
    found = {"kind": "PartialObjectMetadata", "metadata": {"managedFields": [row("ops", {"data": {"key": 1}})]}}
    (field,) = taken(declared, found, MANAGER)
    assert (str(field), field.live) == ("data.key", MISSING)
    assert field.holders == ["ops since 2026-11-29T02:00:00Z"]


def test_what_we_have_applied_and_not_recorded_is_found() -> None:
    """An update that was interrupted has set a field, added one, and its end is not in the state."""
    more = {**OURS, "spec": {"hard": {**OURS["spec"]["hard"], "pods": 1}}}
    found = live(row(MANAGER, more), **{"requests.cpu": "32", "pods": "5"})
    assert {str(field): (field.declared, field.live) for field in unrecorded(DECLARED, found, MANAGER)} == {
        'spec.hard["requests.cpu"]': ("64", "32"),
        "spec.hard.pods": (MISSING, "5"),
    }


def test_what_is_as_recorded_or_another_s_is_no_unrecorded_update() -> None:
    assert unrecorded(DECLARED, live(row(MANAGER, OURS), **{"requests.cpu": "64000m"}), MANAGER) == []
    by_hand = live(row(MANAGER, LESS), row("kubectl-patch", CPU, "Update"), **{"requests.cpu": "1"})
    assert unrecorded(DECLARED, by_hand, MANAGER) == []
    assert unrecorded(DECLARED, live(row("kubectl-create", OURS, "Update"), **{"requests.cpu": "1"}), MANAGER) == []


def test_what_a_webhook_made_of_what_we_applied_is_no_unrecorded_update() -> None:
    found = live(row(MANAGER, LESS), row(MANAGER, CPU, "Update"), **{"requests.cpu": "1"})
    assert unrecorded(DECLARED, found, MANAGER) == []


def test_a_list_that_we_hold_as_a_whole_is_compared_as_a_whole() -> None:
    declared = {"metadata": {}, "spec": {"args": ["a", "b"], "ports": [{"port": 80}]}}
    tree = {"f:spec": {"f:args": {}, "f:ports": {'k:{"port":80}': {"f:port": {}}, 'k:{"port":81}': {"f:port": {}}}}}
    rows = [{"manager": MANAGER, "operation": "Apply", "fieldsV1": tree}]
    found = {"metadata": {"managedFields": rows}, "spec": {"args": ["a"], "ports": [{"port": 80}, {"port": 81}]}}
    assert [str(field) for field in unrecorded(declared, found, MANAGER)] == [
        "spec.args",
        'spec.ports["{\\"port\\":81}"]',
    ]


@pytest.mark.parametrize(
    ("more", "told"),
    [
        ({"endPort": 65535}, True),
        ({"protocol": "TCP"}, False),
        ({"protocol": "UDP"}, True),
        ({}, False),
    ],
)
def test_one_more_key_in_a_list_that_another_has_set_is_his(more: dict[str, Any], *, told: bool) -> None:
    """Lists that have no keys are somebody's as a whole: with `endPort` a rule of the network opens every port."""
    declared = {"apiVersion": "v1", "kind": "X", "metadata": {"name": "a"}, "spec": {"ports": [{"port": 443}]}}
    hand = row("kubectl-edit", {"spec": {"ports": 1}}, "Update")
    metadata = {"managedFields": [row(MANAGER, {"spec": {"other": 1}}), hand]}
    found = {**declared, "metadata": metadata, "spec": {"ports": [{"port": 443, **more}]}}
    assert [str(field) for field in beyond(declared, found, MANAGER)] == ["spec.ports"] * told
    ours = {**found, "metadata": {"managedFields": [row(MANAGER, {"spec": {"ports": 1}})]}}
    assert beyond(declared, ours, MANAGER) == [], "a server fills in what it likes of what we have set"


@pytest.mark.parametrize(
    ("declared", "there", "told"),
    [
        ({"podSelector": {}}, {"podSelector": {"matchLabels": {"no": "pod"}}}, "spec.podSelector"),
        ({"egress": []}, {"egress": [{}]}, "spec.egress"),
        ({"selector": {"a": "b"}}, {"selector": {"a": "b", "c": "d"}}, "spec.selector"),
        ({"selector": {"a": "b"}}, {"selector": {"a": "c"}}, ""),
        ({"selector": {"a": "b"}}, {"selector": {"a": "b"}}, ""),
        ({"podSelector": {}}, {"podSelector": {}}, ""),
    ],
)
def test_what_another_holds_as_a_whole_may_say_no_more(
    declared: dict[str, Any], there: dict[str, Any], told: str
) -> None:
    """An empty selector of a default-deny selects every pod: with one label more it denies nothing."""
    (name,) = declared
    said = {"apiVersion": "v1", "kind": "X", "metadata": {"name": "a"}, "spec": {**declared, "type": "a"}}
    rows = [row(MANAGER, {"spec": {"type": 1}}), row("kubectl-edit", {"spec": {name: 1}}, "Update")]
    found = {**said, "metadata": {"managedFields": rows}, "spec": {**there, "type": "a"}}
    assert [str(field) for field in beyond(said, found, MANAGER)] == [told] * bool(told)
    both = [row(MANAGER, {"spec": {"type": 1, name: 1}}), rows[1]]
    assert beyond(said, {**found, "metadata": {"managedFields": both}}, MANAGER) == [], (
        "what we hold too is as we set it"
    )


def test_a_key_of_a_secret_that_is_sealed_as_a_whole_is_found_by_its_holder() -> None:
    sealed = {"4dabf18193072939515e22adb298388d": "1b47061264138c4ac30d75fd1eb44270", "ciphertext": "v1:..."}
    declared = {"kind": "Secret", "metadata": {}, "data": sealed}
    rows = [row(MANAGER, {"data": {"a": 1}}), row("ops", {"data": {"b": 1}}, "Update")]
    found = {"kind": "PartialObjectMetadata", "metadata": {"managedFields": rows}}
    (field,) = taken(declared, found, MANAGER)
    assert (str(field), field.live, field.holders) == ("data.b", MISSING, ["ops since 2026-11-29T02:00:00Z"])
    assert taken(declared, {"metadata": {"managedFields": rows[:1]}}, MANAGER) == []


@pytest.mark.parametrize(
    ("declared", "there", "equal"),
    [
        ("1Gi", "1024Mi", True),
        ("1", 1, True),
        ("0.5", "500m", True),
        ("1e3", "1k", True),
        ("1E", "1000P", True),
        ("2", "0", False),
        ("1Gi", "1G", False),
        (True, "true", False),
        (1, True, True),
        ("a", "a", True),
        ({"a": 1}, {"a": 1, "default": 2}, True),
        ({"a": 1}, {}, False),
        ({"a": None}, {}, True),
        ([1, 2], [1], False),
        ([{"a": "1"}], [{"a": "1", "b": 2}], True),
    ],
)
def test_values_say_the_same(declared: Any, there: Any, *, equal: bool) -> None:
    assert same(declared, there) is equal
