"""Labels and annotations of namespaces, Services and entries: closed, for other programs open something by them.

Names without a domain are people's own, but for a few. Within a domain a name is understood where its value is listed,
where the whole domain opens nothing, or where it is the organisation's own; the rest is named.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from fnmatch import fnmatchcase

from policies.judging.rule import Case
from policies.judging.subject import entries, mapping
from policies.judging.values import UNKNOWN, JsonValue
from policies.manifests.fields import NOT_KNOWN, Fault, shown
from policies.manifests.insides import is_own
from policies.manifests.marks import OF_PODS
from policies.manifests.ownership import DOMAIN

_ANY = r"[\w.,:/ -]*"
_TEXT = r"(?s).*"
REVISION = (
    r"default|stable|prod|prod-stable|canary|asm-managed(?:-stable|-rapid)?|openshift-gateway"
    r"|[a-z-]*[0-9]+-[0-9]+(?:-[0-9]+)?"
)
"""Names of revisions of Istio's control plane, as it and its installers give them. A name that no control plane has
would leave pods without a proxy."""

_WAYPOINT = r"(?!none$)[a-z0-9][a-z0-9-]*"

_HARMLESS = frozenset(
    {
        *(DOMAIN, "app.kubernetes.io", "helm.sh", "meta.helm.sh", "pulumi.com", "kustomize.toolkit.fluxcd.io"),
        *("helm.toolkit.fluxcd.io", "config.kubernetes.io", "internal.config.kubernetes.io", "backstage.io"),
        *("a8r.io", "prometheus.io", "checksum", "app.openshift.io", "operators.coreos.com", "olm.openshift.io"),
        *("policy.open-cluster-management.io", "reloader.stakater.com", "goldilocks.fairwinds.com", "velero.io"),
        *("kubed.appscode.com", "app.kubeflow.org", "opendatahub.io", "modelregistry.opendatahub.io"),
        *("kueue.x-k8s.io", "kueue.openshift.io", "jobset.sigs.k8s.io", "leaderworkerset.sigs.k8s.io", "nvidia.com"),
        *("serving.kserve.io", "internal.serving.kserve.io", "monitoring.coreos.com", "operator.prometheus.io"),
        *("endpointslice.kubernetes.io", "topology.kubernetes.io", "cnpg.io", "strimzi.io", "rabbitmq.com"),
        *("k8s.elastic.co", "min.io", "vault.hashicorp.com", "secrets-store.csi.k8s.io", "external-secrets.io"),
        *("postgres-operator.crunchydata.com", "databases.spotahome.com", "redis.opstreelabs.in", "acid.zalan.do"),
        *("workload.openshift.io", "console.openshift.io", "machineconfiguration.openshift.io", "hnc.x-k8s.io"),
        *("capsule.clastix.io", "cattle.io", "tekton.dev", "operator.tekton.dev", "grafana.com", "argo-cd.argoproj.io"),
        *("pod-security.kubernetes.io", "opencost.io", "kubecost.com", "snyk.io", "sonarqube.org"),
    }
)
"""Domains of programs whose labels and annotations tell what an object is, and open nothing."""

_ARGO_CD = {
    f"argocd.argoproj.io/{name}": _TEXT
    for name in (
        *("sync-wave", "sync-options", "compare-options", "tracking-id", "hook", "hook-delete-policy", "instance"),
        *("ignore-healthcheck", "managed-by", "application-set-refresh"),
    )
}
_KUBERNETES = {
    f"kubernetes.io/{name}": _TEXT
    for name in ("metadata.name", "name", "cluster-service", "description", "bootstrapping", "os", "arch")
}
_COMMON: Mapping[str, str] = {
    **_ARGO_CD,
    **_KUBERNETES,
    "kubectl.kubernetes.io/last-applied-configuration": _TEXT,
    "kubectl.kubernetes.io/restartedAt": _TEXT,
    "istio.io/rev": REVISION,
    "istio.io/use-waypoint": _WAYPOINT,
    "istio.io/use-waypoint-namespace": _WAYPOINT,
    "istio.io/ingress-use-waypoint": "true|false",
    "istio.io/dataplane-mode": "ambient",
}
_OF_NAMESPACES: Mapping[str, str] = {
    **_COMMON,
    **{name: value for domain in OF_PODS.values() for name, value in domain.items() if name.startswith("linkerd.io")},
    "topology.istio.io/network": _ANY,
    "kuma.io/sidecar-injection": "enabled",
    "kuma.io/mesh": _ANY,
    "consul.hashicorp.com/connect-inject": "true",
    "openservicemesh.io/sidecar-injection": "enabled",
    # Pods of the namespace would get tolerations, or go to other nodes than they are judged by.
    "scheduler.alpha.kubernetes.io/node-selector": "",
    "policy.sigstore.dev/include": "true",
    "cert-manager.io/disable-validation": "false",
    **{f"openshift.io/{name}": _TEXT for name in ("description", "display-name", "requester")},
    # Any other selector would lead the namespace's pods away from the nodes that they are judged by.
    "openshift.io/node-selector": "",
    "openshift.io/cluster-monitoring": "true|false",
    "openshift.io/user-monitoring": "true|false",
    "openshift.io/sa.scc.mcs": _ANY,
    "openshift.io/sa.scc.uid-range": r"1[0-9]{9,}/[0-9]+",
    "openshift.io/sa.scc.supplemental-groups": r"1[0-9]{9,}/[0-9]+",
    "network.openshift.io/policy-group": "|ingress|monitoring",
    "security.openshift.io/scc.podSecurityLabelSync": "true|false",
    "security.openshift.io/MinimallySufficientPodSecurityStandard": "restricted",
}
_OF_SERVICES: Mapping[str, str] = {
    **_COMMON,
    "networking.knative.dev/visibility": "cluster-local",
    "networking.kserve.io/visibility": "cluster-local",
    "service.kubernetes.io/headless": "",
    "gateway.networking.k8s.io/gateway-name": _ANY,
    "gateway.networking.k8s.io/gateway-class-name": _ANY,
    "istio.io/gateway-name": _ANY,
    "gateway.istio.io/managed": _ANY,
    "operator.istio.io/component": _ANY,
    "install.operator.istio.io/owning-resource": _ANY,
    "service.istio.io/canonical-name": _ANY,
    "service.istio.io/canonical-revision": _ANY,
    "linkerd.io/control-plane-component": _ANY,
    "linkerd.io/control-plane-ns": _ANY,
}
_WITHOUT_DOMAIN = {"istio-injection": "enabled", "istio-discovery": "enabled"}
"""Names without a domain that programs read, and what is allowed."""

LABELLED = {
    ("", "Service"),
    *(("networking.k8s.io", kind) for kind in ("Ingress", "IngressClass")),
    ("extensions", "Ingress"),
    ("route.openshift.io", "Route"),
    *(
        ("gateway.networking.k8s.io", kind)
        for kind in ("Gateway", "GatewayClass", "HTTPRoute", "GRPCRoute", "TLSRoute")
    ),
    *(("networking.istio.io", kind) for kind in ("Gateway", "VirtualService", "DestinationRule", "ServiceEntry")),
}
"""Services and entries, whose labels are closed; their annotations are the rule's on entries."""


def namespace_marks(case: Case) -> Iterator[Fault]:
    """Labels and annotations of a namespace that take its pods out of the mesh, or of what the cluster checks."""
    for field in ("labels", "annotations"):
        yield from _marks(case, field, _OF_NAMESPACES)


def object_marks(case: Case) -> Iterator[Fault]:
    """Labels of a Service or an entry that are not understood."""
    if (case.subject.group, case.subject.kind) in LABELLED:
        yield from _marks(case, "labels", _OF_SERVICES)


def _marks(case: Case, field: str, allowed: Mapping[str, str]) -> Iterator[Fault]:
    found = case.subject.metadata.get(field)
    if found is UNKNOWN:
        yield Fault(path=f"metadata.{field}", text=NOT_KNOWN)
    for name, value in mapping(found).items():
        text = _fault(case, name, value, allowed)
        if text:
            yield Fault(path=f"metadata.{field}.{name}", text=text)


def _fault(case: Case, name: str, value: JsonValue, allowed: Mapping[str, str]) -> str | None:
    domain, slash, _ = name.partition("/")
    if not slash:
        known = _WITHOUT_DOMAIN.get(name)
        return shown(value) if known is not None and not _fits(known, value) else None
    if name in allowed:
        return None if _fits(allowed[name], value) else f"{shown(value)}, and its values are {allowed[name]}"
    if is_harmless(domain) or is_own(case, domain):
        return None
    if any(fnmatchcase(name, str(pattern)) for pattern in entries(case.config.get("labels"))):
        return None
    return f"{shown(value)}, and of {domain} only what is understood is allowed"


def is_harmless(domain: str) -> bool:
    """Whether a domain, or one above it, is of a program whose marks open nothing."""
    while domain:
        if domain in _HARMLESS:
            return True
        domain = domain.partition(".")[2]
    return False


def _fits(pattern: str, value: JsonValue) -> bool:
    return pattern is _TEXT or (isinstance(value, str) and re.fullmatch(pattern, value) is not None)
