"""Kinds as the API server's rules name them: a closed table, as rules know plurals and no kinds."""

from __future__ import annotations

from dataclasses import dataclass

from infra.faults import Fault, FaultsError


@dataclass(frozen=True, kw_only=True)
class Resource:
    """What a rule names; `namespaced` says whether its objects lie in namespaces."""

    group: str
    plural: str
    namespaced: bool = True

    def __str__(self) -> str:
        """Return `deployments.apps`, or the plural alone for the core's."""
        return f"{self.plural}.{self.group}" if self.group else self.plural


_PLURALS = {
    "": "ConfigMap LimitRange PersistentVolumeClaim Pod ResourceQuota Secret Service ServiceAccount",
    "apps": "DaemonSet Deployment ReplicaSet StatefulSet",
    "autoscaling": "HorizontalPodAutoscaler",
    "batch": "CronJob Job",
    "cert-manager.io": "Certificate",
    "gateway.networking.k8s.io": "BackendTLSPolicy Gateway HTTPRoute",
    "keda.sh": "ScaledObject",
    "monitoring.coreos.com": "AlertmanagerConfig PodMonitor PrometheusRule ServiceMonitor",
    "networking.istio.io": "DestinationRule EnvoyFilter Gateway ServiceEntry Sidecar VirtualService",
    "networking.k8s.io": "Ingress NetworkPolicy",
    "perses.dev": "PersesDashboard",
    "policy": "PodDisruptionBudget",
    "rbac.authorization.k8s.io": "Role RoleBinding",
    "route.openshift.io": "Route",
    "security.istio.io": "AuthorizationPolicy PeerAuthentication RequestAuthentication",
    "serving.kserve.io": "InferenceService LLMInferenceService ServingRuntime",
}
_OF_CLUSTER = {"": "Namespace", "scheduling.k8s.io": "PriorityClass"}


def _plural(kind: str) -> str:
    word = kind.lower()
    if word.endswith(("ss", "sh", "ch", "x")):
        return f"{word}es"
    return f"{word[:-1]}ies" if word.endswith("y") and word[-2] not in "aeiou" else f"{word}s"


KNOWN: dict[tuple[str, str], Resource] = {
    (group, kind): Resource(group=group, plural=_plural(kind), namespaced=namespaced)
    for table, namespaced in ((_PLURALS, True), (_OF_CLUSTER, False))
    for group, kinds in table.items()
    for kind in kinds.split()
}
"""By API group and kind; `Endpoints` and other irregular words are not declared by the program."""


OF_CLUSTER = tuple(known for known in KNOWN.values() if not known.namespaced)
OVER_CLUSTER = tuple(
    Resource(group=group, plural=plural, namespaced=False)
    for group, plurals in {
        "admissionregistration.k8s.io": (
            *("mutatingadmissionpolicies", "mutatingadmissionpolicybindings", "mutatingwebhookconfigurations"),
            *("validatingadmissionpolicies", "validatingadmissionpolicybindings", "validatingwebhookconfigurations"),
        ),
        "apiregistration.k8s.io": ("apiservices",),
        "policy.networking.k8s.io": ("adminnetworkpolicies", "baselineadminnetworkpolicies", "clusternetworkpolicies"),
        "rbac.authorization.k8s.io": ("clusterroles", "clusterrolebindings"),
    }.items()
    for plural in plurals
)
"""What reaches into our namespaces from beside them; nobody here changes it, and `kitchen drift` reads it."""


def resource(api_version: str, kind: str) -> Resource:
    """What rules call a kind; raise FaultsError for one that this table does not know: no right is guessed."""
    found = KNOWN.get((api_version.rpartition("/")[0], kind))
    if found is None:
        rule = "must be a kind of tools/identity/resources.py: rights are derived for known kinds alone"
        raise FaultsError(
            "identity", [Fault(path="kind", value=f"{api_version} {kind}", rule=rule, example="v1 Service")]
        )
    return found
