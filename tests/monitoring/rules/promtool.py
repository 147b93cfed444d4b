"""Runs promtool over rules and tests that are made of the table and its cases."""

from __future__ import annotations

import json
import re
import subprocess
from collections.abc import Collection, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any

from components.observability.alert import Alert
from components.observability.facts import RuleFacts
from components.observability.groups import groups
from components.observability.rules import all_alerts
from tests.monitoring.rules.case import Labels, Series
from tests.monitoring.rules.worlds import WORLDS
from tools.toolchain import binary, ensure

RUNBOOK = "https://docs.kitchen.example"
_RECORD = re.compile(r"\bkitchen:[a-z0-9_:]+")


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


def write_rules(
    folder: Path, facts: RuleFacts, subject: str | None = None, alerts: Collection[str] | None = None
) -> Path:
    """A file of rules: all of them, or those of one subject, or some alerts; with the records that these read."""
    told = [group.content() for group in groups(facts, RUNBOOK)]
    if subject is not None:
        every = [rule for group in told for rule in group["rules"]]
        own = [rule for group in told if group["name"] == f"kitchen-{subject}" for rule in group["rules"]]
        first = own if alerts is None else [rule for rule in own if rule.get("alert") in alerts]
        told = [{**group, "rules": _among(group["rules"], _read(first, every))} for group in told]
    path = folder / "rules.json"  # JSON is YAML, and is written in a hundredth of the time
    path.write_text(json.dumps({"groups": [group for group in told if group["rules"]]}))
    return path


_Rules = list[dict[str, Any]]


def _read(first: _Rules, every: _Rules) -> _Rules:
    """These rules, the records that they read, those that these read, and so on."""
    found, fresh = first, first
    while fresh:
        names = {name for rule in fresh for name in _RECORD.findall(rule["expr"])}
        fresh = [rule for rule in every if rule.get("record") in names and not _among([rule], found)]
        found = [*found, *fresh]
    return found


def _among(rules: _Rules, found: _Rules) -> _Rules:
    ids = {id(rule) for rule in found}
    return [rule for rule in rules if id(rule) in ids]


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
