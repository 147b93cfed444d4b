"""The four files of a report: JSON, Markdown, and the policies' findings as SARIF and JUnit."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from ops.plan.markdown import markdown
from ops.plan.report import Entry, Environment, Report
from ops.whole_file import put

if TYPE_CHECKING:
    from policies.check.reports import Result

JSON, MARKDOWN, SARIF, JUNIT = "report.json", "report.md", "plan.sarif", "junit.xml"

_MODE = 0o644


def write(report: Report, folder: Path) -> list[Path]:
    """Write them, each whole or not at all; raise FaultsError where the report does not fit its schema, OSError."""
    # The pack and the SDK take half a second to import, which those who want no files need not wait.
    from policies.check.reports import FORMATS  # noqa: PLC0415

    result = _result(report)
    texts = {
        JSON: report.as_json(),
        MARKDOWN: markdown(report),
        SARIF: FORMATS["sarif"](result),
        JUNIT: FORMATS["junit"](result),
    }
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in texts.items():
        put(folder / name, text.encode("utf-8", "backslashreplace"), _MODE)
    return [folder / name for name in texts]


def _result(report: Report) -> Result:
    """What the policies found in every environment; each finding stands at the environment's settings file."""
    from policies.check.findings import Finding, visible  # noqa: PLC0415
    from policies.check.reports import Result  # noqa: PLC0415
    from policies.pack import RULES, STACK_RULES  # noqa: PLC0415

    rules = {rule.id: rule for rule in (*RULES, *STACK_RULES)}
    findings, unknown = [], []
    for one, level, entry in _every(report):
        if entry["policy"] in rules:
            findings.append(
                Finding(
                    rule=rules[entry["policy"]],
                    level=level,
                    message=visible(f"{one.name}: {entry['object']}: {entry['text']}"),
                    title=visible(entry["object"]),
                    file=f"Pulumi.{one.name}.yaml",
                    line=1,
                )
            )
        else:
            unknown.append(visible(f"{one.name}: {entry['policy']}: {entry['object']}: {entry['text']}"))
    return Result(
        rules=list(rules.values()),
        findings=findings,
        exemptions=[f"{one.name}: {entry['policy']}: {entry['resource']} until {entry['until']}"
                    for one in report.environments for entry in one.policy["exemptions"] if entry["used"] == "yes"],
        faults=[visible(f"{one.name}: {line}") for one in report.environments for line in one.errors],
        objects=sum(sum(one.counts.values()) for one in report.environments),
        failures=unknown,
    )  # fmt: skip


def _every(report: Report) -> Iterator[tuple[Environment, str, Entry]]:
    for one in report.environments:
        yield from ((one, "mandatory", entry) for entry in one.policy["violations"])
        yield from ((one, "advisory", entry) for entry in one.policy["warnings"])
