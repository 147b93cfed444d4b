"""MinIO in the cluster: one pod, or distributed over four and more, with TLS and its data kept whatever happens."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pulumi

from components.facts import PLACEHOLDER, store_endpoint
from components.kubernetes_object import KubernetesObject
from components.labels import DOMAIN, pod_labels
from components.object_store.minio import pod
from components.platform import Platform
from components.tenancy.network import dns_egress, scrapers

RUNNER_LABEL = f"{DOMAIN}/store-access"
"""Namespace label; its value `runner` admits the namespace's pods, such as those that run the program."""

ROOT_USER = "kitchen-root"

_NAME = "app.kubernetes.io/name"
_PASSWORD_LENGTH = 40
_NAMESPACE_NAME = "kubernetes.io/metadata.name"


@dataclass(frozen=True, kw_only=True)
class MinioServerArgs:
    """`size_gib` is of one drive of a pod; `replicas` 1, or 4 and more on as many nodes.

    The certificate comes from cert-manager's ClusterIssuer `issuer`, or lies in the Secret `tls_secret` of the
    namespace with tls.crt, tls.key and ca.crt. Pods of `client_namespaces` reach the server. `placeholder_key` stands
    for the root key in rendered YAML. `protect` refuses to delete the namespace and the server.
    """

    namespace: str
    labels: Mapping[str, str]
    image: str
    platform: Platform
    replicas: int
    drives_per_replica: int
    size_gib: int
    storage_class: str
    cpu: int
    memory_gib: int
    client_namespaces: Sequence[str]
    issuer: str | None = None
    tls_secret: str | None = None
    placeholder_key: bool = False
    protect: bool = False


class MinioServer(pulumi.ComponentResource):
    """A StatefulSet of MinIO in a namespace of its own, held to `restricted` and closed but for its clients.

    Guaranteed: the root key is random, encrypted in the state, and a file in MinIO's own pods and nowhere else; the
    volumes outlive the StatefulSet; of a distributed store one pod at a time may go. Raises ValueError unless exactly
    one of `issuer` and `tls_secret` is there.
    """

    TOKEN = "kitchen:minio_server:MinioServer"

    def __init__(self, name: str, args: MinioServerArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        """Declare everything; the endpoint is known before anything is made."""
        if (args.issuer is None) == (args.tls_secret is None):
            raise ValueError("issuer, tls_secret: rule: exactly one of them; example: issuer=kitchen-ca")
        self.endpoint = store_endpoint(args.namespace)
        self._name, self._args = name, args
        super().__init__(self.TOKEN, name, {"endpoint": self.endpoint}, opts)
        modes = {f"pod-security.kubernetes.io/{mode}": "restricted" for mode in ("enforce", "audit", "warn")}
        namespace = KubernetesObject(
            name,
            api_version="v1",
            kind="Namespace",
            metadata={"name": args.namespace, "labels": {**args.labels, **modes}},
            opts=pulumi.ResourceOptions(parent=self, protect=args.protect),
        )
        self._child = pulumi.ResourceOptions(parent=self, depends_on=[namespace], deleted_with=namespace)
        for policy, spec in _network_policies(args.platform, args.client_namespaces).items():
            self._object(policy, "networking.k8s.io/v1", "NetworkPolicy", spec=spec)
        self._object("quota", "v1", "ResourceQuota", spec={"hard": self._quota()})
        needs: list[pulumi.Resource] = [self._root_key()]
        if args.issuer is not None:
            needs.append(self._certificate(args.issuer))
        needs.append(self._object("minio", "v1", "ServiceAccount", automountServiceAccountToken=False))
        needs.append(self._service(pod.HEADLESS, clusterIP="None", publishNotReadyAddresses=True))
        self._service(pod.SERVICE)
        if args.replicas > 1:
            budget = {"maxUnavailable": 1, "selector": {"matchLabels": _match()}}
            self._object("minio", "policy/v1", "PodDisruptionBudget", spec=budget)
        after = pulumi.ResourceOptions(depends_on=needs, protect=args.protect)
        self._object("minio", "apps/v1", "StatefulSet", after, spec=self._stateful_set())
        self.register_outputs({"endpoint": self.endpoint})

    def _object(
        self,
        called: str,
        api_version: str,
        kind: str,
        opts: pulumi.ResourceOptions | None = None,
        annotations: Mapping[str, str] | None = None,
        **fields: Any,
    ) -> KubernetesObject:
        metadata: dict[str, Any] = {
            "name": called,
            "namespace": self._args.namespace,
            "labels": {**self._args.labels, **_match()},
            "annotations": dict(annotations or {}),
        }
        return KubernetesObject(
            f"{self._name}-{called}",
            api_version=api_version,
            kind=kind,
            metadata=metadata,
            opts=pulumi.ResourceOptions.merge(self._child, opts),
            **fields,
        )

    def _quota(self) -> dict[str, str]:
        """Room for the pods and one more beside them, and for no Service that leads out of the cluster."""
        args = self._args
        pods, drives = args.replicas + 1, args.replicas * args.drives_per_replica
        return {
            "requests.cpu": str(pods * args.cpu),
            "requests.memory": f"{pods * args.memory_gib}Gi",
            "requests.storage": f"{drives * args.size_gib}Gi",
            "services.nodeports": "0",
            "services.loadbalancers": "0",
        }

    def _root_key(self) -> KubernetesObject:
        password: pulumi.Input[str] = PLACEHOLDER
        if not self._args.placeholder_key:
            child = pulumi.ResourceOptions(parent=self)
            from pulumi_random import RandomPassword  # noqa: PLC0415 - 20 ms that most programs need not wait

            password = RandomPassword(self._name, length=_PASSWORD_LENGTH, special=False, opts=child).result
        return self._object(pod.ROOT_SECRET, "v1", "Secret", stringData={"user": ROOT_USER, "password": password})

    def _certificate(self, issuer: str) -> KubernetesObject:
        namespace = self._args.namespace
        service = f"{pod.SERVICE}.{namespace}"
        spec = {
            "secretName": pod.TLS_SECRET,
            "issuerRef": {"group": "cert-manager.io", "kind": "ClusterIssuer", "name": issuer},
            "dnsNames": [
                *(pod.SERVICE, service, f"{service}.svc", f"{service}.svc.cluster.local"),
                f"*.{pod.HEADLESS}.{namespace}.svc.cluster.local",
            ],
            "privateKey": {"algorithm": "ECDSA", "size": 256, "rotationPolicy": "Always"},
            "usages": ["server auth", "client auth"],
        }
        return self._object(pod.TLS_SECRET, "cert-manager.io/v1", "Certificate", spec=spec)

    def _service(self, called: str, **more: Any) -> KubernetesObject:
        port = {"name": "https", "port": pod.PORT, "targetPort": "https", "protocol": "TCP"}
        # Not waited for: without pods it has no endpoints, and the pods need its names.
        skip = {"pulumi.com/skipAwait": "true"}
        return self._object(
            called, "v1", "Service", annotations=skip, spec={"selector": _match(), "ports": [port], **more}
        )

    def _stateful_set(self) -> dict[str, Any]:
        args = self._args
        said = {
            "namespace": args.namespace,
            "replicas": args.replicas,
            "drives": args.drives_per_replica,
            "cpu": args.cpu,
            "memory_gib": args.memory_gib,
            "measured": args.platform.monitoring,
        }
        template = {
            "serviceAccountName": "minio",
            "automountServiceAccountToken": False,
            "enableServiceLinks": False,
            "terminationGracePeriodSeconds": 60,
            "securityContext": {**args.platform.pod_security_context(), "fsGroupChangePolicy": "OnRootMismatch"},
            "containers": [pod.container(args.image, said, args.platform.container_security_context())],
            "volumes": pod.volumes(args.tls_secret or pod.TLS_SECRET),
            **(pod.spread(_match()) if args.replicas > 1 else {}),
        }
        claim = {
            "accessModes": ["ReadWriteOnce"],
            "storageClassName": args.storage_class,
            "resources": {"requests": {"storage": f"{args.size_gib}Gi"}},
        }
        labels = {**pod_labels(args.labels), **_match()}
        return {
            "serviceName": pod.HEADLESS,
            "replicas": args.replicas,
            # All pods of a pool must be there before one becomes ready.
            "podManagementPolicy": "Parallel",
            "persistentVolumeClaimRetentionPolicy": {"whenDeleted": "Retain", "whenScaled": "Retain"},
            "selector": {"matchLabels": _match()},
            "template": {"metadata": {"labels": labels}, "spec": template},
            "volumeClaimTemplates": [
                # Templates of claims cannot change: labels of the owner, which can, stay out of them.
                {"metadata": {"name": f"data{index}", "labels": _match()}, "spec": claim}
                for index in range(args.drives_per_replica)
            ],
        }


def _match() -> dict[str, str]:
    return {_NAME: "minio"}


def _network_policies(platform: Platform, clients: Sequence[str]) -> dict[str, Any]:
    servers = {"podSelector": {"matchLabels": _match()}}
    port = [{"port": pod.PORT, "protocol": "TCP"}]
    tenants = {"matchExpressions": [{"key": _NAMESPACE_NAME, "operator": "In", "values": sorted(clients)}]}
    sources = [
        servers,
        {"namespaceSelector": tenants},
        {"namespaceSelector": {"matchLabels": {RUNNER_LABEL: "runner"}}},
        # Numbers are told on the port of the API, for whose other calls a key is needed.
        *(scrapers(platform) if platform.monitoring else []),
    ]
    return {
        "default-deny": {"podSelector": {}, "policyTypes": ["Ingress", "Egress"]},
        "allow-dns": dns_egress(platform),
        "allow-peers": {**servers, "policyTypes": ["Egress"], "egress": [{"to": [servers], "ports": port}]},
        "allow-clients": {**servers, "policyTypes": ["Ingress"], "ingress": [{"from": sources, "ports": port}]},
    }
