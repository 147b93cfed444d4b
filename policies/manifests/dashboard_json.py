"""Dashboards of Grafana as JSON, closed over their fields: they draw figures of Prometheus, and lead nowhere.

Grafana shows a dashboard to whoever opens it, with that person's sign-in. Panels of others run in the page, texts hold
pictures and links, and a source that is named by its uid may be of any kind. What is understood is what this project's
dashboards and those of kube-prometheus have, without their texts and links.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from policies.judging.subject import mapping
from policies.judging.values import JsonValue
from policies.manifests.dashboard_words import BY_COLUMN, DISPLAYS, FIELDS, IDS, KINDS
from policies.manifests.fields import NOT_KNOWN, Fault, at, listed, shown
from policies.reading.own import json_document

_PANELS = {
    *("row", "timeseries", "stat", "table", "gauge", "bargauge", "barchart", "piechart", "histogram", "heatmap"),
    *("state-timeline", "status-history"),
}
"""Of Grafana itself. Not `text`: it is shown as a page, with links and pictures from anywhere."""

_VARIABLES = {"datasource", "query", "constant", "custom", "interval", "textbox"}
_OWN_SOURCES = ("-- Grafana --", "-- Mixed --", "-- Dashboard --", "grafana")
"""Grafana's own: marks, other panels of the dashboard, and each query by its own source."""

_VARIABLE = re.compile(r"\$(?:(?P<plain>\w+)|\{(?P<braced>\w+)\})")
_MARKUP = re.compile(r"[<\[\]\\]|//|www\.|\$[A-Za-z_{]")
"""What a link, a picture or HTML needs in a description; a variable there may hold each of them, and the person's name.
"""

_COLORS = ("color", "fixedColor", "iconColor")
_COLOR = re.compile(r"#?[\w-]*|(?:rgb|hsl)a?\([\d.,%\s]+\)")
"""A colour by name or numbers: what else a page's styles hold may be an address."""

_AS_FIELDS = ("description", "color")
"""Fields that an override sets by their name in `id`."""

_LINKS = {"asDropdown", "icon", "includeVars", "keepTime", "tags", "targetBlank", "title", "tooltip", "type", "url"}
_WITHIN = re.compile(r"/d/[\w-]+(?:/[\w-]*)?(?:\?[\w${}.:=&%,-]*)?")
"""Another dashboard of the same Grafana, with values in its variables; not its place by a value, which may be `..`."""

_DEFAULT = "a query that names no source asks the default one, whatever it is"
_WHY = "what Grafana shows or asks by it is not understood"


def text_faults(text: JsonValue, path: str) -> Iterator[Fault]:
    """What of a dashboard's text is not understood, each once, at the first place at which it is."""
    if not isinstance(text, str):
        yield Fault(path=path, text=NOT_KNOWN)
        return
    try:
        board = json_document(text)
    except ValueError:
        yield Fault(path=path, text="cannot be read as JSON, each key once")
        return
    if not isinstance(board, dict):
        yield Fault(path=path, text="is no dashboard")
        return
    seen: set[str] = set()
    for fault in _dashboard(board):
        if fault.text not in seen:
            seen.add(fault.text)
            yield Fault(path=f"{path}: {fault.path}", text=fault.text)


def _dashboard(board: Mapping[str, JsonValue]) -> Iterator[Fault]:
    sources: set[str] = set()
    names: list[JsonValue] = []
    for path, variable in listed(at(board, "templating", "list"), "templating.list"):
        kind, name = at(variable, "type"), at(variable, "name")
        if name in names:
            yield Fault(
                path=f"{path}.name", text=f"{shown(name)}, as another variable: which of them holds is not seen"
            )
        names.append(name)
        if kind not in _VARIABLES:
            yield Fault(path=f"{path}.type", text=f"{shown(kind)}: {_WHY}")
        elif kind == "datasource" and at(variable, "query") != "prometheus":
            text = f"{shown(at(variable, 'query'))}: figures are asked of Prometheus alone"
            yield Fault(path=f"{path}.query", text=text)
        elif kind == "datasource" and at(variable, "allValue") not in (None, ""):
            text = f"{shown(at(variable, 'allValue'))}: all sources are no one of them, and a word may be any"
            yield Fault(path=f"{path}.allValue", text=text)
        elif kind == "datasource":
            sources.add(str(name))
        elif kind == "query" and at(variable, "datasource") is None:
            yield Fault(path=path, text=_DEFAULT)
    for path, mark in listed(at(board, "annotations", "list"), "annotations.list"):
        if at(mark, "datasource") is None:
            yield Fault(path=path, text=_DEFAULT)
    yield from _Walk(sources).value(dict(board), "", "")


class _Walk:
    """Goes through all of a dashboard; `sources` are its variables that stand for a Prometheus."""

    def __init__(self, sources: set[str]) -> None:
        self._sources = sources
        self._mapped: set[str] = set()  # Paths of mappings whose options are by value.

    def value(self, value: JsonValue, path: str, field: str) -> Iterator[Fault]:
        """Faults of a value below the field that holds it."""
        if field == "datasource":
            yield from self._source(value, path)
        elif field == "links":
            yield from _links(value, path)
        elif isinstance(value, dict):
            mapped = field == "options" and path.rpartition(".")[0] in self._mapped
            if field == "mappings" and value.get("type") == "value":
                self._mapped.add(path)
            yield from self._fields(value, path, by_column=mapped or field in BY_COLUMN)
        elif isinstance(value, list):
            for index, entry in enumerate(value):
                where = f"{path}[{index}]"
                yield from self._panel(entry, where) if field == "panels" else self.value(entry, where, field)
        elif isinstance(value, str):
            yield from _word(value, path, field)

    def _fields(self, value: Mapping[str, JsonValue], path: str, *, by_column: bool) -> Iterator[Fault]:
        for name, said in value.items():
            where = f"{path}.{name}".lstrip(".")
            if by_column:
                yield from self.value(said, where, "")
            elif name not in FIELDS:
                yield Fault(path=where, text=f"the field {name!r}: {_WHY}")
            elif value.get("id") == "links" and name == "value":
                yield from _links(said, where)
            elif value.get("id") in _AS_FIELDS and name == "value":
                yield from self.value(said, where, str(value["id"]))
            elif value.get("id") != "links" or name != "id":
                yield from self.value(said, where, name)

    def _panel(self, panel: JsonValue, path: str) -> Iterator[Fault]:
        kind = at(panel, "type")
        if not isinstance(kind, str) or kind not in _PANELS:
            yield Fault(path=f"{path}.type", text=f"a panel that {shown(kind)}: {_WHY}")
            return
        own = at(panel, "datasource")
        for where, query in listed(at(panel, "targets"), f"{path}.targets"):
            if own is None and at(query, "datasource") is None:
                yield Fault(path=where, text=_DEFAULT)
        said = {name: said for name, said in mapping(panel).items() if name != "type"}
        yield from self.value(said, path, "")

    def _source(self, source: JsonValue, path: str) -> Iterator[Fault]:
        named = at(source, "uid") if isinstance(source, dict) else source
        kinds = {None, "prometheus"}
        if isinstance(source, dict) and named in _OWN_SOURCES:
            kinds = {"grafana", "datasource"}
        if named is None and source is None:
            return
        match = _VARIABLE.fullmatch(named) if isinstance(named, str) else None
        chosen = match is not None and (match["plain"] or match["braced"]) in self._sources
        if not (chosen or named in _OWN_SOURCES) or (isinstance(source, dict) and source.get("type") not in kinds):
            text = "is chosen by no variable of the kind `datasource` for prometheus, so that it may be of any kind"
            yield Fault(path=path, text=f"the source {source!r} {text}")
        elif isinstance(source, dict) and set(source) - {"type", "uid"}:
            yield Fault(path=path, text=f"the source {source!r}: {_WHY}")


def _links(links: JsonValue, path: str) -> Iterator[Fault]:
    """Links lead to other dashboards of the same Grafana, and nowhere else."""
    if not isinstance(links, list | None):
        yield Fault(path=path, text=f"{shown(links)}: {_WHY}")
    for where, link in listed(links, path):
        address = at(link, "url")
        by_tags = at(link, "type") == "dashboards" and address in (None, "")
        within = isinstance(address, str) and _WITHIN.fullmatch(address)
        if not (by_tags or within) or set(mapping(link)) - _LINKS:
            yield Fault(path=where, text=f"a link that leads to no other dashboard: {_WHY}")


def _word(value: str, path: str, field: str) -> Iterator[Fault]:
    known = {"type": KINDS, "id": IDS, "displayMode": DISPLAYS}.get(field)
    if known is not None and value not in known:
        yield Fault(path=path, text=f"{field} {value!r}: {_WHY}")
    elif field == "description" and _MARKUP.search(value):
        text = "a description with markup, or with a variable for it, which may be a link or a picture from anywhere"
        yield Fault(path=path, text=text)
    elif field in _COLORS and not _COLOR.fullmatch(value):
        yield Fault(path=path, text=f"{field} {value!r}: is no colour by its name or numbers")
