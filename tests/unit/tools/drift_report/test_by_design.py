"""The closed list of what is there by design: the decision names each rule with its reason."""

from __future__ import annotations

import pytest

from infra.faults import HIDDEN
from tests.unit.tools.drift.objects import recorded_object
from tools.drift.fields import MISSING, Field
from tools.drift.recorded import recorded
from tools.drift_report.shown import shown
from tools.drift_report.table import REASONS
from tools.local.workspace import REPOSITORY

PAGE = (REPOSITORY / "docs" / "adr" / "0052-drift.md").read_text()


def test_the_decision_has_a_row_for_each_rule_and_no_other() -> None:
    rows = [line.split(" | ") for line in PAGE.splitlines() if line.startswith("| `")]
    assert {row[0].strip("|` "): row[-1].rstrip(" |") for row in rows} == REASONS


@pytest.mark.parametrize(
    ("path", "value", "told"),
    [
        (("spec", "replicas"), 5, "5"),
        (("spec", "hard", "requests.cpu"), "64", "64"),
        (("spec", "containers", 0, "image"), "registry.kitchen.example/a:1", "registry.kitchen.example/a:1"),
        (("rules",), [{"verbs": ["get"]}], '[{"verbs": ["get"]}]'),
        (("metadata", "labels", "pod-security.kubernetes.io/enforce"), "privileged", "privileged"),
        (("metadata", "labels", "note"), "hunter2", HIDDEN),
        (("metadata", "annotations", "note"), "5", HIDDEN),
        (("data", "key"), "5", HIDDEN),
        (("spec", "containers", 0, "env", 0, "value"), "5", HIDDEN),
        (("spec", "note"), "hunter2", HIDDEN),
        (("spec", "selector"), {"data": "hunter2"}, HIDDEN),
        (("spec", "replicas"), MISSING, None),
    ],
)
def test_a_value_is_shown_where_its_place_holds_no_free_text(
    path: tuple[str | int, ...], value: object, told: str | None
) -> None:
    (entry,) = recorded([recorded_object("Deployment", "entry", api="apps/v1")])
    assert shown(entry, Field(path=path, declared=value, live=value, holders=[]), value) == told


def test_of_a_secret_nothing_is_shown() -> None:
    (entry,) = recorded([recorded_object("Secret", "key")])
    assert shown(entry, Field(path=("spec", "replicas"), declared=5, live=5, holders=[]), 5) == HIDDEN
