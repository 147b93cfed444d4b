"""The findings as a table, JSON, SARIF 2.1.0 (OASIS) or JUnit XML."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import quote
from xml.etree import ElementTree

from policies.check.findings import Finding
from policies.judging.rule import Rule
from policies.judging.stack_rule import StackRule

_SARIF = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"


@dataclass(frozen=True, kw_only=True)
class Result:
    """What a check found: `objects` is how many were judged, `faults` what could not be."""

    rules: Sequence[Rule | StackRule]
    findings: Sequence[Finding]
    exemptions: Sequence[str]
    faults: Sequence[str]
    objects: int

    def count(self, level: str) -> int:
        """How many violations of a level."""
        return sum(finding.level == level for finding in self.findings)

    def summary(self) -> str:
        """One line."""
        return (
            f"{self.objects} objects, {len(self.rules)} rules: {self.count('mandatory')} mandatory and "
            f"{self.count('advisory')} advisory violations, {len(self.exemptions)} exemptions used, "
            f"{len(self.faults)} not readable"
        )


def table(result: Result) -> str:
    """One line a violation, then a summary."""
    lines = [
        f"{finding.file}:{finding.line}: {finding.level}: {finding.rule.id}: {finding.message}"
        for finding in result.findings
    ]
    lines += [f"exempted: {line}" for line in result.exemptions]
    return "\n".join([*lines, result.summary()]) + "\n"


def as_json(result: Result) -> str:
    """An object with `violations`, `exemptions`, `faults` and `objects`."""
    violations = [
        {
            "rule": finding.rule.id,
            "level": finding.level,
            "severity": finding.rule.severity.value,
            "object": finding.title,
            "file": finding.file,
            "line": finding.line,
            "message": finding.message,
        }
        for finding in result.findings
    ]
    content = {
        "violations": violations,
        "exemptions": list(result.exemptions),
        "faults": list(result.faults),
        "objects": result.objects,
    }
    return json.dumps(content, indent=2) + "\n"


def sarif(result: Result) -> str:
    """A SARIF log of one run; what could not be read is a notification of a run that was not successful."""
    driver = {
        "name": "private-ai-kitchen",
        "rules": [
            {
                "id": rule.id,
                "shortDescription": {"text": rule.title},
                "fullDescription": {"text": rule.reason},
                "help": {"text": rule.remedy},
                "helpUri": rule.reference,
            }
            for rule in result.rules
        ],
    }
    invocation = {
        "executionSuccessful": not result.faults,
        "toolExecutionNotifications": [{"level": "error", "message": {"text": fault}} for fault in result.faults],
    }
    index = {rule.id: number for number, rule in enumerate(result.rules)}
    run = {
        "tool": {"driver": driver},
        "invocations": [invocation],
        "results": [
            {
                "ruleId": finding.rule.id,
                "ruleIndex": index[finding.rule.id],
                "level": "error" if finding.level == "mandatory" else "warning",
                "message": {"text": finding.message},
                "locations": [
                    {
                        "physicalLocation": {
                            "artifactLocation": {"uri": quote(finding.file)},
                            "region": {"startLine": finding.line},
                        }
                    }
                ],
            }
            for finding in result.findings
        ],
    }
    return json.dumps({"$schema": _SARIF, "version": "2.1.0", "runs": [run]}, indent=2) + "\n"


def junit(result: Result) -> str:
    """One test case a rule; it fails with its mandatory violations, advisory ones are its output."""
    suite = ElementTree.Element("testsuite", name="policies", tests=str(len(result.rules)))
    failures = 0
    for rule in result.rules:
        case = ElementTree.SubElement(suite, "testcase", classname="policies", name=rule.id)
        lines: dict[str, list[str]] = {"mandatory": [], "advisory": []}
        for finding in result.findings:
            if finding.rule.id == rule.id:
                lines[finding.level].append(f"{finding.file}:{finding.line}: {finding.message}")
        if lines["mandatory"]:
            failures += 1
            failure = ElementTree.SubElement(case, "failure", message=f"{len(lines['mandatory'])} violations")
            failure.text = "\n".join(lines["mandatory"])
        if lines["advisory"]:
            ElementTree.SubElement(case, "system-out").text = "\n".join(lines["advisory"])
    if result.faults:
        case = ElementTree.SubElement(suite, "testcase", classname="policies", name="(input)")
        ElementTree.SubElement(case, "error", message="not readable").text = "\n".join(result.faults)
    suite.set("failures", str(failures))
    suite.set("errors", "1" if result.faults else "0")
    return ElementTree.tostring(suite, encoding="unicode", xml_declaration=True) + "\n"


FORMATS: Mapping[str, Callable[[Result], str]] = {"table": table, "json": as_json, "sarif": sarif, "junit": junit}
