"""Samples of the rule on rights: roles that bindings name, of add-ons, of the platform, in namespaces of all sorts."""

from __future__ import annotations

from typing import Any

from tests.policy.support.sample import Sample, table
from tests.policy.support.tenants import TENANTS

_RBAC = "rbac.authorization.k8s.io/v1"
_BINDING: dict[str, Any] = {
    **{"apiVersion": _RBAC, "kind": "ClusterRoleBinding", "metadata": {"name": "sample"}},
    "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": "sample"},
    "subjects": [{"kind": "ServiceAccount", "name": "sample", "namespace": "sample"}],
}
_DEFAULT = {"kind": "ServiceAccount", "name": "default", "namespace": "helpdesk-prod"}
_ADDON = {"kind": "ServiceAccount", "name": "argocd-server", "namespace": "argocd"}
_FOREIGN, _NOT_ITS = "neither a role that is understood nor one", "somebody else than an account of the add-on"
_BINDINGS = (
    *table(
        f"kubernetes:{_RBAC}:ClusterRoleBinding",
        _BINDING,
        *(
            (f"{name} by another name", {"roleRef name": name, "subjects 0": _DEFAULT}, _FOREIGN)
            for name in (
                "argocd-server",
                "kyverno:background-controller",
                "velero-server",
                "whatever",
                "kubevirt-operator",
            )
        ),
        (
            "an add-on's role, called like it",
            {"metadata name": "argocd-server", "roleRef name": "argocd-server", "subjects 0": _DEFAULT},
            _NOT_ITS,
        ),
        (
            "an add-on's role for people",
            {
                "metadata name": "velero-x",
                "roleRef name": "velero-server",
                "subjects 0": {"kind": "Group", "name": "a"},
            },
            _NOT_ITS,
        ),
        (
            "an add-on's own binding",
            {"metadata name": "argocd-server", "roleRef name": "argocd-server", "subjects 0": _ADDON},
        ),
        (
            "a role that its binding is called after",
            {"metadata name": "memcached-rolebinding", "roleRef name": "memcached-manager-role"},
        ),
        (
            "everybody makes projects",
            {"metadata name": "self-provisioners", "roleRef name": "self-provisioner"},
            "leads to",
        ),
        (
            "a strange role for a tenant's account, called like it",
            {"metadata name": "cattle-admin", "roleRef name": "cattle-admin", "subjects 0": _DEFAULT},
            "though neither the account of a tenant nor its namespace is called like it",
        ),
        (
            "a tenant's own role",
            {"metadata name": "helpdesk-reader", "roleRef name": "helpdesk-reader", "subjects 0": _DEFAULT},
        ),
        ("figures are asked for", {"metadata name": "x", "roleRef name": "system:auth-delegator"}),
        world=TENANTS,
    ),
    *table(
        f"kubernetes:{_RBAC}:ClusterRoleBinding",
        _BINDING,
        ("a stated role", {"roleRef name": "whatever"}),
        config={"understood": [{"what": "role", "name": "whatever", "reason": "reads figures alone"}]},
    ),
    *table(
        f"kubernetes:{_RBAC}:RoleBinding",
        {**_BINDING, "kind": "RoleBinding", "metadata": {"name": "sample", "namespace": "helpdesk-prod"}},
        ("a role of the platform's in a tenant's namespace", {"roleRef name": "deployer"}),
        ("an editor of a tenant's namespace", {"roleRef name": "edit"}),
        ("a controller's role in a tenant's namespace", {"roleRef name": "argocd-application-controller"}, _NOT_ITS),
        ("a role of an add-on for people", {"roleRef name": "kueue-batch-user-role"}),
        ("another one", {"roleRef name": "cert-manager-edit"}),
        *(
            (
                f"an administrator of {name}",
                {"roleRef name": "admin", "metadata namespace": name},
                "accounts may do more",
            )
            for name in ("istio-system", "argocd", "velero", "cache-operator", "unheard-of")
        ),
        ("a viewer of an operator's namespace", {"roleRef name": "view", "metadata namespace": "velero"}),
        (
            "the figures' server reads who signs in",
            {
                "metadata": {"name": "x", "namespace": "kube-system"},
                "roleRef": {"kind": "Role", "name": "extension-apiserver-authentication-reader"},
            },
        ),
        (
            "a role of the system's namespace",
            {
                "metadata": {"name": "x", "namespace": "kube-system"},
                "roleRef": {"kind": "Role", "name": "bootstrap-signer"},
            },
            _FOREIGN,
        ),
        world=TENANTS,
    ),
    *table(
        f"kubernetes:{_RBAC}:RoleBinding",
        {**_BINDING, "kind": "RoleBinding", "metadata": {"name": "sample", "namespace": "unheard-of"}},
        ("an administrator where that is stated", {"roleRef name": "admin"}),
        world=TENANTS,
        config={"understood": [{"what": "namespace", "name": "unheard-of", "reason": "a team's, without an operator"}]},
    ),
)

SAMPLES: dict[str, tuple[Sample, ...]] = {"rbac-least": _BINDINGS}
