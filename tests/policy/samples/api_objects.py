"""Samples of objects that lead to rights or tokens though they are no roles: webhooks, groups, Secrets, API groups."""

from __future__ import annotations

from typing import Any

from tests.policy.support.refused import refused_kinds
from tests.policy.support.sample import UNKNOWN_VALUE, Sample, table

_NOT_KNOWN = "not known before the update"
_META = {"metadata": {"name": "sample"}}
_HOOK = {
    "name": "a.example.com",
    "clientConfig": {"service": {"name": "s", "namespace": "team", "path": "/"}},
    "rules": [{"apiGroups": ["cache.example.com"], "resources": ["memcacheds"], "operations": ["CREATE"]}],
}
_RULE = "webhooks 0 rules 0"


def _hooks(kind: str) -> tuple[Sample, ...]:
    inputs = {"apiVersion": "admissionregistration.k8s.io/v1", "kind": kind, **_META, "webhooks": [_HOOK]}
    pods = {f"{_RULE} apiGroups": [""], f"{_RULE} resources": ["pods"]}
    addon = {**pods, "webhooks 0 clientConfig service namespace": "kserve"}
    return table(
        f"kubernetes:admissionregistration.k8s.io/v1:{kind}",
        inputs,
        (f"{kind} of one kind", {}),
        (f"{kind} by an address", {"webhooks 0 clientConfig": {"url": "https://a.example/"}}, "clientConfig.url: is"),
        (f"{kind} of every group", {f"{_RULE} apiGroups": ["*"]}, "apiGroups[0]: is '*': it would be asked"),
        (f"{kind} of every resource", {f"{_RULE} resources": ["*/*"]}, "resources[0]: is '*/*': it would be asked"),
        (f"{kind} of Secrets", {f"{_RULE} resources": ["secrets"]}, "resources[0]: is 'secrets': it would read them"),
        (f"{kind} of every pod", pods, "resources[0]: is 'pods': without a namespaceSelector"),
        (f"{kind} of some pods", {**addon, "webhooks 0 objectSelector": {"matchLabels": {"a": "b"}}}),
        (
            f"{kind} of the servers of KServe",
            {
                **addon,
                "webhooks 0 objectSelector": {
                    "matchExpressions": [{"key": "serving.kserve.io/inferenceservice", "operator": "Exists"}]
                },
            },
        ),
        (
            f"{kind} of every pod that has a name",
            {
                **pods,
                "webhooks 0 objectSelector": {
                    "matchExpressions": [{"key": "app.kubernetes.io/name", "operator": "Exists"}]
                },
            },
            "without a namespaceSelector or objectSelector",
        ),
        (
            f"{kind} of every pod but some",
            {**pods, "webhooks 0 objectSelector": {"matchExpressions": [{"key": "a", "operator": "DoesNotExist"}]}},
            "without a namespaceSelector or objectSelector",
        ),
        (f"{kind}: a hook not known", {"webhooks 0": UNKNOWN_VALUE}, f"webhooks[0]: is {_NOT_KNOWN}"),
        (
            f"{kind}: a client not known",
            {"webhooks 0 clientConfig": UNKNOWN_VALUE},
            f"clientConfig.url: is {_NOT_KNOWN}",
        ),
        (f"{kind}: groups not known", {f"{_RULE} apiGroups": UNKNOWN_VALUE}, f"apiGroups: is {_NOT_KNOWN}"),
    )


_DEFINITION = {
    "apiVersion": "apiextensions.k8s.io/v1",
    "kind": "CustomResourceDefinition",
    "metadata": {"name": "things.example.com"},
    "spec": {
        "group": "example.com",
        "names": {"kind": "Thing", "plural": "things"},
        "conversion": {"strategy": "Webhook", "webhook": {"clientConfig": {}}},
    },
}
_CLIENT = "spec conversion webhook clientConfig"
_DEFINITIONS = table(
    "kubernetes:apiextensions.k8s.io/v1:CustomResourceDefinition",
    _DEFINITION,
    ("converted by a Service", {f"{_CLIENT} service": {"name": "s"}}),
    ("converted by an address", {f"{_CLIENT} url": "https://a.example/"}, "clientConfig.url: is 'https://a.example/'"),
    ("converted by what is not known", {_CLIENT: UNKNOWN_VALUE}, f"clientConfig.url: is {_NOT_KNOWN}"),
)

_GROUP: dict[str, Any] = {"apiVersion": "user.openshift.io/v1", "kind": "Group", **_META, "users": ["a"]}
_GROUPS = table(
    "kubernetes:user.openshift.io/v1:Group",
    _GROUP,
    ("a group of people", {}),
    (
        "administrators of the cluster",
        {"metadata name": "system:cluster-admins"},
        "is 'system:cluster-admins', which has",
    ),
    ("a group of the system", {"metadata name": "system:masters"}, "metadata.name: is 'system:masters'"),
    ("dedicated administrators", {"metadata name": "dedicated-admins"}, "metadata.name: is 'dedicated-admins'"),
    ("a group without a name that is known", {"metadata name": UNKNOWN_VALUE}, f"metadata.name: is {_NOT_KNOWN}"),
    ("a member not known", {"users 0": UNKNOWN_VALUE}, f"users[0]: is {_NOT_KNOWN}"),
)

_API: dict[str, Any] = {
    "apiVersion": "apiregistration.k8s.io/v1",
    "kind": "APIService",
    "metadata": {"name": "v1beta1.metrics.k8s.io"},
    "spec": {"group": "metrics.k8s.io", "version": "v1beta1", "service": {"name": "s", "namespace": "monitoring"}},
}
_APIS = table(
    "kubernetes:apiregistration.k8s.io/v1:APIService",
    _API,
    ("figures by another server", {}),
    ("a group of an organisation", {"spec group": "custom.example.com"}),
    (
        "roles by another server",
        {"spec group": "rbac.authorization.k8s.io"},
        "spec.group: is 'rbac.authorization.k8s.io'",
    ),
    ("deployments by another server", {"spec group": "apps"}, "spec.group: is 'apps'"),
    ("the core by another server", {"spec group": ""}, "spec.group: is ''"),
    ("routes by another server", {"spec group": "route.openshift.io"}, "spec.group: is 'route.openshift.io'"),
    ("a group not known", {"spec group": UNKNOWN_VALUE}, f"spec.group: is {_NOT_KNOWN}"),
)

_SECRET: dict[str, Any] = {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "s", "namespace": "team"}}
_SECRETS = table(
    "kubernetes:core/v1:Secret",
    _SECRET,
    ("a Secret", {"type": "Opaque"}),
    (
        "a token of an account",
        {"type": "kubernetes.io/service-account-token"},
        "has the rights of its account, without",
    ),
    ("a token that makes nodes", {"type": "bootstrap.kubernetes.io/token"}, "type: is 'bootstrap.kubernetes.io/token'"),
)
_CONFIG_MAPS = table(
    "kubernetes:core/v1:ConfigMap",
    {**_SECRET, "kind": "ConfigMap"},
    ("a ConfigMap", {}),
    *(
        (f"the ConfigMap {name}", {"metadata": {"name": name, "namespace": "kube-system"}}, f"is {name!r}, by which")
        for name in ("aws-auth", "extension-apiserver-authentication")
    ),
)
_TOKENS = table(
    "kubernetes:core/v1:Secret",
    _SECRET,
    ("a Secret without a type", {}),
    ("a Secret of a registry", {"type": "kubernetes.io/dockerconfigjson"}),
    (
        "a token without an end",
        {"type": "kubernetes.io/service-account-token"},
        "fills it with a token that never ends",
    ),
    ("a type that is not known", {"type": UNKNOWN_VALUE}, f"type: is {_NOT_KNOWN}"),
)
_REFUSED = refused_kinds(
    *(("admissionregistration.k8s.io", "MutatingAdmissionPolicy"), ("user.openshift.io", "Identity")),
    *(("user.openshift.io", "User"), ("oauth.openshift.io", "OAuthClient"), ("config.openshift.io", "OAuth")),
    *(("certificates.k8s.io", "CertificateSigningRequest"), ("rbac.authorization.k8s.io", "Novelty")),
)

SAMPLES: dict[str, tuple[Sample, ...]] = {
    "rbac-least": (
        *_hooks("MutatingWebhookConfiguration"),
        *_hooks("ValidatingWebhookConfiguration"),
        *(*_DEFINITIONS, *_GROUPS, *_APIS, *_SECRETS, *_CONFIG_MAPS, *_REFUSED),
    ),
    "service-account-tokens": _TOKENS,
}
