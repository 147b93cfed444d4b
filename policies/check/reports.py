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
    """What a check found: `objects` is how many were judged, `faults` what could not be read.

    `failures` are rules that failed on an object, `not_run` the ids of rules that were not asked, `no_objects` what was
    passed over because it is no Kubernetes object, `excluded` how many files were left out.
    """

    rules: Sequence[Rule | StackRule]
    findings: Sequence[Finding]
    exemptions: Sequence[str]
    faults: Sequence[str]
    objects: int
    failures: Sequence[str] = ()
    not_run: Sequence[str] = ()
    no_objects: Sequence[str] = ()
    excluded: int = 0
    unused_patterns: Sequence[str] = ()

    def count(self, level: str) -> int:
        """How many violations of a level."""
        return sum(finding.level == level for finding in self.findings)

    def summary(self) -> str:
        """One line."""
        more = {
            "failures of rules": len(self.failures),
            "passed over": len(self.no_objects),
            "files excluded": self.excluded,
        }
        return (
            f"{self.objects} objects, {len(self.rules)} rules: {self.count('mandatory')} mandatory and "
            f"{self.count('advisory')} advisory violations, {len(self.exemptions)} exemptions used, "
            f"{len(self.faults)} not readable" + "".join(f", {count} {what}" for what, count in more.items() if count)
        )


def table(result: Result) -> str:
    """One line a violation, then a summary."""
    lines = [
        f"{finding.file}:{finding.line}: {finding.level}: {finding.rule.id}: {finding.message}"
        for finding in result.findings
    ]
    lines += [f"exempted: {line}" for line in result.exemptions]
    lines += [f"passed over: {line}: no Kubernetes object" for line in result.no_objects]
    return "\n".join([*lines, result.summary()]) + "\n"


def as_json(result: Result) -> str:
    """An object with `violations`, `exemptions`, `faults`, `failures`, `passedOver`, `excluded` and `objects`."""
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
        "failures": list(result.failures),
        "passedOver": list(result.no_objects),
        "excluded": result.excluded,
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
    told = [("error", line) for line in (*result.faults, *result.failures)]
    told += [("note", f"{line}: no Kubernetes object, passed over") for line in result.no_objects]
    invocation = {
        "executionSuccessful": not (result.faults or result.failures),
        "toolExecutionNotifications": [{"level": level, "message": {"text": text}} for level, text in told],
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
    """One test case a rule; it fails with its mandatory violations, advisory ones are its output.

    A rule that was not asked is skipped. What could not be read is a case of its own, and so are failures of rules.
    """
    suite = ElementTree.Element("testsuite", name="policies")
    for rule in result.rules:
        case = _test_case(suite, rule.id)
        lines: dict[str, list[str]] = {"mandatory": [], "advisory": []}
        for finding in result.findings:
            if finding.rule.id == rule.id:
                lines[finding.level].append(f"{finding.file}:{finding.line}: {finding.message}")
        if rule.id in result.not_run:
            ElementTree.SubElement(case, "skipped", message="asked with --whole alone")
        if lines["mandatory"]:
            failure = ElementTree.SubElement(case, "failure", message=f"{len(lines['mandatory'])} violations")
            failure.text = "\n".join(lines["mandatory"])
        if lines["advisory"]:
            ElementTree.SubElement(case, "system-out").text = "\n".join(lines["advisory"])
    for name, said, faults in (
        ("(input)", "not readable", result.faults),
        ("(rules)", "rules that failed", result.failures),
    ):
        if faults:
            ElementTree.SubElement(_test_case(suite, name), "error", message=said).text = "\n".join(faults)
    if result.no_objects:
        text = "\n".join(f"{line}: no Kubernetes object, passed over" for line in result.no_objects)
        ElementTree.SubElement(suite, "system-out").text = text
    for attribute, tag in (("tests", "testcase"), ("failures", "failure"), ("errors", "error"), ("skipped", "skipped")):
        suite.set(attribute, str(sum(1 for _ in suite.iter(tag))))
    return ElementTree.tostring(suite, encoding="unicode", xml_declaration=True) + "\n"


def _test_case(suite: ElementTree.Element, name: str) -> ElementTree.Element:
    return ElementTree.SubElement(suite, "testcase", classname="policies", name=name)


FORMATS: Mapping[str, Callable[[Result], str]] = {"table": table, "json": as_json, "sarif": sarif, "junit": junit}
