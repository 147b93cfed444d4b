"""What each part of the bench writes: its section of docs/benchmarks.md, kept as data in docs/benchmarks.json.

A part that is measured alone replaces its own section and leaves the others as they are.
"""

from __future__ import annotations

import json
import os
import platform
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from tools.engine.words import table
from tools.local.workspace import REPOSITORY

REPORT = REPOSITORY / "docs" / "benchmarks.md"
DATA = REPOSITORY / "docs" / "benchmarks.json"

_HEAD = """\
# Benchmarks

Written by `make bench`. Each part compares what it measures side by side in one run. Compare rows of one part with
each other, not with another machine's and not with another part's. The figures behind the tables are in
[benchmarks.json](benchmarks.json).

`make bench` measures every part, which takes about an hour on two cores. `make bench PARTS=size,policies` measures
these parts alone and leaves the sections of the others as they are. `make bench SIZES=100` is a quick look at one size:
it writes nothing.

`make profile` says where the time of one run goes, and names the files that it writes below `reports/profile`:

| command | what is run |
|---|---|
| `make profile` | a preview of 300 resources without a cluster, with the policy pack |
| `make profile WAY=preview` | a first preview on a private embedded cluster |
| `make profile WAY=up` | a first update on it, without the preview |
| `make profile WAY=no-change` | an update that changes nothing |

The same command runs three times: as it is, with the engine's OpenTelemetry traces, and with a profile of each Python
process. `summary.txt` has the phases with their share, CPU time and memory of each process, the engine's calls by
method, the functions that take the most CPU time, and the slowest imports. A profile makes Python two to four times as
slow: compare its figures with each other only.
"""


@dataclass(frozen=True, kw_only=True)
class Table:
    """Rows of text below a header; `note` says before it what it is."""

    header: tuple[str, ...]
    rows: Sequence[tuple[str, ...]]
    note: str = ""


@dataclass(frozen=True, kw_only=True)
class Section:
    """The section of one part. `plots` are SVG texts by file name, `figures` what the tables were made of."""

    title: str
    tables: Sequence[Table]
    plots: Mapping[str, str] = field(default_factory=dict)
    figures: Sequence[Mapping[str, Any]] = ()


def keep(part: str, section: Section, data: Path = DATA, report: Path = REPORT) -> None:
    """Put a part's section in the place of its last one, and write the page anew."""
    held: dict[str, Any] = json.loads(data.read_text()) if data.exists() else {}
    for name, text in section.plots.items():
        (report.parent / name).write_text(text)
    held[part] = {**asdict(section), "plots": sorted(section.plots), "machine": machine()}
    data.write_text(json.dumps(held, indent=1) + "\n")
    report.write_text(page(held))


def page(held: Mapping[str, Any]) -> str:
    """The page of all parts that were ever measured, in the order of the bench."""
    parts = [name for name in ORDER if name in held]
    return "\n".join([_HEAD, *(_section(held[name]) for name in parts)])


def tables_of(section: Section) -> str:
    """A section as text for a terminal."""
    return _section({**asdict(section), "plots": (), "machine": machine()})


def machine() -> str:
    """Where this was measured, in a few words."""
    return f"{platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}"


ORDER = ("startup", "resource", "policies", "plan", "drift", "size", "adapter", "bundles", "stores", "entry", "rules")
"""Every part, in the order in which they are measured and stand in the page."""


def _section(section: Mapping[str, Any]) -> str:
    lines = [f"## {section['title']}", "", f"Measured on {section['machine']}.", ""]
    for name in section["plots"]:
        lines += [f"![{section['title']}]({name})", ""]
    for entry in section["tables"]:
        if entry["note"]:
            lines += [entry["note"], ""]
        lines += ["```text", table(tuple(entry["header"]), [tuple(row) for row in entry["rows"]]), "```", ""]
    return "\n".join(lines)
