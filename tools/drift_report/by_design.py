"""What is not declared and is no drift: a closed list, each rule with its reason (docs/adr/0052).

A rule knows objects or fields by what they are. What no rule knows is told.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from tools.drift.compare import Key, key_of
from tools.drift.fields import Field
from tools.drift.recorded import Entry
from tools.drift_report.grants import OF_OPENSHIFT, Grants, way_of
from tools.kube import Kind, Object


@dataclass(frozen=True, kw_only=True)
class Rule:
    """What a rule is called, and why what it knows is no drift."""

    id: str
    reason: str


CHILD = Rule(id="child", reason="a controller makes it out of an object that is declared, and makes it again")
EVENT = Rule(id="event", reason="Kubernetes writes down what happened; it is gone after an hour")
REPORT = Rule(id="report", reason="a scanner or an engine of policies writes down what it has found; nothing obeys it")
VIEW = Rule(id="view", reason="another server answers it out of other objects; it is stored nowhere")
LEASE = Rule(id="lease", reason="a clock by which copies of a controller agree who works")
OF_NAMESPACE = Rule(id="of-namespace", reason="the cluster puts one into every namespace")
CLAIM = Rule(id="claim-of-set", reason="a declared StatefulSet asks for it, and it stays when a pod goes")
NAMED = Rule(id="named", reason="a declared object names it, and it is your platform's: a certificate, a pull secret")
ENDPOINTS = Rule(id="endpoints", reason="addresses of a Service's pods")
DEPLOYER = Rule(id="deployer", reason="the rights of whoever deploys, out of `kitchen identity`")

APPLIED = Rule(id="applied-text", reason="`kubectl apply` notes there what it has applied; no program reads it")
RESTART = Rule(
    id="restart", reason="`kubectl rollout restart` writes a time into the template: a restart by hand is meant"
)
REVISION = Rule(id="revision", reason="the controller of Deployments counts there")
FINALIZER = Rule(
    id="finalizer", reason="a controller asks to be heard before the object goes, and takes it away itself"
)
VOLUME = Rule(id="volume", reason="the cluster notes which volume a claim has got")
NAMESPACE = Rule(id="namespace-marks", reason="the cluster notes its own name, or OpenShift the ranges of users")
PULL = Rule(id="pull-secret", reason="OpenShift gives each ServiceAccount a key to its own registry")
SCALED = Rule(id="scaled", reason="an autoscaler that is declared sets the number of copies")

OBJECT_RULES = (CHILD, EVENT, REPORT, VIEW, LEASE, OF_NAMESPACE, CLAIM, NAMED, ENDPOINTS, DEPLOYER)
FIELD_RULES = (APPLIED, RESTART, REVISION, FINALIZER, VOLUME, NAMESPACE, PULL, SCALED)

CHILDREN: Mapping[str, frozenset[str]] = {
    "InferenceService.serving.kserve.io": frozenset(
        {
            *("Deployment.apps", "Service", "HorizontalPodAutoscaler.autoscaling", "ScaledObject.keda.sh"),
            *("HTTPRoute.gateway.networking.k8s.io", "Ingress.networking.k8s.io", "ConfigMap"),
            *("OpenTelemetryCollector.opentelemetry.io", "Route.route.openshift.io"),
        }
    ),
    "LLMInferenceService.serving.kserve.io": frozenset(
        {
            *("Deployment.apps", "LeaderWorkerSet.leaderworkerset.x-k8s.io", "Service", "ServiceAccount", "Secret"),
            *("Role.rbac.authorization.k8s.io", "RoleBinding.rbac.authorization.k8s.io", "ConfigMap"),
            *("HTTPRoute.gateway.networking.k8s.io", "InferencePool.inference.networking.k8s.io"),
            *("InferencePool.inference.networking.x-k8s.io", "InferenceModel.inference.networking.x-k8s.io"),
        }
    ),
    "Deployment.apps": frozenset({"ReplicaSet.apps"}),
    "ReplicaSet.apps": frozenset({"Pod"}),
    "StatefulSet.apps": frozenset({"Pod", "ControllerRevision.apps"}),
    "DaemonSet.apps": frozenset({"Pod", "ControllerRevision.apps"}),
    "Job.batch": frozenset({"Pod"}),
    "Service": frozenset({"EndpointSlice.discovery.k8s.io"}),
    "ScaledObject.keda.sh": frozenset({"HorizontalPodAutoscaler.autoscaling"}),
    "ServiceAccount": frozenset({"Secret"}),
    "Certificate.cert-manager.io": frozenset({"CertificateRequest.cert-manager.io", "Secret"}),
    "CertificateRequest.cert-manager.io": frozenset({"Order.acme.cert-manager.io"}),
    "Order.acme.cert-manager.io": frozenset({"Challenge.acme.cert-manager.io"}),
    "Pod": frozenset({"CiliumEndpoint.cilium.io"}),
}
"""What a controller makes out of what; kinds with their group, the core's without."""

_EVERYWHERE = {
    ("", "ServiceAccount"): {"default", "builder", "deployer"},
    ("", "ConfigMap"): {"kube-root-ca.crt", "openshift-service-ca.crt", "istio-ca-root-cert"},
}
_VERSION = ("operators.coreos.com", "ClusterServiceVersion")
_VIEWS = frozenset({"metrics.k8s.io", "packages.operators.coreos.com", "authorization.openshift.io"})
_REPORTS = frozenset({"wgpolicyk8s.io", "openreports.io", "reports.kyverno.io", "aquasecurity.github.io"})
"""API groups that hold nothing but reports: of Kyverno and its kind, and of Trivy."""
_FINALIZERS = frozenset(
    {
        *("kubernetes", "kubernetes.io/pvc-protection", "foregroundDeletion", "orphan"),
        *("batch.kubernetes.io/job-tracking", "service.kubernetes.io/load-balancer-cleanup"),
        *("inferenceservice.finalizers", "serving.kserve.io/llmisvc-finalizer", "finalizer.keda.sh"),
    }
)
_VOLUME_MARKS = frozenset(
    {
        *("pv.kubernetes.io/bind-completed", "pv.kubernetes.io/bound-by-controller"),
        *("volume.beta.kubernetes.io/storage-provisioner", "volume.kubernetes.io/storage-provisioner"),
        "volume.kubernetes.io/selected-node",
    }
)
_NAMESPACE_MARKS = re.compile(
    r"kubernetes\.io/metadata\.name|openshift\.io/sa\.scc\.[a-z-]+"
    r"|security\.openshift\.io/MinimallySufficientPodSecurityStandard"
)
_PULL = re.compile(r'\{"name":"[a-z0-9.-]+-dockercfg-[a-z0-9]{5}"\}')


class Beside:
    """What stands beside the declared objects of one look; pure."""

    def __init__(
        self, entries: Sequence[Entry], present: Sequence[tuple[Kind, Object]], granted: Grants, environment: str
    ) -> None:
        """`present` is everything that was listed, the declared objects among it; `granted` what it was read of."""
        self.granted, self._environment = granted, environment
        self._declared: Mapping[Key, Entry] = {entry.key: entry for entry in entries}
        self._by_uid = {live["metadata"].get("uid"): (kind, live) for kind, live in present}
        self._there = {key_of(kind, live)[1:] for kind, live in present}
        self._names = {(kind, place, name) for entry in entries for kind, place, name in _references(entry)}
        self._scaled: dict[tuple[str, str, str], set[str]] = {}
        for entry in entries:
            if (target := _target(entry)) is not None:
                self._scaled.setdefault(target, set()).add(entry.kind.kind)

    def rule(self, kind: Kind, live: Object) -> Rule | None:
        """The rule that knows an undeclared object; None where it is to be told."""
        group, kind_name, namespace, name = key_of(kind, live)
        # Anybody may call a kind of his own group as one of these is called.
        core = kind_name if not group else ""
        copied = (group, kind_name) == _VERSION and "olm.copiedFrom" in (live["metadata"].get("labels") or {})
        sound = key_of(kind, live) in self.granted.sound
        way = way_of(live, self._environment)
        known = (
            (LEASE, (group, kind_name) == ("coordination.k8s.io", "Lease")),
            (
                OF_NAMESPACE,
                copied or name in _EVERYWHERE.get((group, kind_name), ()) or (sound and name in OF_OPENSHIFT),
            ),
            (NAMED, (core, namespace, name) in self._names),
            (ENDPOINTS, core == "Endpoints" and ("Service", namespace, name) in self._there),
            (DEPLOYER, bool(way) and (sound or (group, kind_name) == ("", "ServiceAccount"))),
            (CLAIM, core == "PersistentVolumeClaim" and self._is_of_a_set(namespace, name)),
            (CHILD, self._is_child(kind, live)),
        )
        return next((rule for rule, knows in known if knows), None)

    def field_rule(self, entry: Entry, field: Field) -> Rule | None:
        """The rule that knows a field which is not declared, or which somebody else has set."""
        for rule, knows in _FIELDS:
            if knows(entry, field.path):
                return rule
        # At 0 a HorizontalPodAutoscaler does nothing more: somebody has switched it off.
        scalers = self._scaled.get((entry.kind.kind, entry.namespace, entry.name), set())
        is_off = field.live == 0 and scalers == {"HorizontalPodAutoscaler"}
        if field.path == ("spec", "replicas") and scalers and not is_off:
            return SCALED
        return None

    def origin(self, kind: Kind, live: Object) -> tuple[Kind, Object]:
        """What controllers have made an object of, from owner to owner; the object itself where nobody has made it."""
        while (owner := self._owner(kind, live)) is not None:  # `CHILDREN` leads in no circle
            kind, live = owner
        return kind, live

    def _is_child(self, kind: Kind, live: Object) -> bool:
        """Whether controllers make it out of something that is declared, or that a rule knows."""
        origin = self.origin(kind, live)
        if kind.kind in ("Role", "RoleBinding") and key_of(kind, live) not in self.granted.sound:
            return False
        return origin[1] is not live and (key_of(*origin) in self._declared or self.rule(*origin) is not None)

    def _owner(self, kind: Kind, live: Object) -> tuple[Kind, Object] | None:
        """The one object that a controller has made it of, if `CHILDREN` knows that this is made of that."""
        owners = live["metadata"].get("ownerReferences") or []
        # Controllers say that they control, and give up what does not fit. OpenShift's for keys of an account does not,
        # nor does Cilium's: these are known by their names too.
        controllers = [owner for owner in owners if owner.get("controller")] or owners
        found = self._by_uid.get(controllers[0].get("uid")) if len(controllers) == 1 else None
        if found is None or not (controllers[0].get("controller") or found[0].kind in ("ServiceAccount", "Pod")):
            return None
        if _full(kind) not in CHILDREN.get(_full(found[0]), ()):
            return None
        metadata = found[1]["metadata"]
        if metadata.get("namespace", "") not in ("", live["metadata"].get("namespace", "")):
            return None
        of_account = rf"{re.escape(str(metadata['name']))}-(dockercfg|token)-"
        if found[0].kind == "ServiceAccount" and not re.match(of_account, str(live["metadata"]["name"])):
            return None
        if found[0].kind == "Pod" and metadata["name"] != live["metadata"]["name"]:
            return None
        return found

    def _is_of_a_set(self, namespace: str, name: str) -> bool:
        for entry in self._declared.values():
            if entry.kind.kind == "StatefulSet" and entry.namespace == namespace:
                for template in (entry.fields.get("spec") or {}).get("volumeClaimTemplates") or []:
                    prefix = f"{template['metadata']['name']}-{entry.name}-"
                    if name.startswith(prefix) and name.removeprefix(prefix).isdecimal():
                        return True
        return False


def is_listed(kind: Kind) -> bool:
    """Whether objects of a kind are looked for at all: not where a rule knows every one of them."""
    group = kind.api_version.rpartition("/")[0]
    return group not in _VIEWS | _REPORTS and not (kind.kind == "Event" and group in ("", "events.k8s.io"))


def _full(kind: Kind) -> str:
    group = kind.api_version.rpartition("/")[0]
    return f"{kind.kind}.{group}" if group else kind.kind


def _references(entry: Entry) -> list[tuple[str, str, str]]:
    """Secrets and ConfigMaps that a declared object names, wherever it does."""
    found: list[tuple[str, str, str]] = []

    def walk(value: Any) -> None:
        if isinstance(value, Mapping):
            for key, inner in value.items():
                if (kind := _SECRET_OR_MAP.get(str(key))) is not None:
                    for one in inner if isinstance(inner, list) else [inner]:
                        name = one if isinstance(one, str) else one.get("name") if isinstance(one, Mapping) else None
                        if isinstance(name, str) and name:
                            found.append((kind, entry.namespace, name))
                walk(inner)
        elif isinstance(value, list):
            for one in value:
                walk(one)

    walk({key: value for key, value in entry.fields.items() if key not in ("metadata", "data")})
    return found


_SECRET_OR_MAP = {
    **dict.fromkeys(("secret", "secretName", "secretRef", "secretKeyRef", "imagePullSecrets"), "Secret"),
    **dict.fromkeys(("configMap", "configMapRef", "configMapKeyRef"), "ConfigMap"),
}


def _target(entry: Entry) -> tuple[str, str, str] | None:
    """Kind, namespace and name of what a declared autoscaler scales."""
    if entry.kind.kind not in ("HorizontalPodAutoscaler", "ScaledObject"):
        return None
    target = (entry.fields.get("spec") or {}).get("scaleTargetRef") or {}
    return (str(target.get("kind", "Deployment")), entry.namespace, str(target.get("name", "")))


def _annotation(path: Sequence[str | int]) -> str:
    return str(path[2]) if path[:2] == ("metadata", "annotations") and len(path) == 3 else ""


def _finalizer(path: Sequence[str | int]) -> str:
    if path[:2] != ("metadata", "finalizers") and path[:2] != ("spec", "finalizers"):
        return ""
    return str(path[2]).strip('"') if len(path) == 3 else ""


_FIELDS: tuple[tuple[Rule, Callable[[Entry, tuple[str | int, ...]], bool]], ...] = (
    (APPLIED, lambda _, path: _annotation(path) == "kubectl.kubernetes.io/last-applied-configuration"),
    (
        RESTART,
        lambda _, path: path == ("spec", "template", "metadata", "annotations", "kubectl.kubernetes.io/restartedAt"),
    ),
    (REVISION, lambda _, path: _annotation(path) == "deployment.kubernetes.io/revision"),
    (FINALIZER, lambda _, path: _finalizer(path) in _FINALIZERS),
    (
        VOLUME,
        lambda entry, path: (
            entry.kind.kind == "PersistentVolumeClaim"
            and (path == ("spec", "volumeName") or _annotation(path) in _VOLUME_MARKS)
        ),
    ),
    (
        NAMESPACE,
        lambda entry, path: (
            entry.kind.kind == "Namespace"
            and path[:2] in (("metadata", "labels"), ("metadata", "annotations"))
            and len(path) == 3
            and _NAMESPACE_MARKS.fullmatch(str(path[2])) is not None
        ),
    ),
    (
        PULL,
        lambda entry, path: (
            entry.kind.kind == "ServiceAccount"
            and (
                (path[:1] in (("secrets",), ("imagePullSecrets",)) and _PULL.fullmatch(str(path[-1])) is not None)
                or _annotation(path) == "openshift.io/internal-registry-pull-secret-ref"
            )
        ),
    ),
)
