"""The tables and the plot of the measurements at size."""

from __future__ import annotations

from collections.abc import Iterator

from tests.bench.figures import Figures, growth, slope_ms
from tests.bench.plot import svg
from tests.bench.sections import Section, Table
from tests.bench.size.measure import WITH

PLOT = "benchmarks-size.svg"

_TITLE = "At size"
_DRAWN = (
    "preview, offline",
    "first live preview",
    "up",
    f"up{WITH}",
    "up, no change",
    "up, one adapter, hot",
    "refresh",
    "destroy",
    "render",
    "kubectl apply",
    "kubectl diff, no change",
    "kubectl kustomize",
    "make settings",
)
_RATIOS = (
    ("first live preview / kubectl diff, nothing there", ("first live preview", "kubectl diff, nothing there"), "2"),
    ("up with its preview / kubectl apply", ("up", "kubectl apply"), "1.5"),
    ("up, the update alone / kubectl apply", ("up: the update", "kubectl apply"), "1.5"),
    (
        "up, the update alone / kubectl apply and wait",
        ("up: the update", "kubectl apply", "kubectl wait for Ready"),
        "",
    ),
    ("up with its preview / kubectl diff and apply", ("up", "kubectl diff, nothing there", "kubectl apply"), ""),
    ("up, no change / kubectl diff, no change", ("up, no change", "kubectl diff, no change"), "2"),
    ("render / kubectl kustomize", ("render", "kubectl kustomize"), ""),
    ("preview, offline / preview of an empty program", ("preview, offline", "preview of an empty program"), ""),
)
_COSTS = (
    ("preview, offline", "4.0 ms"),
    ("preview, offline, without the pack", "2.5 ms"),
    ("first live preview", ""),
    ("up", ""),
    ("up, no change", ""),
)


_REMEMBERED = (
    *("preview, offline", "first live preview", "up", "up, no change", "refresh", "destroy", "render"),
    *("make settings", "kubectl apply", "kubectl diff, no change", "kubectl kustomize"),
)
"""What the table on memory shows."""


def section(figures: Figures) -> Section:
    """Everything that was measured, as the page shows it."""
    lines = {name: points for name in _DRAWN if len(points := figures.points(name)) > 1}
    plots = {} if not lines else {PLOT: svg("Seconds by number of resources", "resources", "seconds", lines)}
    tables = [_seconds(figures), _ratios(figures), _costs(figures), _memory(figures), _checkpoints(figures)]
    return Section(title=_TITLE, tables=tables, plots=plots, figures=figures.plain())


def _sizes(figures: Figures) -> tuple[str, ...]:
    return tuple(f"{figures.resources[size]:,}" for size in sorted(figures.resources))


def _seconds(figures: Figures) -> Table:
    counts = ", ".join(
        f"{figures.resources[size]:,} resources are {figures.objects[size]:,} objects"
        for size in sorted(figures.objects)
    )
    rows = [
        (name, *_row(figures, name, lambda value: f"{value:.2f} s"), _exponent(figures, name))
        for name in figures.names()
        if ": " not in name and WITH not in name
    ]
    note = (
        "Medians of the runs, by number of resources. The last column is the growth between the smallest and the\n"
        "largest size: 1.0 is in proportion to the number, 2.0 its square. The engine updates without checkpoints\n"
        "here, and waits until every server is Ready; `kubectl apply` does not, so that `kubectl wait` stands beside\n"
        f"it. kubectl takes the files that `render` wrote:\n{counts}."
    )
    return Table(header=("what", *_sizes(figures), "growth"), rows=rows, note=note)


def _row(figures: Figures, name: str, form: object) -> Iterator[str]:
    assert callable(form)
    for size in sorted(figures.resources):
        figure = figures.find(name, size)
        yield "" if figure is None else form(figure.median)


def _exponent(figures: Figures, name: str) -> str:
    exponent = growth(figures.points(name))
    return "" if exponent is None else f"{exponent:.2f}"


def _ratios(figures: Figures) -> Table:
    rows = []
    for title, (one, *others), aim in _RATIOS:
        values = [figures.ratio(one, *others, size=size) for size in sorted(figures.resources)]
        rows.append((title, *("" if value is None else f"{value:.2f}" for value in values), aim))
    note = "How much longer than kubectl with the same objects, and what is aimed at."
    return Table(header=("ratio", *_sizes(figures), "aim"), rows=rows, note=note)


def _costs(figures: Figures) -> Table:
    rows = []
    for name, aim in _COSTS:
        cost = slope_ms(figures.points(name))
        rows.append((name, "" if cost is None else f"{cost:.1f} ms", aim))
    note = "What each more resource costs between the smallest and the largest size."
    return Table(header=("what", "each more", "aim"), rows=rows, note=note)


def _memory(figures: Figures) -> Table:
    rows = []
    for name in _REMEMBERED:
        found = [figures.find(name, size) for size in sorted(figures.resources)]
        cells = ["" if figure is None else f"{figure.peak_mib:.0f} MiB" for figure in found]
        largest = next((figure for figure in reversed(found) if figure is not None), None)
        most = sorted(largest.roles.items(), key=lambda entry: -entry[1])[:3] if largest else []
        rows.append((name, *cells, ", ".join(f"{role} {mib:.0f}" for role, mib in most)))
    note = (
        "The largest sum of the resident memory of all processes of a command, looked at five times a second, and the\n"
        "three kinds of process that took the most of it at the largest size. Memory that processes share counts in\n"
        "each of them."
    )
    return Table(header=("peak memory", *_sizes(figures), "most of it"), rows=rows, note=note)


def _checkpoints(figures: Figures) -> Table:
    rows = []
    for name in [name for name in figures.names() if f"{name}{WITH}" in figures.names()]:
        for size in sorted(figures.resources):
            without, kept = figures.find(name, size), figures.find(f"{name}{WITH}", size)
            if without is None or kept is None:
                continue
            count = f"{figures.resources[size]:,}"
            ratio = f"{kept.median / without.median:.2f}"
            rows.append((name, count, f"{without.median:.2f} s", f"{kept.median:.2f} s", ratio))
    note = "With checkpoints the engine writes the whole state twice for each resource, without them once at the end."
    return Table(header=("what", "resources", "without", "with", "ratio"), rows=rows, note=note)
