"""What people have judged once is told when it is new, changed or gone."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from infra.faults import FaultsError
from tools.drift_report.findings import Look, Place, Unjudged
from tools.drift_report.reviewed import judged, read
from tools.drift_report.table import as_json

ADMINS = Unjudged(place=Place.CLUSTER, kind="ClusterRoleBinding", name="admins", why="lets", sum="a" * 64)
EVERYBODY = Unjudged(place=Place.CLUSTER, kind="ClusterRoleBinding", name="all", why="lets", sum="b" * 64, is_told=True)


def told(
    *found: Unjudged, before: list[Unjudged] | None, whole: bool = True, skipped: str = ""
) -> list[tuple[str, str]]:
    findings, _ = judged(found, before, whole=whole, skipped=frozenset({skipped}))
    return [(str(finding.what), finding.name) for finding in findings]


def test_without_a_review_only_what_nobody_can_have_meant_is_told() -> None:
    assert told(ADMINS, EVERYBODY, before=None) == [("undeclared", "all")]


def test_with_a_review_whatever_is_new_changed_or_gone_is_told() -> None:
    assert told(ADMINS, EVERYBODY, before=[ADMINS, EVERYBODY]) == []
    assert told(ADMINS, EVERYBODY, before=[ADMINS]) == [("undeclared", "all")]
    assert told(replace(ADMINS, sum="c" * 64), before=[ADMINS]) == [("changed", "admins")]
    assert told(before=[ADMINS]) == [("missing", "admins")]
    assert told(before=[ADMINS], whole=False) == [], "what could not be looked at is not gone"
    assert told(before=[ADMINS], skipped="ClusterRoleBinding") == []


def test_what_may_be_a_platform_s_is_not_removed_before_somebody_is_asked() -> None:
    hook = replace(ADMINS, way="kubectl delete clusterrolebinding admins")
    (finding,), _ = judged([hook], [], whole=True)
    assert (
        finding.way
        == f"ask your platform's people; if it is meant, a review accepts it (docs/drift.md); else {hook.way}"
    )
    (finding,), _ = judged([], [hook], whole=True)
    assert finding.way == "ask your platform's people; if it is meant, make the review anew; else make it again"


def report(**more: object) -> str:
    look = Look(stack="dev", environment="dev", against="x", unjudged=[EVERYBODY, ADMINS])
    return json.dumps(json.loads(as_json(look)) | more)


def test_a_report_is_what_a_review_is(tmp_path: Path) -> None:
    file = tmp_path / "reviewed.json"
    file.write_text(report())
    assert read(file, "dev") == [ADMINS, EVERYBODY]


@pytest.mark.parametrize(
    ("content", "rule"),
    [
        (None, "must be a file that can be read"),
        ("{", "must be one JSON value"),
        ("[]", "must be a report of `kitchen drift --json`"),
        (report(notJudged=[{"name": "a"}]), "must be a report of `kitchen drift --json`"),
        (report(environment="prod\n"), "must be a report of dev: it is of"),
    ],
)
def test_what_is_no_report_of_the_environment_is_one_fault(tmp_path: Path, content: str | None, rule: str) -> None:
    file = tmp_path / "reviewed.json"
    if content is not None:
        file.write_text(content)
    with pytest.raises(FaultsError) as caught:
        read(file, "dev")
    (fault,) = caught.value.faults
    assert (fault.path, fault.rule.startswith(rule)) == ("--reviewed", True), fault.rule
