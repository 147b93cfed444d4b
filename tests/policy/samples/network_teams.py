"""Samples of the rule on the network: scrapes in a tenant's namespace, and what alerts of a tenant are called."""

from __future__ import annotations

import dataclasses
from typing import Any

from tests.policy.support.objects import manifest
from tests.policy.support.sample import UNKNOWN_VALUE, WORLD, Sample, table

_KITCHENS = {"support": {"tenant": "helpdesk"}, "summary": {"tenant": "sales"}}
_TENANTS = dataclasses.replace(
    WORLD,
    settings={**WORLD.settings, "environment": "prod", "tenants": {"helpdesk": {}, "sales": {}}, "kitchens": _KITCHENS},
)
_GROUP = "monitoring.coreos.com"
_WHOSE, _SAYS = "whose pods are asked", "whose a series is, is not a team's to say"


def _of_a_team(version: str, kind: str, spec: dict[str, Any]) -> dict[str, Any]:
    made = manifest(f"{_GROUP}/{version}", kind, spec)
    return {**made, "metadata": {**made["metadata"], "namespace": "helpdesk-prod"}}


def _writes(label: str, value: str = "a", **more: Any) -> list[dict[str, Any]]:
    return [{"targetLabel": label, "replacement": value, **more}]


def _relabelled(kind: str, place: str) -> tuple[tuple[Any, ...], ...]:
    """Labels that a team may write, and those that it may not."""
    namespace = {"sourceLabels": ["__meta_kubernetes_namespace"]}
    found = [{"targetLabel": "namespace", **namespace}]
    good = {
        "a label of its own": _writes("team"),
        "its own tenant": _writes("tenant", "helpdesk"),
        "its own environment": _writes("environment", "prod"),
        "its own kitchen": _writes("kitchen", "support"),
        "a part of a kitchen": _writes("part", "server"),
        "its own namespace": _writes("namespace", "helpdesk-prod"),
        **({} if place.endswith("metricRelabelings") else {"the namespace as it is": found}),
        "marks with a beginning": [{"action": "labelmap", "regex": "x_(.+)", "replacement": "pod_$1"}],
        "what is left out": [{"action": "drop", "sourceLabels": ["__name__"], "regex": "go_.*"}],
    }
    bad = {
        "another tenant": (_writes("tenant", "sales"), _SAYS),
        "another tenant's kitchen": (_writes("kitchen", "summary"), _SAYS),
        "a kitchen that nobody has": (_writes("kitchen", "none"), _SAYS),
        "another environment": (_writes("environment", "dev"), _SAYS),
        "a part of the platform": (_writes("part", "store"), _SAYS),
        "another namespace": (_writes("namespace", "sales-prod"), _SAYS),
        "a tenant as pods say": ([{"targetLabel": "tenant", "sourceLabels": ["tenant"]}], _SAYS),
        "a tenant as a mark says": (_writes("tenant", "$1", sourceLabels=["who"]), _SAYS),
        "a name put together": (_writes("te${1}nant", "sales"), ".targetLabel: is 'te${1}nant'"),
        "a name of a series": (_writes("__name__", "kitchen:declared"), ".targetLabel: is '__name__'"),
        "a part of the namespace": ([{"targetLabel": "namespace", "regex": "x(.*)", **namespace}], _SAYS),
        "marks that begin as a namespace": (
            [{"action": "labelmap", "regex": "exported_name(space)", "replacement": "name$1"}],
            ".replacement: is 'name$1'",
        ),
        "all marks of pods": ([{"action": "labelmap", "regex": "x_label_(.+)"}], ".replacement: is missing"),
        "rules not known": (UNKNOWN_VALUE, "is not known"),
    }
    return (
        *((f"{kind}: {place}: {name}", {place: rules}) for name, rules in good.items()),
        *((f"{kind}: {place}: {name}", {place: rules}, says) for name, (rules, says) in bad.items()),
    )


def _monitor(kind: str, field: str) -> tuple[Sample, ...]:
    one = f"spec {field} 0"
    return table(
        f"kubernetes:{_GROUP}/v1:{kind}",
        _of_a_team("v1", kind, {"selector": {}, field: [{"port": "http"}]}),
        (f"{kind}: its own namespace", {"spec namespaceSelector": {"matchNames": ["helpdesk-prod"]}}),
        (f"{kind}: another's namespace", {"spec namespaceSelector": {"matchNames": ["sales-prod"]}}, _WHOSE),
        (f"{kind}: the entry's namespace", {"spec namespaceSelector": {"matchNames": ["entry-prod"]}}, _WHOSE),
        (f"{kind}: every namespace", {"spec namespaceSelector": {"any": True}}, f"any: is True: {_WHOSE}"),
        (f"{kind}: bounds", {"spec sampleLimit": 5000, "spec labelLimit": 30, "spec bodySizeLimit": "1MB"}),
        (f"{kind}: a field of tomorrow", {"spec sink": "a"}, "spec.sink: is no field"),
        (f"{kind}: a class with a token", {"spec scrapeClass": "token"}, "spec.scrapeClass: is no field"),
        (f"{kind}: a field of tomorrow, of one", {f"{one} sendTo": "a"}, "sendTo: is no field"),
        (f"{kind}: a label of pods", {"spec podTargetLabels": ["version"]}),
        (f"{kind}: a tenant by pods", {"spec podTargetLabels": ["tenant"]}, "podTargetLabels[0]: is 'tenant'"),
        (f"{kind}: labels of pods win", {f"{one} honorLabels": True}, "honorLabels: is True"),
        (f"{kind}: another path", {f"{one} path": "/actuator/prometheus"}),
        (f"{kind}: a path of administration", {f"{one} path": "/sleep?level=2"}, "which leads to /sleep"),
        *_kept(kind, one),
        *((row[0], {f"{one} {place}": rules for place, rules in row[1].items()}, *row[2:]) for row in _rows(kind)),
        world=_TENANTS,
    )


_LOSES = "pods would say by their own labels"


def _kept(kind: str, one: str) -> tuple[tuple[Any, ...], ...]:
    """What may be taken away of a target: not that by which alerts and scaling know whose its series are."""
    drops = {
        "labels of its own": ("labeldrop", "version|pod_.*"),
        "marks of Kubernetes": ("labeldrop", "__meta_.+"),
    }
    loses = {
        "the namespace": ("labeldrop", "namespace"),
        "the namespace among others": ("labeldrop", "(pod|service|namespace)"),
        "what begins so": ("labeldrop", "name.*"),
        "what nobody can see": ("labeldrop", "[a-z]+space"),
        "everything": ("labeldrop", ".*"),
        "all but some": ("labelkeep", "__address__|pod"),
    }
    made = {name: [{"action": action, "regex": regex}] for name, (action, regex) in (drops | loses).items()}
    return (
        *((f"{kind}: without {name}", {f"{one} relabelings": made[name]}) for name in drops),
        *((f"{kind}: without {name}", {f"{one} relabelings": made[name]}, _LOSES) for name in loses),
        (f"{kind}: series without labels of their own", {f"{one} metricRelabelings": made["labels of its own"]}),
        (f"{kind}: series without the namespace", {f"{one} metricRelabelings": made["the namespace"]}, _LOSES),
    )


def _rows(kind: str) -> tuple[tuple[Any, ...], ...]:
    # What a name may be is told of targets by another part of the rule as well.
    twice = ("a name put together", "a name of a series", "all marks of pods", "rules not known")
    found = _relabelled(kind, "relabelings")
    return (*_relabelled(kind, "metricRelabelings"), *(row for row in found if not row[0].endswith(twice)))


_STATIC = {"targets": ["exporter.helpdesk-prod.svc:9100"], "labels": {"team": "a"}}
_HERE = {"targetLabel": "namespace", "replacement": "helpdesk-prod"}
_CONFIG = table(
    f"kubernetes:{_GROUP}/v1alpha1:ScrapeConfig",
    _of_a_team("v1alpha1", "ScrapeConfig", {"staticConfigs": [_STATIC], "relabelings": [_HERE]}),
    ("targets of a team", {}),
    ("targets of a team, by an action", {"spec relabelings 0 action": "replace"}),
    ("targets without a namespace", {"spec relabelings": []}, "spec.relabelings: say no namespace"),
    (
        "targets with the namespace that they were found in",
        {"spec relabelings": [{"targetLabel": "namespace", "sourceLabels": ["__meta_kubernetes_namespace"]}]},
        _SAYS,
        "spec.relabelings: say no namespace",
    ),
    (
        "a target of another tenant",
        {"spec staticConfigs 0 targets": ["a.sales-prod.svc:80"]},
        f"{_WHOSE} is another's to say; name a Service",
    ),
    (
        "targets as another's",
        {"spec staticConfigs 0 labels": {"tenant": "sales"}},
        f"labels.tenant: is 'sales': {_SAYS}",
    ),
    ("its own pods", {"spec kubernetesSDConfigs": [{"role": "Pod", "namespaces": {"ownNamespace": True}}]}),
    ("all pods", {"spec kubernetesSDConfigs": [{"role": "Pod"}]}, f"namespaces: is missing: {_WHOSE}"),
    (
        "another's pods",
        {"spec kubernetesSDConfigs": [{"role": "Pod", "namespaces": {"names": ["sales-prod"]}}]},
        f"names[0]: is 'sales-prod': {_WHOSE}",
    ),
    (
        "nodes",
        {"spec kubernetesSDConfigs": [{"role": "Node", "namespaces": {"ownNamespace": True}}]},
        "role: is 'Node': finds what is no tenant's",
    ),
    ("targets out of files", {"spec fileSDConfigs": [{"files": ["/etc/a.json"]}]}, "fileSDConfigs: is no field"),
    ("targets that a program tells", {"spec httpSDConfigs": [{"url": "http://a.svc"}]}, "httpSDConfigs: is no field"),
    ("a class with a token", {"spec scrapeClass": "token"}, "spec.scrapeClass: is no field"),
    ("labels of targets win", {"spec honorLabels": True}, "honorLabels: is True"),
    *_relabelled("ScrapeConfig", "spec metricRelabelings"),
    world=_TENANTS,
)
_ASKED = "spec targets staticConfig"
_PROBE = table(
    f"kubernetes:{_GROUP}/v1:Probe",
    _of_a_team(
        "v1",
        "Probe",
        {
            "prober": {"url": "blackbox.monitoring.svc:9115"},
            "targets": {"staticConfig": {"static": ["http://a.helpdesk-prod.svc/healthz"]}},
        },
    ),
    ("a probe of its own", {"spec prober path": "/probe"}),
    (
        "a probe of another tenant",
        {f"{_ASKED} static": ["http://a.sales-prod.svc:8080/"]},
        "which is of another tenant",
    ),
    ("another path of a prober", {"spec prober path": "/-/reload"}, "prober.path: is '/-/reload'"),
    ("a prober of another tenant", {"spec prober url": "a.sales-prod.svc"}, "which is of another tenant"),
    ("a probe as another's", {f"{_ASKED} labels": {"tenant": "sales"}}, f"labels.tenant: is 'sales': {_SAYS}"),
    (
        "entries of every namespace",
        {"spec targets ingress": {"namespaceSelector": {"any": True}}},
        f"any: is True: {_WHOSE}",
    ),
    ("a field of tomorrow of a probe", {"spec sink": "a"}, "spec.sink: is no field"),
    *_relabelled("Probe", "spec metricRelabelings"),
    world=_TENANTS,
)
_RULE = "spec groups 0 rules 0"
_ALERT: dict[str, Any] = {"alert": "Slow", "expr": "up == 0", "labels": {"severity": "page"}}
_NAMES = table(
    f"kubernetes:{_GROUP}/v1:PrometheusRule",
    _of_a_team("v1", "PrometheusRule", {"groups": [{"name": "a", "rules": [_ALERT]}]}),
    (
        "an alert that is called as ours",
        {f"{_RULE} alert": "KitchenServersMissing"},
        "they are made in monitoring-prod",
    ),
    ("an alert of the kitchens", {f"{_RULE} alert": "KitchenSlow", "metadata namespace": "monitoring-prod"}),
    ("an alert whose name is not known", {f"{_RULE} alert": UNKNOWN_VALUE}, "alert: is not known"),
    ("its own label", {f"{_RULE} labels": {"tenant": "{{ $labels.tenant }}"}}),
    ("a tenant by another label", {f"{_RULE} labels": {"tenant": "{{ $labels.who }}"}}, "it may be another tenant's"),
    ("a namespace by a number", {f"{_RULE} labels": {"namespace": "{{ $value }}-prod"}}, "it may be another tenant's"),
    world=_TENANTS,
)
_HUSHED = "spec inhibitRules"
_SOURCE = [{"name": "alertname", "value": "Away"}]
_SILENT = table(
    f"kubernetes:{_GROUP}/v1alpha1:AlertmanagerConfig",
    _of_a_team("v1alpha1", "AlertmanagerConfig", {"route": {"receiver": "a"}, "receivers": [{"name": "a"}]}),
    ("a field of tomorrow of alerts", {"spec sink": "a"}, "spec.sink: is no field"),
    (
        "a team's own alert is silenced",
        {_HUSHED: [{"sourceMatch": _SOURCE, "targetMatch": [{"name": "alertname", "value": "Slow"}]}]},
    ),
    *(
        (
            f"silenced: {name}",
            {_HUSHED: [{"sourceMatch": _SOURCE, "targetMatch": matchers}]},
            "inhibitRules[0].targetMatch: names no one alert of the team",
        )
        for name, matchers in {
            "an alert of the kitchens": [{"name": "alertname", "value": "KitchenAdapterRefused"}],
            "alerts by a pattern": [{"name": "alertname", "value": "S.*", "matchType": "=~"}],
            "alerts by an older pattern": [{"name": "alertname", "value": "S.*", "regex": True}],
            "all but one": [{"name": "alertname", "value": "Slow", "matchType": "!="}],
            "all pages": [{"name": "severity", "value": "page"}],
            "all": [],
        }.items()
    ),
    world=_TENANTS,
)
_SPACE: dict[str, Any] = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "helpdesk-prod", "labels": {}}}
_ACCESS = "kitchen.example.com/access"
_LET_IN = table(
    "kubernetes:core/v1:Namespace",
    _SPACE,
    *(
        (
            f"a tenant's pods let in for {word}",
            {"metadata labels": {_ACCESS: word}},
            f"labels.{_ACCESS}: is {word!r}: its pods would be let in",
        )
        for word in ("metrics", "gateway")
    ),
    ("Prometheus' own namespace", {"metadata name": "monitoring", "metadata labels": {_ACCESS: "metrics"}}),
    world=_TENANTS,
)

_ALL = (
    *_monitor("ServiceMonitor", "endpoints"),
    *_monitor("PodMonitor", "podMetricsEndpoints"),
    *(*_CONFIG, *_PROBE, *_NAMES, *_SILENT, *_LET_IN),
)

SAMPLES: dict[str, tuple[Sample, ...]] = {
    "network-closed": tuple(dataclasses.replace(one, name=f"of a team: {one.name}") for one in _ALL),
}
