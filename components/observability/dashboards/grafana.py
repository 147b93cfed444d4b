"""The description as Grafana takes it in. This module alone knows grafana-foundation-sdk; its types check the JSON."""

from __future__ import annotations

import json
from collections.abc import Mapping

from grafana_foundation_sdk.builders import common, dashboard, prometheus, stat, table, timeseries
from grafana_foundation_sdk.cog.encoder import JSONEncoder
from grafana_foundation_sdk.models import common as kinds
from grafana_foundation_sdk.models import dashboard as model
from grafana_foundation_sdk.models import prometheus as asked

from components.observability.dashboards.model import (
    Colour,
    Column,
    Dashboard,
    Lines,
    Mark,
    Panel,
    Placed,
    Query,
    Step,
    Table,
    Tile,
    Unit,
    Variable,
    placed,
)

_UNITS: Mapping[Unit, str] = {
    "seconds": "s",
    "tokens": "short",
    "tokens/s": "suffix: tokens/s",
    "calls/s": "reqps",
    "per second": "suffix:/s",
    "bytes": "decbytes",
    "share": "percentunit",
    "percent": "percent",
    "count": "short",
    "watts": "watt",
    "celsius": "celsius",
    "days": "d",
    "hours": "h",
    "GPU hours": "h",
    "money": "short",
    "words": "none",
}
_COLOURS: Mapping[Colour, str] = {"good": "green", "watch": "orange", "bad": "red", "quiet": "text"}
"""Grafana's own names: it has a shade of each for its light and its dark pages."""

_LETTERS = "ABCDEFGH"
_SOURCE = "source"
_FIRST_ROW = 1001
"""Number of the first heading: panels count from 1 on, and no two of them may have one number."""

_Builder = stat.Panel | timeseries.Panel | table.Panel


def rendered(board: Dashboard, environment: str) -> str:
    """The dashboard as JSON: the same text for the same description."""
    return JSONEncoder(sort_keys=True, indent=1, ensure_ascii=False).encode(_built(board, environment)) + "\n"


def checked(text: str) -> str:
    """A dashboard's JSON, read by the library's model and written again: what the model does not know is gone."""
    read = model.Dashboard.from_json(json.loads(text))
    return JSONEncoder(sort_keys=True, indent=1, ensure_ascii=False).encode(read) + "\n"


def _built(board: Dashboard, environment: str) -> model.Dashboard:
    made = (
        dashboard.Dashboard(board.title)
        .uid(board.uid)
        .description(f"For {board.reader}.")
        .tags(["private-ai-kitchen", environment])
        .timezone("browser")
        .tooltip(model.DashboardCursorSync.CROSSHAIR)
        .refresh("1m")
        .time("now-1h", "now")
        .readonly()
        .with_variable(dashboard.DatasourceVariable(_SOURCE).label("Source").type("prometheus"))
        .with_variable(dashboard.ConstantVariable("environment").label("Environment").value(environment))
    )
    for choice in board.variables:
        made.with_variable(_variable(choice))
    for mark in board.marks:
        made.annotation(_mark(mark))
    top, first = 0, 1
    for number, row in enumerate(board.rows, start=_FIRST_ROW):
        heading = dashboard.Row(row.title).id(number).grid_pos(model.GridPos(h=1, w=24, x=0, y=top))
        made.with_row(heading)
        places = tuple(placed(row, first=first, top=top + 1))
        for place in places:
            made.with_panel(_panel(place))
        first += len(places)
        top = max(place.y + place.height for place in places)
    return made.build()


def _source() -> model.DataSourceRef:
    return model.DataSourceRef(type_val="prometheus", uid=f"${{{_SOURCE}}}")


def _variable(choice: Variable) -> dashboard.QueryVariable:
    return (
        dashboard.QueryVariable(choice.name)
        .label(choice.label)
        .datasource(_source())
        .query(f"label_values({choice.series}, {choice.value_of})")
        .refresh(model.VariableRefresh.ON_TIME_RANGE_CHANGED)
        .sort(model.VariableSort.ALPHABETICAL_ASC)
        .multi(False)
        .include_all(False)
    )


def _mark(mark: Mark) -> dashboard.AnnotationQuery:
    return (
        dashboard.AnnotationQuery()
        .name(mark.title)
        .datasource(_source())
        .enable(True)
        .hide(False)
        .icon_color("blue")
        .expr(mark.expression)
    )


def _panel(place: Placed) -> _Builder:
    panel = place.panel
    made = _kind(panel)
    made.id(place.number).title(panel.title).description(panel.shows).datasource(_source())
    made.grid_pos(model.GridPos(h=place.height, w=panel.width, x=place.x, y=place.y))
    made.unit(_UNITS[panel.unit]).no_value(panel.empty)
    if panel.unit == "count":
        made.decimals(0)
    for letter, query in zip(_LETTERS, panel.queries, strict=False):
        made.with_target(_query(letter, query, panel))
    return made


def _query(letter: str, query: Query, panel: Panel) -> prometheus.Dataquery:
    made = prometheus.Dataquery().ref_id(letter).expr(query.expression).datasource(_source())
    if isinstance(panel, Lines):
        return made.range().legend_format(query.legend or "__auto")
    made.instant()
    return made.format(asked.PromQueryFormat.TABLE) if isinstance(panel, Table) else made


def _kind(panel: Panel) -> _Builder:
    if isinstance(panel, Tile):
        return _tile(panel)
    if isinstance(panel, Lines):
        return _lines(panel)
    if isinstance(panel, Table):
        return _table(panel)
    raise TypeError(f"{panel.title}: {type(panel).__name__}; rule: a Tile, Lines or Table")


def _thresholds(steps: tuple[Step, ...]) -> dashboard.ThresholdsConfig:
    marks = [
        model.Threshold(value=None if number == 0 else step.at, color=_COLOURS[step.colour])
        for number, step in enumerate(steps)
    ]
    plain = [model.Threshold(value=None, color="text")]
    return dashboard.ThresholdsConfig().mode(model.ThresholdsMode.ABSOLUTE).steps(marks or plain)


def _tile(panel: Tile) -> stat.Panel:
    made = (
        stat.Panel()
        .color_mode(kinds.BigValueColorMode.VALUE)
        .graph_mode(kinds.BigValueGraphMode.NONE)
        .text_mode(kinds.BigValueTextMode.VALUE)
        .reduce_options(common.ReduceDataOptions().calcs(["lastNotNull"]).values(False))
        .thresholds(_thresholds(panel.steps))
    )
    if panel.unit == "words":
        ends = [*(step.at for step in panel.steps[1:]), None]
        made.mappings([_word(step, end) for step, end in zip(panel.steps, ends, strict=True)])
    return made


def _word(step: Step, end: float | None) -> model.RangeMap:
    """The word of a range; a value on the edge is the next one's, which Grafana finds by the order of the mappings."""
    result = model.ValueMappingResult(text=step.word, color=_COLOURS[step.colour])
    below = None if end is None else end - 1e-9 * max(1.0, abs(end))
    return model.RangeMap(options=model.DashboardRangeMapOptions(from_val=step.at, to=below, result=result))


def _lines(panel: Lines) -> timeseries.Panel:
    place = kinds.LegendPlacement.RIGHT if panel.many else kinds.LegendPlacement.BOTTOM
    legend = common.VizLegendOptions().show_legend(True)
    legend.display_mode(kinds.LegendDisplayMode.LIST).placement(place)
    made = (
        timeseries.Panel()
        .line_width(1)
        .fill_opacity(25 if panel.stack else 0)
        .show_points(kinds.VisibilityMode.NEVER)
        .min(0)
        .legend(legend)
        .tooltip(common.VizTooltipOptions().mode(kinds.TooltipDisplayMode.MULTI).sort(kinds.SortOrder.DESCENDING))
    )
    if panel.stack:
        made.stacking(common.StackingConfig().mode(kinds.StackingMode.NORMAL).group("A"))
    for letter, query in zip(_LETTERS, panel.queries, strict=False):
        if query.colour is not None:
            fixed = model.DynamicConfigValue(
                id_val="color", value={"mode": "fixed", "fixedColor": _COLOURS[query.colour]}
            )
            made.override_by_query(letter, [fixed])
    return made if panel.top is None else made.max(panel.top)


def _table(panel: Table) -> table.Panel:
    several = len(panel.queries) > 1
    names = {column.key: _field(column, several=several) for column in panel.columns}
    headings = {names[column.key]: column.heading for column in panel.columns}
    order = panel.order.removeprefix("-")
    sorted_by = next(column.heading for column in panel.columns if column.key == order)
    organized = {"renameByName": headings, "indexByName": {name: place for place, name in enumerate(headings)}}
    made = (
        table.Panel()
        .show_header(True)
        .sort_by([common.TableSortByFieldState().display_name(sorted_by).desc(not panel.order.startswith("-"))])
        .with_transformation(model.DataTransformerConfig(id_val="merge", options={}))
        .with_transformation(
            model.DataTransformerConfig(id_val="filterFieldsByName", options={"include": {"names": list(headings)}})
        )
        .with_transformation(model.DataTransformerConfig(id_val="organize", options=organized))
    )
    for column in panel.columns:
        if column.query is not None:
            unit = model.DynamicConfigValue(id_val="unit", value=_UNITS[column.unit])
            made.override_by_name(column.heading, [unit])
        if column.width is not None:
            wide = model.DynamicConfigValue(id_val="custom.width", value=column.width)
            made.override_by_name(column.heading, [wide])
    return made


def _field(column: Column, *, several: bool) -> str:
    """The name of a field of Prometheus' answers as a table."""
    if column.query is None:
        return column.key
    return f"Value #{column.key}" if several else "Value"
