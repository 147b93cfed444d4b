"""Violations in numbers, as a file that Prometheus' node exporter reads."""

from __future__ import annotations

import os
import tempfile
import time
from collections import Counter
from pathlib import Path

from policies.check.errors import CheckError
from policies.check.reports import Result

_LEVELS = ("mandatory", "advisory")
_MODE = 0o644
"""Node exporter reads as another user."""


def write(path: Path, environment: str, result: Result) -> None:
    """Replace the file; raise CheckError where it cannot be written, and what was there stays.

    Every rule that was asked is there, also with 0: a rule without a series was not asked.
    """
    from prometheus_client import CollectorRegistry, Gauge, generate_latest  # noqa: PLC0415 - most runs do without

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
        _put(path, generate_latest(registry))
    except OSError as error:
        raise CheckError(f"--metrics {path}: cannot be written: {error.strerror}") from error


def _put(path: Path, content: bytes) -> None:
    """Write a file under a name that nobody can foresee, and put it there by one rename, which follows no link."""
    handle, name = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
    fresh = Path(name)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        fresh.chmod(_MODE)
        fresh.replace(path)
    finally:
        fresh.unlink(missing_ok=True)
