"""Marks every test with its tier: the folder that it lies in. Orders a whole run, and says where its time went."""

from __future__ import annotations

import gc
import os
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, settings

from tests.support import durations, order, surroundings

surroundings.forget(os.environ)
# Engines, providers and API servers of a test live for seconds: a tenth of their time would go into collecting garbage.
os.environ.setdefault("GOGC", "400")
# No test asks an official host for a tool, whatever the user's setting is: tests of downloads have their own server.
os.environ["KITCHEN_TOOLCHAIN_OFFICIAL"] = "0"

# Examples are the same in every run of the same code, and none is too slow on a busy machine. Other ones in each run:
# `pytest --hypothesis-profile any`.
_PATIENT = {"deadline": None, "suppress_health_check": [HealthCheck.too_slow]}
settings.register_profile("same", derandomize=True, database=None, **_PATIENT)
settings.register_profile("any", **_PATIENT)
settings.load_profile("same")

_WORTH_A_SUMMARY = 200
"""Tests of a run; of fewer, pytest's own `--durations` says enough."""

TIERS = ("unit", "policy", "entry", "monitoring", "engine", "cluster", "serving", "bench")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    root = Path(__file__).parent
    for item in items:
        tier = item.path.relative_to(root).parts[0]
        if tier in TIERS:
            item.add_marker(getattr(pytest.mark, tier))
    order.longest_first(items)


def pytest_collection_finish() -> None:
    """What is collected stays until the end: collecting garbage does not look through it again and again.

    Nor does it look for some every 700 objects, which would be a tenth of what the tests of a whole run compute.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> order.Scheduling | None:
    """How `--dist loadfile` divides the modules among processes."""
    return order.Scheduling(config, log) if config.getoption("dist") == "loadfile" else None


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    reports = [report for kind in terminalreporter.stats.values() for report in kind]
    phases = [report for report in reports if isinstance(report, pytest.TestReport)]
    if len(phases) > 3 * _WORTH_A_SUMMARY:
        terminalreporter.section("where the time went")
        for line in durations.summary(phases):
            terminalreporter.write_line(line)
