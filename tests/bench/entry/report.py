"""What the part `entry` tells of its rounds."""

from __future__ import annotations

import statistics
from collections.abc import Iterable, Iterator, Sequence
from textwrap import fill
from typing import Any

from tests.bench.entry.measure import CONTROL_RATE, DIRECT, ENTRY, RATE, SECONDS, Round
from tests.bench.entry.server import APART_SECONDS, EVENTS
from tests.bench.sections import Section, Table

_FIRST = (
    f"Streamed answers of {EVENTS} events, {1000 * APART_SECONDS:g} ms apart. An open-loop generator begins {RATE} "
    "calls a second directly at the server, and as many through the entry, each at random moments (a Poisson "
    "process), and waits for none. Connections are kept. Measured is the time from the request's last byte to the "
    "first byte of the first event. The entry is the real Envoy with the configuration that pods run, but without "
    "TLS: in each call the token's signature (ES256) and the body are checked, and each has its line in the record."
)
_GENERATOR = (
    "Whether the measuring program is what is measured: how late it began calls, how much of one core each process "
    f"took, and what it measures with {CONTROL_RATE} calls a second at the server alone. A call is measured from "
    "when it has begun, so that the generator's lateness is in no figure above."
)
_ROUNDS = "The p99 of each round. Where the direct calls of a round are slow too, something else had the machine."
_WIDTH = 120


def quantile(values: Iterable[float], share: float) -> float:
    """The value below which that share of the values lies."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(len(ordered) * share))]


def section(rounds: Sequence[Round], control: Round) -> Section:
    """The tables; figures are in milliseconds, all rounds of a size taken together."""
    sizes = list(dict.fromkeys(each.size for each in rounds))
    rows = [_row([each for each in rounds if each.size == size]) for size in sizes]
    header = (
        *("body", "direct: median", "p99", "entry: median", "p99"),
        *("added: median", "p99", "ratio of medians", "of p99"),
    )
    first = Table(header=header, rows=rows, note=fill(_FIRST, _WIDTH))
    by_round = Table(
        header=("p99 by round", DIRECT, ENTRY),
        rows=[_by_round([each for each in rounds if each.size == size]) for size in sizes],
        note=fill(_ROUNDS, _WIDTH),
    )
    checked = Table(header=("what", "figure"), rows=list(_checks(rounds, control)), note=fill(_GENERATOR, _WIDTH))
    return Section(
        title="First byte through the entry", tables=[first, by_round, checked], figures=list(_figures(rounds))
    )


def _first(rounds: Iterable[Round], way: str) -> tuple[float, float]:
    found = [value for each in rounds for value in each.ways[way].first]
    return statistics.median(found), quantile(found, 0.99)


def _row(rounds: Sequence[Round]) -> tuple[str, ...]:
    direct, entry = _first(rounds, DIRECT), _first(rounds, ENTRY)
    added = [through - alone for alone, through in zip(direct, entry, strict=True)]
    ratios = [through / alone for alone, through in zip(direct, entry, strict=True)]
    times = [f"{value:.2f} ms" for value in (*direct, *entry, *added)]
    return (rounds[0].size.name, *times, *(f"{ratio:.1f}" for ratio in ratios))


def _by_round(rounds: Sequence[Round]) -> tuple[str, ...]:
    slow = {way: [_first([each], way)[1] for each in rounds] for way in (DIRECT, ENTRY)}
    return (rounds[0].size.name, *(", ".join(f"{value:.1f}" for value in slow[way]) + " ms" for way in slow))


def _checks(rounds: Sequence[Round], control: Round) -> Iterator[tuple[str, str]]:
    late = [value for each in rounds for way in each.ways.values() for value in way.late]
    yield "begun late: median, p99", f"{statistics.median(late):.2f} ms, {quantile(late, 0.99):.2f} ms"
    calls = sum(len(way.first) for each in rounds for way in each.ways.values())
    yield "calls measured, none failed", str(calls)
    yield "most calls at once", str(max(way.most_connections for each in rounds for way in each.ways.values()))
    seconds = SECONDS * len(rounds)
    for name in ("generator", "server"):
        yield f"of one core: {name}", f"{100 * sum(each.cpu[name] for each in rounds) / seconds:.0f} %"
    through = sum(len(each.ways[ENTRY].first) for each in rounds)
    for name in ("Envoy", "check"):
        used = sum(each.cpu[name] for each in rounds)
        each_call = f"{1000 * used / through:.2f} ms a call"
        yield f"of one core: {name}", f"{100 * used / seconds:.0f} %, {each_call}"
    median, slow = _first([control], DIRECT)
    yield f"the server alone, {CONTROL_RATE} calls a second: median, p99", f"{median:.2f} ms, {slow:.2f} ms"
    yield "generator then, of one core", f"{100 * control.cpu['generator'] / SECONDS:.0f} %"


def _figures(rounds: Iterable[Round]) -> Iterator[dict[str, Any]]:
    for each in rounds:
        for way in each.ways:
            median, slow = _first([each], way)
            yield {
                "body": each.size.name,
                "way": way,
                "calls": len(each.ways[way].first),
                "medianMs": round(median, 3),
                "p99Ms": round(slow, 3),
                "mostMs": round(max(each.ways[way].first), 3),
            }
