"""Samples of the rule on the network: scrapes of Prometheus and what scaling asks."""

from __future__ import annotations

import dataclasses
from typing import Any

from tests.policy.support.objects import SERVICE, manifest
from tests.policy.support.sample import UNKNOWN_VALUE, WORLD, Sample, table

_TOKEN = "/var/run/secrets/kubernetes.io/serviceaccount/token"
_OUTSIDE = "which is nothing inside"


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


def _trigger(kind: str, **metadata: Any) -> dict[str, Any]:
    return {"spec triggers": [{"type": kind, "metadata": metadata}]}


_SCALED = tuple(
    sample
    for kind in ("ScaledObject", "ScaledJob")
    for sample in table(
        f"kubernetes:keda.sh/v1alpha1:{kind}",
        manifest("keda.sh/v1alpha1", kind, {"triggers": [{"type": "cpu", "metadata": {"value": "60"}}]}),
        (f"{kind}: by its own processor", {}),
        (
            f"{kind}: by Prometheus",
            _trigger("prometheus", serverAddress="http://prometheus.monitoring.svc:9090", query="a{b='c'}"),
        ),
        (
            f"{kind}: by Prometheus in two words",
            _trigger("prometheus", serverAddress="http://thanos-querier.openshift-monitoring:9092"),
        ),
        (f"{kind}: by a queue", _trigger("kafka", bootstrapServers="a.kafka.svc:9092,b.kafka.svc:9092", topic="t")),
        (f"{kind}: by a variable", _trigger("redis", addressFromEnv="REDIS", listName="a")),
        (f"{kind}: by a host of one's own", _trigger("metrics-api", url="https://figures.kitchen.example/a")),
        (
            f"{kind}: by a stranger",
            _trigger("metrics-api", url="https://attacker.example/m"),
            f"triggers[0].metadata.url: is 'https://attacker.example/m', {_OUTSIDE}",
        ),
        (
            f"{kind}: by a queue outside, too",
            _trigger("kafka", bootstrapServers="a.kafka.svc:9092,b.attacker.example:9092"),
            "metadata.bootstrapServers: is",
        ),
        (f"{kind}: by a public address", _trigger("redis", address="203.0.113.7:6379"), "metadata.address: is"),
        (
            f"{kind}: by an address in another field",
            _trigger("x", target="https://attacker.example"),
            "metadata.target",
        ),
        (f"{kind}: by what is not known", _trigger("prometheus", serverAddress=UNKNOWN_VALUE), "serverAddress: is not"),
        (f"{kind}: by triggers that are not known", {"spec triggers": UNKNOWN_VALUE}, "metadata: is not known"),
    )
)

_VAULT = {"address": "https://vault.security.svc:8200", "authentication": "kubernetes", "mount": "a"}
_FETCHED = tuple(
    sample
    for kind in ("TriggerAuthentication", "ClusterTriggerAuthentication")
    for sample in table(
        f"kubernetes:keda.sh/v1alpha1:{kind}",
        manifest("keda.sh/v1alpha1", kind, {"secretTargetRef": [{"parameter": "a", "name": "b", "key": "c"}]}),
        (f"{kind}: a Secret", {}),
        (f"{kind}: a vault inside", {"spec hashiCorpVault": _VAULT}),
        (
            f"{kind}: a stranger's vault",
            {"spec hashiCorpVault": {**_VAULT, "address": "https://vault.attacker.example"}},
            "spec.hashiCorpVault.address: leads to 'https://vault.attacker.example'",
        ),
        (f"{kind}: a cloud", {"spec awsSecretManager": {"region": "a"}}, "spec.awsSecretManager: asks a cloud outside"),
        (f"{kind}: what is not known", {"spec": UNKNOWN_VALUE}, *("is not known",) * 3),
    )
)

_PLACE = "spec predictor autoScaling"


def _asks(address: Any) -> dict[str, Any]:
    metric = {"backend": "prometheus", "serverAddress": address, "query": "a"}
    return {_PLACE: {"metrics": [{"type": "External", "external": {"metric": metric}}]}}


_SERVICE_TYPE = "kubernetes:serving.kserve.io/v1beta1:InferenceService"
_STATED = {"platform": {"prometheus": "https://figures.example.net"}}
_SERVICES = (
    *table(
        _SERVICE_TYPE,
        SERVICE,
        ("a server scaled by Prometheus", _asks("http://prometheus.monitoring.svc:9090")),
        (
            "a server scaled by a stranger",
            _asks("https://attacker.example"),
            "metric.serverAddress: is 'https://attacker",
        ),
        ("a server scaled by what is not known", _asks(UNKNOWN_VALUE), "metric.serverAddress: is not known"),
    ),
    *table(
        _SERVICE_TYPE,
        SERVICE,
        ("a server scaled by the settings' Prometheus", _asks("https://figures.example.net")),
        ("a server scaled by another one of that domain", _asks("https://other.example.net"), _OUTSIDE),
        world=dataclasses.replace(WORLD, settings={**WORLD.settings, **_STATED}),
    ),
)

SAMPLES: dict[str, tuple[Sample, ...]] = {
    "network-closed": (
        *_monitor("ServiceMonitor", "endpoints"),
        *_monitor("PodMonitor", "podMetricsEndpoints"),
        *_SCALED,
        *_FETCHED,
        *_SERVICES,
    ),
}
