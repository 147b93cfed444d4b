"""Dashboards of Perses' operator, closed over their fields: they draw figures, and ask nobody but a known source."""

from __future__ import annotations

from collections.abc import Iterator

from policies.judging.subject import Subject, mapping
from policies.judging.values import UNKNOWN, JsonValue
from policies.manifests.fields import NOT_KNOWN, Fault, at, listed, shown

PERSES = "perses.dev"
_FIELDS = {"display", "duration", "refreshInterval", "variables", "panels", "layouts"}
"""Not `datasources`: Perses asks whatever address stands there, from within the cluster."""

_PANELS = {
    *("TimeSeriesChart", "StatChart", "Table", "GaugeChart", "BarChart", "PieChart", "HistogramChart"),
    *("StatusHistoryChart", "TimeSeriesTable"),
}
"""Not `Markdown`: its text is shown as a page, with links and pictures from anywhere."""

_QUERIES = {"PrometheusTimeSeriesQuery"}
_SOURCES = {"PrometheusDatasource"}
_PANEL = {"display", "plugin", "queries", "links"}
_LISTS = {
    "PrometheusLabelValuesVariable",
    "PrometheusLabelNamesVariable",
    "PrometheusPromQLVariable",
    "StaticListVariable",
}
_WITHIN = frozenset(
    {
        *("query", "datasource", "kind", "name", "seriesNameFormat", "minStep", "resolution", "spec", "matchers"),
        *("labelName", "labelNames", "expr", "values", "value", "label", "calculation", "format", "unit"),
        *("decimalPlaces", "shortValues", "thresholds", "steps", "color", "defaultColor", "mode", "sparkline", "width"),
        *("valueFontSize", "mappings", "from", "to", "pattern", "result", "colorMode", "colorValue", "metricLabel"),
        *("legend", "legendMode", "position", "size", "tooltip", "enablePinning", "yAxis", "show", "min", "max"),
        *("logBase", "visual", "display", "lineWidth", "lineStyle", "areaOpacity", "showPoints", "pointRadius"),
        *("stack", "connectNulls", "palette", "querySettings", "queryIndex", "density", "defaultColumnWidth"),
        *("defaultColumnHeight", "defaultColumnHidden", "pagination", "enableFiltering", "columnSettings", "header"),
        *("headerDescription", "cellDescription", "align", "enableSorting", "sort", "hide", "cellSettings"),
        *("condition", "text", "textColor", "backgroundColor", "prefix", "suffix", "transforms", "columns", "output"),
        *("outputs", "disabled", "orientation", "showLabels", "radius", "sorting", "cellPadding", "showValues"),
    }
)
"""Fields of plugins that draw or choose figures. Not `dataLink` (an address with a figure in it), nor a `plugin` within
another."""

_WHY = "what Perses shows or asks by it is not understood"


def perses(subject: Subject) -> Iterator[Fault]:
    """What of a dashboard is not understood."""
    spec = subject.inputs.get("spec")
    if spec is UNKNOWN:
        yield Fault(path="spec", text=NOT_KNOWN)
        return
    for field, value in mapping(spec).items():
        if field not in _FIELDS and value not in (None, [], {}):
            yield Fault(path=f"spec.{field}", text=_WHY)
    yield from _panels(at(spec, "panels"))
    for path, variable in listed(at(spec, "variables"), "spec.variables"):
        if at(variable, "kind") == "ListVariable":
            yield from _plugin(at(variable, "spec"), _LISTS, f"{path}.spec")
        else:
            yield from _within(at(variable, "spec", "plugin", "spec"), f"{path}.spec.plugin.spec")
            yield from _among(at(variable, "kind"), {"TextVariable"}, f"{path}.kind")


def _panels(panels: JsonValue) -> Iterator[Fault]:
    if panels is UNKNOWN or not isinstance(panels, dict | None):
        yield Fault(path="spec.panels", text=NOT_KNOWN if panels is UNKNOWN else f"{shown(panels)}: {_WHY}")
    for name, panel in mapping(panels).items():
        path = f"spec.panels.{name}.spec"
        for field in mapping(at(panel, "spec")):
            if field not in _PANEL:
                yield Fault(path=f"{path}.{field}", text=_WHY)
        yield from _plugin(at(panel, "spec"), _PANELS, path)
        for place, query in listed(at(panel, "spec", "queries"), f"{path}.queries"):
            yield from _plugin(at(query, "spec"), _QUERIES, f"{place}.spec")
        if at(panel, "spec", "links") not in (None, []):
            yield Fault(path=f"{path}.links", text=_WHY)


def _plugin(holder: JsonValue, known: set[str], path: str) -> Iterator[Fault]:
    """A plugin by its kind and settings alone: `metadata` takes one of another registry by the same name."""
    plugin = at(holder, "plugin")
    yield from _among(at(plugin, "kind"), known, f"{path}.plugin.kind")
    yield from _within(at(plugin, "spec"), f"{path}.plugin.spec")
    for field, value in mapping(plugin).items():
        if field not in ("kind", "spec") and value not in (None, {}):
            yield Fault(path=f"{path}.plugin.{field}", text=f"{shown(value)}: {_WHY}")


def _among(found: JsonValue, known: set[str], path: str) -> Iterator[Fault]:
    if not isinstance(found, str) or found not in known:
        yield Fault(path=path, text=f"{shown(found)}: {_WHY}")


def _within(value: JsonValue, path: str) -> Iterator[Fault]:
    """Fields of a plugin, however deep, that are not understood."""
    if value is UNKNOWN:
        yield Fault(path=path, text=NOT_KNOWN)
    for field, part in mapping(value).items():
        if field not in _WITHIN:
            yield Fault(path=f"{path}.{field}", text=_WHY)
        else:
            if field == "datasource" and isinstance(part, dict):
                yield from _among(at(part, "kind"), _SOURCES, f"{path}.{field}.kind")
            yield from _within(part, f"{path}.{field}")
    for index, part in enumerate(value if isinstance(value, list) else ()):
        yield from _within(part, f"{path}[{index}]")
