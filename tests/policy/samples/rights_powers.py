"""Samples of the rule on rights: what leads to everything else, and what looks so and does not.

Each line of the table of powers has a right that is refused; `_HARMLESS` are their nearest neighbours.
"""

from __future__ import annotations

from typing import Any

from tests.policy.support.objects import manifest
from tests.policy.support.sample import UNKNOWN_VALUE, Sample, table

_RBAC = "rbac.authorization.k8s.io/v1"
_ADMISSION = "admissionregistration.k8s.io"


def _role(kind: str, group: str, resource: str, verb: str, names: tuple[str, ...]) -> dict[str, Any]:
    verbs = [verb] if resource == "secrets" else ["get", verb]
    rule: dict[str, Any] = {"apiGroups": [group], "resources": [resource], "verbs": verbs}
    metadata = {"name": "sample"} if kind == "ClusterRole" else {"name": "sample", "namespace": "team"}
    return {
        **{"apiVersion": _RBAC, "kind": kind, "metadata": metadata},
        "rules": [{**rule, "resourceNames": list(names)} if names else rule],
    }


def _right(kind: str, group: str, resource: str, verb: str, says: str, *names: str) -> Sample:
    return Sample(
        name=f"{kind}: {verb} {resource} of {group or 'core'} {' '.join(names)}".rstrip(),
        resource_type=f"kubernetes:{_RBAC}:{kind}",
        inputs=_role(kind, group, resource, verb, names),
        says=(f"rules[0].resources[0]: is {resource!r}: {says}",) if says else (),
    )


_EVERYWHERE = "a pod of any namespace runs as any account there"
_ADMITS = "whoever writes it reads and changes"
_MAKES = "a controller makes of it whatever it says"
_POLICY = "a policy of it changes or makes objects"
_CONFIGURES = "it configures the cluster itself"
_WHO = "who is who"
_REFUSED = (
    ("ClusterRole", "", "nodes", "patch", "labels and taints say"),
    ("ClusterRole", "", "nodes", "update", "labels and taints say"),
    ("ClusterRole", "", "nodes/status", "patch", "labels and taints say"),
    ("ClusterRole", "", "nodes/log", "get", "it reads the files of a node"),
    ("ClusterRole", "", "nodes/checkpoint", "create", "it reads the files of a node"),
    ("Role", "", "namespaces", "patch", "a namespace's labels switch off"),
    ("ClusterRole", "", "namespaces", "update", "a namespace's labels switch off"),
    ("ClusterRole", "project.openshift.io", "projects", "patch", "a namespace's labels switch off"),
    *(
        ("ClusterRole", _ADMISSION, name, "create", _ADMITS)
        for name in (
            *("mutatingadmissionpolicies", "mutatingadmissionpolicybindings", "validatingadmissionpolicies"),
            *("validatingadmissionpolicybindings", "somethingofthefuture"),
        )
    ),
    ("ClusterRole", _ADMISSION, "validatingwebhookconfigurations", "delete", _ADMITS),
    ("ClusterRole", _ADMISSION, "mutatingwebhookconfigurations", "deletecollection", _ADMITS),
    ("ClusterRole", "apiregistration.k8s.io", "apiservices", "create", "whoever writes it answers for the API"),
    ("ClusterRole", "apiregistration.k8s.io", "apiservices", "delete", "whoever writes it answers for the API"),
    ("ClusterRole", "certificates.k8s.io", "signers", "sign", "a certificate can", "kubernetes.io/kubelet-serving"),
    ("ClusterRole", "certificates.k8s.io", "signers", "approve", "a certificate can", "*"),
    ("ClusterRole", "certificates.k8s.io", "clustertrustbundles", "update", "whom the cluster trusts"),
    ("ClusterRole", "security.openshift.io", "securitycontextconstraints", "create", "it says what pods may do"),
    ("ClusterRole", "security.openshift.io", "securitycontextconstraints", "patch", "it says", "restricted-v2"),
    ("ClusterRole", "user.openshift.io", "groups", "update", _WHO),
    ("ClusterRole", "user.openshift.io", "useridentitymappings", "create", _WHO),
    ("ClusterRole", "oauth.openshift.io", "oauthclients", "patch", _WHO),
    ("ClusterRole", "config.openshift.io", "oauths", "patch", _CONFIGURES),
    ("ClusterRole", "machineconfiguration.openshift.io", "machineconfigs", "create", _CONFIGURES),
    ("ClusterRole", "operator.openshift.io", "networks", "update", _CONFIGURES),
    *(
        ("ClusterRole", group, name, verb, _EVERYWHERE)
        for group, name, verb in (
            *(("", "pods", "create"), ("", "pods", "patch"), ("", "replicationcontrollers", "create")),
            *(("apps", "deployments", "create"), ("apps", "daemonsets", "patch"), ("apps", "statefulsets", "update")),
            *(("apps", "replicasets", "create"), ("batch", "jobs", "create"), ("batch", "cronjobs", "update")),
            *(("apps.openshift.io", "deploymentconfigs", "create"), ("build.openshift.io", "buildconfigs", "create")),
            *(("tekton.dev", "taskruns", "create"), ("argoproj.io", "workflows", "create")),
            *(("serving.knative.dev", "services", "create"), ("kubevirt.io", "virtualmachines", "create")),
            ("serving.kserve.io", "inferenceservices", "create"),
        )
    ),
    ("ClusterRole", "serving.kserve.io", "clusterservingruntimes", "update", "every server of the cluster starts"),
    ("ClusterRole", "serving.kserve.io", "clusterstoragecontainers", "create", "every server of the cluster starts"),
    *(
        ("Role", group, name, "create", _MAKES)
        for group, name in (
            *(("argoproj.io", "applications"), ("argoproj.io", "appprojects"), ("argoproj.io", "applicationsets")),
            *(("kustomize.toolkit.fluxcd.io", "kustomizations"), ("helm.toolkit.fluxcd.io", "helmreleases")),
            *(("source.toolkit.fluxcd.io", "gitrepositories"), ("fleet.cattle.io", "bundles")),
            *(("pkg.crossplane.io", "providers"), ("kubernetes.crossplane.io", "objects")),
            *(("policy.open-cluster-management.io", "policies"), ("work.open-cluster-management.io", "manifestworks")),
            *(("operators.coreos.com", "subscriptions"), ("operators.coreos.com", "installplans")),
            *(("configsync.gke.io", "rootsyncs"), ("kro.run", "resourcegraphdefinitions")),
        )
    ),
    ("ClusterRole", "kyverno.io", "clusterpolicies", "create", _POLICY),
    ("Role", "kyverno.io", "policyexceptions", "create", _POLICY),
    ("ClusterRole", "mutations.gatekeeper.sh", "assign", "create", _POLICY),
    ("ClusterRole", "", "serviceaccounts/token", "create", "tokens of every account", "default"),
    ("Role", "", "secrets", "patch", "all of the namespace's, without resourceNames"),
    ("Role", "", "secrets", "deletecollection", "all of the namespace's, without resourceNames"),
    ("ClusterRole", "", "secrets", "update", "read in every namespace"),
)
_HARMLESS = (
    ("ClusterRole", _ADMISSION, "validatingwebhookconfigurations", "patch", "sample-webhook"),
    ("ClusterRole", _ADMISSION, "mutatingwebhookconfigurations", "update", "sample-webhook"),
    ("ClusterRole", _ADMISSION, "validatingwebhookconfigurations", "delete", "sample-webhook"),
    ("ClusterRole", _ADMISSION, "mutatingadmissionpolicies", "watch"),
    ("ClusterRole", "apiregistration.k8s.io", "apiservices", "patch", "v1beta1.metrics.example.com"),
    ("ClusterRole", "apiregistration.k8s.io", "apiservices", "list"),
    ("ClusterRole", "certificates.k8s.io", "signers", "sign", "issuers.cert-manager.io/team"),
    ("ClusterRole", "certificates.k8s.io", "certificatesigningrequests", "create"),
    ("ClusterRole", "", "nodes", "list"),
    ("ClusterRole", "", "nodes/metrics", "get"),
    ("ClusterRole", "metrics.k8s.io", "nodes", "list"),
    ("ClusterRole", "", "namespaces", "create"),
    ("ClusterRole", "", "namespaces", "watch"),
    ("ClusterRole", "", "pods", "list"),
    ("ClusterRole", "", "pods", "delete"),
    ("ClusterRole", "", "pods/eviction", "create"),
    ("ClusterRole", "apps", "deployments/scale", "patch"),
    ("ClusterRole", "apps", "deployments/status", "update"),
    ("ClusterRole", "example.com", "deployments", "create"),
    ("ClusterRole", "config.openshift.io", "clusterversions", "list"),
    ("ClusterRole", "user.openshift.io", "groups", "list"),
    ("ClusterRole", "security.openshift.io", "securitycontextconstraints", "watch"),
    ("Role", "", "pods", "create"),
    ("Role", "apps", "deployments", "update"),
    ("Role", "batch", "jobs", "create"),
    ("Role", "serving.kserve.io", "inferenceservices", "create"),
    ("Role", "argoproj.io", "workflows", "create"),
    ("Role", "argoproj.io", "applications", "list"),
    ("ClusterRole", "kyverno.io", "policyreports", "create"),
    ("Role", "", "secrets", "create"),
    ("Role", "", "secrets", "delete"),
    ("Role", "", "secrets", "patch", "own"),
)
_POWERS = (
    *(_right(kind, group, name, verb, says, *names) for kind, group, name, verb, says, *names in _REFUSED),
    *(_right(kind, group, name, verb, "", *names) for kind, group, name, verb, *names in _HARMLESS),
)
_VERBS = table(
    f"kubernetes:{_RBAC}:Role",
    _role("Role", "", "users", "list", ()),
    *(
        (f"the verb {verb}", {"rules 0 verbs": [verb]}, f"verbs[0]: is {verb!r}, which leads to every other right")
        for verb in ("impersonate:user-info", "impersonate-on:user-info:list", "impersonate:serviceaccount")
    ),
)

_IN_THE_CLUSTER = table(
    f"kubernetes:{_RBAC}:Role",
    {**_role("Role", "", "pods", "create", ()), "metadata": {"name": "sample", "namespace": "kube-system"}},
    ("pods in a namespace of the cluster", {}, f"is 'pods': {_EVERYWHERE}"),
    ("pods in another one", {"metadata namespace": "openshift-ingress"}, f"is 'pods': {_EVERYWHERE}"),
    ("pods in a team's namespace", {"metadata namespace": "kubernetes-team"}),
)

_MORE = "in a namespace whose accounts may do more"
_BINDING: dict[str, Any] = {
    **{"apiVersion": _RBAC, "kind": "RoleBinding", "metadata": {"name": "sample", "namespace": "team"}},
    "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": "view"},
    "subjects": [{"kind": "Group", "apiGroup": "rbac.authorization.k8s.io", "name": "support-team"}],
}
_CLUSTER_BINDING = {**_BINDING, "kind": "ClusterRoleBinding", "metadata": {"name": "sample"}}
_ACCOUNT = {"kind": "ServiceAccount", "name": "server", "namespace": "team"}
_NAMES = (
    *table(
        f"kubernetes:{_RBAC}:ClusterRoleBinding",
        _CLUSTER_BINDING,
        *(
            (f"the role {name}", {"roleRef name": name}, f"roleRef.name: is {name!r}, a role of the cluster's own")
            for name in (
                *("system:openshift:scc:hostaccess", "system:openshift:scc:hostnetwork-v2"),
                *("system:openshift:scc:hostmount-anyuid", "system:openshift:scc:something-new"),
                *(
                    "system:controller:clusterrole-aggregation-controller",
                    "system:controller:generic-garbage-collector",
                ),
                *("system:kubelet-api-admin", "system:kube-scheduler", "system:node-bootstrapper"),
                *("system:persistent-volume-provisioner", "system:node-problem-detector"),
                "system:certificates.k8s.io:kube-apiserver-client-approver",
            )
        ),
        *(
            (f"the role {name}", {"roleRef name": name}, f"roleRef.name: is {name!r}, which leads to every other")
            for name in ("sudoer", "cluster-debugger", "storage-admin", "crossplane-admin", "cluster-reader")
        ),
        *(
            (f"a harmless role, {name}", {"roleRef name": name})
            for name in (
                *("system:auth-delegator", "system:discovery", "system:metrics-server", "system:monitoring"),
                *("system:openshift:scc:restricted-v2", "system:openshift:scc:nonroot", "system:image-puller"),
                "view",
            )
        ),
        ("an account", {"subjects": [_ACCOUNT]}),
        (
            "an account that is not known",
            {"subjects": [{**_ACCOUNT, "name": UNKNOWN_VALUE}]},
            "subjects[0].name: is not",
        ),
        ("an account as a user", {"subjects 0": {"kind": "User", "name": "system:serviceaccount:team:server"}}),
        *(
            (f"the {kind} {name}", {"subjects 0": {"kind": kind, "name": name}}, f"subjects[0].name: is {name!r}")
            for kind, name in (
                *(("User", "system:kube-controller-manager"), ("User", "system:admin"), ("User", "system:node:n1")),
                *(("Group", "system:bootstrappers"), ("Group", "system:monitoring"), ("Group", "*")),
                *(("Group", "kubeadm:cluster-admins"), ("User", "kubernetes-admin"), ("User", "kube:admin")),
            )
        ),
    ),
    *table(
        f"kubernetes:{_RBAC}:RoleBinding",
        _BINDING,
        *(
            (f"{name} of {namespace}", {"roleRef name": name, "metadata namespace": namespace}, _MORE)
            for name, namespace in (("admin", "kube-system"), ("edit", "kube-public"), ("admin", "openshift-config"))
        ),
        ("admin of a team's namespace", {"roleRef name": "admin"}),
    ),
    *table(
        "kubernetes:authorization.openshift.io/v1:RoleBinding",
        {**_BINDING, "apiVersion": "authorization.openshift.io/v1"},
        ("names of OpenShift's own kind", {"userNames": ["jane"], "groupNames": ["support-team"]}),
        ("a group's name", {"groupNames": ["support-team", "system:masters"]}, "groupNames[1]: is 'system:masters'"),
        ("a user's name", {"userNames": ["system:admin"]}, "userNames[0]: is 'system:admin'"),
        ("a name that is not known", {"groupNames": UNKNOWN_VALUE}, "groupNames: is not known"),
    ),
)
_ALL = {"apiGroups": ["example.com"], "resources": ["*"], "verbs": ["get"]}
_READ = {"apiGroups": ["apps"], "resources": ["deployments"], "verbs": ["get"]}
_STRONG = {"apiGroups": ["apps"], "resources": ["deployments"], "verbs": ["create"]}
_ADMIN = {"kind": "ClusterRole", "name": "cluster-admin"}


def _csv(field: str, *rules: dict[str, Any]) -> dict[str, Any]:
    return {"spec install spec": {field: [{"serviceAccountName": "default", "rules": list(rules)}]}}


_OWN_GROUP = manifest("example.com/v1", "Tenant", {"owners": ["jane"]})
_WITHIN = (
    *table(
        "kubernetes:operators.coreos.com/v1alpha1:ClusterServiceVersion",
        manifest("operators.coreos.com/v1alpha1", "ClusterServiceVersion", {"install": {"strategy": "deployment"}}),
        ("an operator's rights", _csv("clusterPermissions", _READ)),
        ("an operator's rights in its namespace", _csv("permissions", _STRONG)),
        ("an operator's rights everywhere", _csv("clusterPermissions", _STRONG), f"'deployments': {_EVERYWHERE}"),
        (
            "an operator that may all",
            _csv("clusterPermissions", _READ, _ALL),
            "spec.install.spec.clusterPermissions[0].rules[1].resources[0]: is '*'",
        ),
    ),
    *table(
        "kubernetes:example.com/v1:Tenant",
        _OWN_GROUP,
        ("an object without rights", {}),
        ("rights in an object", {"spec roles": [{"rules": [_READ]}]}),
        ("every right in an object", {"spec roles": [{"rules": [_ALL]}]}, "spec.roles[0].rules[0].resources[0]: is"),
        (
            "impersonation in an object",
            {"spec grants": [{"verbs": ["impersonate"], "resources": ["users"]}]},
            "spec.grants[0].verbs[0]: is 'impersonate'",
        ),
        ("a binding in an object", {"spec binding": {"roleRef": _ADMIN}}, "spec.binding.roleRef.name: is 'cluster-ad"),
        (
            "everybody in an object",
            {"spec extra": [{"roleRef": {"name": "view"}, "subjects": [{"kind": "Group", "name": "system:masters"}]}]},
            "spec.extra[0].subjects[0].name: is 'system:masters'",
        ),
        (
            "a role's name in an object",
            {"spec additionalRoleBindings": [{"clusterRoleName": "cluster-admin", "subjects": []}]},
            "additionalRoleBindings[0].clusterRoleName: is 'cluster-admin'",
        ),
        ("a role's names in an object", {"spec clusterRoleNames": ["view", "sudoer"]}, "clusterRoleNames[1]: is"),
        ("a harmless role's name", {"spec clusterRole": "view", "spec roleName": "own"}),
        ("verbs that are no rights", {"spec rules": [{"verbs": ["*"]}], "spec verbs": "all"}),
    ),
    *table(
        "kubernetes:flowcontrol.apiserver.k8s.io/v1:FlowSchema",
        manifest("flowcontrol.apiserver.k8s.io/v1", "FlowSchema", {"rules": [{"resourceRules": [_ALL]}]}),
        ("what is queued is no right", {}),
    ),
)

SAMPLES: dict[str, tuple[Sample, ...]] = {
    "rbac-least": (*_POWERS, *_VERBS, *_IN_THE_CLUSTER, *_NAMES, *_WITHIN),
}
