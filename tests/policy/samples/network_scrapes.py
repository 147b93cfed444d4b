"""Samples of the rule on the network: scrapes of Prometheus."""

from __future__ import annotations

from typing import Any

from tests.policy.support.objects import manifest
from tests.policy.support.sample import UNKNOWN_VALUE, Sample, table

_TOKEN = "/var/run/secrets/kubernetes.io/serviceaccount/token"


_PORT = "__meta_kubernetes_pod_annotation_prometheus_io_port"


def _rule(target: str | None = "__address__", **fields: Any) -> list[dict[str, Any]]:
    return [{**({} if target is None else {"targetLabel": target}), **fields}]


def relabelled(kind: str, place: str, path: str) -> tuple[tuple[Any, ...], ...]:
    """What may be written of what is found, and what not."""
    address, host = {"sourceLabels": ["__address__"]}, "(.*):.*"
    goes = f"{path}.replacement: is"
    mapped = {"action": "labelmap", "regex": "__meta_kubernetes_pod_label_(.+)"}
    good = {
        "the port of an annotation": _rule(
            sourceLabels=["__address__", _PORT], regex=r"([^:]+)(?::\d+)?;(\d+)", replacement="$1:$2"
        ),
        "the other way round": _rule(
            sourceLabels=[_PORT, "__meta_kubernetes_pod_ip"],
            regex=r"(\d+);(([A-Fa-f0-9]{1,4}::?){1,7}[A-Fa-f0-9]{1,4})",
            replacement="[$2]:$1",
        ),
        "the port of the kubelet": _rule(**address, regex="(.*):10250", replacement="${1}:9100"),
        "a Service by its name": _rule(
            sourceLabels=["__meta_kubernetes_service_name"], replacement="$1.helpdesk.svc:8080"
        ),
        "labels of pods": [mapped],
        "labels of pods with a beginning": [{**mapped, "action": "LabelMap", "replacement": "pod_$1"}],
        "a target for the prober": _rule("__param_target", **address),
        "another path": _rule("__metrics_path__", replacement="/figures"),
        "what is left out": _rule(None, action="drop", **address, regex="a"),
    }
    bad = {
        "a host behind a group that is not there": (
            _rule(**address, regex=host, replacement="$2attacker.example:80"),
            goes,
        ),
        "a host out of an annotation": (
            _rule(sourceLabels=["__meta_kubernetes_pod_annotation_goto"], replacement="$1"),
            f"{path}.replacement",
        ),
        "a host out of a label of its own": (_rule(sourceLabels=["goto"], replacement="$1:80"), f"{path}.replacement"),
        "a port that is no number": (
            _rule(sourceLabels=["__address__", _PORT], regex="(.*);(.*)", replacement="$1:$2"),
            f"{path}.replacement",
        ),
        "a host by a separator": (
            _rule(sourceLabels=["__address__"], separator="@", replacement="$1"),
            f"{path}.replacement",
        ),
        "a label whose name is put together": (
            _rule("__addr${9}ess__", replacement="attacker.example:80"),
            f"{path}.targetLabel: is '__addr${{9}}ess__'",
        ),
        "what Kubernetes tells": (_rule("__meta_kubernetes_pod_ip", replacement="203.0.113.7"), f"{path}.targetLabel"),
        "a label that is mapped to the address": ([{**mapped, "replacement": "__address__"}], goes),
        "labels that are mapped to all names": (
            [{**mapped, "regex": "__meta_kubernetes_pod_label_x(.+)"}],
            f"{path}.replacement: is missing",
        ),
        "a prober sent outside": (_rule("__param_target", replacement="https://attacker.example"), goes),
        "a prober sent by an annotation": (
            _rule("__param_target", sourceLabels=["__meta_kubernetes_service_annotation_goto"]),
            f"{path}.replacement",
        ),
        "an action of tomorrow": (_rule(action="resolve"), f"{path}.action: is 'resolve'"),
    }
    return (
        *((f"{kind}: {name}", {place: rules}) for name, rules in good.items()),
        *((f"{kind}: {name}", {place: rules}, says) for name, (rules, says) in bad.items()),
    )


def _monitor(kind: str, field: str) -> tuple[Sample, ...]:
    endpoint = f"spec {field} 0"
    return table(
        f"kubernetes:monitoring.coreos.com/v1:{kind}",
        manifest("monitoring.coreos.com/v1", kind, {"selector": {}, field: [{"port": "http"}]}),
        (f"{kind}: a scrape", {}),
        (
            f"{kind}: with Prometheus' token",
            {f"{endpoint} bearerTokenFile": _TOKEN},
            f"{field}[0].bearerTokenFile: is {_TOKEN!r}: whoever is asked gets a token of Prometheus",
        ),
        (f"{kind}: with no token", {f"{endpoint} bearerTokenFile": ""}),
        (
            f"{kind}: of the platform, with Prometheus' token",
            {"metadata namespace": "monitoring", f"{endpoint} bearerTokenFile": _TOKEN},
        ),
        (
            f"{kind}: with a password of the team",
            {f"{endpoint} basicAuth": {"username": {"name": "a", "key": "u"}, "password": {"name": "a", "key": "p"}}},
        ),
        (f"{kind}: by a proxy outside", {f"{endpoint} proxyUrl": "http://attacker.example:3128"}, "by what is outside"),
        (f"{kind}: by a proxy that begins so", {f"{endpoint} proxyUrl": "http://a.svc.attacker.example"}, "outside"),
        (f"{kind}: by a proxy inside", {f"{endpoint} proxyUrl": "http://proxy.monitoring.svc:3128"}),
        (
            f"{kind}: with a key of Prometheus' pod",
            {f"{endpoint} tlsConfig": {"keyFile": "/etc/prometheus/secrets/a/tls.key"}},
            "tlsConfig.keyFile: is '/etc/prometheus/secrets/a/tls.key': a file of Prometheus' own pod",
        ),
        (f"{kind}: any file of Prometheus", {f"{endpoint} tlsConfig": {"caFile": "/etc/shadow"}}, "tlsConfig.caFile"),
        (
            f"{kind}: with the cluster's authority",
            {
                f"{endpoint} scheme": "https",
                f"{endpoint} tlsConfig": {
                    "caFile": "/etc/prometheus/configmaps/serving-certs-ca-bundle/service-ca.crt"
                },
            },
        ),
        (
            f"{kind}: asks for tokens outside",
            {f"{endpoint} oauth2": {"tokenUrl": "https://attacker.example/token"}},
            "oauth2.tokenUrl: leads to 'https://attacker.example/token'",
        ),
        (f"{kind}: renamed", {f"{endpoint} relabelings": [{"targetLabel": "team", "replacement": "a"}]}),
        (
            f"{kind}: another port",
            {f"{endpoint} relabelings": [{"targetLabel": "__address__", "replacement": "$1:9100"}]},
        ),
        *relabelled(kind, f"{endpoint} relabelings", f"{field}[0].relabelings[0]"),
        (
            f"{kind}: a prober of a team's own wish",
            {f"{endpoint} params": {"target": ["https://attacker.example"]}},
            "params",
        ),
        (
            f"{kind}: another host",
            {f"{endpoint} relabelings": [{"targetLabel": "__address__", "replacement": "attacker.example:80"}]},
            "relabelings[0].replacement: is 'attacker.example:80': scrapes go to what is not inside",
        ),
        (
            f"{kind}: a probe of the cluster",
            {
                f"{endpoint} relabelings": [
                    {"targetLabel": "__address__", "replacement": "blackbox.monitoring.svc:9115"}
                ]
            },
        ),
        (f"{kind}: not known", {endpoint: UNKNOWN_VALUE}, f"{field}[0]: is not known"),
    )


SAMPLES: dict[str, tuple[Sample, ...]] = {
    "network-closed": (*_monitor("ServiceMonitor", "endpoints"), *_monitor("PodMonitor", "podMetricsEndpoints")),
}
