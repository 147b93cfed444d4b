"""What Prometheus scrapes, as values of which monitors of its operator and a scrape configuration are both made.

Every series of ours gets the labels `environment` and `part`, those of a kitchen's pods `tenant` and `kitchen` too:
constants of Git, which no pod can change. `namespace` and `pod` come of Kubernetes.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from components.labels import SERVICE_LABEL

INTERVAL = "30s"
PLAIN, TLS = "http", "https"

DROPPED_ORDERS = "vllm:lora_requests_info;[^,]+,[^,]+,.+"
"""vLLM makes a series for each order in which adapters became active, and keeps all of them until the pod ends: with
ten adapters that may be millions. Those of more than two adapters are dropped, so that n adapters make n * n at most.
"""


@dataclass(frozen=True, kw_only=True)
class Port:
    """A port's name, what is asked there, and the part that its series are of; `drop` are series not to be kept."""

    name: str
    part: str
    path: str = "/metrics"
    drop: str | None = None


@dataclass(frozen=True, kw_only=True)
class Target:
    """Pods of a namespace: those with the labels `match`, and that have each label of `has` with whatever value.

    `labels` are constants that the series get. `authority` is the Secret with the key ca.crt by which `server_name`
    is known, where the ports speak TLS.
    """

    name: str
    namespace: str
    ports: Sequence[Port]
    labels: Mapping[str, str]
    match: Mapping[str, str] = field(default_factory=dict)
    has: Sequence[str] = ()
    authority: str | None = None
    server_name: str = ""


@dataclass(frozen=True, kw_only=True)
class PlatformTarget:
    """A part of the platform in another namespace, found by its Service; `honour` keeps the labels of its series.

    `unnamed` is for pods that tell their numbers on a port that they do not name: the number of that port, and that of
    one that they do name. Then `match` are labels of the pods.
    """

    part: str
    namespace: str
    match: Mapping[str, str]
    port: str
    honour: bool = False
    unnamed: tuple[int, int] | None = None


def kitchen_target(environment: str, tenant: str, kitchen: str, namespace: str) -> Target:
    """The servers of a kitchen, whose port an LLMInferenceService calls `http`, and their adapters' sidecar.

    A name of a port that no container has makes no target.
    """
    server = {"part": "server", "drop": DROPPED_ORDERS}
    return Target(
        name=kitchen,
        namespace=namespace,
        match={SERVICE_LABEL: kitchen},
        ports=(Port(name="http1", **server), Port(name="http", **server), Port(name="status", part="adapters")),
        labels={"environment": environment, "tenant": tenant, "kitchen": kitchen},
    )


def pod_monitor(target: Target) -> dict[str, Any]:
    """`spec` of a PodMonitor."""
    needs = [{"key": label, "operator": "Exists"} for label in target.has]
    return {
        "selector": {
            **({"matchLabels": dict(target.match)} if target.match else {}),
            **({"matchExpressions": needs} if needs else {}),
        },
        "podMetricsEndpoints": [_endpoint(target, port) for port in target.ports],
    }


def _endpoint(target: Target, port: Port) -> dict[str, Any]:
    constants = {**target.labels, "part": port.part}
    secure: dict[str, Any] = {}
    if target.authority is not None:
        trust = {"ca": {"secret": {"name": target.authority, "key": "ca.crt"}}, "serverName": target.server_name}
        secure = {"scheme": TLS, "tlsConfig": trust}
    drop = {"sourceLabels": ["__name__", "running_lora_adapters"], "regex": port.drop, "action": "drop"}
    return {
        "port": port.name,
        "path": port.path,
        "interval": INTERVAL,
        **secure,
        "relabelings": [{"targetLabel": label, "replacement": value} for label, value in constants.items()],
        **({"metricRelabelings": [drop]} if port.drop is not None else {}),
    }


def platform_monitor(environment: str, target: PlatformTarget) -> tuple[str, dict[str, Any]]:
    """Kind and `spec` of a monitor of another namespace."""
    constants = {"environment": environment, "part": target.part}
    relabelings: list[dict[str, Any]] = [{"targetLabel": key, "replacement": one} for key, one in constants.items()]
    endpoint: dict[str, Any] = {"port": target.port}
    if target.unnamed is not None:
        told, named = target.unnamed
        # The newer name of the field is not known to every operator that is about.
        endpoint = {"targetPort": named}
        address = {"sourceLabels": ["__meta_kubernetes_pod_ip"], "targetLabel": "__address__"}
        relabelings.append({**address, "replacement": f"$1:{told}"})
    endpoint |= {"path": "/metrics", "interval": INTERVAL, **({"honorLabels": True} if target.honour else {})}
    kind, endpoints = ("ServiceMonitor", "endpoints")
    if target.unnamed is not None:
        kind, endpoints = ("PodMonitor", "podMetricsEndpoints")
    return kind, {
        "namespaceSelector": {"matchNames": [target.namespace]},
        "selector": {"matchLabels": dict(target.match)},
        endpoints: [{**endpoint, "relabelings": relabelings}],
    }
