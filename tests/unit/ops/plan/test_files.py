"""The files of a report: the policies' findings as code hosts and pipelines read them."""

from __future__ import annotations

import json
from pathlib import Path
from xml.etree import ElementTree

from ops.plan.files import write
from ops.plan.report import FAILED, read
from tests.support.plan_reports import report, whole


def test_four_files_are_written_and_the_report_is_read_again(tmp_path: Path) -> None:
    files = write(report(), tmp_path / "plan")
    assert [file.name for file in files] == ["report.json", "report.md", "plan.sarif", "junit.xml"]
    assert read(files[0]).as_json() == report().as_json()
    assert files[1].read_text().startswith("### Plan: dev: denied")
    write(report(), tmp_path / "plan")
    assert len(list((tmp_path / "plan").iterdir())) == 4


def test_findings_stand_at_the_settings_file_of_their_environment(tmp_path: Path) -> None:
    run = json.loads(write(report(), tmp_path)[2].read_text())["runs"][0]
    found = {(one["ruleId"], one["level"], one["message"]["text"]) for one in run["results"]}
    about = "dev: ServingRuntime helpdesk-dev/support"
    assert ("pods-have-probes", "error", f"{about}: has no probe") in found
    uris = {one["locations"][0]["physicalLocation"]["artifactLocation"]["uri"] for one in run["results"]}
    assert uris == {"Pulumi.dev.yaml"}


def test_a_violation_is_a_failed_case(tmp_path: Path) -> None:
    suite = ElementTree.parse(write(report(), tmp_path)[3]).getroot()  # noqa: S314 - written by this program
    failed = {case.get("name") for case in suite.iter("testcase") if case.find("failure") is not None}
    assert failed == {"pods-have-probes"}


def test_a_rule_that_the_pack_does_not_have_is_not_dropped(tmp_path: Path) -> None:
    finding = {"policy": "unheard-of", "object": "a", "text": "b"}
    files = write(report(whole(policy={"violations": [finding], "warnings": [], "exemptions": []})), tmp_path)
    assert "unheard-of: a: b" in files[2].read_text()
    assert ElementTree.parse(files[3]).getroot().get("errors") == "1"  # noqa: S314 - written by this program


def test_a_plan_that_failed_is_an_error_of_both(tmp_path: Path) -> None:
    files = write(report(whole(verdict=FAILED, errors=["Pulumi.dev.yaml: 1 fault"])), tmp_path)
    invocation = json.loads(files[2].read_text())["runs"][0]["invocations"][0]
    assert invocation["executionSuccessful"] is False
    assert "Pulumi.dev.yaml: 1 fault" in files[3].read_text()
