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
_LISTS = {
    "PrometheusLabelValuesVariable",
    "PrometheusLabelNamesVariable",
    "PrometheusPromQLVariable",
    "StaticListVariable",
}
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
            yield from _among(at(variable, "spec", "plugin", "kind"), _LISTS, f"{path}.spec.plugin.kind")
        else:
            yield from _among(at(variable, "kind"), {"TextVariable"}, f"{path}.kind")


def _panels(panels: JsonValue) -> Iterator[Fault]:
    if panels is UNKNOWN:
        yield Fault(path="spec.panels", text=NOT_KNOWN)
    for name, panel in mapping(panels).items():
        path = f"spec.panels.{name}.spec"
        yield from _among(at(panel, "spec", "plugin", "kind"), _PANELS, f"{path}.plugin.kind")
        for place, query in listed(at(panel, "spec", "queries"), f"{path}.queries"):
            yield from _among(at(query, "spec", "plugin", "kind"), _QUERIES, f"{place}.spec.plugin.kind")
        if at(panel, "spec", "links") not in (None, []):
            yield Fault(path=f"{path}.links", text=_WHY)


def _among(found: JsonValue, known: set[str], path: str) -> Iterator[Fault]:
    if not isinstance(found, str) or found not in known:
        yield Fault(path=path, text=f"{shown(found)}: {_WHY}")
