"""Samples of the rule on the network: ways by which a team's scrape would ask others, or lose what says whose it is."""

from __future__ import annotations

import dataclasses
from typing import Any

from tests.policy.samples.network_teams import _TENANTS, _of_a_team
from tests.policy.support.sample import Sample, table

_GROUP = "monitoring.coreos.com"
_FOUND = {"targetLabel": "namespace", "sourceLabels": ["__meta_kubernetes_namespace"]}
_HERE = {"targetLabel": "namespace", "replacement": "helpdesk-prod"}
_LOSES, _NO_JOB, _WHOSE = "pods would say by their own labels", "may leave no job", "whose pods are asked"
_SAYS = "whose a series is, is not a team's to say"


def _to(address: str, **more: Any) -> dict[str, Any]:
    return {"targetLabel": "__address__", "replacement": address, **more}


_SAYS_A_JOB: dict[str, dict[str, Any]] = {
    "a job in plain text": {"targetLabel": "job", "replacement": "exporter"},
    "a job that is there": {"targetLabel": "job", "sourceLabels": ["app"], "regex": "(.+)"},
}
_LEAVES_NO_JOB: dict[str, tuple[dict[str, Any], str]] = {
    "an empty job": ({"targetLabel": "job", "replacement": ""}, _NO_JOB),
    "a job of nothing": ({"targetLabel": "job", "regex": "(.*)x"}, _NO_JOB),
    "a job that may not be there": ({"targetLabel": "job", "sourceLabels": ["app"]}, _NO_JOB),
    "a job in small letters": ({"targetLabel": "job", "sourceLabels": ["app"], "action": "Lowercase"}, _NO_JOB),
    "without a job": ({"action": "labeldrop", "regex": "job"}, _LOSES),
    "a job by a mark": ({"action": "labelmap", "regex": "x_(.+)", "replacement": "jo$1"}, ".replacement: is 'jo$1'"),
}
_ADDRESSES_GOOD: dict[str, dict[str, Any]] = {
    "the port that a note says": {
        **{"targetLabel": "__address__", "regex": r"([^:]+)(?::\d+)?;(\d+)", "replacement": "$1:$2"},
        "sourceLabels": ["__address__", "__meta_kubernetes_pod_annotation_prometheus_io_port"],
    },
    "a Service of its own": _to("a.helpdesk-prod.svc:9100"),
    "another port": _to("$1:9100", sourceLabels=["__meta_kubernetes_pod_ip"]),
    "a host of the organisation": _to("exporter.kitchen.example:9100"),
}
_ADDRESSES_BAD: dict[str, tuple[dict[str, Any], str]] = {
    "a server of another tenant": (_to("a.sales-prod.svc:8000"), _WHOSE),
    "a part of the platform": (_to("entry.entry-prod.svc:9902"), _WHOSE),
    "a Service beside Prometheus": (_to("prometheus-operated:9090"), _WHOSE),
    "an address in numbers": (_to("10.0.0.7:8000"), _WHOSE),
    "a Service by marks": (_to("$1.$2.svc:8000", sourceLabels=["a", "b"], regex="(.*);(.*)"), _WHOSE),
    "a node": (_to("$1:9400", sourceLabels=["__meta_kubernetes_pod_host_ip"]), "a node is no tenant's"),
    "a path of administration": ({"targetLabel": "__metrics_path__", "replacement": "/sleep"}, "leads to /sleep"),
    "a probe of another tenant": (
        {"targetLabel": "__param_target", "replacement": "http://a.sales-prod.svc:8000/"},
        _WHOSE,
    ),
}


def _monitor(kind: str, field: str) -> tuple[Sample, ...]:
    place = f"spec {field} 0"
    series, targets = f"{place} metricRelabelings", f"{place} relabelings"
    keeps = {"action": "labelkeep", "regex": "__name__|job|namespace"}
    return table(
        f"kubernetes:{_GROUP}/v1:{kind}",
        _of_a_team("v1", kind, {"selector": {}, field: [{"port": "http"}]}),
        *(
            (f"{kind}: {where}: {name}", {where: [rule]})
            for where in (series, targets)
            for name, rule in _SAYS_A_JOB.items()
        ),
        *(
            (f"{kind}: {where}: {name}", {where: [rule]}, says)
            for where in (series, targets)
            for name, (rule, says) in _LEAVES_NO_JOB.items()
        ),
        *((f"{kind}: {name}", {targets: [rule]}) for name, rule in _ADDRESSES_GOOD.items()),
        *((f"{kind}: {name}", {targets: [rule]}, says) for name, (rule, says) in _ADDRESSES_BAD.items()),
        (f"{kind}: some labels of series alone", {series: [keeps]}, _LOSES),
        (f"{kind}: a namespace that is no longer known", {series: [_FOUND]}, _SAYS),
        (f"{kind}: by a server of another tenant", {f"{place} proxyUrl": "http://a.sales-prod.svc:8000"}, _WHOSE),
        (f"{kind}: by a host of the organisation", {f"{place} proxyUrl": "http://proxy.kitchen.example:3128"}),
        world=_TENANTS,
    )


_STATIC = {"targets": ["exporter.helpdesk-prod.svc:9100"]}
_LABELS = "spec staticConfigs 0 labels"
_CONFIG = table(
    f"kubernetes:{_GROUP}/v1alpha1:ScrapeConfig",
    _of_a_team("v1alpha1", "ScrapeConfig", {"staticConfigs": [_STATIC], "relabelings": [_HERE]}),
    ("a namespace that nobody told", {"spec relabelings": [_HERE, _FOUND]}, "relabelings[1].targetLabel: is 'namesp"),
    (
        "a namespace as if Kubernetes told",
        {_LABELS: {"__meta_kubernetes_namespace": "sales-prod"}},
        "for Prometheus to",
    ),
    ("a path as a label", {_LABELS: {"__metrics_path__": "/sleep"}}, "labels.__metrics_path__: is '/sleep'"),
    ("targets without a job", {_LABELS: {"job": ""}}, "labels.job: is ''"),
    ("targets with a job", {_LABELS: {"job": "exporter"}}),
    ("a part of the platform", {"spec staticConfigs 0 targets": ["entry.entry-prod.svc:9902"]}, _WHOSE),
    ("an address in numbers", {"spec staticConfigs 0 targets": ["10.0.0.7:8000"]}, _WHOSE),
    ("a host of the organisation", {"spec staticConfigs 0 targets": ["exporter.kitchen.example:9100"]}),
    ("by a server of another tenant", {"spec proxyUrl": "http://a.sales-prod.svc:8000"}, _WHOSE),
    world=_TENANTS,
)
_PROBED = "spec targets staticConfig relabelingConfigs"
_PROBE = table(
    f"kubernetes:{_GROUP}/v1:Probe",
    _of_a_team(
        "v1",
        "Probe",
        {
            "prober": {"url": "prober.helpdesk-prod.svc:9115"},
            "targets": {"staticConfig": {"static": ["http://a.helpdesk-prod.svc/healthz"]}},
        },
    ),
    ("a probe with a job", {_PROBED: [_SAYS_A_JOB["a job in plain text"]]}),
    ("a probe without a namespace", {_PROBED: [{"action": "labeldrop", "regex": "namespace"}]}, _LOSES),
    ("a probe whose namespace nobody told", {_PROBED: [_FOUND]}, _SAYS),
    ("a prober elsewhere", {_PROBED: [_to("a.sales-prod.svc:8000")]}, _WHOSE),
    world=_TENANTS,
)
_ALL = (
    *_monitor("ServiceMonitor", "endpoints"),
    *_monitor("PodMonitor", "podMetricsEndpoints"),
    *(*_CONFIG, *_PROBE),
)

SAMPLES: dict[str, tuple[Sample, ...]] = {
    "network-closed": tuple(dataclasses.replace(one, name=f"labels of a team: {one.name}") for one in _ALL),
}
