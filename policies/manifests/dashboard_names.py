"""Names of dashboards: those of this project's own are no tenant's, in whose place another would be shown.

Grafana knows a dashboard by its `uid`, whichever namespace it comes from, and its sidecar writes what a ConfigMap holds
into one folder by the key. A second one of the same name takes the place of the first, or keeps both from being read.
"""

from __future__ import annotations

from collections.abc import Iterator

from policies.judging.rule import Case
from policies.judging.subject import mapping
from policies.judging.values import JsonValue
from policies.manifests.fields import Fault, at, shown
from policies.manifests.insides import is_of_a_tenant
from policies.reading.own import json_of_python

DASHBOARD_LABELS = ("grafana_dashboard", "console.openshift.io/dashboard")
"""Labels of ConfigMaps by which Grafana's sidecar, or OpenShift's console, finds dashboards."""

_OWN = "kitchen-"
"""How this project's dashboards begin: `kitchen-<environment>-<page>`."""


def taken(case: Case) -> Iterator[Fault]:
    """Names of this project's dashboards in a tenant's ConfigMap or GrafanaDashboard."""
    if not is_of_a_tenant(case, case.subject.namespace):
        return
    if case.subject.kind == "GrafanaDashboard":
        spec = case.subject.inputs.get("spec")
        yield from _named(at(spec, "uid"), "spec.uid")
        yield from _named(_uid(at(spec, "json")), "spec.json: uid")
    elif any(label in mapping(case.subject.metadata.get("labels")) for label in DASHBOARD_LABELS):
        for key, text in mapping(case.subject.inputs.get("data")).items():
            yield from _named(key, f"data.{key}")
            yield from _named(_uid(text), f"data.{key}: uid")


def _named(name: JsonValue, path: str) -> Iterator[Fault]:
    if isinstance(name, str) and name.lower().startswith(_OWN):
        text = f"{shown(name)}: it would be shown in the place of the platform's; let the name begin otherwise"
        yield Fault(path=path, text=text)


def _uid(text: JsonValue) -> JsonValue:
    """The uid of what is a dashboard; what is none is told elsewhere."""
    try:
        board = json_of_python(text) if isinstance(text, str) else None
    except ValueError:
        return None
    return at(board, "uid")
