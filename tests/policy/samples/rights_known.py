"""Samples of the rule on rights: what the table of understood rights says at each place, and what stands nowhere."""

from __future__ import annotations

import dataclasses

from tests.policy.support.rights import role, rule, sample
from tests.policy.support.sample import UNKNOWN_VALUE, Sample
from tests.policy.support.tenants import TENANTS

_NOT_UNDERSTOOD = "no such right is understood"
_EVERYWHERE = (
    ("", "configmaps", "patch", "take from it what they do"),
    ("", "services", "create", "leads what is meant for others elsewhere"),
    ("", "endpoints", "update", "leads what is meant for others elsewhere"),
    ("", "serviceaccounts", "create", "gets another identity"),
    ("", "secrets", "create", "makes or reads secrets of others"),
    ("", "persistentvolumes", "patch", "data of others"),
    ("", "pods/status", "patch", "leads what is meant for others elsewhere"),
    ("", "pods/binding", "create", "nobody chose"),
    ("", "resourcequotas", "delete", "bounds of a namespace"),
    ("", "nodes", "delete", "taken away"),
    ("", "inventions", "create", _NOT_UNDERSTOOD),
    ("", "pods/inventions", "get", _NOT_UNDERSTOOD),
    ("apps", "inventions", "patch", _NOT_UNDERSTOOD),
    ("apps", "deployments", "delete", "a pod of any namespace"),
    ("apps", "deployments", "approve", "the verb 'approve' is not understood"),
    ("discovery.k8s.io", "endpointslices", "create", "leads what is meant"),
    ("networking.k8s.io", "networkpolicies", "delete", "keeps namespaces and callers apart"),
    ("networking.k8s.io", "ingresses", "create", "leads what is meant"),
    ("apiextensions.k8s.io", "customresourcedefinitions", "patch", "a conversion webhook reads"),
    ("coordination.k8s.io", "leases", "update", "leads them"),
    ("storage.k8s.io", "csidrivers", "create", "every volume of the cluster"),
    ("storage.k8s.io", "volumeattachments", "patch", "every volume of the cluster"),
    ("rbac.authorization.k8s.io", "clusterrolebindings", "create", "gives and takes rights"),
    ("scheduling.k8s.io", "priorityclasses", "create", "nobody chose"),
    ("networking.istio.io", "envoyfilters", "create", "keeps namespaces and callers apart"),
    ("security.istio.io", "authorizationpolicies", "delete", "keeps namespaces and callers apart"),
    ("velero.io", "restores", "create", "a backup holds every Secret"),
    ("velero.io", "downloadrequests", "get", "it hands out backups"),
    ("oauth.openshift.io", "oauthaccesstokens", "list", "tokens by which others have signed in"),
    ("management.cattle.io", "tokens", "get", "tokens by which others have signed in"),
    ("machineconfiguration.openshift.io", "machineconfigs", "watch", "keys that are written onto nodes"),
    ("image.openshift.io", "imagestreams/layers", "update", "replaces images"),
    ("template.openshift.io", "templateinstances", "create", "another program makes objects"),
    ("console.openshift.io", "consoleplugins", "create", "configures the cluster itself"),
    ("project.openshift.io", "projectrequests", "create", "whoever makes a project"),
    ("kubeflow.org", "pytorchjobs", "create", "a pod of any namespace"),
    ("postgresql.cnpg.io", "clusters", "create", "a pod of any namespace"),
    ("monitoring.coreos.com", "prometheuses", "patch", "a pod of any namespace"),
    ("monitoring.coreos.com", "alertmanagerconfigs", "create", "alerts and figures of others"),
    ("serving.kserve.io", "localmodelcaches", "create", "weights come to a server"),
    ("argoproj.io", "sensors", "create", "another program makes objects"),
    ("karpenter.k8s.aws", "ec2nodeclasses", "create", "makes nodes"),
    ("cert-manager.io", "certificaterequests/status", "update", "a certificate of any name"),
    ("external-secrets.io", "clustersecretstores", "create", "makes or reads secrets"),
    ("iam.upbound.io", "claims", "create", "another program makes objects"),
    ("subresources.kubevirt.io", "virtualmachineinstances/vnc", "get", "a way into running machines"),
    ("strange.operators.invalid", "things", "create", _NOT_UNDERSTOOD),
    ("strange.operators.invalid", "things/exec", "get", _NOT_UNDERSTOOD),
    ("strange.operators.invalid", "things", "get", "what strange.operators.invalid shows is not understood"),
    ("strange.operators.invalid", "things/status", "watch", "what strange.operators.invalid shows is not understood"),
    ("dex.coreos.com", "refreshtokens", "list", "what dex.coreos.com shows is not understood"),
    ("k8s.keycloak.org", "keycloakusers", "list", "passwords and keys of those who sign in"),
    ("kubevirt.io", "virtualmachines", "list", "the data by which machines start"),
    ("bootstrap.cluster.x-k8s.io", "k3sconfigs", "get", "keys by which nodes join"),
    ("helm.cattle.io", "helmcharts", "watch", "values of charts hold passwords"),
    ("", "pods/log", "get", "what everybody's programs write down"),
    ("app.k8s.io,core.oam.dev", "applications", "create", "another program makes objects"),
    ("app.k8s.io,argoproj.io", "applications", "delete", "another program makes objects"),
    ("openreports.io,acme.invalid", "reports", "create", _NOT_UNDERSTOOD),
    (",acme.invalid", "events", "create", _NOT_UNDERSTOOD),
)
_NOTHING = (
    ("", "events", "create patch"),
    ("", "pods/eviction", "create"),
    ("", "configmaps services secrets/status", "watch"),
    ("", "services/finalizers", "update"),
    ("coordination.k8s.io", "leases", "create"),
    ("authentication.k8s.io", "tokenreviews", "create"),
    ("authorization.k8s.io", "subjectaccessreviews", "create"),
    ("apps", "deployments/scale statefulsets/scale", "get update patch"),
    ("apps", "deployments/finalizers deployments/status", "update"),
    ("batch", "jobs", "get list watch"),
    ("policy", "poddisruptionbudgets", "create update patch delete"),
    ("autoscaling", "horizontalpodautoscalers", "create update delete"),
    ("monitoring.coreos.com", "servicemonitors podmonitors prometheusrules", "create update patch delete"),
    ("wgpolicyk8s.io", "policyreports clusterpolicyreports", "create update delete deletecollection"),
    ("cache.example.com", "memcacheds memcacheds/status memcacheds/finalizers", "create update patch delete"),
    (",cache.example.com", "events memcacheds", "create patch"),
    (",events.k8s.io,cert-manager.io", "events", "create patch"),
    ("db.kitchen.example", "clusters", "create update delete deletecollection"),
    ("cert-manager.io", "certificates issuers", "get list watch"),
    ("cache.example.com", "tokens", "get list watch"),
    ("security.openshift.io", "podsecuritypolicysubjectreviews", "create"),
    ("policy", "podsecuritypolicies", "use"),
)
_CLUSTER = (
    *(
        sample(f"{verb} {name} of {group or 'core'}", role("ClusterRole", rule(group, name, verb)), why)
        for group, name, verb, why in _EVERYWHERE
    ),
    *(
        sample(f"{verbs} {names} of {groups or 'core'}", role("ClusterRole", rule(groups, names, verbs)))
        for groups, names, verbs in _NOTHING
    ),
    sample(
        "a group of two that knows it", role("ClusterRole", rule(",cache.example.com", "pods", "create")), "a pod of"
    ),
    sample(
        "a stated group",
        role("ClusterRole", rule("strange.operators.invalid", "things", "create")),
        config={"understood": [{"what": "group", "name": "*.operators.invalid", "reason": "holds sizes"}]},
    ),
    sample(
        "a group that is stated without a reason",
        role("ClusterRole", rule("strange.operators.invalid", "things", "create")),
        "1 of the entries of `understood` cannot be read",
        config={"understood": [{"what": "group", "name": "strange.operators.invalid", "reason": " "}]},
    ),
    sample(
        "a group that is stated as something else",
        role("ClusterRole", rule("strange.operators.invalid", "things", "create")),
        "2 of the entries of `understood` cannot be read",
        config={"understood": [{"what": "groups", "name": "strange.operators.invalid", "reason": "a"}, "a"]},
    ),
    sample(
        "a group that is stated as a role",
        role("ClusterRole", rule("strange.operators.invalid", "things", "create")),
        _NOT_UNDERSTOOD,
        config={"understood": [{"what": "role", "name": "strange.operators.invalid", "reason": "a"}]},
    ),
    sample(
        "everything that is stated is nothing",
        role("ClusterRole", rule("strange.operators.invalid", "things", "create")),
        _NOT_UNDERSTOOD,
        config={"understood": [{"what": "group", "name": "*", "reason": "all"}]},
    ),
)

_KIND = {"group": "strange.operators.invalid", "kind": "Thing", "reason": "holds sizes"}
_STATED_KINDS = tuple(
    dataclasses.replace(
        sample(name, role("ClusterRole", rule("strange.operators.invalid", "things", "create")), *says),
        world=dataclasses.replace(TENANTS, settings={**TENANTS.settings, "policy": {"kinds": [kind]}}),
    )
    for name, kind, *says in (
        ("a kind that is stated", _KIND),
        ("a kind that is stated with pods", {**_KIND, "carriesPods": True}, _NOT_UNDERSTOOD),
        ("another kind that is stated", {**_KIND, "group": "other.invalid"}, _NOT_UNDERSTOOD),
    )
)
_AT_PLACES = tuple(
    sample(
        f"{verbs} {names} of {groups or 'core'} in {namespace}",
        role("Role", rule(groups, names, verbs), namespace=namespace),
        *says,
    )
    for namespace, groups, names, verbs, *says in (
        ("helpdesk-prod", "", "pods services serviceaccounts persistentvolumeclaims", "create delete"),
        ("helpdesk-prod", "", "configmaps", "create update patch delete"),
        ("sales", "networking.k8s.io", "networkpolicies ingresses", "create"),
        ("sales", "", "resourcequotas", "patch", "bounds of a namespace"),
        ("helpdesk-prod", "cert-manager.io", "certificates", "create update"),
        ("helpdesk-prod", "external-secrets.io", "externalsecrets secretstores", "create"),
        ("helpdesk-prod", "cert-manager.io", "certificaterequests/approval", "update", "a certificate of any name"),
        ("helpdesk-prod", "velero.io", "backups", "create", "a backup holds every Secret"),
        ("helpdesk-prod", "strange.operators.invalid", "things", "create", _NOT_UNDERSTOOD),
        ("sample-system", "", "configmaps", "create update patch delete"),
        ("cache-system", "", "configmaps", "create", "take from it what they do"),
        ("ingress-nginx", "", "configmaps", "update patch", "take from it what they do"),
        ("calico-system", "", "configmaps", "patch", "take from it what they do"),
        ("rook-ceph", "", "persistentvolumeclaims", "delete", "data of others"),
        ("cache-system", "coordination.k8s.io", "leases", "create update patch delete"),
        ("cache-system", "", "pods", "create", "a pod of any namespace"),
        ("velero", "batch", "jobs", "create", "a pod of any namespace"),
        ("unheard-of", "apps", "deployments", "patch", "a pod of any namespace"),
        ("argocd", "", "configmaps", "update", "take from it what they do"),
        ("kube-system", "", "configmaps", "update", "take from it what they do"),
        ("kube-system", "coordination.k8s.io", "leases", "update", "leads them"),
    )
)
_NAMES = tuple(
    sample(
        f"{verbs} {resource} {' '.join(names)} in {where}",
        role("ClusterRole" if where == "all" else "Role", rule(group, resource, verbs, *names), namespace=where),
        *says,
    )
    for where, group, resource, verbs, names, *says in (
        ("helpdesk-prod", "", "secrets", "list watch", [""], "without resourceNames"),
        ("helpdesk-prod", "", "secrets", "list", ["own", ""], "without resourceNames"),
        ("helpdesk-prod", "", "secrets", "get list watch", ["own"]),
        ("helpdesk-prod", "", "secrets", "deletecollection", ["own"], "without resourceNames"),
        ("helpdesk-prod", "", "secrets", "get", [UNKNOWN_VALUE], "without resourceNames"),
        ("helpdesk-prod", "", "serviceaccounts/token", "create", ["own"]),
        ("all", "", "configmaps", "update", ["cilium-config"], "take from it what they do"),
        ("helpdesk-prod", "", "serviceaccounts/token", "create", [""], "tokens of every account"),
        ("cert-manager", "", "secrets", "get list watch update", ["sample-ca"], "a program with more rights"),
        ("cert-manager", "", "secrets", "create", [], "makes or reads secrets of others"),
        ("sample-system", "", "secrets", "create", [], "makes or reads secrets of others"),
        ("rook-ceph", "", "secrets", "get", ["sample-keyring"], "a program with more rights"),
        ("unheard-of", "", "secrets", "get", ["sample"], "a program with more rights"),
        ("velero", "", "serviceaccounts/token", "create", ["velero"], "tokens of every account"),
        ("sample-system", "", "serviceaccounts/token", "create", ["sample"], "tokens of every account"),
        ("argocd", "", "secrets", "get", ["argocd-secret"], "a program with more rights"),
        ("argocd", "", "secrets", "get", ["sample-key"], "a program with more rights"),
        ("argocd", "", "secrets", "create", [], "makes or reads secrets of others"),
        ("kube-system", "", "secrets", "get", ["own"], "read in a namespace of the cluster itself"),
        ("argocd", "", "serviceaccounts/token", "create", ["own"], "tokens of every account"),
        ("kube-system", "coordination.k8s.io", "leases", "get update", ["sample-lock"]),
        ("kube-system", "coordination.k8s.io", "leases", "update", ["kube-scheduler"], "leads them"),
        ("all", "", "configmaps", "update", ["sample-settings"]),
        ("all", "", "configmaps", "update", ["argocd-rbac-cm"], "take from it what they do"),
        ("all", "apiextensions.k8s.io", "customresourcedefinitions", "patch", ["memcacheds.cache.example.com"]),
        (
            "all",
            "apiextensions.k8s.io",
            "customresourcedefinitions",
            "patch",
            ["gateways.networking.istio.io"],
            "a conv",
        ),
        ("all", "admissionregistration.k8s.io", "mutatingwebhookconfigurations", "create", [""], "reads and changes"),
        (
            "all",
            "admissionregistration.k8s.io",
            "mutatingwebhookconfigurations",
            "create",
            ["sample"],
            "reads and changes",
        ),
        (
            "all",
            "admissionregistration.k8s.io",
            "validatingwebhookconfigurations",
            "delete",
            ["kyverno-cfg"],
            "reads and",
        ),
        ("all", "admissionregistration.k8s.io", "validatingwebhookconfigurations", "patch", ["sample-hook"]),
        (
            "all",
            "admissionregistration.k8s.io",
            "mutatingwebhookconfigurations",
            "patch",
            ["sample-istio-injector"],
            "reads and changes",
        ),
        ("all", "apiregistration.k8s.io", "apiservices", "patch", ["v1.apps"], "answers for the API"),
        ("all", "apiregistration.k8s.io", "apiservices", "patch", ["v1.cache.example.com"]),
        ("kube-system", "coordination.k8s.io", "leases", "update", ["cert-manager-controller"], "leads them"),
        ("all", "apiregistration.k8s.io", "apiservices", "create", [""], "answers for the API"),
    )
)
_CALLED = tuple(
    sample(f"a role called {name}", role("ClusterRole", rule("apps", "deployments", "get"), name=name), *says)
    for name, *says in (
        ("system:metrics-server",),
        ("system:aggregated-metrics-reader",),
        ("view", "a role that others have already"),
        ("edit", "a role that others have already"),
        ("system:discovery", "a role that others have already"),
        ("system:novelty", "a role that others have already"),
    )
)
_ADDRESSES = tuple(
    sample(f"{verbs} {' '.join(urls)}", role("ClusterRole", {"nonResourceURLs": urls, "verbs": verbs.split()}), *says)
    for urls, verbs, *says in (
        (["/metrics", "/metrics/slis", "/healthz", "/healthz/*", "/readyz", "/version", "/openapi/*"], "get"),
        (["/debug/pprof/heap"], "get", "what it shows is not understood"),
        (["/logs/*"], "get", "is '/logs/*'"),
        (["/metrics"], "post", "the verb 'post' is not understood"),
    )
)
_LABEL = "rbac.authorization.k8s.io/aggregate-to-"
_AGGREGATED = tuple(
    sample(
        f"{label}={value} {verbs} {resource}",
        role("ClusterRole", rule(group, resource, verbs), labels={label: value}),
        *says,
    )
    for label, value, group, resource, verbs, *says in (
        (f"{_LABEL}view", "true", "cache.example.com", "memcacheds", "get list watch"),
        (f"{_LABEL}edit", "true", "cache.example.com", "memcacheds", "create update delete"),
        (f"{_LABEL}admin", "true", "cache.example.com", "memcacheds", "create"),
        (f"{_LABEL}view", "false", "cache.example.com", "memcacheds", "create"),
        (f"{_LABEL}view", "true", "cache.example.com", "memcacheds", "create", "everybody who may look"),
        (f"{_LABEL}view", "true", "", "pods/eviction", "create", "everybody who may look"),
        (f"{_LABEL}cluster-reader", "true", "apps", "deployments/scale", "patch", "everybody who may look"),
        ("rbac.kyverno.io/aggregate-to-background-controller", "true", "apps", "deployments", "get", "not understood"),
    )
)

SAMPLES: dict[str, tuple[Sample, ...]] = {
    "rbac-least": (
        *_CLUSTER,
        *_STATED_KINDS,
        *_AT_PLACES,
        *_NAMES,
        *_CALLED,
        *_ADDRESSES,
        *_AGGREGATED,
    ),
}
