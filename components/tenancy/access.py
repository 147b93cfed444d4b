"""Who may do what in a tenant's namespace: one Role and RoleBinding a role that has members.

Reading and calling are kept apart. On Open Data Hub and OpenShift AI the verb `get` on an InferenceService is the
permission to call it (kube-rbac-proxy asks for `get inferenceservices/<name>`): roles that read get `list` and
`watch`, and `get` belongs to callers alone.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pulumi

from components import naming
from components.facts import CALLER, SERVICE_ACCOUNT, is_service_account
from components.kubernetes_object import KubernetesObject

RBAC = "rbac.authorization.k8s.io"

_READ = ("get", "list", "watch")
_LIST = ("list", "watch")

_SERVICES = ("serving.kserve.io", ("inferenceservices",), _LIST)
_RUNTIMES = ("serving.kserve.io", ("servingruntimes",), _READ)
_PODS = ("", ("pods", "pods/status", "events", "services", "endpoints"), _READ)
_EVENTS = ("events.k8s.io", ("events",), _READ)
_SLICES = ("discovery.k8s.io", ("endpointslices",), _READ)
_LOGS = ("", ("pods/log",), ("get",))
_WORKLOADS = ("apps", ("deployments", "replicasets"), _READ)
_JOBS = ("batch", ("jobs",), _READ)
_DISRUPTIONS = ("policy", ("poddisruptionbudgets",), _READ)
_STORAGE = ("", ("persistentvolumeclaims", "resourcequotas", "limitranges"), _READ)
_CONFIG = ("", ("configmaps", "serviceaccounts"), _READ)
_FLOWS = ("networking.k8s.io", ("networkpolicies",), _READ)
_RIGHTS = (RBAC, ("roles", "rolebindings"), _READ)
_ROUTES = ("route.openshift.io", ("routes",), _READ)
_MONITORS = ("monitoring.coreos.com", ("podmonitors",), _READ)
_REMOVE = ("", ("pods",), ("delete",))
_EVICT = ("", ("pods/eviction",), ("create",))

_RUNNING = (_SERVICES, _RUNTIMES, _PODS, _EVENTS, _SLICES, _WORKLOADS, _JOBS, _DISRUPTIONS, _STORAGE)
_GUARDS = (_CONFIG, _FLOWS, _RIGHTS, _ROUTES, _MONITORS)

_Rule = tuple[str, tuple[str, ...], tuple[str, ...]]
RULES: Mapping[str, tuple[_Rule, ...]] = {
    "platform": (*_RUNNING, *_GUARDS, _LOGS, _REMOVE, _EVICT),
    "security": (*_RUNNING, *_GUARDS),
    "operations": (*_RUNNING, _CONFIG, _ROUTES, _MONITORS, _LOGS, _REMOVE, _EVICT),
    "auditor": (_SERVICES, _RUNTIMES, _WORKLOADS, _STORAGE, *_GUARDS, _EVENTS),
    "owner": (_SERVICES, _PODS, _EVENTS, _WORKLOADS, _STORAGE),
}
"""Group, resources and verbs of each role but the caller's. Nobody reads Secrets, opens a shell or changes what Git
says; logs may hold what callers wrote, so that only those who mend servers read them."""


@dataclass(frozen=True, kw_only=True)
class TenantAccessArgs:
    """`members` are group names by role, for callers also `system:serviceaccount:<namespace>:<name>`.

    `kitchens` are the InferenceServices that callers may call.
    """

    namespace: str
    labels: Mapping[str, str]
    members: Mapping[str, Sequence[str]]
    kitchens: Sequence[str]


class TenantAccess(pulumi.ComponentResource):
    """Roles of a tenant's namespace and who has them; a role without members is not made.

    Guaranteed: nothing holds outside the namespace, nothing is wildcarded, and callers get exactly the kitchens that
    are named: without any kitchen there is no caller's Role, for one without names would mean all of them.
    """

    TOKEN = "kitchen:access:TenantAccess"

    def __init__(self, name: str, args: TenantAccessArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        """Declare the Roles and RoleBindings."""
        super().__init__(self.TOKEN, name, {"namespace": args.namespace}, opts)
        child = pulumi.ResourceOptions(parent=self)
        for role, members in args.members.items():
            rules = rules_of(role, args.kitchens)
            if not members or not rules:
                continue
            metadata: Any = {"name": naming.role(role), "namespace": args.namespace, "labels": dict(args.labels)}
            made = KubernetesObject(
                f"{name}-{role}",
                api_version=f"{RBAC}/v1",
                kind="Role",
                metadata=metadata,
                rules=rules,
                opts=child,
            )
            KubernetesObject(
                f"{name}-{role}",
                api_version=f"{RBAC}/v1",
                kind="RoleBinding",
                metadata=metadata,
                roleRef={"apiGroup": RBAC, "kind": "Role", "name": naming.role(role)},
                subjects=[subject(member) for member in members],
                opts=pulumi.ResourceOptions.merge(child, pulumi.ResourceOptions(depends_on=[made])),
            )
        self.register_outputs({})


def rules_of(role: str, kitchens: Sequence[str]) -> list[dict[str, Any]]:
    """`rules` of a role; raise KeyError for a role that is none."""
    if role == CALLER:
        rule = {"apiGroups": ["serving.kserve.io"], "resources": ["inferenceservices"], "verbs": ["get"]}
        return [{**rule, "resourceNames": sorted(kitchens)}] if kitchens else []
    return [
        {"apiGroups": [group], "resources": list(resources), "verbs": list(verbs)}
        for group, resources, verbs in RULES[role]
    ]


def subject(member: str) -> dict[str, str]:
    """Subject of a RoleBinding."""
    if is_service_account(member):
        namespace, _, name = member.removeprefix(SERVICE_ACCOUNT).partition(":")
        return {"kind": "ServiceAccount", "name": name, "namespace": namespace}
    return {"apiGroup": RBAC, "kind": "Group", "name": member}
