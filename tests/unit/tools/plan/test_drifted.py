"""The section on drift: names and paths, and no value."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import pytest

from tools.drift_report.findings import Change, Finding, Look, Place, Unjudged, What
from tools.drift_report.looking import Asked
from tools.drift_report.table import document
from tools.plan import drifted as owner
from tools.plan.drifted import drifted, told

MAP = {"place": Place.CLUSTER, "kind": "ConfigMap", "namespace": "sales-dev"}


def found(*findings: Finding, unread: tuple[str, ...] = ()) -> Look:
    admins = Unjudged(place=Place.CLUSTER, kind="ClusterRoleBinding", name="a", why="b", sum=64 * "c")
    return Look(stack="dev", environment="dev", against="x", findings=findings, unread=unread, unjudged=[admins])


def test_each_object_has_a_line_and_no_value_is_told() -> None:
    change = Change(path="data.key", declared="canary-declared", live="canary-live", by=("kubectl",))
    gone = Finding(what=What.MISSING, name="a", **MAP)
    changed = Finding(what=What.CHANGED, name="b", changes=(change,), more="canary-more", **MAP)
    user = Finding(place=Place.STORE, what=What.UNDECLARED, kind="user of the store", name="mallory")
    assert told(found(gone, changed, user, unread=("Secrets: forbidden",))) == {
        "text": "3 objects not as recorded",
        "lines": [
            "missing: ConfigMap sales-dev/a",
            "changed: ConfigMap sales-dev/b: data.key",
            "undeclared: user of the store mallory",
            "not judged: 1 object of the whole cluster or store",
            "not looked at: Secrets: forbidden",
        ],
    }


def test_many_of_a_sort_are_counted() -> None:
    many = [Finding(what=What.UNDECLARED, name=f"n{number}", **MAP) for number in range(1_000)]
    section = told(found(*many))
    assert section["text"] == "1000 objects not as recorded"
    assert section["lines"][20] == "undeclared: and 980 more ConfigMap in sales-dev"
    assert len(section["lines"]) == 22


def test_nothing_found_is_said_and_what_was_not_looked_at_is_no_nothing() -> None:
    assert told(found())["text"] == "everything is as recorded"
    assert told(found(unread=("the cluster: no answer",)))["text"] == "what could be looked at is as recorded"


def test_a_stack_that_records_nothing_is_not_looked_at(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tools.drift_report.sources.Backend.latest", lambda self: {})
    monkeypatch.setattr("tools.drift_report.sources.ensure", lambda family: None)
    section = drifted("dev", Path.cwd(), tmp_path, "")
    assert section["text"].startswith("not looked at: ")
    assert "nothing was ever deployed" in section["text"]


def test_what_people_have_accepted_is_held_against_as_make_drift_does(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[Asked] = []
    monkeypatch.setattr(owner, "of_backend", lambda *_: SimpleNamespace(environment="prod"))
    monkeypatch.setattr(owner, "looked", lambda source, how: (asked.append(how), found())[1])
    review = tmp_path / "reviewed-prod.json"
    drifted("prod", tmp_path, tmp_path, "")
    before = replace(found(), environment="prod")
    review.write_text(json.dumps(document(before)))
    drifted("prod", tmp_path, tmp_path, "")
    assert [how.before and [one.name for one in how.before] for how in asked] == [None, ["a"]]
    review.write_text("")
    assert drifted("prod", tmp_path, tmp_path, "")["text"].startswith("not looked at: --reviewed: ")
