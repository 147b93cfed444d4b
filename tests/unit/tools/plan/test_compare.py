"""What becomes of resources between two sides, and the sum of it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from tools.plan.compare import differences, digest
from tools.plan.planned import SECRET, UNKNOWN, Planned, planned

CLAIM = "kubernetes:core/v1:PersistentVolumeClaim"
MAP = "kubernetes:core/v1:ConfigMap"
BUCKET = "pulumi-python:dynamic/object_store:S3Bucket"


def one(kind: str = MAP, **inputs: Any) -> Planned:
    return planned({"inputs": {"metadata": {"name": "a"}, **inputs}}, kind, f"urn::{kind}::a")


def operations(old: Planned | None, new: Planned | None) -> list[str]:
    sides = [{} if side is None else {"u": side} for side in (old, new)]
    return [found.operation for found in differences(sides[0], sides[1])]


def test_each_operation() -> None:
    assert operations(None, one()) == ["create"]
    assert operations(one(), None) == ["delete"]
    assert operations(one(), one()) == []
    assert operations(one(data={"a": "1"}), one(data={"a": "2"})) == ["update"]
    assert operations(one(), replace(one(), leaves={})) == ["replace"]


@pytest.mark.parametrize(
    ("kind", "old", "new", "expected"),
    [
        (CLAIM, {"spec": {"storageClassName": "a"}}, {"spec": {"storageClassName": "b"}}, "replace"),
        (CLAIM, {"spec": {"accessModes": ["a"]}}, {"spec": {"accessModes": ["b"]}}, "replace"),
        (CLAIM, {"spec": {"resources": {"requests": {"storage": "1"}}}},
         {"spec": {"resources": {"requests": {"storage": "2"}}}}, "update"),
        ("kubernetes:batch/v1:Job", {"spec": {"template": {"a": 1}}}, {"spec": {"template": {"a": 2}}}, "replace"),
        ("kubernetes:batch/v1:Job", {"spec": {"backoffLimit": 1}}, {"spec": {"backoffLimit": 2}}, "update"),
        (MAP, {"immutable": True, "data": {"a": "1"}}, {"immutable": True, "data": {"a": "2"}}, "replace"),
        (BUCKET, {"bucket": "a"}, {"bucket": "b"}, "replace"),
        (BUCKET, {"objectLockDays": 0}, {"objectLockDays": 1}, "replace"),
        (BUCKET, {"objectLockDays": 1}, {"objectLockDays": 2}, "update"),
        (BUCKET, {"endpoint": "a"}, {"endpoint": "b"}, "update"),
    ],
)  # fmt: skip
def test_what_cannot_change_in_place_is_replaced(kind: str, old: Any, new: Any, expected: str) -> None:
    assert operations(one(kind, **old), one(kind, **new)) == [expected]


def test_buckets_of_another_store_leave_their_objects_behind() -> None:
    (found,) = differences({"u": one(BUCKET, endpoint="a")}, {"u": one(BUCKET, endpoint="b")})
    assert found.leaves_data
    assert found.holds_data


def test_the_engines_own_word_counts_where_it_has_compared() -> None:
    sides = {"u": one(data={"a": "1"})}, {"u": one(data={"a": "2"})}
    assert [found.operation for found in differences(*sides, {"u": "replace"})] == ["replace"]
    assert [found.operation for found in differences(*sides, {"u": "same"})] == ["update"]


def test_what_one_side_does_not_know_is_not_compared() -> None:
    assert operations(replace(one(), leaves={"a": UNKNOWN}), replace(one(), leaves={"a": "1"})) == []
    assert operations(replace(one(), leaves={"a": SECRET}), replace(one(), leaves={"a": SECRET})) == []
    assert operations(replace(one(), leaves={"a": "1"}), replace(one(), leaves={"a": SECRET})) == ["update"]


def test_plans_with_one_sum_do_the_same() -> None:
    base = {"u": one(data={"a": "1"})}
    plans = [digest(differences(base, {"u": one(data={"a": value})})) for value in ("2", "2", "3")]
    assert plans[0] == plans[1] != plans[2]
    assert digest(differences(base, {})) not in plans
    assert digest([]) == digest(differences(base, base))


def test_the_sum_does_not_go_by_the_order_of_resources() -> None:
    every = {"a": one(CLAIM), "b": one(MAP), "c": one(BUCKET, bucket="x")}
    assert digest(differences({}, every)) == digest(differences({}, dict(reversed(list(every.items())))))


def test_what_goes_is_another_sum_than_what_is_hidden() -> None:
    old = {"u": replace(one(), leaves={"a": "1"})}
    gone, hidden = ({"u": replace(one(), leaves=leaves)} for leaves in ({}, {"a": SECRET}))
    assert digest(differences(old, gone)) != digest(differences(old, hidden))


def test_code_without_any_property_is_in_the_sum() -> None:
    sums = [digest([], {}, code) for code in ({}, {"infra/a.py": "1"}, {"infra/a.py": "2"}, {"infra/b.py": "1"})]
    assert len(set(sums)) == 4
    assert digest([]) == sums[0]
    assert (
        digest([], approvals=["a", "b"]) == digest([], approvals=["b", "a"]) != digest([], approvals=["a"]) != sums[0]
    )


def test_no_secret_is_in_the_sum() -> None:
    values = [replace(one(), leaves={"a": mark}) for mark in (SECRET, UNKNOWN)]
    assert len({digest(differences({}, {"u": value})) for value in values}) == 1
