"""The shared counter in the cluster: two pods of envoyproxy/ratelimit, and Valkey that keeps what they count."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pulumi

from components.content import sha256_of
from components.entry.counter import pods
from components.entry.plan import EntryPlan
from components.facts import PLACEHOLDER
from components.kubernetes_object import KubernetesObject
from components.labels import pod_labels
from components.platform import Platform
from components.tenancy.network import scrapers

_NAME = "app.kubernetes.io/name"
_PASSWORD_LENGTH = 40
_NODE, _ZONE = "kubernetes.io/hostname", "topology.kubernetes.io/zone"


@dataclass(frozen=True, kw_only=True)
class CounterArgs:
    """`plan` has the limits; the namespace is the entry's, and is there already.

    Pods with `client_labels` ask the counter, and no others. `image` is of ratelimit, `valkey_image` of Valkey, whose
    volume has `size_gib` of `storage_class`. `placeholder_key` stands for the password in rendered YAML. `protect`
    refuses to delete Valkey.
    """

    namespace: str
    labels: Mapping[str, str]
    client_labels: Mapping[str, str]
    plan: EntryPlan
    image: str
    valkey_image: str
    platform: Platform
    storage_class: str
    size_gib: int = 1
    replicas: int = 2
    placeholder_key: bool = False
    protect: bool = False


class Counter(pulumi.ComponentResource):
    """A Deployment of ratelimit and a StatefulSet of Valkey, held to `restricted` and closed but for the entry's pods.

    Guaranteed: the password is random, encrypted in the state, and in one Secret alone; other limits are other pods,
    one after the other, and no count is lost by them; a restart of Valkey forgets at most a second. Valkey is one pod:
    while it is away nothing is counted, and the plan's `counter_closed` decides.
    """

    TOKEN = "kitchen:counter:Counter"

    def __init__(self, name: str, args: CounterArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        """Declare everything; `host` and `port` are what Envoy asks."""
        self.host, self.port = host(args.namespace), pods.GRPC_PORT
        self._name, self._args = name, args
        super().__init__(self.TOKEN, name, {"host": self.host}, opts)
        for policy, spec in network_policies(args.client_labels, args.platform).items():
            self._object(policy, "networking.k8s.io/v1", "NetworkPolicy", spec=spec)
        key = self._key()
        limits = self._limits()
        for called, port, more in (
            (pods.COUNTER, pods.GRPC_PORT, {"clusterIP": "None"}),  # Envoy itself spreads calls over the pods
            (pods.VALKEY, pods.VALKEY_PORT, {}),
        ):
            self._service(called, port, **more)
        self._object(pods.COUNTER, "v1", "ServiceAccount", automountServiceAccountToken=False)
        budget = {"maxUnavailable": 1, "selector": {"matchLabels": match(pods.COUNTER)}}
        self._object(pods.COUNTER, "policy/v1", "PodDisruptionBudget", spec=budget)
        kept = pulumi.ResourceOptions(depends_on=[key], protect=args.protect)
        valkey = self._object(pods.VALKEY, "apps/v1", "StatefulSet", kept, spec=self._valkey())
        after = pulumi.ResourceOptions(depends_on=[key, limits, valkey])
        config_map = _config_map_name(args.plan)
        self._object(pods.COUNTER, "apps/v1", "Deployment", after, spec=self._ratelimit(config_map))
        self.register_outputs({"host": self.host})

    def _object(
        self,
        called: str,
        api_version: str,
        kind: str,
        opts: pulumi.ResourceOptions | None = None,
        annotations: Mapping[str, str] | None = None,
        **fields: Any,
    ) -> KubernetesObject:
        metadata = {
            "name": called,
            "namespace": self._args.namespace,
            "labels": {**self._args.labels, **match(pods.COUNTER)},
            "annotations": dict(annotations or {}),
        }
        return KubernetesObject(
            f"{self._name}-{called}",
            api_version=api_version,
            kind=kind,
            metadata=metadata,
            opts=pulumi.ResourceOptions.merge(pulumi.ResourceOptions(parent=self), opts),
            **fields,
        )

    def _key(self) -> KubernetesObject:
        password: pulumi.Input[str] = PLACEHOLDER
        config: pulumi.Input[str] = pods.valkey_config(PLACEHOLDER)
        if not self._args.placeholder_key:
            from pulumi_random import RandomPassword  # noqa: PLC0415 - 20 ms that most programs need not wait

            child = pulumi.ResourceOptions(parent=self)
            password = RandomPassword(
                f"{self._name}-counter", length=_PASSWORD_LENGTH, special=False, opts=child
            ).result
            config = password.apply(pods.valkey_config)
        data = {pods.PASSWORD_KEY: password, pods.CONFIG_KEY: config}
        return self._object(pods.KEY_SECRET, "v1", "Secret", stringData=data)

    def _limits(self) -> KubernetesObject:
        content = {pods.LIMITS_FILE: pods.ratelimit_config(self._args.plan)}
        return self._object(_config_map_name(self._args.plan), "v1", "ConfigMap", immutable=True, data=content)

    def _service(self, called: str, port: int, **more: Any) -> None:
        # A mesh need not guess what is spoken there: gRPC by the port's name, and nothing that it could read.
        protocol = {"name": "grpc"} if called == pods.COUNTER else {"name": "valkey", "appProtocol": "tcp"}
        ports = [{**protocol, "port": port, "protocol": "TCP"}]
        # Not waited for: without pods it has no endpoints, and the pods need its name.
        skip = {"pulumi.com/skipAwait": "true"}
        self._object(
            called, "v1", "Service", annotations=skip, spec={"selector": match(called), "ports": ports, **more}
        )

    def _template(self, called: str, container: dict[str, Any], volumes: list[dict[str, Any]]) -> dict[str, Any]:
        spec = {
            "serviceAccountName": pods.COUNTER,
            "automountServiceAccountToken": False,
            "enableServiceLinks": False,
            "terminationGracePeriodSeconds": 30,
            "securityContext": self._args.platform.pod_security_context(),
            "containers": [container],
            "volumes": volumes,
        }
        labels = {**pod_labels(self._args.labels), **match(called)}
        return {"metadata": self._args.platform.pod_metadata(labels), "spec": spec}

    def _ratelimit(self, config_map: str) -> dict[str, Any]:
        args = self._args
        security = args.platform.container_security_context()
        container = pods.ratelimit_container(args.image, pods.VALKEY, security)
        template = self._template(pods.COUNTER, container, pods.ratelimit_volumes(config_map))
        template["spec"] |= _spread(match(pods.COUNTER))
        return {
            "replicas": args.replicas,
            "strategy": {"type": "RollingUpdate", "rollingUpdate": {"maxUnavailable": 0, "maxSurge": 1}},
            "selector": {"matchLabels": match(pods.COUNTER)},
            "template": template,
        }

    def _valkey(self) -> dict[str, Any]:
        args = self._args
        container = pods.valkey_container(args.valkey_image, args.platform.container_security_context())
        claim = {
            "accessModes": ["ReadWriteOnce"],
            "storageClassName": args.storage_class,
            "resources": {"requests": {"storage": f"{args.size_gib}Gi"}},
        }
        return {
            "serviceName": pods.VALKEY,
            "replicas": 1,
            "persistentVolumeClaimRetentionPolicy": {"whenDeleted": "Retain", "whenScaled": "Retain"},
            "selector": {"matchLabels": match(pods.VALKEY)},
            "template": self._template(pods.VALKEY, container, pods.valkey_volumes()),
            "volumeClaimTemplates": [{"metadata": {"name": "data", "labels": match(pods.VALKEY)}, "spec": claim}],
        }


def host(namespace: str) -> str:
    """The name by which Envoy finds every pod of the counter."""
    return f"{pods.COUNTER}.{namespace}.svc.cluster.local"


def match(called: str) -> dict[str, str]:
    """The label that one of the two workloads has."""
    return {_NAME: called}


def network_policies(client_labels: Mapping[str, str], platform: Platform) -> dict[str, Any]:
    """Who reaches whom, beside the namespace's rules of DNS: clients the counter, and the counter Valkey."""
    counter, valkey = ({"podSelector": {"matchLabels": match(called)}} for called in (pods.COUNTER, pods.VALKEY))
    clients = {"podSelector": {"matchLabels": dict(client_labels)}}
    return {
        "counter": {
            **counter,
            "policyTypes": ["Ingress", "Egress"],
            "ingress": [
                {"from": [clients], "ports": _tcp(pods.GRPC_PORT)},
                {"from": scrapers(platform), "ports": _tcp(pods.METRICS_PORT)},
            ],
            "egress": [{"to": [valkey], "ports": _tcp(pods.VALKEY_PORT)}],
        },
        "counter-valkey": {
            **valkey,
            "policyTypes": ["Ingress", "Egress"],
            "ingress": [{"from": [counter], "ports": _tcp(pods.VALKEY_PORT)}],
        },
        "counter-clients": {
            **clients,
            "policyTypes": ["Egress"],
            "egress": [{"to": [counter], "ports": _tcp(pods.GRPC_PORT)}],
        },
    }


def _config_map_name(plan: EntryPlan) -> str:
    """Named by its content: other limits are another ConfigMap, and so other pods."""
    return f"counter-limits-{sha256_of(pods.ratelimit_config(plan))[:12]}"


def _tcp(port: int) -> list[dict[str, Any]]:
    return [{"port": port, "protocol": "TCP"}]


def _spread(labels: Mapping[str, str]) -> dict[str, Any]:
    """Over nodes and zones as far as there are some; never held back by it."""
    return {
        "topologySpreadConstraints": [
            {
                "maxSkew": 1,
                "topologyKey": key,
                "whenUnsatisfiable": "ScheduleAnyway",
                "labelSelector": {"matchLabels": dict(labels)},
            }
            for key in (_NODE, _ZONE)
        ]
    }
