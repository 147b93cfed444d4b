"""Which updates do without the engine's checkpoints: judged by events as the engine writes them."""

from __future__ import annotations

from typing import Any

import pytest

from tools.engine import checkpoints
from tools.engine.checkpoints import may_skip
from tools.engine.outcome import Outcome

URN = "urn:pulumi:dev::kitchen::kubernetes:core/v1:ConfigMap::map-"


def step(operation: str, name: str) -> dict[str, Any]:
    metadata = {"op": operation, "urn": f"{URN}{name}", "type": "kubernetes:core/v1:ConfigMap"}
    return {"resourcePreEvent": {"metadata": metadata}}


def preview(status: int = 0, **counts: int) -> Outcome:
    """A preview that shows so many of each operation."""
    told = Outcome(status=status)
    for word, count in counts.items():
        for number in range(count):
            told.take(step(word.replace("_", "-"), f"{word}-{number}"))
    told.take({"summaryEvent": {"resourceChanges": {key.replace("_", "-"): count for key, count in counts.items()}}})
    return told


def test_creations_and_updates_in_place_do_without() -> None:
    verdict = may_skip(preview(create=90, update=20, same=1))
    assert verdict.skip
    assert verdict.variables == {"PULUMI_SKIP_CHECKPOINTS": "true"}
    assert "110 creations and updates" in verdict.reason


@pytest.mark.parametrize(
    "operation",
    ["delete", "replace", "delete_replaced", "create_replacement", "discard_replaced", "read", "import", "refresh",
     "remove_pending_replace", "something_new"],
)  # fmt: skip
def test_one_of_anything_else_keeps_them(operation: str) -> None:
    verdict = may_skip(preview(create=900, **{operation: 1}))
    assert not verdict.skip
    assert operation.replace("_", "-") in verdict.reason
    assert verdict.variables == {"PULUMI_SKIP_CHECKPOINTS": "false"}, "the user's own environment may say otherwise"


def test_a_replacement_that_only_the_count_tells_keeps_them() -> None:
    told = preview(create=900)
    told.take({"summaryEvent": {"resourceChanges": {"create": 900, "replace": 1}}})
    assert "replace" in may_skip(told).reason


def unreachable(told: Outcome) -> None:
    text = "configured Kubernetes cluster is unreachable: unable to load schema information"
    told.take({"diagnosticEvent": {"severity": "warning", "message": text}})


def failed(told: Outcome) -> None:
    told.take({"resOpFailedEvent": step("create", "broken")["resourcePreEvent"]})


def silent(told: Outcome) -> None:
    told.started.pop()


def cut(told: Outcome) -> None:
    told.is_complete = False


def denied(told: Outcome) -> None:
    told.status = 255


@pytest.mark.parametrize("spoil", [unreachable, failed, silent, cut, denied])
def test_a_preview_that_does_not_say_everything_keeps_them(spoil: Any) -> None:
    told = preview(create=900)
    assert may_skip(told).skip
    spoil(told)
    assert not may_skip(told).skip


def test_providers_that_the_engine_does_not_count_are_no_doubt() -> None:
    told = preview(create=900)
    told.take(step("create", "default provider"))
    assert may_skip(told).skip


def test_few_changes_keep_them(monkeypatch: pytest.MonkeyPatch) -> None:
    few = preview(update=5, same=600)
    assert may_skip(few).reason == "5 changes: checkpoints take no time that is felt"
    assert may_skip(preview(update=5, same=6000)).skip
    monkeypatch.setattr(checkpoints, "WORTH", 0)
    assert may_skip(few).skip


def test_they_are_kept_for_whoever_wants_them(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KITCHEN_CHECKPOINTS", "yes")
    assert may_skip(preview(create=900)).reason == "KITCHEN_CHECKPOINTS is set"


def test_no_change_at_all_keeps_them(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(checkpoints, "WORTH", 0)
    assert not may_skip(preview(same=101)).skip
    assert not may_skip(preview()).skip
