"""Labels of Services and entries: closed, for other programs open something by them.

Names without a domain are people's own. Within a domain a name is understood where its value is listed,
where the whole domain opens nothing, or where it is the organisation's own; the rest is named.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from fnmatch import fnmatchcase

from policies.judging.rule import Case
from policies.judging.subject import mapping
from policies.judging.values import UNKNOWN, JsonValue
from policies.manifests.fields import NOT_KNOWN, Fault, at, shown
from policies.manifests.insides import is_own
from policies.manifests.marks import REVISION, WAYPOINT
from policies.manifests.ownership import DOMAIN
from policies.manifests.statements import names

_ANY = r"[\w.,:/ -]*"
_TEXT = r"(?s).*"
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
    "istio.io/use-waypoint": WAYPOINT,
    "istio.io/use-waypoint-namespace": WAYPOINT,
    "istio.io/ingress-use-waypoint": "true|false",
    "istio.io/dataplane-mode": "ambient",
}
_OF_SERVICES: Mapping[str, str] = {
    **_COMMON,
    "networking.knative.dev/visibility": "cluster-local",
    "networking.kserve.io/visibility": "cluster-local",
    "service.kubernetes.io/headless": "",
    "gateway.networking.k8s.io/gateway-name": _ANY,
    "gateway.networking.k8s.io/gateway-class-name": _ANY,
    "istio.io/gateway-name": _ANY,
    "istio.io/waypoint-for": "service|workload|all",
    "gateway.istio.io/managed": _ANY,
    "operator.istio.io/component": _ANY,
    "install.operator.istio.io/owning-resource": _ANY,
    "service.istio.io/canonical-name": _ANY,
    "service.istio.io/canonical-revision": _ANY,
    "linkerd.io/control-plane-component": _ANY,
    "linkerd.io/control-plane-ns": _ANY,
}
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


def label_faults(case: Case) -> Iterator[Fault]:
    """Labels of a Service or an entry that are not understood."""
    if (case.subject.group, case.subject.kind) not in LABELLED:
        return
    yield from _labels(case, case.subject.metadata.get("labels"), "metadata.labels")
    spec = case.subject.inputs.get("spec")
    if case.subject.kind == "Gateway" and spec is not UNKNOWN:
        # The Service and the pods of the Gateway get these.
        yield from _labels(case, at(spec, "infrastructure", "labels"), "spec.infrastructure.labels")


def _labels(case: Case, found: JsonValue, path: str) -> Iterator[Fault]:
    if found is UNKNOWN:
        yield Fault(path=path, text=NOT_KNOWN)
    for name, value in mapping(found).items():
        text = _fault(case, name, value)
        if text:
            yield Fault(path=f"{path}.{name}", text=text)


def _fault(case: Case, name: str, value: JsonValue) -> str | None:
    domain, slash, _ = name.partition("/")
    if not slash:
        return None
    if name in _OF_SERVICES:
        values = _OF_SERVICES[name]
        return None if _fits(values, value) else f"{shown(value)}, and its values are {values}"
    if is_harmless(domain) or is_own(case, domain):
        return None
    stated, remark = names(case.config.get("labels"))
    if any(fnmatchcase(name, pattern) for pattern in stated):
        return None
    return f"{shown(value)}, and of {domain} only what is understood is allowed{remark}"


def is_harmless(domain: str) -> bool:
    """Whether a domain, or one above it, is of a program whose marks open nothing."""
    while domain:
        if domain in _HARMLESS:
            return True
        domain = domain.partition(".")[2]
    return False


def _fits(pattern: str, value: JsonValue) -> bool:
    return pattern is _TEXT or (isinstance(value, str) and re.fullmatch(pattern, value) is not None)
