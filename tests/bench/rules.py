"""Part `rules`: how long Prometheus takes for all rules of an environment of 200 kitchens with ten adapters each.

Every rule is asked for at one moment of made series, and Prometheus itself tells how long it evaluated. What it takes
to write the results is not in it. A constant that another rule reads is evaluated beforehand, once.
"""

from __future__ import annotations

import http.client
import json
import socket
import statistics
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from components.observability.groups import Group, groups
from tests.bench import made_series
from tests.bench.progress import Progress
from tests.bench.sections import Section, Table
from tools.toolchain import binary, ensure

KITCHENS, ADAPTERS, RUNS = 200, 10, 3
_RUNBOOK = "https://docs.kitchen.example"


def rules(folder: Path) -> Section:
    """Make the series, load them, and ask for each rule three times."""
    ensure(["prometheus"])
    progress = Progress("rules", RUNS + 2)
    facts = made_series.environment(KITCHENS, ADAPTERS)
    end = int(time.time()) // 3600 * 3600
    text = folder / "series.txt"
    with text.open("w") as file:
        scraped = made_series.write(facts, end, file)
        found = groups(facts, _RUNBOOK)
        file.write(_constants(found, end) + "# EOF\n")
    progress.told(f"{scraped} scraped series made")
    words = [str(binary("promtool")), "tsdb", "create-blocks-from", "openmetrics", "--max-block-duration=96h"]
    subprocess.run([*words, str(text), str(folder / "data")], check=True, capture_output=True)
    text.unlink()
    progress.told("loaded")
    with _prometheus(folder) as address:
        runs = []
        for _ in range(RUNS):
            runs.append(_evaluated(address, found, end))
            progress.told(f"{sum(seconds for seconds, _ in runs[-1].values()):.2f} s")
    return _section(found, runs, scraped)


def _section(found: tuple[Group, ...], runs: list[dict[str, tuple[float, int]]], scraped: int) -> Section:
    rows, seconds = [], {name: statistics.median(run[name][0] for run in runs) for name in runs[0]}
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
    header = ("group of rules", "rules", "series that they make", "evaluation, median")
    figures = [
        {name: {"seconds": round(one, 4), "series": count} for name, (one, count) in run.items()} for run in runs
    ]
    return Section(title="Rules and alerts", tables=[Table(header=header, rows=rows, note=note)], figures=figures)


def _constants(found: tuple[Group, ...], end: int) -> str:
    """Constants as samples: rules that compare with them find them there."""
    return "".join(
        f"{rule['record']}{{{','.join(f'{key}={json.dumps(value)}' for key, value in rule['labels'].items())}}} "
        f"{rule['expr'].removeprefix('vector(').removesuffix(')')} {end}\n"
        for group in found
        for rule in group.rules
        if rule.get("expr", "").startswith("vector(")
    )


@contextmanager
def _prometheus(folder: Path) -> Iterator[str]:
    """A Prometheus on loopback that scrapes nothing and keeps everything."""
    (folder / "prometheus.yml").write_text("scrape_configs: []\n")
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        port = held.getsockname()[1]
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
