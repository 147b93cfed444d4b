"""Objects of Grafana's operator, closed over their fields: no plugins, nothing of a shop, and no sign-in passed on."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from policies.judging.subject import Subject, mapping
from policies.judging.values import UNKNOWN, JsonValue
from policies.manifests.dashboard_json import text_faults
from policies.manifests.fields import NOT_KNOWN, Fault, at, shown
from policies.manifests.platform_names import is_of_the_platform

GRAFANA = "grafana.integreatly.org"
_ALL = {"instanceSelector", "allowCrossNamespaceImport", "resyncPeriod", "uid", "suspend"}
_FIELDS: Mapping[str, set[str]] = {
    "GrafanaDashboard": {
        *(*_ALL, "json", "folder", "folderRef", "folderUID", "datasources", "contentCacheDuration"),
    },
    "GrafanaDatasource": {*_ALL, "datasource", "valuesFrom"},
    "GrafanaFolder": {*_ALL, "title", "parentFolderUID", "parentFolderRef", "permissions"},
}
"""Of a dashboard `json` alone: what an address, another object or a program makes of it is judged by nobody."""

_WHY = "what Grafana takes in or opens by it is not understood"
_HOST = re.compile(r"https?://[\w-]+\.(?P<namespace>[\w-]+)(?:\.svc(?:\.cluster\.local)?)?(?::\d+)?(?:/.*)?")
_HEADER = re.compile(r"httpHeaderName\d{1,2}")
_HOW = {
    *(
        "timeInterval",
        "queryTimeout",
        "httpMethod",
        "prometheusType",
        "prometheusVersion",
        "cacheLevel",
        "manageAlerts",
    ),
    *("allowAsRecordingRulesTarget", "incrementalQuerying", "disableRecordingRules", "customQueryParameters"),
    *("exemplarTraceIdDestinations", "maxLines", "derivedFields", "tlsAuth", "tlsAuthWithCACert", "serverName"),
    *("timeout", "nodeGraph", "search", "tracesToLogsV2", "tracesToMetrics", "serviceMap", "implementation"),
    *("database", "sslmode", "maxOpenConns", "maxIdleConns", "maxIdleConnsAuto", "connMaxLifetime", "timescaledb"),
    *("postgresVersion", "index", "timeField", "esVersion", "logMessageField", "logLevelField", "interval"),
}
"""Settings of a source of figures that show it nobody's sign-in."""


def grafana(subject: Subject) -> Iterator[Fault]:
    """Fields of an object of Grafana's operator that are not understood."""
    spec = subject.inputs.get("spec")
    if spec is UNKNOWN:
        yield Fault(path="spec", text=NOT_KNOWN)
    known = _FIELDS.get(subject.kind)
    for field, value in mapping(spec).items() if known is not None else ():
        if known is not None and field not in known and value not in (None, [], {}):
            yield Fault(path=f"spec.{field}", text=_WHY)
    if subject.kind == "GrafanaDashboard" and at(spec, "json") is not None:
        yield from text_faults(at(spec, "json"), "spec.json")
    if subject.kind == "GrafanaDatasource":
        yield from _source(at(spec, "datasource"))


def _source(source: JsonValue) -> Iterator[Fault]:
    """A source outside of the platform's namespaces sees nothing of those who look."""
    address, how = at(source, "url"), at(source, "jsonData")
    if UNKNOWN in (source, how):
        yield Fault(path="spec.datasource", text=NOT_KNOWN)
    match = _HOST.fullmatch(address) if isinstance(address, str) else None
    if match is not None and is_of_the_platform(match["namespace"]):
        return
    for name, value in mapping(how).items():
        if name not in _HOW and not _HEADER.fullmatch(name) and value not in (None, False, ""):
            text = f"{shown(value)}, and {shown(address).removeprefix('is ')} is no address of the platform"
            yield Fault(path=f"spec.datasource.jsonData.{name}", text=text)
