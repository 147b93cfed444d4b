"""The profile: phases that add up to the whole run, calls by method, functions of real processes, imports."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.bench.profiling import imports, samples, traces
from tests.bench.profiling.samples import shortened
from tools.local.workspace import REPOSITORY

_SECOND = 10**9
_BUSY = """\
import threading
def busy():
    total = 0
    for number in range(3_000_000):
        total += number
    return total
def waits():
    threading.Event().wait(0.3)
thread = threading.Thread(target=busy)
thread.start()
waits()
thread.join()
"""


def line(name: str, start: float, end: float, service: str = "pulumi-cli") -> str:
    span = {"name": name, "startTimeUnixNano": str(int((100 + start) * _SECOND)),
            "endTimeUnixNano": str(int((100 + end) * _SECOND))}  # fmt: skip
    attribute = {"key": "service.name", "value": {"stringValue": service}}
    made: dict[str, Any] = {"resource": {"attributes": [attribute]}, "scopeSpans": [{"spans": [span]}]}
    return json.dumps({"resourceSpans": [made]})


@pytest.fixture
def spans(tmp_path: Path) -> list[traces.Span]:
    path = tmp_path / "traces.json"
    path.write_text(
        "\n".join(
            [
                line("pulumi", 0, 10),
                line("pulumi-plan", 1, 10),
                line("pulumirpc.LanguageRuntime/Run", 3, 9),
                line("pulumirpc.ResourceMonitor/GetDeploymentInfo", 3.5, 3.6),
                line("pulumirpc.ResourceMonitor/RegisterResource", 4, 7),
                line("pulumirpc.ResourceMonitor/RegisterResource", 4.5, 8),
                line("pulumirpc.ResourceProvider/Check", 5, 5.25),
                line("pulumirpc.ResourceProvider/Check", 5, 5.25, service="random"),
                line("pulumirpc.ResourceMonitor/SignalAndWaitForShutdown", 8, 8.5),
                line("pulumirpc.Analyzer/AnalyzeStack", 8.1, 8.5),
            ]
        )
    )
    return traces.read(path)


def test_phases_add_up_to_the_whole_run(spans: list[traces.Span]) -> None:
    seconds = [round(seconds, 3) for _, seconds in traces.phases(spans)]
    assert seconds == [1, 2, 0.5, 0.5, 4, 0.5, 1.5]
    assert sum(seconds) == 10


def test_calls_are_counted_once_as_the_engine_sees_them(spans: list[traces.Span]) -> None:
    by_method = {entry.method: entry for entry in traces.calls(spans)}
    registered = by_method["ResourceMonitor/RegisterResource"]
    assert (registered.count, registered.seconds, registered.longest) == (2, pytest.approx(6.5), pytest.approx(3.5))
    assert by_method["ResourceProvider/Check"].count == 1


def test_a_function_in_another_thread_is_found_and_one_that_waits_is_not(tmp_path: Path) -> None:
    env = {**os.environ, **samples.variables(tmp_path)}
    subprocess.run([sys.executable, "-c", _BUSY], env=env, check=True)
    (found,) = samples.read(tmp_path)
    functions = dict(found.most(found.own, 50))
    busy = next(seconds for name, seconds in functions.items() if name.endswith(" busy"))
    waits = sum(seconds for name, seconds in functions.items() if name.endswith((" waits", "'acquire'>")))
    assert busy > 0.02
    assert waits < busy


def test_nothing_is_profiled_without_the_variable(tmp_path: Path) -> None:
    env = {**os.environ, **samples.variables(tmp_path)}
    del env["KITCHEN_PROFILE_FOLDER"]
    subprocess.run([sys.executable, "-c", "pass"], env=env, check=True)
    assert samples.read(tmp_path) == []


def test_a_path_is_shortened_to_what_tells_it_apart() -> None:
    assert shortened(f"{REPOSITORY}/infra/load.py:43:load_settings") == "infra/load.py:43 load_settings"
    assert shortened("/x/.venv/lib/python3.11/site-packages/pulumi/output.py:5:f") == "pulumi/output.py:5 f"


def test_imports_come_with_what_they_import() -> None:
    text, found = imports.imports("import json.decoder")
    by_name = {entry.module: entry for entry in found}
    assert "json.decoder" in text
    assert by_name["json.decoder"].with_imports_ms >= by_name["json.decoder"].own_ms


@pytest.mark.parametrize("role", sorted(imports.IMPORTED))
def test_what_a_process_imports_can_be_imported(role: str) -> None:
    subprocess.run([sys.executable, "-c", imports.IMPORTED[role]], cwd=REPOSITORY, check=True, timeout=60)
