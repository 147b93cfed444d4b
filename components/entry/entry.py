"""The entry: Envoy in a namespace of its own, which every call passes before it reaches a server."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import pulumi

from components import naming
from components.content import sha256_of
from components.entry import contents_recorder, pods
from components.entry.contents_recorder import Approved
from components.entry.doors.parts import Part
from components.entry.envoy import bootstrap
from components.entry.envoy.shares import at_once_by_tenant
from components.entry.plan import EntryPlan
from components.entry.rules import Reached, network_policies
from components.entry.shipper import Shipping
from components.facts import ENTRY_PODS
from components.kubernetes_object import KubernetesObject
from components.labels import pod_labels
from components.platform import Platform
from components.tenancy.provisions import Provision, image_pull_secrets

NAME = "entry"


@dataclass(frozen=True, kw_only=True)
class EntryArgs:
    """`images` has those of `envoy` and `check`; `scripts` by file name are those of `pods.SCRIPTS`.

    `models` is the check's table: by public name the groups that may call it and the bounds of what they may ask.
    `shipping` says where the record of calls goes; `record_scripts` are those of `shipper.SCRIPTS`. The certificate is
    of cert-manager's ClusterIssuer `issuer`, or lies in the Secret `tls_secret`: exactly one of them. `provisions` are
    put into the namespace before any pod; `ca_bundle` is a ConfigMap there with `ca.crt`. `contents` are approvals to
    record prompts and answers, by the tenants of the plan's `contents`; their scripts are in `scripts` too.
    `guards` are objects of a mesh that stand before the pods, and `mesh_labels` those by which the mesh knows the
    namespace.
    """

    namespace: str
    labels: Mapping[str, str]
    host: str
    plan: EntryPlan
    models: Mapping[str, Any]
    reached: Reached
    images: Mapping[str, str]
    scripts: Mapping[str, str]
    platform: Platform
    shipping: Shipping
    record_scripts: Mapping[str, str]
    replicas: int
    issuer: str | None = None
    tls_secret: str | None = None
    ca_bundle: str | None = None
    provisions: Sequence[Provision] = ()
    pull_secrets: tuple[str, ...] = ()
    protect: bool = False
    contents: Mapping[str, Approved] = field(default_factory=dict)
    guards: Sequence[Part] = ()
    mesh_labels: Mapping[str, str] = field(default_factory=dict)


class Entry(pulumi.ComponentResource):
    """A Deployment of Envoy, held to `restricted` and closed but for the door, servers and issuers.

    Guaranteed: other decisions are another ConfigMap, whose name carries the sum of its content, so that what runs is
    what was reviewed; two pods at least, one of which stays whatever is drained; TLS alone. Raises ValueError for
    fewer than two replicas, without an approval for each tenant of the plan's contents, and unless exactly one of
    `issuer` and `tls_secret` is there.
    """

    TOKEN = "kitchen:entry:Entry"

    def __init__(self, name: str, args: EntryArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        """Declare everything; the address is known before anything is made."""
        if (args.issuer is None) == (args.tls_secret is None):
            raise ValueError("issuer, tls_secret: rule: exactly one of them; example: issuer=kitchen-ca")
        if set(args.plan.contents) != set(args.contents):
            raise ValueError(f"contents: {sorted(args.contents)}; rule: an approval for each of the plan's contents")
        if args.replicas < 2:
            raise ValueError(f"replicas: {args.replicas}; rule: at least 2; example: 2")
        super().__init__(self.TOKEN, name, {"host": args.host}, opts)
        self._name, self._args = name, args
        self.service = f"{NAME}.{args.namespace}.svc"
        modes = {f"pod-security.kubernetes.io/{mode}": "restricted" for mode in ("enforce", "audit", "warn")}
        title, text = f"entry ({args.plan.environment})", "Private AI Kitchen: the way in to every model"
        namespace = KubernetesObject(
            name,
            api_version="v1",
            kind="Namespace",
            metadata={
                "name": args.namespace,
                "labels": {**args.labels, **modes, **args.mesh_labels},
                "annotations": args.platform.namespace_annotations(title, text),
            },
            opts=pulumi.ResourceOptions(parent=self, protect=args.protect),
        )
        self.namespace_object = namespace
        self._child = pulumi.ResourceOptions(parent=self, depends_on=[namespace], deleted_with=namespace)
        for policy, spec in network_policies(args.plan, args.platform, args.reached).items():
            self._object(policy, "networking.k8s.io/v1", "NetworkPolicy", spec=spec)
        self._object("quota", "v1", "ResourceQuota", spec={"hard": self._quota()})
        needs: list[pulumi.Resource] = [self._account(), self._configuration(), self._record()]
        needs += [one.declare(name, args.namespace, args.labels, self._child) for one in args.provisions]
        needs += [self._object(part.name, part.api_version, part.kind, **part.fields) for part in args.guards]
        if args.issuer is not None:
            needs.append(self._certificate(args.issuer))
        self._object(NAME, "v1", "Service", spec=self._service())
        budget = {"maxUnavailable": 1, "selector": {"matchLabels": dict(ENTRY_PODS)}}
        self._object(NAME, "policy/v1", "PodDisruptionBudget", spec=budget)
        after = pulumi.ResourceOptions(depends_on=needs, protect=args.protect)
        self._object(NAME, "apps/v1", "Deployment", after, spec=self._deployment())
        self.register_outputs({"host": args.host})

    def _object(
        self, called: str, api_version: str, kind: str, opts: pulumi.ResourceOptions | None = None, **fields: Any
    ) -> KubernetesObject:
        labels = {**self._args.labels, **ENTRY_PODS}
        return KubernetesObject(
            # Without the sum in its name: another configuration is a replacement, which tells what it replaces.
            f"{self._name}-{kind.lower()}-{called.rpartition('-')[0] if kind == 'ConfigMap' else called}",
            api_version=api_version,
            kind=kind,
            metadata={"name": called, "namespace": self._args.namespace, "labels": labels},
            opts=pulumi.ResourceOptions.merge(self._child, opts),
            **fields,
        )

    def _quota(self) -> dict[str, str]:
        """Room for the pods, those of a rollout and the ones that drain, and for no Service that leads out."""
        most = 4 * self._args.replicas + 12
        return {
            "requests.cpu": str(most),
            "requests.memory": f"{most}Gi",
            "limits.memory": f"{2 * most}Gi",
            "pods": str(most),
            "services.nodeports": "0",
            "services.loadbalancers": "0",
        }

    def _account(self) -> KubernetesObject:
        more: dict[str, Any] = image_pull_secrets(self._args.pull_secrets)
        return self._object(NAME, "v1", "ServiceAccount", automountServiceAccountToken=False, **more)

    def _data(self) -> dict[str, str]:
        return {
            pods.CONFIG: json.dumps(bootstrap(self._args.plan), separators=(",", ":")),
            pods.TABLE: json.dumps(self._table(), sort_keys=True, separators=(",", ":")),
            **{name: self._args.scripts[name] for name in pods.SCRIPTS},
            **contents_recorder.data(self._args.contents, self._args.scripts),
        }

    def _table(self) -> dict[str, Any]:
        """What the check reads; the tenants' parts are there for the preview, and only where there are some."""
        shares = at_once_by_tenant(self._args.plan, self._args.replicas)
        return {"models": self._args.models, **({"shares": shares} if shares else {})}

    def _config_map(self) -> str:
        return naming.with_sum(NAME, sha256_of(self._data()))

    def _configuration(self) -> KubernetesObject:
        return self._object(self._config_map(), "v1", "ConfigMap", data=self._data(), immutable=True)

    def _record(self) -> KubernetesObject:
        scripts = dict(self._args.record_scripts)
        return self._object(self._args.shipping.scripts_config_map, "v1", "ConfigMap", data=scripts, immutable=True)

    def _certificate(self, issuer: str) -> KubernetesObject:
        names = [self._args.host, NAME, f"{NAME}.{self._args.namespace}", self.service]
        spec = {
            "secretName": pods.TLS_SECRET,
            "issuerRef": {"group": "cert-manager.io", "kind": "ClusterIssuer", "name": issuer},
            "dnsNames": names,
            "privateKey": {"algorithm": "ECDSA", "size": 256, "rotationPolicy": "Always"},
            "usages": ["server auth"],
        }
        return self._object(pods.TLS_SECRET, "cert-manager.io/v1", "Certificate", spec=spec)

    def _service(self) -> dict[str, Any]:
        # By number: before Kubernetes 1.32 a Service does not find names of ports of containers that start first.
        target = self._args.plan.ports.callers
        port = {"name": "https", "port": 443, "targetPort": target, "protocol": "TCP", "appProtocol": "https"}
        return {"selector": dict(ENTRY_PODS), "ports": [port]}

    def _deployment(self) -> dict[str, Any]:
        args = self._args
        template = pods.template(
            args.plan,
            config_map=self._config_map(),
            images=args.images,
            tls_secret=args.tls_secret or pods.TLS_SECRET,
            platform=args.platform,
            shipping=args.shipping,
            ca_bundle=args.ca_bundle,
        )
        return {
            "replicas": args.replicas,
            "selector": {"matchLabels": dict(ENTRY_PODS)},
            # No call is without an answer while another configuration comes in.
            "strategy": {"type": "RollingUpdate", "rollingUpdate": {"maxSurge": 1, "maxUnavailable": 0}},
            "template": {
                "metadata": args.platform.pod_metadata({**pod_labels(args.labels), **ENTRY_PODS}),
                "spec": template,
            },
        }
