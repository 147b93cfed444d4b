"""Part `rules`: how long Prometheus takes for all rules of an environment of 200 kitchens with ten adapters each.

Every rule is asked for at one moment of made series, and Prometheus itself tells how long it evaluated. What it takes
to write the results is not in it. What rules read of each other's results is made beforehand, in as many rounds as
rules stand one upon the other.
"""

from __future__ import annotations

import http.client
import json
import shutil
import subprocess
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from components.observability.groups import Group, groups
from tests.bench import made_series
from tests.bench.progress import Progress
from tests.bench.sections import Section, Table
from tests.support.ports import free_ports
from tools.toolchain import binary, ensure

KITCHENS, ADAPTERS, RUNS, ROUNDS = 200, 10, 5, 2
_RUNBOOK = "https://docs.kitchen.example"


def rules(folder: Path) -> Section:
    """Make the series, load them, and ask for each rule five times."""
    ensure(["prometheus"])
    progress = Progress("rules", RUNS + 2)
    facts = made_series.environment(KITCHENS, ADAPTERS)
    end = int(time.time()) // 3600 * 3600
    text = folder / "series.txt"
    with text.open("w") as file:
        scraped = made_series.write(facts, end, file)
        found = groups(facts, _RUNBOOK)
    progress.told(f"{scraped} scraped series made")
    results: dict[str, list[str]] = {}
    for _ in range(ROUNDS):
        # One block of everything: blocks over the same time would be merged at every query.
        _load(folder, text, results)
        with _prometheus(folder) as address:
            made = _results(address, found, end)
        results = {name: lines for name, lines in made.items() if name not in made_series.PAST}
    _load(folder, text, results)
    progress.told("loaded")
    with _prometheus(folder) as address:
        runs = []
        for _ in range(RUNS):
            runs.append(_evaluated(address, found, end))
            progress.told(f"{sum(seconds for seconds, _ in runs[-1].values()):.2f} s")
    return _section(found, runs, scraped)


def _section(found: tuple[Group, ...], runs: list[dict[str, tuple[float, int]]], scraped: int) -> Section:
    rows, seconds = [], {name: min(run[name][0] for run in runs) for name in runs[0]}
    for group in found:
        if not group.name.startswith("constants-"):
            rows.append(
                (group.name, str(len(group.rules)), str(runs[0][group.name][1]), f"{seconds[group.name]:.3f} s")
            )
    constants = [group for group in found if group.name.startswith("constants-")]
    spent = sum(seconds[group.name] for group in constants)
    made = sum(runs[0][group.name][1] for group in constants)
    rows.append(("constants of tenants", str(sum(len(one.rules) for one in constants)), str(made), f"{spent:.3f} s"))
    total, records = sum(seconds.values()), sum(count for _, count in runs[0].values())
    count = sum(len(group.rules) for group in found)
    rows.append(("all, one after the other", str(count), str(records), f"{total:.3f} s"))
    note = (
        f"{KITCHENS} kitchens with {ADAPTERS} adapters and {made_series.PODS} servers each, {scraped} scraped series "
        f"that rules read ({scraped / KITCHENS:.0f} a kitchen), three days of the objectives' records. Groups are "
        "evaluated each minute, side by side."
    )
    header = ("group of rules", "rules", "series that they make", "evaluation, fastest of 5")
    figures = [
        {name: {"seconds": round(one, 4), "series": count} for name, (one, count) in run.items()} for run in runs
    ]
    return Section(title="Rules and alerts", tables=[Table(header=header, rows=rows, note=note)], figures=figures)


def _load(folder: Path, text: Path, results: Mapping[str, list[str]]) -> None:
    """Put a block of all samples, and of what rules made of them, in the place of what was there."""
    shutil.rmtree(folder / "data", ignore_errors=True)
    whole = folder / "whole.txt"
    shutil.copy(text, whole)
    with whole.open("a") as file:
        for lines in results.values():
            file.writelines(lines)
        file.write("# EOF\n")
    words = [str(binary("promtool")), "tsdb", "create-blocks-from", "openmetrics", "--max-block-duration=96h"]
    subprocess.run([*words, str(whole), str(folder / "data")], check=True, capture_output=True)
    whole.unlink()


def _results(address: str, found: tuple[Group, ...], end: int) -> dict[str, list[str]]:
    """What recording rules make at the end, by their names, as OpenMetrics."""
    made: dict[str, list[str]] = {}
    for rule in (rule for group in found for rule in group.rules if "record" in rule):
        for one in _ask(address, rule["expr"], end)["result"]:
            labels = {key: value for key, value in one["metric"].items() if key != "__name__"} | rule.get("labels", {})
            inside = ",".join(f"{key}={json.dumps(value)}" for key, value in labels.items())
            made.setdefault(rule["record"], []).append(f"{rule['record']}{{{inside}}} {one['value'][1]} {end}\n")
    return made


@contextmanager
def _prometheus(folder: Path) -> Iterator[str]:
    """A Prometheus on loopback that scrapes nothing and keeps everything."""
    (folder / "prometheus.yml").write_text("scrape_configs: []\n")
    (port,) = free_ports(1)
    process = subprocess.Popen(
        [
            *(str(binary("prometheus")), f"--config.file={folder / 'prometheus.yml'}"),
            *(f"--storage.tsdb.path={folder / 'data'}", "--storage.tsdb.retention.time=10y"),
            *(f"--web.listen-address=127.0.0.1:{port}", "--query.max-samples=500000000"),
        ],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    address = f"127.0.0.1:{port}"
    try:
        _wait(address)
        yield address
    finally:
        process.terminate()
        process.wait()


def _wait(address: str) -> None:
    for _ in range(300):
        try:
            _asked(address, "/-/ready")
        except (OSError, http.client.HTTPException, ValueError):
            time.sleep(0.2)
        else:
            return
    raise TimeoutError("prometheus is not ready after a minute")


def _evaluated(address: str, found: tuple[Group, ...], end: int) -> dict[str, tuple[float, int]]:
    """By group: seconds that its rules take one after the other, and how many series they make."""
    return {group.name: _group(address, group, end) for group in found}


def _group(address: str, group: Group, end: int) -> tuple[float, int]:
    seconds, series = 0.0, 0
    for rule in group.rules:
        answer = _ask(address, rule["expr"], end)
        seconds += answer["stats"]["timings"]["evalTotalTime"]
        series += len(answer["result"])
    return seconds, series


def _ask(address: str, expression: str, end: int) -> dict[str, Any]:
    data: dict[str, Any] = json.loads(
        _asked(address, "/api/v1/query", {"query": expression, "time": str(end), "stats": "all"})
    )["data"]
    return data


def _asked(address: str, path: str, said: dict[str, str] | None = None) -> bytes:
    """What it answers; raise ValueError for an answer that is no success."""
    connection = http.client.HTTPConnection(address, timeout=60)
    form = {"Content-Type": "application/x-www-form-urlencoded"}
    connection.request("GET" if said is None else "POST", path, urlencode(said or {}), form)
    answer = connection.getresponse()
    text = answer.read()
    connection.close()
    if answer.status != http.HTTPStatus.OK:
        raise ValueError(text.decode())
    return text
