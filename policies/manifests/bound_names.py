"""Names that bindings give rights to and take rights from: those of Kubernetes and OpenShift themselves.

Names that begin with `system:` belong to the cluster. Of roles those that are known to be harmless pass and every
other is refused, so that a role of a later version, or of a controller, is not given away unseen. Of groups and users
only single service accounts pass.
"""

from __future__ import annotations

SYSTEM = "system:"
ACCOUNT = "system:serviceaccount:"
"""What a single service account is called as a user: `system:serviceaccount:<namespace>:<name>`."""

STRICT_CONSTRAINTS = ("restricted", "restricted-v2", "restricted-v3", "nonroot", "nonroot-v2")
"""Security context constraints of OpenShift that keep a pod as the restricted standard does."""

HARMLESS_ROLES = frozenset(
    {
        *("system:auth-delegator", "system:basic-user", "system:discovery", "system:public-info-viewer"),
        *("system:service-account-issuer-discovery", "system:monitoring", "system:heapster"),
        *("system:kube-dns", "system:coredns", "system:node-proxier", "system:metrics-server"),
        *("system:aggregated-metrics-reader", "system:image-puller", "system:sdn-reader"),
        *(f"system:openshift:scc:{name}" for name in STRICT_CONSTRAINTS),
    }
)
"""Roles that read what everybody may read, or ask who somebody is. Objects called like a role of the cluster that an
add-on brings with it (CoreDNS, metrics-server) are judged by their own rules."""

_STRONG_ROLES = frozenset(
    {
        *("cluster-admin", "sudoer", "cluster-debugger", "storage-admin", "olm-operators-admin", "crossplane-admin"),
        *("self-provisioner", "self-provisioners", "cluster-reader", "cluster-admins", "admin-all", "dedicated-admins"),
    }
)
STRONG_IN_ALL = frozenset(
    {
        *("admin", "edit", "system:node", "system:kube-controller-manager", "registry-admin", "registry-editor"),
    }
)
"""Roles that write workloads or read Secrets, which nobody gets but in a namespace of tenants."""

_PEOPLE = frozenset({"kubeadm:cluster-admins", "kubernetes-admin", "kube:admin", "kubeadmin"})
"""Administrators' groups and users that do not say by their beginning that they are the cluster's."""

_STRONG_GROUPS = frozenset({"cluster-admins", "dedicated-admins"})
"""Groups of OpenShift's administrators, who may be given further rights, and whom nothing else may join."""


def strong_role(name: str) -> str | None:
    """Why nobody is given a role, or None."""
    if name in _STRONG_ROLES:
        return "which leads to every other right"
    if name.startswith(SYSTEM) and name not in HARMLESS_ROLES:
        return "a role of the cluster's own parts"
    return None


_OF_ADDONS = frozenset(
    {
        *("system:metrics-server", "system:aggregated-metrics-reader", "system:metrics-server-aggregated-reader"),
        *("system:coredns", "system:kube-dns", "system:heapster", "system:prometheus", "system:image-puller"),
        *(f"system:openshift:scc:{name}" for name in STRICT_CONSTRAINTS),
    }
)
"""Roles with names like the cluster's own that add-ons bring with them."""

_BOUND_ALREADY = frozenset(
    {
        *(
            "view",
            "edit",
            "admin",
            "cluster-admin",
            "cluster-reader",
            "basic-user",
            "cluster-status",
            "self-provisioner",
        ),
        *("self-access-reviewer", "sudoer", "storage-admin", "registry-admin", "registry-editor", "registry-viewer"),
    }
)


def built_in(name: str) -> str | None:
    """Why nobody declares a ClusterRole of a name, or None: others have it already, by bindings of the cluster."""
    if name in _BOUND_ALREADY or (name.startswith(SYSTEM) and name not in _OF_ADDONS):
        return "a role that others have already: whoever has it would get these rights"
    return None


def not_bound(name: str) -> str | None:
    """Why a group or user is given nothing by a binding, or None."""
    if name in _PEOPLE or name == "*":
        return "who may do everything already, or is everybody"
    if name.startswith(SYSTEM) and not name.startswith(ACCOUNT):
        return "a group or user of the cluster itself"
    return None


def not_joined(group: str) -> str | None:
    """Why nobody is put into a group of users, or None: it has rights of its own in every cluster."""
    return "which has rights of its own in every cluster" if group in _STRONG_GROUPS or not_bound(group) else None
