"""Runs promtool over rules and tests that are made of the table and its cases."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any

from components.observability.alert import Alert
from components.observability.facts import RuleFacts
from components.observability.groups import groups
from components.observability.rules import SUBJECTS, all_alerts
from tests.monitoring.rules.case import Labels, Series
from tests.monitoring.rules.worlds import WORLDS
from tools.toolchain import binary, ensure

RUNBOOK = "https://docs.kitchen.example"
READS = {"adapters": ("serving", "entry"), "objectives": ("entry",)}
"""Subjects whose alerts read records of others."""


@cache
def promtool() -> Path:
    """The pinned promtool."""
    ensure(["prometheus"])
    return binary("promtool")


def run(*arguments: str, cwd: Path) -> tuple[int, str]:
    """Its exit status and all that it says."""
    done = subprocess.run(
        [str(promtool()), *arguments], cwd=cwd, capture_output=True, text=True, check=False, timeout=300
    )
    return done.returncode, done.stdout + done.stderr


def write_rules(folder: Path, facts: RuleFacts, subject: str | None = None) -> Path:
    """A file of rules: all of them, or those of one subject and the records that these need."""
    told = [
        _needed(group.content(), records_alone=subject is not None and group.name != subject)
        for group in groups(facts, RUNBOOK)
        if subject is None or group.name in {subject, *READS.get(subject, ())} or group.name not in SUBJECTS
    ]
    path = folder / "rules.json"  # JSON is YAML, and is written in a hundredth of the time
    path.write_text(json.dumps({"groups": told}))
    return path


def _needed(group: dict[str, Any], *, records_alone: bool) -> dict[str, Any]:
    rules = [rule for rule in group["rules"] if "record" in rule or not records_alone]
    return {**group, "rules": rules}


def alert_named(world: str, name: str) -> Alert:
    """An alert of the table of a world."""
    return next(alert for alert in all_alerts(WORLDS[world]) if alert.id == name)


def expectation(
    alert: Alert, series: Series, minutes: int, labels: Sequence[Labels], name: str, *, step: int = 1
) -> dict[str, Any]:
    """A test of promtool: exactly these alerts of one name fire, with exactly these labels; `step` is in minutes."""
    fixed = {"severity": alert.severity, "owner": alert.owner, "subject": alert.subject, "environment": "dev"}
    fired = [{**fixed, **one, "alertname": alert.id, "alertstate": "firing"} for one in labels]
    return {
        "name": name,
        "interval": f"{step}m",
        "input_series": [{"series": named, "values": values} for named, values in series.items()],
        "promql_expr_test": [
            {
                "expr": f'ALERTS{{alertname="{alert.id}",alertstate="firing"}}',
                "eval_time": f"{minutes}m",
                "exp_samples": [{"labels": _selector(one), "value": 1} for one in fired],
            },
            *([_held(alert, minutes, step)] if fired and alert.hold != "0s" else []),
        ],
    }


def _held(alert: Alert, minutes: int, step: int) -> dict[str, Any]:
    """What fires has been pending for as long as the alert holds, at one evaluation a step."""
    pending, firing = (f'ALERTS{{alertname="{alert.id}",alertstate="{state}"}}' for state in ("pending", "firing"))
    waited = f"min(count_over_time({pending}[{minutes + 1}m]) and ignoring (alertstate) {firing})"
    held = int(alert.hold[:-1]) * {"m": 1, "h": 60}[alert.hold[-1]] // step
    return {"expr": waited, "eval_time": f"{minutes}m", "exp_samples": [{"labels": "{}", "value": held}]}


def failures(folder: Path, rules: Path, tests: Sequence[Mapping[str, Any]]) -> str:
    """What promtool says of tests that fail; nothing where all pass. Rules are evaluated at each step of a test."""
    intervals = dict.fromkeys(test["interval"] for test in tests)
    told = (_failures(folder, rules, [test for test in tests if test["interval"] == one], one) for one in intervals)
    return "".join(told)


def _failures(folder: Path, rules: Path, tests: Sequence[Mapping[str, Any]], interval: str) -> str:
    # Without an order promtool takes one by chance, and what reads another group's records comes a minute later or not.
    order = [group["name"] for group in json.loads(rules.read_text())["groups"]]
    content = {
        "rule_files": [str(rules)],
        "evaluation_interval": interval,
        "group_eval_order": order,
        "tests": list(tests),
    }
    (folder / "tests.json").write_text(json.dumps(content))
    status, said = run("test", "rules", "tests.json", cwd=folder)
    return said if status else ""


def _selector(labels: Mapping[str, str]) -> str:
    inside = ",".join(f"{name}={json.dumps(value)}" for name, value in sorted(labels.items()))
    return f"ALERTS{{{inside}}}"
