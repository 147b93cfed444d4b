"""Samples of the rule on the network: what scaling asks."""

from __future__ import annotations

import dataclasses
from typing import Any

from tests.policy.support.objects import SERVICE, manifest
from tests.policy.support.sample import UNKNOWN_VALUE, WORLD, Sample, table

_OUTSIDE = "which is nothing inside"


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
            _trigger("prometheus", target="https://attacker.example"),
            "metadata.target",
        ),
        *(
            (f"{kind}: a database inside, {text}", _trigger(database, **{field: text}))
            for database, field, text in (
                ("postgresql", "connection", "host=db.data.svc user=u dbname=d sslmode=require"),
                ("postgresql", "connection", "postgresql://u@a.data.svc:5432,b.data.svc:5432/d"),
                ("mysql", "connectionString", "u@tcp(db.data.svc:3306)/d"),
                ("mssql", "connectionString", "Server=tcp:db.data.svc,1433;Database=d"),
                ("postgresql", "connectionFromEnv", "DATABASE"),
            )
        ),
        *(
            (
                f"{kind}: by {field} of {database} outside, {text}",
                _trigger(database, **{field: text}),
                f"metadata.{field}: ",
            )
            for database, field, text in (
                ("mysql", "connectionString", "u@tcp(attacker.example:3306)/d"),
                ("postgresql", "connection", "host=attacker.example user=u"),
                ("postgresql", "connection", "host=db.data.svc,attacker.example user=u"),
                ("postgresql", "connection", "postgresql://u@db.data.svc,attacker.example/d"),
                ("mssql", "connectionString", "Server=attacker.example,1433"),
                ("postgresql", "connection", "user=u dbname=d"),
                ("etcd", "endpoints", "attacker.example"),
                ("elasticsearch", "cloudID", "a:YXR0YWNrZXIuZXhhbXBsZQ=="),
                ("external", "scalerAddress", "attacker.example:9090"),
            )
        ),
        *(
            (f"{kind}: by {name}", _trigger(name, value="1"), f"triggers[0].type: is {name!r}, and what such a trigger")
            for name in ("github-runner", "aws-cloudwatch", "azure-blob", "of-tomorrow")
        ),
        (f"{kind}: by what is not known", _trigger("prometheus", serverAddress=UNKNOWN_VALUE), "serverAddress: is not"),
        (f"{kind}: by triggers that are not known", {"spec triggers": UNKNOWN_VALUE}, "metadata: is not known"),
    )
)

_VAULT = {
    **{"address": "https://vault.security.svc:8200", "authentication": "kubernetes", "mount": "a"},
    "credential": {"serviceAccountName": "a"},
}
_FETCHED = tuple(
    sample
    for kind in ("TriggerAuthentication", "ClusterTriggerAuthentication")
    for sample in table(
        f"kubernetes:keda.sh/v1alpha1:{kind}",
        manifest("keda.sh/v1alpha1", kind, {"env": [{"parameter": "a", "name": "b"}]}),
        (f"{kind}: a variable", {}),
        (
            f"{kind}: a vault that gets KEDA's token",
            {"spec hashiCorpVault": {**_VAULT, "credential": {"serviceAccount": "/var/run/token"}}},
            "credential.serviceAccount: is no field that is understood",
            "credential.serviceAccountName: is missing, so whoever is asked gets the token of KEDA itself",
        ),
        (
            f"{kind}: a vault without an account",
            {"spec hashiCorpVault": {**_VAULT, "credential": {}}},
            "credential.serviceAccountName: is missing",
        ),
        (f"{kind}: a cloud's identity", {"spec podIdentity": {"provider": "aws"}}, "podIdentity.provider: is 'aws'"),
        (f"{kind}: a vault inside", {"spec hashiCorpVault": _VAULT}),
        (
            f"{kind}: a stranger's vault",
            {"spec hashiCorpVault": {**_VAULT, "address": "https://vault.attacker.example"}},
            "spec.hashiCorpVault.address: leads to 'https://vault.attacker.example'",
        ),
        (f"{kind}: a cloud", {"spec awsSecretManager": {"region": "a"}}, "spec.awsSecretManager: is no field"),
        (f"{kind}: what is not known", {"spec": UNKNOWN_VALUE}, "spec: is not known"),
    )
)
_SECRET = {"secretTargetRef": [{"parameter": "a", "name": "b", "key": "c"}]}
_SHARED = (
    *table(
        "kubernetes:keda.sh/v1alpha1:TriggerAuthentication",
        manifest("keda.sh/v1alpha1", "TriggerAuthentication", _SECRET),
        ("a Secret of the team's own", {}),
    ),
    *table(
        "kubernetes:keda.sh/v1alpha1:ClusterTriggerAuthentication",
        manifest("keda.sh/v1alpha1", "ClusterTriggerAuthentication", _SECRET),
        ("Secrets of KEDA for every team", {}, "spec.secretTargetRef: shows Secrets of KEDA's namespace"),
    ),
    *table(
        "kubernetes:keda.sh/v1alpha1:ClusterTriggerAuthentication",
        manifest("keda.sh/v1alpha1", "ClusterTriggerAuthentication", _SECRET),
        ("Secrets of KEDA that are stated", {}),
        config={"sharedSecrets": [{"name": "sample", "reason": "reads figures alone"}]},
    ),
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
    "network-closed": (*_SCALED, *_FETCHED, *_SHARED, *_SERVICES),
}
