"""The section on drift: names and paths, and no value."""

from __future__ import annotations

from tools.drift import Drift
from tools.drift.compare import Taken, Unknown
from tools.drift.fields import Field
from tools.drift.recorded import Entry
from tools.kube import Kind
from tools.plan.drifted import told

MAP = Kind("v1", "ConfigMap")


def entry(name: str) -> Entry:
    return Entry(urn=f"u::{name}", kind=MAP, namespace="sales-dev", name=name, manager="m", fields={})


def test_each_object_has_a_line_and_no_value_is_told() -> None:
    field = Field(path=("data", "key"), declared="canary-declared", live="canary-live", holders=("kubectl",))
    found = told(
        Drift(
            missing=[entry("a")],
            taken=[Taken(entry=entry("b"), fields=[field])],
            unknown=[Unknown(kind=MAP, namespace="sales-dev", name="c")],
            unread=["Secrets: forbidden"],
        )
    )
    assert found == {
        "text": "3 objects not as recorded",
        "lines": [
            "gone: ConfigMap sales-dev/a",
            "changed by hand: ConfigMap sales-dev/b: data.key",
            "in no state: ConfigMap sales-dev/c",
            "not compared: Secrets: forbidden",
            "not compared: buckets, users and quotas of the object store",
        ],
    }


def test_nothing_found_is_said() -> None:
    assert told(Drift())["text"] == "every object is as recorded"
