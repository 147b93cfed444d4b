"""The description as Perses takes it in: one Dashboard, for its files and for the operator's PersesDashboard."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from components.observability.dashboards.model import (
    Colour,
    Dashboard,
    Lines,
    Panel,
    Placed,
    Query,
    Row,
    Step,
    Table,
    Tile,
    Unit,
    Variable,
    placed,
)

Json = dict[str, Any]

DURATION = "1h"
_WORDS_SIZE, _FIGURE_SIZE = 20, 34

COLOURS: Mapping[Colour, str] = {"good": "#2e9e5b", "watch": "#d98200", "bad": "#d93636", "quiet": "#7a8594"}
"""Read on white and on dark grey alike (contrast of at least 3 to 1, which is enough for letters of this size)."""

_FORMATS: Mapping[Unit, Json] = {
    "seconds": {"unit": "seconds"},
    "bytes": {"unit": "bytes", "shortValues": True},
    "share": {"unit": "percent-decimal"},
    "percent": {"unit": "percent"},
}
_PLAIN: Json = {"unit": "decimal", "shortValues": True}
_SAID: Mapping[Unit, str] = {
    "tokens/s": "tokens/s",
    "calls/s": "calls/s",
    "per second": "per second",
    "watts": "W",
    "celsius": "°C",
    "days": "days",
}
"""Units that Perses has no form for stand in the panel's title."""

NOW = "and on () vector(time()) >= on () last_over_time(vector(time())[1m:15s] @ end()) - 60"
"""Perses asks for a tile's value over the whole time and shows the last one there is, an hour old if need be. This
leaves those of the last minute: what is gone is shown as gone."""


def dashboard(board: Dashboard, environment: str, project: str) -> Json:
    """The object as Perses' files and its API have it."""
    return {
        "kind": "Dashboard",
        "metadata": {"name": board.uid, "project": project},
        "spec": spec(board, environment),
    }


def spec(board: Dashboard, environment: str) -> Json:
    """What the dashboard shows; the operator's object has it as it is."""
    panels: Json = {}
    layouts: list[Json] = []
    first = 1
    for row in board.rows:
        places = tuple(placed(row, first=first, top=0))
        first += len(places)
        panels.update({place.key: _panel(place.panel) for place in places})
        layouts.append(_layout(row, places))
    return {
        "display": {"name": board.title, "description": f"For {board.reader}."},
        "duration": DURATION,
        "refreshInterval": "1m",
        "variables": [_constant("environment", environment), *(_variable(choice) for choice in board.variables)],
        "panels": panels,
        "layouts": layouts,
    }


def _layout(row: Row, places: Sequence[Placed]) -> Json:
    items = [
        {
            "x": place.x,
            "y": place.y,
            "width": place.panel.width,
            "height": place.height,
            "content": {"$ref": f"#/spec/panels/{place.key}"},
        }
        for place in places
    ]
    return {"kind": "Grid", "spec": {"display": {"title": row.title, "collapse": {"open": True}}, "items": items}}


def _constant(name: str, value: str) -> Json:
    return {
        "kind": "TextVariable",
        "spec": {"name": name, "display": {"name": "Environment"}, "value": value, "constant": True},
    }


def _variable(choice: Variable) -> Json:
    source = {
        "kind": "PrometheusLabelValuesVariable",
        "spec": {"labelName": choice.value_of, "matchers": [choice.series]},
    }
    return {
        "kind": "ListVariable",
        "spec": {
            "name": choice.name,
            "display": {"name": choice.label},
            "allowAllValue": False,
            "allowMultiple": False,
            "sort": "alphabetical-asc",
            "plugin": source,
        },
    }


def _panel(panel: Panel) -> Json:
    queries = [_query(query, now=isinstance(panel, Tile)) for query in panel.queries]
    said = _SAID.get(panel.unit)
    title = f"{panel.title} ({said})" if said and not isinstance(panel, Table) else panel.title
    return {
        "kind": "Panel",
        "spec": {
            "display": {"name": title, "description": panel.description},
            "plugin": _plugin(panel),
            "queries": queries,
        },
    }


def _query(query: Query, *, now: bool) -> Json:
    expression = f"({query.expression}) {NOW}" if now else query.expression
    asked: Json = {"query": expression}
    if query.legend:
        asked["seriesNameFormat"] = query.legend
    return {"kind": "TimeSeriesQuery", "spec": {"plugin": {"kind": "PrometheusTimeSeriesQuery", "spec": asked}}}


def _plugin(panel: Panel) -> Json:
    if isinstance(panel, Tile):
        return {"kind": "StatChart", "spec": _tile(panel)}
    if isinstance(panel, Lines):
        return {"kind": "TimeSeriesChart", "spec": _lines(panel)}
    assert isinstance(panel, Table)  # noqa: S101 - the model has no other panel
    return {"kind": "Table", "spec": _table(panel)}


def _format(unit: Unit) -> Json:
    return dict(_FORMATS.get(unit, _PLAIN))


def _tile(panel: Tile) -> Json:
    size = _WORDS_SIZE if panel.unit == "words" else _FIGURE_SIZE
    said: Json = {"calculation": "last", "format": _format(panel.unit), "valueFontSize": size}
    if panel.unit == "words":
        ends = [*(step.at for step in panel.steps[1:]), None]
        said["mappings"] = [_words(step, end) for step, end in zip(panel.steps, ends, strict=True)]
    elif not panel.steps:
        said["thresholds"] = {"defaultColor": COLOURS["quiet"], "steps": []}
    else:
        said["thresholds"] = {
            "defaultColor": COLOURS[panel.steps[0].colour],
            "steps": [{"value": step.at, "color": COLOURS[step.colour]} for step in panel.steps[1:]],
        }
    return said


def _words(step: Step, end: float | None) -> Json:
    """The word of a range; the next one begins where it ends, and the later mapping counts."""
    bounds: Json = {"from": step.at} if end is None else {"from": step.at, "to": end}
    return {"kind": "Range", "spec": {**bounds, "result": {"value": step.word, "color": COLOURS[step.colour]}}}


def _lines(panel: Lines) -> Json:
    axis: Json = {"format": _format(panel.unit), "min": 0}
    if panel.top is not None:
        axis["max"] = panel.top
    visual: Json = {"palette": {"mode": "categorical"}, "lineWidth": 1.5, "areaOpacity": 0.3 if panel.stack else 0.0}
    if panel.stack:
        visual["stack"] = "all"
    legend = {"position": "right" if panel.many else "bottom", "mode": "list", "size": "small"}
    said: Json = {"legend": legend, "yAxis": axis, "visual": visual}
    own = [
        {"queryIndex": number, "colorMode": "fixed", "colorValue": COLOURS[query.colour]}
        for number, query in enumerate(panel.queries)
        if query.colour is not None
    ]
    return said | ({"querySettings": own} if own else {})


def _table(panel: Table) -> Json:
    several = len(panel.queries) > 1
    columns: list[Json] = [{"name": "timestamp", "hide": True}]
    for column in panel.columns:
        name = column.key
        if column.query is not None:
            name = f"value #{column.query + 1}" if several else "value"
        said: Json = {"name": name, "header": column.heading, "enableSorting": True}
        if column.query is not None:
            said |= {"format": _format(column.unit), "align": "right"}
        if column.width is not None:
            said["width"] = column.width
        if panel.order.removeprefix("-") == column.key:
            said["sort"] = "asc" if panel.order.startswith("-") else "desc"
        columns.append(said)
    made: Json = {"density": "compact", "defaultColumnWidth": "auto", "columnSettings": columns}
    if several:
        made["transforms"] = [{"kind": "MergeSeries", "spec": {}}]
    return made
