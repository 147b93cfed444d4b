"""Violations in numbers, as a file that Prometheus' node exporter reads."""

from __future__ import annotations

import time
from collections import Counter
from pathlib import Path

from policies.check.errors import CheckError
from policies.check.reports import Result

_LEVELS = ("mandatory", "advisory")


def write(path: Path, environment: str, result: Result) -> None:
    """Replace the file; raise CheckError where it cannot be written, and what was there stays.

    Every rule that was asked is there, also with 0: a rule without a series was not asked.
    """
    from prometheus_client import CollectorRegistry, Gauge, write_to_textfile  # noqa: PLC0415 - most runs do without

    registry = CollectorRegistry()
    text = "Violations in what was judged, by rule and level."
    violations = Gauge("kitchen_policy_violations", text, ("environment", "rule", "level"), registry=registry)
    counted = Counter((finding.rule.id, finding.level) for finding in result.findings)
    for rule in result.rules:
        if rule.id not in result.not_run:
            for level in _LEVELS:
                violations.labels(environment, rule.id, level).set(counted[rule.id, level])
    text = "When the policies were last asked about everything that was given."
    checked = Gauge("kitchen_policy_checked_timestamp_seconds", text, ("environment",), registry=registry)
    checked.labels(environment).set(time.time())
    try:
        write_to_textfile(str(path), registry)
    except OSError as error:
        raise CheckError(f"--metrics {path}: cannot be written: {error.strerror}") from error
