"""What a run found wrong, and what a report leaves out, told from the events of the real engine."""

from __future__ import annotations

import json

from tests.unit.tools.engine.recorded import outcome
from tools.engine.as_json import as_json
from tools.engine.outcome import Message, Outcome
from tools.engine.report import failure, planned

REST = "make preview VERBOSE=1"


def test_a_first_preview_fits_on_a_screen_and_counts_what_it_folds_away() -> None:
    lines = planned(outcome("first"), everything=REST)
    assert len([line for line in lines if not line.startswith("warning:")]) < 20
    told = " ".join(line.strip() for line in lines)
    assert "not listed here: 64 new objects (12 NetworkPolicy, 12 Role, 12 RoleBinding, " in told
    assert f"listed by: {REST}" in told
    assert "KITCHEN  POOL  WEIGHTS" in told
    assert "policies: passed, 31 of them (kitchen 0.1.0)" in lines


def test_a_preview_that_changes_nothing_folds_nothing_away() -> None:
    assert "not listed" not in " ".join(planned(outcome("unchanged"), everything=REST))


def test_every_violation_is_told_with_policy_object_and_example() -> None:
    run = outcome("denied", status=255)
    lines = failure(run)
    told = " ".join(line.strip() for line in lines)
    for violation in run.violations:
        about, _, rule = violation.text.partition("\n")[2].strip().partition("; rule: ")
        assert f"denied: {violation.policy}: " in told
        assert " ".join(about.split()) in told
        assert " ".join(rule.split()) in told
    heads = [line for line in lines if line.startswith("denied: ")]
    assert len(heads) == len({violation.policy for violation in run.violations})
    assert f"DENIED: {len(set(run.violations))} violations" in told


def test_faults_of_the_settings_are_told_in_full_and_once() -> None:
    run = outcome("fault", status=255)
    told = "\n".join(failure(run))
    assert told.count("error: ") == 1
    assert "Pulumi.dev.yaml: 1 fault, nothing was changed" in told
    assert 'kitchens.support.pool: "b200"; rule: must be a GPU pool of this file: l40s' in told
    assert "policies: passed" not in "\n".join(planned(run, everything=REST)), "nothing was judged to its end"


def test_an_error_names_its_object_and_keeps_the_server_s_words() -> None:
    run = outcome("first", status=255)
    urn = next(change.urn for change in run.started if change.kind == "InferenceService")
    said = 'error: resource "urn:pulumi:dev::kitchen::x::y" was not created: failed calling webhook "a": deadline'
    run.messages += [Message(severity="error", text=said, urn=urn), Message(severity="error", text="update failed")]
    lines = failure(run)
    assert len(lines) == 1
    assert lines[0].startswith("error: InferenceService ")
    assert lines[0].endswith(': was not created: failed calling webhook "a": deadline')


def test_what_the_engine_says_before_any_event_is_told() -> None:
    run = Outcome(status=255, last_words=["error: the stack is currently locked by 1 lock(s)"])
    assert failure(run) == ["error: the stack is currently locked by 1 lock(s)"]
    assert failure(Outcome(status=137)) == ["the engine ended with status 137, without a word"]


def test_a_run_without_the_pack_is_not_called_passed() -> None:
    run = outcome("unchanged")
    run.packs = ()
    assert "policies: NONE RAN" in planned(run, everything=REST)


def test_a_warning_about_several_objects_is_one_line_with_all_of_them() -> None:
    lines = [line for line in planned(outcome("unchanged"), everything=REST) if "in plaintext" in line]
    assert len(lines) == 1
    assert lines[0].count("-lora-reader") == lines[0].count("-loader") == 2


def test_an_error_of_a_hundred_objects_is_one_line() -> None:
    run = outcome("first")
    objects = [change for change in run.started if change.is_object]
    run.messages = [Message(severity="error", text="no answer\nask again", urn=change.urn) for change in objects]
    run.messages.append(Message(severity="error", text="another", urn=objects[0].urn))
    first, *rest = failure(run)
    assert first.startswith(f"error: {objects[0]}, {objects[1]}, ")
    assert first.endswith(f" + {len(objects) - 8} more: no answer")
    assert rest == ["  ask again", f"error: {objects[0]}: another"]


def test_json_holds_what_a_report_folds_away() -> None:
    content = json.loads(json.dumps(as_json("dev", outcome("first"))))
    assert len(content["changes"]) == 64
    assert {"operation", "kind", "namespace", "name", "of", "urn", "properties"} == set(content["changes"][0])
    assert as_json("dev", outcome("adapters"))["restarts"][0]["kitchen"] == "support"
