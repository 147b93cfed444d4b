"""Reads the engine's OpenTelemetry traces: calls between its processes, and when each phase began and ended."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ENGINE = "pulumi-cli"


@dataclass(frozen=True, kw_only=True)
class Span:
    """One call as one process has seen it; `start` and `end` are seconds since the first span of the trace."""

    service: str
    name: str
    start: float
    end: float

    @property
    def seconds(self) -> float:
        """How long it took."""
        return self.end - self.start


def read(path: Path) -> list[Span]:
    """Every span of a file that `--otel-traces file://` has written, in the order of their starts."""
    found = [span for line in path.read_text().splitlines() if line.strip() for span in _spans(json.loads(line))]
    first = min(start for _, _, start, _ in found)
    made = [
        Span(service=service, name=name, start=(start - first) / 1e9, end=(end - first) / 1e9)
        for service, name, start, end in found
    ]
    return sorted(made, key=lambda span: span.start)


def _spans(line: Mapping[str, Any]) -> Iterator[tuple[str, str, int, int]]:
    for resource in line.get("resourceSpans", ()):
        attributes = resource.get("resource", {}).get("attributes", ())
        service = next((a["value"]["stringValue"] for a in attributes if a["key"] == "service.name"), "?")
        for scope in resource.get("scopeSpans", ()):
            for span in scope.get("spans", ()):
                yield service, span["name"], int(span["startTimeUnixNano"]), int(span["endTimeUnixNano"])


@dataclass(frozen=True, kw_only=True)
class Calls:
    """All calls of one method: how many, their seconds together (they overlap), the longest, the first and the last."""

    method: str
    count: int
    seconds: float
    longest: float
    first: float
    last: float


def calls(spans: Sequence[Span]) -> list[Calls]:
    """The engine's calls by method, the longest together first."""
    methods: dict[str, list[Span]] = {}
    for span in spans:
        if span.service == ENGINE and span.name.startswith("pulumirpc."):
            methods.setdefault(span.name.removeprefix("pulumirpc."), []).append(span)
    made = [
        Calls(
            method=method,
            count=len(found),
            seconds=sum(span.seconds for span in found),
            longest=max(span.seconds for span in found),
            first=found[0].start,
            last=max(span.end for span in found),
        )
        for method, found in methods.items()
    ]
    return sorted(made, key=lambda entry: -entry.seconds)


def phases(spans: Sequence[Span]) -> list[tuple[str, float]]:
    """The wall time of one preview or update from its start to its end, cut at what the trace shows."""
    by_method = {entry.method: entry for entry in calls(spans)}
    end = max(span.end for span in spans)
    run = by_method["LanguageRuntime/Run"]
    plan = next((span.start for span in spans if span.name == "pulumi-plan"), 0.0)
    connected = by_method["ResourceMonitor/GetDeploymentInfo"].first
    registered = by_method.get("ResourceMonitor/RegisterResource")
    begun = registered.first if registered else run.last
    left = by_method.get("ResourceMonitor/SignalAndWaitForShutdown")
    settled = left.first if left else run.last
    stack = by_method.get("Analyzer/AnalyzeStack")
    judged = stack.last if stack else settled
    marks = [
        ("start of the engine: its settings and state, the language host", plan),
        ("start of the policy pack", run.first),
        ("start of the program: the interpreter and Pulumi's SDK", connected),
        ("the program: imports, settings, until the first resource", begun),
        ("resources: registered, checked, compared, judged, made", settled),
        ("the policy pack over the whole stack", judged),
        ("end: plugins are told, state is written", end),
    ]
    before, rows = 0.0, []
    for name, until in marks:
        rows.append((name, max(0.0, until - before)))
        before = max(before, until)
    return rows
