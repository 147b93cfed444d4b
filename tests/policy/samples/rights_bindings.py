"""Samples of the rule on rights: roles that bindings name, of add-ons, of the platform, in namespaces of all sorts."""

from __future__ import annotations

import dataclasses
from typing import Any

from tests.policy.support.sample import Sample, table
from tests.policy.support.tenants import TENANTS

_RBAC = "rbac.authorization.k8s.io/v1"
_BINDING: dict[str, Any] = {
    **{"apiVersion": _RBAC, "kind": "ClusterRoleBinding", "metadata": {"name": "sample"}},
    "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": "sample"},
    "subjects": [{"kind": "ServiceAccount", "name": "sample", "namespace": "sample"}],
}
_GROUPS = dataclasses.replace(
    TENANTS,
    settings={
        **TENANTS.settings,
        "groups": {"platform": ["ai-platform"]},
        "tenants": {"helpdesk": {}, "sales": {"groups": {"owner": ["sales-owners"]}}},
    },
)
_TEAM = {"kind": "Group", "name": "ai-platform"}
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
            "'default' is of the tenant 'helpdesk'",
        ),
        *(
            (
                f"the role {name} for an account of a tenant that is called like it",
                {
                    **{"metadata name": f"{name}-2", "roleRef name": name, "subjects 0 name": name},
                    "subjects 0 namespace": "helpdesk-prod",
                },
                "is of the tenant 'helpdesk'",
            )
            for name in ("rook-ceph-system", "gpu-operator", "longhorn-role", "view")
        ),
        *(
            (
                f"a role that nobody knows, for {who}",
                {"metadata name": "cluster-agent-x", "roleRef name": "cluster-agent", "subjects 0": subject},
                says,
            )
            for who, subject, says in (
                ("a group", {"kind": "Group", "name": "somebody"}, "'somebody' is not known to be whom"),
                ("a tenant's group", {"kind": "Group", "name": "sales-owners"}, "is of the tenant 'sales'"),
                ("an account", {"kind": "ServiceAccount", "name": "app", "namespace": "tools"}, "'app' is not known"),
                (
                    "an account by its user's name",
                    {"kind": "User", "name": "system:serviceaccount:sales-prod:cluster-agent"},
                    "is of the tenant 'sales'",
                ),
            )
        ),
        (
            "a role of the platform's own, for those who run it",
            {"metadata name": "figures", "roleRef name": "figures", "subjects 0": _TEAM},
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
            {
                **{"metadata name": "memcached-rolebinding", "roleRef name": "memcached-manager-role"},
                "subjects 0 namespace": "memcached-system",
            },
        ),
        (
            "everybody makes projects",
            {"metadata name": "self-provisioners", "roleRef name": "self-provisioner"},
            "leads to",
        ),
        (
            "a strange role for a tenant's account, called like it",
            {"metadata name": "cattle-admin", "roleRef name": "cattle-admin", "subjects 0": _DEFAULT},
            "for all namespaces, and 'default' is of the tenant 'helpdesk'",
        ),
        (
            "a tenant's own role",
            {"metadata name": "helpdesk-reader", "roleRef name": "helpdesk-reader", "subjects 0": _DEFAULT},
        ),
        ("figures are asked for", {"metadata name": "x", "roleRef name": "system:auth-delegator"}),
        world=_GROUPS,
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
        *(
            (f"reads what is in {name}, {more}", {"roleRef name": "view", "metadata namespace": name, **more}, *says)
            for name, more, *says in (
                ("velero", {}),
                ("velero", {"subjects 0": _DEFAULT}, "for 'default' of the tenant 'helpdesk'"),
                ("sales-prod", {"subjects 0": _DEFAULT}, "for 'default' of the tenant 'helpdesk'"),
                ("sales-prod", {"subjects 0": {"kind": "Group", "name": "sales-owners"}}),
                ("helpdesk-prod", {"subjects 0": {"kind": "Group", "name": "sales-owners"}}, "of the tenant 'sales'"),
            )
        ),
        *(
            (
                f"an {role} of another tenant's namespace",
                {"roleRef": {"kind": kind, "name": role}, "metadata namespace": "sales-prod", "subjects 0": _DEFAULT},
                "for 'default' of the tenant 'helpdesk', whose namespace sales-prod is not",
            )
            for kind, role in (("ClusterRole", "admin"), ("ClusterRole", "edit"), ("Role", "own"))
        ),
        *(
            (
                f"a role of {name} for {who.get('name')}",
                {"roleRef": {"kind": "Role", "name": "server"}, "metadata namespace": name, "subjects 0": who},
                *says,
            )
            for name, who, *says in (
                ("argocd", _DEFAULT, "for 'default' of the tenant 'helpdesk'"),
                ("istio-system", {**_DEFAULT, "namespace": "tools"}, "'default', who is not known to run what is in"),
                ("vault", {"kind": "Group", "name": "somebody"}, "'somebody', who is not known to run what is in"),
                ("vault", _TEAM),
                ("argocd", _ADDON),
                ("velero", _ADDON),
            )
        ),
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
        world=_GROUPS,
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
