"""Samples of the rule on the network: rules of Prometheus."""

from __future__ import annotations

import dataclasses
from typing import Any

from tests.policy.support.objects import manifest
from tests.policy.support.sample import UNKNOWN_VALUE, WORLD, Sample, table

_TYPE = "kubernetes:monitoring.coreos.com/v1:PrometheusRule"
_ALERT: dict[str, Any] = {
    "alert": "Slow",
    "expr": "up == 0",
    "for": "5m",
    "labels": {"severity": "page"},
    "annotations": {"summary": "{{ $labels.pod }} is away for {{ $value | humanizeDuration }}"},
}
_RULES = {"groups": [{"name": "a", "interval": "1m", "rules": [_ALERT]}]}
_OBJECT = {
    **manifest("monitoring.coreos.com/v1", "PrometheusRule", _RULES),
    "metadata": {"name": "sample", "namespace": "helpdesk-prod"},
}
_ONE = "spec groups 0 rules 0"
_SUMMARY, _LABEL = f"{_ONE} annotations summary", f"{_ONE} labels"
_TENANTS = dataclasses.replace(
    WORLD, settings={**WORLD.settings, "environment": "prod", "tenants": {"helpdesk": {}, "sales": {}}}
)
_WHY = "what its template takes in is not understood"


def _recorded(name: Any, **more: Any) -> dict[str, Any]:
    return {_ONE: {"record": name, "expr": "vector(1)", **more}}


SAMPLES: dict[str, tuple[Sample, ...]] = {
    "network-closed": table(
        _TYPE,
        _OBJECT,
        ("an alert", {}),
        ("a text without templates", {_SUMMARY: "100 % away"}),
        ("a number in a form", {_SUMMARY: '{{ printf "%.2f" $value }} of {{ .Labels.pod }}'}),
        ("a label in a label", {_LABEL: {"team": "{{ $labels.team }}"}}),
        ("forms one after the other", {_SUMMARY: "{{- $value | humanize | title -}}"}),
        (
            "figures of others",
            {_SUMMARY: "{{ query `up` | first | value }}"},
            "annotations.summary: is",
        ),
        ("figures of others by a loop", {_SUMMARY: "{{ range query `up` }}{{ .Labels.pod }}{{ end }}"}, _WHY),
        ("figures of others in a label", {_LABEL: {"a": "{{ with query `up` }}b{{ end }}"}}, "labels.a: is"),
        ("a text as HTML", {_SUMMARY: "{{ $value | safeHtml }}"}, _WHY),
        ("the address of Prometheus", {_SUMMARY: "{{ externalURL }}"}, _WHY),
        ("labels of the whole cluster", {_SUMMARY: "{{ $externalLabels.token }}"}, _WHY),
        ("a template that is not closed", {_SUMMARY: "{{ $value"}, _WHY),
        ("a form of tomorrow", {_SUMMARY: "{{ $value | send }}"}, _WHY),
        ("a text not known", {_SUMMARY: UNKNOWN_VALUE}, "annotations.summary: is not known"),
        ("texts not known", {f"{_ONE} annotations": UNKNOWN_VALUE}, "annotations: is not known"),
        ("its own namespace", {_LABEL: {"namespace": "helpdesk-prod", "tenant": "helpdesk"}}),
        ("another tenant's name", {_LABEL: {"tenant": "sales"}}, "labels.tenant: is 'sales': the alert or series is"),
        ("another tenant's namespace", {_LABEL: {"namespace": "sales-prod"}}, "labels.namespace: is 'sales-prod'"),
        ("another tenant's, of all rules", {"spec groups 0 labels": {"tenant": "sales"}}, "groups[0].labels.tenant"),
        ("labels not known", {_LABEL: UNKNOWN_VALUE}, "labels: is not known"),
        ("a series of its own", _recorded("team:calls:rate5m")),
        ("a series of a scrape", _recorded("up"), "record: is 'up': without a colon"),
        ("a series of vLLM", _recorded("vllm:num_requests_waiting"), "record: is 'vllm:num_requests_waiting'"),
        ("a series that kitchens' alerts read", _recorded("kitchen:declared"), "and it is made in monitoring-prod"),
        ("such a series, where it is made", {"metadata namespace": "monitoring-prod", **_recorded("kitchen:declared")}),
        ("a series as another tenant's", _recorded("team:a:b", labels={"tenant": "sales"}), "labels.tenant"),
        ("a name not known", _recorded(UNKNOWN_VALUE), "record: is not known"),
        ("a field of tomorrow", {f"{_ONE} notify": "http://attacker.example"}, "rules[0].notify: is no field that is"),
        ("a field of tomorrow, of a group", {"spec groups 0 remoteWrite": "a"}, "groups[0].remoteWrite: is no field"),
        ("a field of tomorrow, of all", {"spec sink": "a"}, "spec.sink: is no field"),
        ("a rule not known", {_ONE: UNKNOWN_VALUE}, "rules[0]: is not known"),
        ("a group not known", {"spec groups 0": UNKNOWN_VALUE}, "groups[0]: is not known"),
        ("not known", {"spec": UNKNOWN_VALUE}, "spec: is not known"),
        ("the platform's own", {"metadata namespace": "monitoring", _SUMMARY: "{{ query `up` }}"}),
        world=_TENANTS,
    ),
}
