"""What a run changes, told from the events of the real engine."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.unit.tools.engine.recorded import outcome
from tools.engine.change import change_of
from tools.engine.outcome import Outcome
from tools.engine.sentences import access, adapter_changes, dangers, headline, sentences, shares
from tools.engine.words import WIDTH

NAMES = ("first", "unchanged", "adapters", "kitchen-gone", "cost-centre")


def test_a_first_update_is_one_line() -> None:
    first = outcome("first")
    assert headline(first, planned=False) == "64 objects made: 2 tenants, 2 kitchens, 2 base models"
    assert sentences(first, planned=False) == []
    assert dangers(first, planned=False) == []


def test_no_change_is_said_with_the_number_of_objects() -> None:
    same = outcome("unchanged")
    assert headline(same, planned=True) == "nothing changes: 64 objects as declared"
    assert headline(same, planned=False) == "nothing changed: 64 objects as declared"
    assert sentences(same, planned=True) == []


def test_each_kitchen_has_a_sentence_with_its_adapters_and_its_restart() -> None:
    told = " ".join(line.strip() for line in sentences(outcome("adapters"), planned=True))
    assert "kitchen summary: adapters + helpdesk-faq/v2026-02-01; replaces ConfigMap kitchen support" in told
    assert "kitchen support: adapters + legal-contract-review/v2026-04-01; its pods restart, new pods start " in told
    assert "beside the old ones (adapters, model.args, volumes); updates InferenceService; replaces ConfigMap" in told
    assert told.count("its pods restart") == 1, "the hot kitchen's pods stay"


def test_an_update_knows_of_restarts_by_its_preview() -> None:
    """An update tells of none: the program says them in previews alone."""
    preview, update = outcome("adapters"), outcome("adapters")
    update.messages = []
    assert "its pods restart" not in " ".join(sentences(update, planned=False))
    assert "its pods restart" in " ".join(sentences(update, planned=False, before=preview))


def test_what_is_replaced_is_named_with_the_reason() -> None:
    assert headline(outcome("adapters"), planned=True) == "3 objects: 1 to update, 2 to replace"
    told = "\n".join(dangers(outcome("adapters"), planned=True))
    assert "replaces: ConfigMap helpdesk-dev/support-adapters-840d3793e7 (another data" in told
    assert 'replaces: ConfigMap sales-dev/summary-declared-adapters (another data["manifest.json"])' in told


def test_everything_that_is_deleted_is_named_and_what_holds_data_comes_first() -> None:
    gone = outcome("kitchen-gone")
    assert headline(gone, planned=True) == "14 objects to delete"
    lines = dangers(gone, planned=True)
    assert lines[0] == ("deletes: PersistentVolumeClaim sales-dev/base-tsuzumi-7b-instruct-v1, with the data in it")
    told = " ".join(lines)
    for change in gone.object_changes():
        assert change.called in told, change
    assert "kitchen summary: to delete as a whole (6 objects)" in sentences(gone, planned=True)


def test_a_value_is_told_before_and_after_and_a_checksum_is_not() -> None:
    told = " ".join(sentences(outcome("cost-centre"), planned=False))
    assert "tenant sales: cost-centre 4720 -> 9999; updated 6 Role, 6 RoleBinding, 5 NetworkPolicy" in told
    assert "its pods restart" not in told
    assert "sha256" not in " ".join(sentences(outcome("adapters"), planned=True))


@pytest.mark.parametrize("name", NAMES)
def test_no_line_is_wider_than_a_screen_but_for_one_long_word(name: str) -> None:
    run = outcome(name)
    lines = [headline(run, planned=True), *sentences(run, planned=True), *dangers(run, planned=True)]
    assert [line for line in lines if len(line) > WIDTH] == []


def test_another_version_of_an_adapter_is_told_as_such() -> None:
    before = ["helpdesk-faq/v1", "gone/v3", "kept/v1"]
    assert adapter_changes(before, ["kept/v1", "helpdesk-faq/v2", "new/v1"]) == [
        "+ new/v1",
        "helpdesk-faq v1 -> v2",
        "- gone/v3",
    ]


def table(**models: list[str]) -> dict[str, Any]:
    """A state of the entry's ConfigMap."""
    text = json.dumps({"models": {name: {"groups": groups} for name, groups in models.items()}})
    return {"inputs": {"metadata": {"name": "entry-1", "namespace": "entry-dev"}, "data": {"models.json": text}}}


def decided(operation: str, old: dict[str, Any] | None, new: dict[str, Any] | None) -> Outcome:
    urn = "urn:pulumi:dev::kitchen::kitchen:entry:Entry$kubernetes:core/v1:ConfigMap::entry-configmap-entry"
    data = {
        "op": operation,
        "urn": urn,
        "type": "kubernetes:core/v1:ConfigMap",
        "old": old,
        "new": new,
        "diffs": ["data"],
    }
    change = change_of({"metadata": data})
    assert change is not None
    return Outcome(status=0, started=[change])


def test_who_gains_and_who_loses_a_model_is_said() -> None:
    run = decided("replace", table(faq=["a", "b"], base=[]), table(faq=["a", "c"], base=["c"]))
    assert access(run, planned=True) == ["b: may no longer call faq", "c: may call base, faq"]
    assert access(run, planned=False) == ["b: no longer may call faq", "c: now may call base, faq"]
    assert set(access(run, planned=True)) < set(sentences(run, planned=True))


def parts(**shares: dict[str, int]) -> dict[str, Any]:
    return {"inputs": {"data": {"models.json": json.dumps({"models": {}, "shares": shares})}}}


def test_other_calls_at_once_of_a_tenant_are_said() -> None:
    old, new = parts(support={"sales": 32, "legal": 32}, summary={"sales": 8}), parts(support={"sales": 48, "hr": 16})
    run = decided("replace", old, new)
    assert shares(run, planned=True) == [
        "summary: calls at once will be sales 8 -> no bound",
        "support: calls at once will be hr 16, legal 32 -> no bound, sales 32 -> 48",
    ]
    assert set(shares(run, planned=True)) < set(sentences(run, planned=True))
    assert shares(decided("create", None, new), planned=False) == ["support: calls at once are hr 16, sales 48"]
    assert shares(decided("same", new, new), planned=True) == []
    assert shares(decided("replace", {"inputs": {"data": {"models.json": "{"}}}, new), planned=True) != []


@pytest.mark.parametrize(
    ("operation", "old", "new"),
    [("create", None, table(faq=["a"])), ("same", table(faq=["a"]), table(faq=["a"])), ("replace", {"inputs": {}}, {})],
)
def test_nothing_is_said_where_nobody_gains_or_loses(operation: str, old: Any, new: Any) -> None:
    assert access(decided(operation, old, new), planned=True) == []
