"""What an API server should write down about an environment: its audit policy, out of the settings.

The policy is a file of the control plane, or on OpenShift a part of the APIServer object, so nothing of this program
applies it. Rules are tried in their order, and the first one that fits decides. Bodies are recorded of kinds that hold
no secret alone: of Secrets, tokens and ConfigMaps (which may hold what people put there) it is who did what, and when.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from components import naming
from infra.settings import Settings

_CHANGES = ["create", "update", "patch", "delete", "deletecollection"]
_SECRET = {"group": "", "resources": ["secrets"]}
_CONFIDENTIAL = (
    {"group": "", "resources": ["configmaps", "serviceaccounts/token"]},
    {"group": "authentication.k8s.io", "resources": ["tokenreviews", "tokenrequests"]},
)
_NOISE = (
    {"group": "", "resources": ["events"]},
    {"group": "events.k8s.io", "resources": ["events"]},
    {"group": "coordination.k8s.io", "resources": ["leases"]},
)
_MACHINERY = ("system:nodes", "system:serviceaccounts:kube-system")
_OWNED = (
    ("", ("services", "serviceaccounts", "persistentvolumeclaims", "resourcequotas", "limitranges")),
    ("apps", ("deployments", "statefulsets")),
    ("batch", ("jobs",)),
    ("autoscaling", ("horizontalpodautoscalers",)),
    ("keda.sh", ("*",)),
    ("policy", ("poddisruptionbudgets",)),
    ("networking.k8s.io", ("networkpolicies", "ingresses")),
    ("gateway.networking.k8s.io", ("*",)),
    ("route.openshift.io", ("routes",)),
    ("networking.istio.io", ("*",)),
    ("security.istio.io", ("*",)),
    ("monitoring.coreos.com", ("*",)),
    ("perses.dev", ("persesdashboards",)),
    ("cert-manager.io", ("certificates",)),
    ("serving.kserve.io", ("*",)),
)
"""Kinds of the environment's namespaces whose changes are recorded with bodies: none of them holds a secret.

Pods are not among them: each rollout makes many, and their templates are in the objects above.
"""

_CLUSTER = (
    ("rbac.authorization.k8s.io", ("*",)),
    ("admissionregistration.k8s.io", ("*",)),
    ("scheduling.k8s.io", ("priorityclasses",)),
    ("apiextensions.k8s.io", ("customresourcedefinitions",)),
    ("serving.kserve.io", ("*",)),
    ("", ("namespaces",)),
)
"""Kinds of the whole cluster on which the environment stands: rights, admission, what KServe runs everywhere."""
_ALL = (*_OWNED, *_CLUSTER)


def namespaces(settings: Settings) -> list[str]:
    """Namespaces that the environment has: of its tenants, of the entry, and of a store that it brings up."""
    found = [naming.namespace(tenant, settings.environment) for tenant in settings.tenants]
    if settings.entry is not None:
        found.append(naming.entry_namespace(settings.environment))
    if settings.object_store.deploy is not None:
        found.append(settings.object_store.deploy.namespace)
    return sorted(found)


def audit_policy(settings: Settings) -> dict[str, Any]:
    """An audit.k8s.io/v1 Policy for the file behind `--audit-policy-file`; the same settings give the same policy."""
    return {
        "apiVersion": "audit.k8s.io/v1",
        "kind": "Policy",
        "omitStages": ["RequestReceived"],
        # Who last wrote which field repeats every body.
        "omitManagedFields": True,
        "rules": _rules(namespaces(settings)),
    }


def openshift_audit() -> dict[str, Any]:
    """The APIServer object of OpenShift, where policies are not free: a profile for each group of callers.

    Bodies of changes by people are recorded; OpenShift itself leaves out those of Secrets, Routes and OAuthClients. All
    else is recorded without bodies, and for every namespace alike.
    """
    people = {"group": "system:authenticated:oauth", "profile": "WriteRequestBodies"}
    return {
        "apiVersion": "config.openshift.io/v1",
        "kind": "APIServer",
        "metadata": {"name": "cluster"},
        "spec": {"audit": {"profile": "Default", "customRules": [people]}},
    }


def _rules(places: Sequence[str]) -> list[dict[str, Any]]:
    return [
        {"level": "None", "resources": list(_NOISE)},
        # Before the rule that drops reads: who read or changed a Secret, nodes too, and never what is in it.
        {"level": "Metadata", "resources": [_SECRET]},
        {"level": "None", "verbs": ["get", "list", "watch"], "userGroups": list(_MACHINERY)},
        # Before every rule with bodies: ConfigMaps and tokens have none.
        {"level": "Metadata", "resources": list(_CONFIDENTIAL)},
        # What controllers tell of their objects all the time.
        {"level": "Metadata", "verbs": _CHANGES, "resources": _resources([(group, ["*/status"]) for group, _ in _ALL])},
        {"level": "RequestResponse", "verbs": _CHANGES, "namespaces": list(places), "resources": _resources(_OWNED)},
        {"level": "RequestResponse", "verbs": _CHANGES, "resources": _resources(_CLUSTER)},
        {"level": "Metadata", "namespaces": list(places)},
        {"level": "None", "nonResourceURLs": ["/healthz*", "/readyz*", "/livez*", "/version", "/openapi*"]},
        {"level": "Metadata", "verbs": _CHANGES},
        {"level": "None"},
    ]


def _resources(kinds: Sequence[tuple[str, Sequence[str]]]) -> list[Mapping[str, Any]]:
    return [{"group": group, "resources": list(names)} for group, names in kinds]
