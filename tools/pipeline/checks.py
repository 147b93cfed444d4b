"""Checks of a pull request: settings, catalog, previews of every environment, the pack's report. No secrets needed."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

from infra.catalog import load_catalog
from infra.faults import FaultsError
from infra.load import settings_from_file
from ops.plan.style import in_markdown
from tools.engine.words import table
from tools.local.offline import STACKS
from tools.local.workspace import REPOSITORY

REPORTS = REPOSITORY / "reports"


def settings() -> int:
    """Check the catalog and every environment's file; print one line a stack; returns 1 when any has faults."""
    rows, faults = [], []
    for stack in STACKS:
        try:
            checked = settings_from_file(REPOSITORY / f"Pulumi.{stack}.yaml", load_catalog())
        except FaultsError as error:
            faults.append(str(error))
            rows.append((stack, "-", "-", f"{len(error.faults)} FAULTS"))
            continue
        rows.append((stack, str(checked.phase), str(len(checked.kitchens)), "right"))
    print(table(("STACK", "PHASE", "KITCHENS", "SETTINGS"), rows))
    for fault in faults:
        print(fault, file=sys.stderr)
    return 1 if faults else 0


def report(directory: Path, reports: Path = REPORTS) -> int:
    """Judge every environment's rendered objects; write JUnit, SARIF and a readable summary below `reports`.

    Returns 0 when nothing mandatory is broken, 1 otherwise.
    """
    reports.mkdir(parents=True, exist_ok=True)
    lines = ["# Policies", "", "| stack | objects | mandatory | advisory | exemptions |", "|---|---|---|---|---|"]
    denied: list[str] = []
    status = 0
    for stack in STACKS:
        status |= _render(stack, directory)
        content = _judge(stack, directory / "rendered" / stack, reports)
        count = {
            level: sum(entry["level"] == level for entry in content["violations"])
            for level in ("mandatory", "advisory")
        }
        used = len(content["exemptions"])
        lines.append(f"| {stack} | {content['objects']} | {count['mandatory']} | {count['advisory']} | {used} |")
        denied += [f"- {stack}: **{entry['rule']}** ({entry['level']}): {in_markdown(entry['message'])}"
                   for entry in content["violations"]]  # fmt: skip
        not_judged = [*content["faults"], *content["failures"]]
        denied += [f"- {stack}: not judged: {in_markdown(line)}" for line in not_judged]
        denied += [f"- {stack}: exempted: {in_markdown(line)}" for line in content["exemptions"]]
        status |= 1 if count["mandatory"] or not_judged else 0
    text = "\n".join([*lines, "", *denied]).rstrip() + "\n"
    (reports / "policies.md").write_text(text)
    print(text, end="")
    return status


def _render(stack: str, directory: Path) -> int:
    """Render a stack with the pack; the engine's own words are shown when it fails. Returns 0 or 1."""
    words = [sys.executable, "-m", "tools.local", "render", "--stack", stack, "--directory", str(directory)]
    done = subprocess.run(
        words, cwd=REPOSITORY, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False
    )
    if done.returncode != 0:
        print(done.stdout, file=sys.stderr)
    return min(done.returncode, 1)


def _judge(stack: str, folder: Path, reports: Path) -> dict[str, Any]:
    # The pack and the SDK take half a second to import, which `make settings` need not wait.
    from policies.check.__main__ import main as policy_check  # noqa: PLC0415

    common = [str(folder), "--whole", "--settings", str(REPOSITORY / f"Pulumi.{stack}.yaml")]
    for form, suffix in (("junit", "xml"), ("sarif", "sarif"), ("json", "json")):
        policy_check([*common, "--output", form, "--output-file", str(reports / f"policies-{stack}.{suffix}")])
    content: dict[str, Any] = json.loads((reports / f"policies-{stack}.json").read_text())
    return content
