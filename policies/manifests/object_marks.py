"""Labels and annotations of Secrets, ServiceAccounts and Namespaces: understood, or refused by name.

Programs copy a Secret by its annotations, give an account a cloud's role, or put a namespace under somebody else. A
mark without a domain, or in one of the organisation's domains, is the organisation's own.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from policies.judging.rule import Case
from policies.judging.subject import mapping
from policies.judging.values import UNKNOWN, JsonValue
from policies.manifests.fields import NOT_KNOWN, Fault, shown
from policies.manifests.namespace_places import is_own
from policies.manifests.understood_beside import is_stated

_ANY = r"(?s).*"
_SWITCH = "true|false"
_ALL: Mapping[str, str] = {
    **dict.fromkeys(
        (
            *("app.kubernetes.io/*", "helm.sh/*", "meta.helm.sh/*", "kubectl.kubernetes.io/*", "pulumi.com/*"),
            *("kustomize.config.k8s.io/*", "config.kubernetes.io/*", "internal.config.kubernetes.io/*"),
            *("kustomize.toolkit.fluxcd.io/*", "reloader.stakater.com/*", "secret.reloader.stakater.com/*"),
            *("configmap.reloader.stakater.com/*", "velero.io/*", "backup.velero.io/*", "checksum/*"),
            *("olm.operatorframework.io/*", "operators.coreos.com/*", "opendatahub.io/*", "openshift.io/*"),
            *("argocd.argoproj.io/sync-wave", "argocd.argoproj.io/sync-options", "argocd.argoproj.io/tracking-id"),
            *("argocd.argoproj.io/compare-options", "argocd.argoproj.io/hook", "argocd.argoproj.io/instance"),
            *("argocd.argoproj.io/hook-delete-policy", "cnpg.io/*", "strimzi.io/*", "cert-manager.io/*"),
            *("controller.cert-manager.io/*", "postgres-operator.crunchydata.com/*"),
        ),
        _ANY,
    ),
}
"""Marks that open nothing on whatever object; `/*` is every name of a domain."""

_OF_SECRETS: Mapping[str, str] = {
    **_ALL,
    "argocd.argoproj.io/secret-type": "repository|repo-creds",
    "serving.kserve.io/*": _ANY,
    "reconcile.external-secrets.io/*": _ANY,
    "sealedsecrets.bitnami.com/managed": _SWITCH,
    "sealedsecrets.bitnami.com/skip-set-owner-references": _SWITCH,
    "kueue.x-k8s.io/*": _ANY,
    "kubernetes.io/service-account.name": _ANY,
    "kubernetes.io/description": _ANY,
}
_OF_ACCOUNTS: Mapping[str, str] = {
    **_ALL,
    "kubernetes.io/enforce-mountable-secrets": _SWITCH,
    "serving.kserve.io/*": _ANY,
    "serviceaccounts.openshift.io/oauth-redirectreference.*": r"(?s)(?!.*https?://).*",
    "eks.amazonaws.com/sts-regional-endpoints": _SWITCH,
    "eks.amazonaws.com/token-expiration": r"[0-9]{1,6}",
}
_OF_NAMESPACES: Mapping[str, str] = {
    **_ALL,
    **dict.fromkeys(
        (
            *(
                "kubernetes.io/*",
                "pod-security.kubernetes.io/*",
                "goldilocks.fairwinds.com/*",
                "monitoring.coreos.com/*",
            ),
            *("kueue.x-k8s.io/*", "kueue.openshift.io/*", "network.openshift.io/policy-group"),
            *("policy.networking.k8s.io/*", "scheduler.alpha.kubernetes.io/*", "security.openshift.io/*"),
            *("networking.knative.dev/*", "olm.operatorgroup.uid/*"),
            # These domains are closed by `pod-security-baseline` and `network-closed`.
            *("istio.io/*", "topology.istio.io/*", "linkerd.io/*", "config.linkerd.io/*", "kuma.io/*"),
            *("policy.sigstore.dev/*", "gatekeeper.sh/*", "admission.gatekeeper.sh/*", "kyverno.io/*"),
        ),
        _ANY,
    ),
}
_KINDS: Mapping[tuple[str, str], Mapping[str, str]] = {
    ("", "Secret"): _OF_SECRETS,
    # What makes a Secret gives it its own marks, unless a template says others.
    ("external-secrets.io", "ExternalSecret"): {**_OF_SECRETS, "external-secrets.io/*": _ANY},
    ("bitnami.com", "SealedSecret"): {**_OF_SECRETS, "sealedsecrets.bitnami.com/namespace-wide": _SWITCH},
    ("", "ServiceAccount"): _OF_ACCOUNTS,
    ("", "Namespace"): _OF_NAMESPACES,
}
_IDENTITIES = (
    *("eks.amazonaws.com/role-arn", "iam.gke.io/gcp-service-account", "azure.workload.identity/client-id"),
    *("azure.workload.identity/tenant-id", "vault.security.banzaicloud.io/vault-role"),
)
"""Annotations that give an account an identity outside; a statement names its value."""


def object_marks(case: Case) -> Iterator[Fault]:
    """Faults of an object's own labels and annotations."""
    closed = _KINDS.get((case.subject.group, case.subject.kind))
    if closed is not None:
        yield from _marks(case, case.subject.metadata, "metadata", closed)


def secret_marks(case: Case, metadata: JsonValue, path: str) -> Iterator[Fault]:
    """The same of metadata from which a program makes a Secret."""
    if metadata is UNKNOWN:
        yield Fault(path=path, text=NOT_KNOWN)
    yield from _marks(case, mapping(metadata), path, _OF_SECRETS)


def _marks(case: Case, metadata: dict[str, JsonValue], prefix: str, closed: Mapping[str, str]) -> Iterator[Fault]:
    for field in ("labels", "annotations"):
        found = metadata.get(field)
        if found is UNKNOWN:
            yield Fault(path=f"{prefix}.{field}", text=NOT_KNOWN)
        for name, value in mapping(found).items():
            if not _is_understood(case, name, value, closed):
                yield Fault(path=f"{prefix}.{field}.{name}", text=f"{shown(value)}: {_why(name)}")


def _why(name: str) -> str:
    if name in _IDENTITIES:
        return "an identity outside, which is named with a reason in `understood` of this rule or not given"
    return "what a program does because of it is not understood"


def _is_understood(case: Case, name: str, value: JsonValue, closed: Mapping[str, str]) -> bool:
    domain, slash, _ = name.partition("/")
    if not slash or is_own(domain, case.world):
        return True
    beginning = f"{name.rpartition('.')[0]}.*"
    allowed = next((closed[key] for key in (name, beginning, f"{domain}/*") if key in closed), None)
    if allowed == _ANY or (allowed is not None and isinstance(value, str) and re.fullmatch(allowed, value)):
        return True
    sort, said = ("identity", str(value)) if name in _IDENTITIES else ("mark", name)
    return value is not UNKNOWN and is_stated(case.config, sort, said)
