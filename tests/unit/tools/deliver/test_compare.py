"""What the engine is about to do against what plans named."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from tests.support.told_reports import change as entry
from tools.deliver.compare import unplanned
from tools.deliver.errors import NotApprovedError
from tools.deliver.gate import Gate
from tools.drift import Drift
from tools.drift.compare import StoreDrift
from tools.engine.change import Change
from tools.engine.outcome import Outcome

AGAIN = 'metadata.annotations["pulumi.com/patchFieldManager"]'


def change(operation: str = "update", *, kind: str = "InferenceService", namespace: str = "sales-dev",
           name: str = "summary", keys: tuple[str, ...] = ("metadata.labels",),
           values: Mapping[str, tuple[str, str]] | None = None) -> Change:  # fmt: skip
    urn = f"urn:pulumi:dev::kitchen::x:y:{kind}::{name}-of-program"
    return Change(
        operation=operation, urn=urn, type=f"kubernetes:x/v1:{kind}", namespace=namespace, called=name, keys=keys,
        values=values or {},
    )  # fmt: skip


COVERED: dict[str, tuple[Change, list[dict[str, Any]]]] = {
    "the same": (change(), [entry()]),
    "a part below": (change(keys=("metadata.labels.a",)), [entry()]),
    "the whole above": (change(), [entry(properties=("metadata.labels.a", "metadata.labels.b"))]),
    "in a list": (change(keys=("spec.x[0].image",)), [entry(properties=("spec.x",))]),
    "of a list that is longer now": (change(keys=("spec.x[2].image",)), [entry(properties=("spec.x[1].image",))]),
    "of two plans": (change(keys=("a", "b")), [entry(properties=("a",)), entry(properties=("b",))]),
    "made by an interrupted run": (change(), [entry("create")]),
    "created": (change("create"), [entry("create")]),
    "deleted": (change("delete"), [entry("delete")]),
    "a replacement half done": (change("create"), [entry("replace")]),
    "applied again": (change(keys=(AGAIN,)), []),
    "applied again and changed as planned": (change(keys=(AGAIN, "metadata.labels")), [entry()]),
}

NOT_COVERED: dict[str, tuple[Change, list[dict[str, Any]], str]] = {
    "nothing planned": (change(), [], "update InferenceService sales-dev/summary: metadata.labels"),
    "another property": (change(keys=("metadata.labels", "spec.x")), [entry()], "update InferenceService"),
    "another part of a list": (change(keys=("spec.x[0].args[1]",)), [entry(properties=("spec.x[0].image",))], "args"),
    "a longer word": (change(keys=("metadata.labelsAndMore",)), [entry()], "metadata.labelsAndMore"),
    "an update of no property": (change(keys=()), [], "update InferenceService sales-dev/summary"),
    "deleted in place of changed": (change("delete"), [entry()], "delete InferenceService sales-dev/summary"),
    "replaced in place of changed": (change("replace"), [entry()], "replace InferenceService sales-dev/summary: "),
    "deleted in place of made": (change("delete"), [entry("create")], "delete "),
    "made in place of changed": (change("create"), [entry()], "create "),
    "another namespace": (change(namespace="sales-prod"), [entry()], "sales-prod/summary"),
    "another kind": (change(kind="ConfigMap"), [entry()], "ConfigMap sales-dev/summary"),
    "applied again and changed": (change(keys=(AGAIN, "spec")), [], "update "),
    "annotations as a whole": (
        change(keys=("metadata.annotations",)), [], "update InferenceService sales-dev/summary: metadata.annotations"),
    "annotations as a whole beside a planned label": (
        change(keys=("metadata.annotations", "metadata.labels")), [entry()], "metadata.annotations"),
    "another annotation": (change(keys=('metadata.annotations["note"]',)), [], 'metadata.annotations["note"]'),
    "an annotation that begins alike": (
        change(keys=('metadata.annotations["pulumi.com/patchFieldManager2"]',)), [], "patchFieldManager2"),
    "a label of that name": (change(keys=('metadata.labels["pulumi.com/patchFieldManager"]',)), [], "metadata.labels"),
    "an annotation of its pods": (
        change(keys=('spec.template.metadata.annotations["pulumi.com/patchFieldManager"]',)), [], "spec.template"),
    "another manager in the program": (
        change(keys=(AGAIN,), values={AGAIN: ("kitchen-dev", "somebody")}), [], "patchFieldManager"),
}  # fmt: skip


@pytest.mark.parametrize("case", COVERED)
def test_what_a_plan_names_goes_on(case: str) -> None:
    assert unplanned([COVERED[case][0]], COVERED[case][1]) == []


@pytest.mark.parametrize("case", NOT_COVERED)
def test_what_no_plan_names_is_told(case: str) -> None:
    actual, plans, said = NOT_COVERED[case]
    (line,) = unplanned([actual], plans)
    assert said in line


def test_a_person_accepts_by_name() -> None:
    several = [change("delete", name="a"), change("delete", name="b"), change("delete", kind="Secret", name="c")]
    assert unplanned(several, [], ["InferenceService sales-dev/*", "Secret sales-dev/c"]) == []
    assert unplanned(several, [], ["sales-dev/a", "InferenceService sales-dev/a"]) == [
        "delete InferenceService sales-dev/b",
        "delete Secret sales-dev/c",
    ]


def outcome(*changes: Change) -> Outcome:
    return Outcome(status=0, started=list(changes))


def gate(planned: list[dict[str, Any]], earlier: Any = lambda: ((), ()), accepted: tuple[str, ...] = ()) -> Gate:
    return Gate(stack="dev", planned=planned, earlier=earlier, accepted=accepted)


def test_a_gate_lets_an_approved_update_go_on() -> None:
    one = gate([entry()], earlier=lambda: pytest.fail("asked without a reason"))
    one(outcome(change(), change("same", name="other", keys=())), Drift())
    assert one.passed


def test_a_gate_tells_everything_at_once_and_how_to_accept_it() -> None:
    store = StoreDrift(urn="urn:pulumi:dev::k::a$pulumi-python:dynamic/x:S3Bucket::lora", name="dev-lora", what=())
    one = gate([entry()])
    with pytest.raises(NotApprovedError) as raised:
        one(outcome(change(), change("delete", name="other")), Drift(store=[store]))
    said = str(raised.value)
    assert "not in the approved plan: delete InferenceService sales-dev/other" in said
    assert "not in the approved plan: restore S3Bucket dev-lora: removed or changed by hand" in said
    assert "nothing was applied" in said
    assert "ACCEPT='InferenceService sales-dev/other'" in said
    assert not one.passed


def test_what_was_accepted_once_is_no_news_in_the_second_preview() -> None:
    urn = "urn:pulumi:dev::k::a$pulumi-python:dynamic/x:S3Bucket::lora"
    found = Drift(store=[StoreDrift(urn=urn, name="dev-lora", what=())])
    one = gate([], accepted=("S3Bucket dev-lora",))
    one(outcome(), found)
    again = Change(operation="create", urn=urn, type="pulumi-python:dynamic/x:S3Bucket")
    one(outcome(again), found)
    with pytest.raises(NotApprovedError):
        one(outcome(change("delete")), found)


def test_earlier_approved_plans_count_and_others_are_named() -> None:
    asked: list[int] = []

    def earlier() -> Any:
        asked.append(1)
        return [entry("delete", name="other")], ["pull request 9: no plan was approved"]

    one = gate([entry()], earlier)
    one(outcome(change(), change("delete", name="other")), Drift())
    with pytest.raises(NotApprovedError, match="does not count: pull request 9") as raised:
        one(outcome(change("delete", name="other"), change("delete", name="third")), Drift())
    assert "third" in str(raised.value)
    assert "sales-dev/other" not in str(raised.value)
    assert asked == [1]


def test_a_long_list_is_counted() -> None:
    with pytest.raises(NotApprovedError, match="and 60 more"):
        gate([])(outcome(*(change("create", name=f"n{number}") for number in range(100))), Drift())


@pytest.mark.parametrize(("made", "more", "way"), [
    (41, [], "accepts them all: make deliver STACK=dev ACCEPT='*'"),
    (40, [], "accepts them by name, * is any text: make deliver STACK=dev ACCEPT='InferenceService sales-dev/n0'"),
    (41, [change("same", name=f"s{number}") for number in range(40)], "ACCEPT='*'"),
    (41, [change("same", name=f"s{number}") for number in range(41)], "ACCEPT='InferenceService sales-dev/n0'"),
    (41, [change("delete", name="x")], "make deliver STACK=dev ACCEPT='InferenceService sales-dev/n0'"),
])  # fmt: skip
def test_all_of_a_first_delivery_is_accepted_at_once_and_never_a_deletion(
    made: int, more: list[Change], way: str
) -> None:
    several = [*(change("create", name=f"n{number}") for number in range(made)), *more]
    with pytest.raises(NotApprovedError) as raised:
        gate([])(outcome(*several), Drift())
    assert str(raised.value).endswith(way)
