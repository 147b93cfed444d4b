"""Samples of the rules on rights and ownership.

Cases marked `kyverno` restate samples of kyverno/policies (restrict-wildcard-resources, restrict-wildcard-verbs,
restrict-escalation-verbs-roles, restrict-binding-clusteradmin, restrict-binding-system-groups,
restrict-secret-role-verbs, restrict-clusterrole-nodesproxy, disallow-security-context-constraint-anyuid; Apache-2.0),
those marked `gatekeeper` samples of open-policy-agent/gatekeeper-library (disallowanonymous; Apache-2.0).
Where the verdict is another, the line says why.
"""

from __future__ import annotations

import dataclasses
from typing import Any

from policies.judging.world import World
from tests.policy.support.sample import MISSING, UNKNOWN_VALUE, WORLD, Sample, table

_NOT_KNOWN = "not known before the update"
_RBAC = "rbac.authorization.k8s.io/v1"
_ROLE: dict[str, Any] = {
    "apiVersion": _RBAC,
    "kind": "Role",
    "metadata": {"name": "sample", "namespace": "team"},
    "rules": [{"apiGroups": ["apps"], "resources": ["deployments"], "verbs": ["get", "list"]}],
}
_CLUSTER_ROLE = {**_ROLE, "kind": "ClusterRole", "metadata": {"name": "sample"}}


def _rule(resource: str, *verbs: str, **more: Any) -> dict[str, Any]:
    return {"rules 0": {"apiGroups": [""], "resources": [resource], "verbs": list(verbs), **more}}


_ROLES = table(
    f"kubernetes:{_RBAC}:Role",
    _ROLE,
    ("named rights (kyverno)", {}),
    ("no rules (kyverno)", {"rules": []}),
    ("every resource (kyverno)", _rule("*", "get"), "rules[0].resources[0]: is '*'"),
    ("every subresource", _rule("pods/*", "get"), "resources[0]: is 'pods/*'"),
    (
        "every resource among others (kyverno)",
        {"rules 0 resources": ["deployments", "*"]},
        "rules[0].resources[1]: is '*'",
    ),
    ("every verb (kyverno)", {"rules 0 verbs": ["*"]}, "rules[0].verbs[0]: is '*'"),
    ("every verb of the second rule (kyverno)", {"rules 1": {"verbs": ["get", "*"]}}, "rules[1].verbs[1]: is '*'"),
    ("every group", {"rules 0 apiGroups": ["*"]}, "rules[0].apiGroups[0]: is '*'"),
    (
        "everything",
        {"rules 0": {"apiGroups": ["*"], "resources": ["*"], "verbs": ["*"]}},
        "apiGroups",
        "resources",
        "verbs",
    ),
    ("bind (kyverno)", {"rules 0 verbs": ["bind"]}, "is 'bind', which leads to every other right"),
    ("escalate (kyverno)", {"rules 0 verbs": ["escalate"]}, "is 'escalate'"),
    ("impersonate (kyverno)", {"rules 0 verbs": ["get", "impersonate"]}, "verbs[1]: is 'impersonate'"),
    ("secrets by name", _rule("secrets", "get", resourceNames=["reader"])),
    ("secrets written (kyverno)", _rule("secrets", "create")),
    ("all secrets (kyverno)", _rule("secrets", "get"), "is 'secrets': all of the namespace's"),
    ("secrets listed (kyverno)", _rule("secrets", "list", "create"), "is 'secrets'"),
    ("secrets watched (kyverno)", _rule("secrets", "watch"), "is 'secrets'"),
    ("a shell", _rule("pods/exec", "create"), "is 'pods/exec': a way into running pods"),
    *(
        (f"a way in by {name}", _rule(name, "create"), f"is {name!r}: a way into running pods")
        for name in ("pods/attach", "pods/ephemeralcontainers", "pods/proxy", "services/proxy")
    ),
    (
        "secrets of another group",
        {"rules 0": {**_rule("secrets", "get")["rules 0"], "apiGroups": ["vault.example.com"]}},
    ),
    (
        "secrets of two groups",
        {"rules 0": {**_rule("secrets", "get")["rules 0"], "apiGroups": ["a.b", ""]}},
        "'secrets'",
    ),
    ("secrets without a group", {"rules 0": {**_rule("secrets", "get")["rules 0"], "apiGroups": []}}, "is 'secrets'"),
    (
        "secrets of every group",
        {"rules 0": {**_rule("secrets", "get")["rules 0"], "apiGroups": ["*"]}},
        "apiGroups[0]",
        "is 'secrets'",
    ),
    (
        "secrets of a group that is not known",
        {"rules 0": {**_rule("secrets", "get")["rules 0"], "apiGroups": [UNKNOWN_VALUE]}},
        "apiGroups[0]",
        "is 'secrets'",
    ),
    ("every verb on secrets", _rule("secrets", "*"), "verbs[0]: is '*'", "is 'secrets': all of the namespace's"),
    ("ports forwarded", _rule("pods/portforward", "create"), "is 'pods/portforward'"),
    ("tokens", _rule("serviceaccounts/token", "create"), "tokens of every account"),
    ("a token", _rule("serviceaccounts/token", "create", resourceNames=["support-server"])),
    (
        "the constraint anyuid (kyverno)",
        _rule("securitycontextconstraints", "use", resourceNames=["anyuid"]),
        "only restricted, restricted-v2, restricted-v3, nonroot, nonroot-v2 may be used",
    ),
    ("every constraint", _rule("securitycontextconstraints", "use"), "may be used"),
    (
        "a strict constraint (kyverno)",
        _rule("securitycontextconstraints", "use", resourceNames=["restricted-v2"]),
    ),
    ("use of something else", _rule("podsecuritypolicies", "use")),
    ("constraints read", _rule("securitycontextconstraints", "get")),
    ("resources not known", {"rules 0 resources": UNKNOWN_VALUE}, f"rules[0].resources: is {_NOT_KNOWN}"),
    ("verb not known", {"rules 0 verbs 1": UNKNOWN_VALUE}, f"rules[0].verbs[1]: is {_NOT_KNOWN}"),
    ("rules not known", {"rules": UNKNOWN_VALUE}, f"rules: is {_NOT_KNOWN}"),
)
_CLUSTER = table(
    f"kubernetes:{_RBAC}:ClusterRole",
    _CLUSTER_ROLE,
    ("named rights in the cluster (kyverno)", {}),
    ("secrets of the cluster (kyverno)", _rule("secrets", "get"), "is 'secrets': read in every namespace"),
    (
        "a secret's name in the cluster (kyverno)",
        _rule("secrets", "get", resourceNames=["reader"]),
        "read in every namespace",
    ),
    ("the kubelet (kyverno)", _rule("nodes/proxy", "get"), "is 'nodes/proxy': the kubelet's interface"),
    ("nodes (kyverno)", _rule("nodes", "get")),
    *(
        (f"{verb} {name}", _rule(name, verb), f"is {name!r}: {says}")
        for name, says, *verbs in (
            ("mutatingwebhookconfigurations", "whoever writes it reads and changes", "create", "update", "patch"),
            ("validatingwebhookconfigurations", "whoever writes it reads and changes", "create", "update", "patch"),
            ("certificatesigningrequests/approval", "a certificate can be that of", "update", "patch"),
            ("signers", "a certificate can be that of", "approve", "sign"),
            ("persistentvolumes", "a volume can be a path of the node", "create"),
        )
        for verb in verbs
    ),
    ("webhooks read", _rule("mutatingwebhookconfigurations", "get")),
    ("volumes read", _rule("persistentvolumes", "get", "list", "watch")),
    ("every address", {"rules 0": {"nonResourceURLs": ["*"], "verbs": ["get"]}}, "nonResourceURLs[0]: is '*'"),
    ("collected rights", {"aggregationRule": {"clusterRoleSelectors": [{}]}}, "aggregationRule: collects rights"),
)
_SHELL = table(
    f"kubernetes:{_RBAC}:Role",
    _ROLE,
    ("a listed shell", _rule("pods/exec", "create")),
    ("a listed role's other rights", _rule("nodes/proxy", "get"), "is 'nodes/proxy'"),
    config={"allowShells": ["Role team/sample"]},
)

_BINDING: dict[str, Any] = {
    "apiVersion": _RBAC,
    "kind": "RoleBinding",
    "metadata": {"name": "sample", "namespace": "team"},
    "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "Role", "name": "sample"},
    "subjects": [{"kind": "Group", "apiGroup": "rbac.authorization.k8s.io", "name": "support-team"}],
}
_CLUSTER_BINDING = {**_BINDING, "kind": "ClusterRoleBinding", "metadata": {"name": "sample"}}


def _bound(name: str) -> tuple[dict[str, Any], str]:
    return {"subjects 0 name": name}, f"subjects[0].name: is {name!r}"


_BINDINGS = (
    *table(
        f"kubernetes:{_RBAC}:RoleBinding",
        _BINDING,
        ("a team (kyverno, gatekeeper)", {}),
        ("all that sign in (gatekeeper)", *_bound("system:authenticated")),
        ("nobody in particular (kyverno)", *_bound("system:unauthenticated")),
        ("anonymous callers (kyverno, gatekeeper)", *_bound("system:anonymous")),
        ("all that sign in to OpenShift", *_bound("system:authenticated:oauth")),
        ("administrators of OpenShift", *_bound("system:cluster-admins")),
        ("nodes", *_bound("system:nodes")),
        ("privileged pods", {"roleRef name": "system:openshift:scc:privileged"}, "scc:privileged'"),
        ("an editor of the namespace", {"roleRef name": "edit"}),
        ("masters (kyverno)", *_bound("system:masters")),
        ("every account", *_bound("system:serviceaccounts")),
        ("every account of a namespace", *_bound("system:serviceaccounts:team")),
        ("the administrator's role (kyverno)", {"roleRef name": "cluster-admin"}, "roleRef.name: is 'cluster-admin'"),
        ("the role of a constraint (kyverno)", {"roleRef name": "system:openshift:scc:anyuid"}, "scc:anyuid'"),
        (
            "two of three",
            {"subjects 1": {"name": "system:masters"}, "subjects 2": {"name": "system:anonymous"}},
            "subjects[1].name",
            "subjects[2].name",
        ),
        ("role not known", {"roleRef": UNKNOWN_VALUE}, f"roleRef.name: is {_NOT_KNOWN}"),
        ("subjects not known", {"subjects": UNKNOWN_VALUE}, f"subjects.name: is {_NOT_KNOWN}"),
    ),
    *table(
        f"kubernetes:{_RBAC}:ClusterRoleBinding",
        _CLUSTER_BINDING,
        (
            "a team in the cluster, by a role that nobody knows (kyverno: passes)",
            {},
            "'support-team' is not known to be whom the role is made for",
        ),
        (
            "an operator in the cluster",
            {"subjects 0": {"kind": "ServiceAccount", "name": "a", "namespace": "sample-system"}},
        ),
        ("an administrator of the cluster (kyverno)", {"roleRef name": "cluster-admin"}, "is 'cluster-admin'"),
        *(
            (f"{name} of the cluster", {"roleRef name": name}, f"roleRef.name: is {name!r}, for every namespace")
            for name in ("admin", "edit", "system:node", "system:kube-controller-manager")
        ),
        ("a reader of the cluster", {"roleRef name": "view"}),
        (
            "everybody in the cluster (gatekeeper)",
            {"roleRef name": "view", **_bound("system:unauthenticated")[0]},
            _bound("system:unauthenticated")[1],
        ),
    ),
)

_OPENSHIFT = (
    *table(
        "kubernetes:authorization.openshift.io/v1:ClusterRole",
        {**_CLUSTER_ROLE, "apiVersion": "authorization.openshift.io/v1"},
        ("OpenShift's own kind", {"rules 0 verbs": ["*"]}, "verbs[0]: is '*'", "is 'deployments': a pod of any"),
    ),
    *table(
        "kubernetes:example.com/v1:Role",
        {**_ROLE, "apiVersion": "example.com/v1"},
        ("a role of something else", {}),
        ("every right of something else", {"rules 0 verbs": ["*"]}, "verbs[0]: is '*'", "is 'deployments': a pod of"),
    ),
)

LABELS = {
    "app.kubernetes.io/part-of": "private-ai-kitchen",
    "kitchen.example.com/environment": "prod",
    "kitchen.example.com/tenant": "helpdesk",
    "kitchen.example.com/owner": "support-team",
    "kitchen.example.com/cost-centre": "4711",
}
_LABELLED: dict[str, Any] = {
    "apiVersion": "v1",
    "kind": "ServiceAccount",
    "metadata": {"name": "sample", "namespace": "team", "labels": LABELS},
}
_LABEL = "metadata labels kitchen.example.com"
_TYPE = "kubernetes:core/v1:ServiceAccount"
_OWNERSHIP = (
    *table(
        _TYPE,
        _LABELLED,
        ("all labels", {}),
        ("no owner", {f"{_LABEL}/owner": MISSING}, "lack kitchen.example.com/owner;"),
        ("an empty owner", {f"{_LABEL}/owner": ""}, "lack kitchen.example.com/owner;"),
        (
            "no tenant in a namespace",
            {f"{_LABEL}/tenant": MISSING},
            "lack kitchen.example.com/tenant;",
        ),
        ("another environment", {f"{_LABEL}/environment": "dev"}, "environment: is 'dev', this is prod"),
        ("no labels", {"metadata labels": MISSING}, f"metadata.labels: lack {', '.join(LABELS)};"),
        ("label not known", {f"{_LABEL}/owner": UNKNOWN_VALUE}, f"owner: is {_NOT_KNOWN}"),
        ("labels not known", {"metadata labels": UNKNOWN_VALUE}, f"metadata.labels: is {_NOT_KNOWN}"),
    ),
    *table(
        "kubernetes:core/v1:Namespace",
        {**_LABELLED, "kind": "Namespace", "metadata": {"name": "team", "labels": LABELS}},
        ("a namespace without a tenant", {f"{_LABEL}/tenant": MISSING}),
        (
            "a namespace without a cost centre",
            {f"{_LABEL}/cost-centre": MISSING},
            "lack kitchen.example.com/cost-centre;",
        ),
    ),
    *table(
        "kubernetes:core/v1:ConfigMap",
        {**_LABELLED, "kind": "ConfigMap", "data": {}},
        (
            "a file of a program, which is no object",
            {"data a": "apiVersion: kubelet.config.k8s.io/v1beta1\nkind: KubeletConfiguration\n"},
        ),
        (
            "a policy with the kind of its parameters",
            {"data a": "spec: {paramKind: {apiVersion: v1, kind: ConfigMap}}\n"},
        ),
    ),
    *table(
        "kubernetes:kustomize.config.k8s.io/v1beta1:Kustomization",
        {"apiVersion": "kustomize.config.k8s.io/v1beta1", "kind": "Kustomization"},
        (
            "a patch of Kustomize, which declares nothing",
            {"patches": [{"patch": "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: a}\nspec: {replicas: 2}"}]},
        ),
    ),
    *table(
        "kubernetes:core/v1:ServiceAccountPatch",
        _LABELLED,
        ("a patch of somebody's object", {"metadata labels": MISSING}),
        world=dataclasses.replace(WORLD),
    ),
    *table(
        _TYPE,
        _LABELLED,
        ("dev in dev", {f"{_LABEL}/environment": "dev"}),
        ("prod in dev", {}, "environment: is 'prod', this is dev"),
        world=World(environment="dev", today=WORLD.today),
    ),
)

SAMPLES: dict[str, tuple[Sample, ...]] = {
    "rbac-least": (*_ROLES, *_CLUSTER, *_SHELL, *_BINDINGS, *_OPENSHIFT),
    "ownership-labels": _OWNERSHIP,
}
