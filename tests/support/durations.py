"""Where a test run's time went: slowest tests and modules, what each tier took, how long each process worked."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable

import pytest

from tests.support.order import module_of

SHOWN = 20
_SHOWN_MODULES = 20


def summary(reports: Iterable[pytest.TestReport]) -> list[str]:
    """Lines of text. What a module's fixtures take counts for the test that needs them first."""
    tests: defaultdict[str, float] = defaultdict(float)
    setups: defaultdict[str, float] = defaultdict(float)
    ends: dict[str, tuple[float, float]] = {}
    for report in reports:
        tests[report.nodeid] += report.duration
        if report.when == "setup":
            setups[report.nodeid] += report.duration
        process = str(getattr(report, "worker_id", "main"))
        first, last = ends.get(process, (report.start, report.stop))
        ends[process] = min(first, report.start), max(last, report.stop)
    modules: defaultdict[str, list[float]] = defaultdict(list)
    for nodeid, seconds in tests.items():
        modules[module_of(nodeid)].append(seconds)
    lines = [f"slowest {SHOWN} tests, in seconds (of which fixtures):"]
    for nodeid, seconds in _longest(tests, SHOWN):
        lines.append(f"{seconds:7.1f} ({setups[nodeid]:.1f})  {nodeid}")
    lines.append(f"slowest {_SHOWN_MODULES} modules, in seconds:")
    for module, seconds in _longest({name: sum(found) for name, found in modules.items()}, _SHOWN_MODULES):
        lines.append(f"{seconds:7.1f}  {module}, {len(modules[module])} tests")
    tiers: defaultdict[str, float] = defaultdict(float)
    for module, found in modules.items():
        tiers["/".join(module.split("/")[:2])] += sum(found)
    lines.append("tiers: " + ", ".join(f"{name} {seconds:.0f} s" for name, seconds in _longest(tiers, len(tiers))))
    begun = min((first for first, _ in ends.values()), default=0.0)
    worked = ", ".join(f"{name} until {last - begun:.0f} s" for name, (_, last) in sorted(ends.items()))
    return [*lines, f"processes: {worked}"]


def _longest(seconds: dict[str, float], count: int) -> list[tuple[str, float]]:
    return sorted(seconds.items(), key=lambda item: -item[1])[:count]
