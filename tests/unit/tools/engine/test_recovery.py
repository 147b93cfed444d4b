"""The journal of an update without checkpoints, and what a recovery makes of it; the state is a dictionary here."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from tools.engine.checkpoints import Verdict
from tools.engine.distrust import ANNOTATION, distrust
from tools.engine.journal import Journal, Made
from tools.engine.outcome import Outcome
from tools.engine.recovery import recording, recovering, to_recover
from tools.local.file_shelf import FileShelf

PREFIX = "urn:pulumi:dev::kitchen::kubernetes:core/v1:ConfigMap::"
SKIP, KEEP = Verdict(skip=True, reason="safe"), Verdict(skip=False, reason="not safe")
CANARY = "canary-7d1e-not-to-be-seen"


def config_map(name: str) -> dict[str, Any]:
    metadata = {"name": name, "namespace": "sales-dev", "annotations": {ANNOTATION: "kitchen-dev"}}
    return {
        "urn": f"{PREFIX}{name}",
        "type": "kubernetes:core/v1:ConfigMap",
        "inputs": {"metadata": metadata},
        "outputs": {"metadata": copy.deepcopy(metadata)},
    }


class OneStack:
    """A stack whose engine writes with `record`."""

    def __init__(self, folder: Path) -> None:
        self.journal = FileShelf(folder / "journal.json")
        self.state: dict[str, Any] = {}
        self.writes = 0

    def record(self, *names: str, pending: list[dict[str, Any]] | None = None) -> None:
        self.writes += 1
        resources = [config_map(name) for name in names]
        self.state = {"manifest": {"time": f"t{self.writes}"}, "resources": resources}
        if pending:
            self.state["pending_operations"] = pending

    def latest(self) -> dict[str, Any]:
        return self.state

    def exported(self) -> dict[str, Any]:
        return {"version": 3, "deployment": copy.deepcopy(self.state)}

    def imported(self, deployment: Mapping[str, Any]) -> None:
        self.state = dict(deployment["deployment"])


@pytest.fixture
def stack(tmp_path: Path) -> OneStack:
    return OneStack(tmp_path)


def planned(**names: str) -> Outcome:
    """A preview: names of config maps, each with its operation."""
    told = Outcome(status=0)
    for name, operation in names.items():
        inputs = config_map(name)["inputs"] | {"data": {"key": CANARY}}
        metadata = {
            "op": operation,
            **{key: config_map(name)[key] for key in ("urn", "type")},
            "new": {"inputs": inputs},
        }
        told.take({"resourcePreEvent": {"metadata": metadata}})
    return told


def killed(stack: OneStack, preview: Outcome) -> None:
    """An update without checkpoints whose engine is killed: nothing is recorded."""
    with recording(preview, SKIP, stack):
        pass


def refreshed(stack: OneStack) -> list[str]:
    """A recovery; the names that the next update applies again."""
    journal = to_recover(stack)
    assert journal is not None
    with recovering(journal, stack):
        stack.record(*(entry["urn"].removeprefix(PREFIX) for entry in stack.state.get("resources", ())))
    return doubted(stack)


def doubted(stack: OneStack) -> list[str]:
    """Names of what the next update applies again."""
    return [
        entry["inputs"]["metadata"]["name"]
        for entry in stack.state["resources"]
        if entry["outputs"]["metadata"]["annotations"][ANNOTATION] != "kitchen-dev"
    ]


def test_what_is_updated_and_not_recorded_is_applied_again(stack: OneStack) -> None:
    stack.record("kept", "changed")
    killed(stack, planned(changed="update", fresh="create"))
    assert refreshed(stack) == ["changed"]
    assert to_recover(stack) is None, "one recovery is enough"


def test_an_update_that_ends_in_order_leaves_nothing_to_recover(stack: OneStack) -> None:
    stack.record("kept", "changed")
    with recording(planned(changed="update"), SKIP, stack):
        stack.record("kept", "changed")
    assert to_recover(stack) is None
    killed(stack, planned(other="update"))
    assert (journal := stack.journal.read()) is not None
    assert journal.changed == (f"{PREFIX}other",), "what was recorded is not applied again after a later kill"


def test_an_update_that_is_interrupted_in_order_has_recorded(stack: OneStack) -> None:
    with pytest.raises(KeyboardInterrupt), recording(planned(fresh="create"), SKIP, stack):
        stack.record("fresh")
        raise KeyboardInterrupt
    assert to_recover(stack) is None


def test_only_the_command_was_killed_and_the_engine_has_recorded(stack: OneStack) -> None:
    stack.journal.write(Journal.of(planned(fresh="create"), ""))
    assert to_recover(stack) is not None, "a first update, nothing recorded yet"
    stack.record("fresh")
    assert to_recover(stack) is None


def test_a_recovery_that_is_cut_begins_again(stack: OneStack) -> None:
    stack.record("changed")
    killed(stack, planned(changed="update"))
    journal = to_recover(stack)
    assert journal is not None
    with pytest.raises(KeyboardInterrupt), recovering(journal, stack):
        stack.record("changed")  # the refresh has written, and its reading may have missed fields
        raise KeyboardInterrupt
    assert refreshed(stack) == ["changed"]


def test_two_kills_in_a_row_add_up(stack: OneStack) -> None:
    stack.record("first", "second")
    killed(stack, planned(first="update", one="create"))
    killed(stack, planned(second="update", two="create"))
    assert refreshed(stack) == ["first", "second"]
    journal = stack.journal.read()
    assert journal is not None
    assert [made.place["name"] for made in journal.created] == ["one", "two"]


def test_with_checkpoints_the_state_itself_says_what_was_begun(stack: OneStack) -> None:
    with recording(planned(changed="update"), KEEP, stack):
        assert stack.journal.read() is None
    fresh = {"type": "creating", "resource": config_map("fresh")}
    stack.record("changed", "kept", pending=[{"type": "updating", "resource": config_map("changed")}, fresh])
    assert refreshed(stack) == ["changed"]
    journal = stack.journal.read()
    assert journal is not None
    assert [made.place["name"] for made in journal.created] == ["fresh"], "a refresh forgets it"


def test_an_older_copy_of_the_state_is_believed_in_nothing(stack: OneStack) -> None:
    stack.record("one", "two")
    journal = to_recover(stack, restored=True)
    assert journal is not None
    assert journal.everything
    with recovering(journal, stack, spared=["--exclude", f"{PREFIX}two"]):
        pass
    assert doubted(stack) == ["one"], "what somebody changed by hand would be a conflict"


@pytest.mark.parametrize("damage", ["", "{", "[]", '{"format": 9}', '{"format": 1}', "\x00\xff"])
def test_a_journal_that_cannot_be_read_means_everything(stack: OneStack, tmp_path: Path, damage: str) -> None:
    stack.record("one", "two")
    (tmp_path / "journal.json").write_text(damage)
    assert refreshed(stack) == ["one", "two"]


def test_a_journal_holds_names_and_no_values() -> None:
    journal = Journal.of(planned(fresh="create", changed="update", kept="same"), "t1")
    assert Journal.read(journal.text()) == journal
    assert journal.changed == (f"{PREFIX}changed",)
    assert [(made.type, made.place) for made in journal.created] == [
        ("kubernetes:core/v1:ConfigMap", {"namespace": "sales-dev", "name": "fresh"})
    ]
    assert CANARY not in journal.text()


def test_a_key_of_the_store_is_found_again_and_its_secret_is_not_written() -> None:
    inputs = {"accessKey": "helpdesk-lora", "user": "helpdesk-lora", "owner": "kitchen/dev", "secretKey": CANARY}
    kind = "pulumi-python:dynamic/kitchen:MinioUser"
    metadata = {"op": "create", "urn": "urn:u", "type": kind, "new": {"inputs": inputs}}
    told = Outcome()
    told.take({"resourcePreEvent": {"metadata": metadata}})
    (made,) = Journal.of(told, "").created
    assert made == Made(urn="urn:u", type=kind, place={key: inputs[key] for key in ("accessKey", "user", "owner")})


def test_only_objects_that_say_who_applied_them_are_distrusted() -> None:
    bucket = {"urn": "urn:b", "type": "pulumi-python:dynamic/kitchen:S3Bucket", "outputs": {"bucket": "dev-lora"}}
    bare = {"urn": "urn:c", "type": "kubernetes:core/v1:ConfigMap", "outputs": {}}
    deployment = {"resources": [bucket, bare, config_map("one")]}
    assert distrust(deployment, ["urn:b", "urn:c", f"{PREFIX}one", "urn:gone"]) == 1
    assert distrust(deployment, []) == 0
    assert distrust({}, ["urn:b"]) == 0
