"""Samples of who answers for the API beside the API server, and of whom certificates are."""

from __future__ import annotations

import dataclasses
from typing import Any

from tests.policy.support.sample import UNKNOWN_VALUE, Sample
from tests.policy.support.tenants import TENANTS, held, rows

_NOT_KNOWN = "not known before the update"
_HOOK: dict[str, Any] = {
    "name": "a.cache.example.com",
    "clientConfig": {"service": {"name": "hook", "namespace": "sales-prod"}},
    "rules": [{"apiGroups": ["cache.example.com"], "resources": ["memcacheds"], "operations": ["CREATE"]}],
}
_RULE, _SPACE = "webhooks 0 rules 0", "webhooks 0 clientConfig service namespace"


def _asked(groups: str, *resources: str, namespace: str = "sales-prod", **selectors: Any) -> dict[str, Any]:
    rule = {"apiGroups": [groups], "resources": list(resources)}
    return {_RULE: rule, _SPACE: namespace, **{f"webhooks 0 {name}": value for name, value in selectors.items()}}


_LEVELS = {"key": "pod-security.kubernetes.io/enforce", "operator": "In", "values": ["restricted", "baseline"]}
_ONE = {"matchLabels": {"kubernetes.io/metadata.name": "sales-prod"}}
_ANOTHERS = {"matchLabels": {"kubernetes.io/metadata.name": "helpdesk-prod"}}
_BOTH = {
    "matchExpressions": [{"key": "kubernetes.io/metadata.name", "operator": "In", "values": ["sales", "helpdesk"]}]
}
_SERVERS = {"matchExpressions": [{"key": "serving.kserve.io/inferenceservice", "operator": "Exists"}]}
_OTHERS = "it would be asked about what is not its own"
_WEBHOOKS = (
    *rows(
        held("admissionregistration.k8s.io/v1", "MutatingWebhookConfiguration", webhooks=[_HOOK]),
        ("one's own kind", {}),
        ("bindings", _asked("rbac.authorization.k8s.io", "rolebindings"), "change who has which rights"),
        (
            "bindings, for an add-on",
            _asked("rbac.authorization.k8s.io", "rolebindings", namespace="kyverno"),
            "change who has which rights",
        ),
        ("workloads", _asked("apps", "deployments"), _OTHERS),
        ("workloads, for an add-on", _asked("apps", "deployments", namespace="kueue-system")),
        ("workloads of one namespace", _asked("apps", "deployments", namespaceSelector=_ONE)),
        ("namespaces", _asked("", "namespaces", "services"), _OTHERS, _OTHERS),
        ("namespaces, with a selector", _asked("", "namespaces", namespaceSelector=_ONE), _OTHERS),
        ("servers", _asked("serving.kserve.io", "inferenceservices"), _OTHERS),
        ("servers, for KServe", _asked("serving.kserve.io", "inferenceservices", namespace="kserve")),
        ("network rules", _asked("networking.k8s.io", "networkpolicies", namespaceSelector=_ONE), _OTHERS),
        ("pods of one namespace", _asked("", "pods", namespaceSelector=_ONE)),
        ("pods of another tenant", _asked("", "pods", namespaceSelector=_ANOTHERS), "without a namespaceSelector"),
        (
            "servers of tenants",
            _asked("serving.kserve.io", "inferenceservices", namespaceSelector=_BOTH),
            _OTHERS,
        ),
        ("settings of another tenant", _asked("", "configmaps", namespaceSelector=_ANOTHERS), _OTHERS),
        ("pods of all models", _asked("", "pods", objectSelector=_SERVERS), "without a namespaceSelector"),
        ("workloads, in a namespace called like one", _asked("apps", "jobs", namespace="mine-operator"), _OTHERS),
        ("namespaces, in a namespace called like one", _asked("", "namespaces", namespace="mine-system"), _OTHERS),
        (
            "pods of one namespace, from nowhere known",
            _asked("", "pods", namespace="tools", namespaceSelector=_ONE),
            "without a namespaceSelector",
        ),
        ("every kind of an add-on's own", _asked("cert-manager.io", "*/*", namespace="cert-manager")),
        ("every kind of another add-on", _asked("kyverno.io", "*/*", namespace="cert-manager"), "is '*/*'"),
        ("every kind of an add-on", _asked("cert-manager.io", "*/*", namespace="cert-manager-x"), "is '*/*'"),
        (
            "pods of every level",
            _asked("", "pods", namespaceSelector={"matchExpressions": [_LEVELS]}),
            "without a namespaceSelector or objectSelector that leaves something out",
        ),
        (
            "pods of the whole project",
            _asked("", "pods", objectSelector={"matchLabels": {"app.kubernetes.io/part-of": "private-ai-kitchen"}}),
            "without a namespaceSelector or objectSelector that leaves something out",
        ),
        (
            "a tenant's namespace that is called like an add-on's",
            {**_asked("apps", "jobs", namespace="sales-operator")},
            _OTHERS,
        ),
    ),
    *rows(
        held("admissionregistration.k8s.io/v1", "ValidatingWebhookConfiguration", webhooks=[_HOOK]),
        ("shells", _asked("", "pods/exec", namespaceSelector=_ONE), _OTHERS),
        ("bindings, for an add-on", _asked("rbac.authorization.k8s.io", "rolebindings", namespace="cattle-system")),
    ),
    *rows(
        held("admissionregistration.k8s.io/v1", "ValidatingWebhookConfiguration", webhooks=[_HOOK]),
        ("a namespace that is stated", _asked("apps", "deployments", namespace="guard")),
        config={"understood": [{"what": "addon", "name": "guard", "reason": "the platform's own guard"}]},
    ),
)
_DEFINITION = held(
    "apiextensions.k8s.io/v1",
    "CustomResourceDefinition",
    spec={
        "group": "cert-manager.io",
        "conversion": {"strategy": "Webhook", "webhook": {"clientConfig": {"service": {"namespace": "cert-manager"}}}},
    },
)
_BY = "spec conversion webhook clientConfig service namespace"
_APIS = (
    *rows(
        _DEFINITION,
        ("converted by its project", {}),
        ("converted by a tenant", {_BY: "sales-prod"}, "it would convert every object of cert-manager.io"),
        ("converted by nobody known", {_BY: "unheard-of"}, "it would convert every object of cert-manager.io"),
        ("one's own, converted by a tenant", {_BY: "sales-prod", "spec group": "cache.example.com"}),
        ("converted in a namespace called after it", {_BY: "acme", "spec group": "acme.io"}),
        (
            "servers, converted in a namespace called after them",
            {_BY: "kserve-x", "spec group": "serving.kserve.io"},
            "it",
        ),
        ("converted in a namespace called like an operator's", {_BY: "mine-operator"}, "it would convert every object"),
    ),
    *rows(
        held(
            "apiregistration.k8s.io/v1",
            "APIService",
            spec={"group": "metrics.k8s.io", "service": {"name": "m", "namespace": "kube-system"}},
        ),
        ("figures", {}),
        ("figures by nobody known", {"spec service namespace": "mine-system"}, "is no namespace of an add-on"),
        ("figures by a tenant", {"spec service namespace": "sales-prod"}, "is no namespace of an add-on"),
        ("servers", {"spec group": "serving.kserve.io"}, "answer for a group of another project"),
        ("certificates", {"spec group": "cert-manager.io"}, "answer for a group of another project"),
        ("a queue's view", {"spec group": "visibility.kueue.x-k8s.io", "spec service namespace": "kueue-system"}),
        ("routes", {"spec group": "route.openshift.io"}, "answer for the API itself"),
        ("one's own", {"spec group": "cache.example.com"}),
    ),
)

_MARK = "cert-manager.io/"
_MADE = f"{_MARK}cluster-issuer"
_ACME = {"server": "https://acme.kitchen.example/directory"}
_STORED = dataclasses.replace(
    TENANTS, settings={**TENANTS.settings, "objectStore": {"endpoint": "https://minio.kitchen.example:9000"}}
)
_CERTIFICATE = held(
    "cert-manager.io/v1",
    "Certificate",
    spec={
        "secretName": "tls",
        "dnsNames": ["kitchen.example", "hook.helpdesk-prod.svc"],
        "issuerRef": {"name": "internal-ca", "kind": "ClusterIssuer", "group": "cert-manager.io"},
        "usages": ["server auth", "client auth", "digital signature"],
        "subject": {"organizations": ["Helpdesk"]},
        "secretTemplate": {"labels": {"app": "hook"}},
    },
)
_CERTIFICATES = (
    *rows(
        _CERTIFICATE,
        ("of a server", {}),
        ("of a CA", {"spec isCA": True}, "spec.isCA: is True"),
        ("that may be one of a CA", {"spec isCA": UNKNOWN_VALUE}, f"spec.isCA: is {_NOT_KNOWN}"),
        ("that signs", {"spec usages 1": "cert sign"}, "usages[1]: is 'cert sign'"),
        ("of an administrator", {"spec commonName": "kubernetes-admin"}, "is 'kubernetes-admin', who may do"),
        ("of masters", {"spec subject organizations": ["system:masters"]}, "organizations[0]: is 'system:masters'"),
        ("of masters in one text", {"spec literalSubject": "CN=x,O=system:masters"}, "literalSubject: is 'system:mas"),
        ("of a node", {"spec commonName": "system:node:n1"}, "commonName: is 'system:node:n1'"),
        *(
            (f"of {name}", {"spec dnsNames": [name]}, *says)
            for name, *says in (
                ("chat",),
                ("*.hook.helpdesk-prod.svc.cluster.local",),
                ("*.chat.kitchen.example",),
                ("summary-predictor.sales", "Service in another namespace"),
                ("kubernetes.default", "Service in another namespace"),
                ("kubernetes", "is the API's own"),
                ("Hook.sales.svc.cluster.local", "is the API's own, or not written in small letters"),
                ("hook.helpdesk-prod.svc.", "or not written in small letters without a dot"),
                ("*.svc.cluster.local", "Service in another namespace"),
                ("*.sales.svc", "Service in another namespace"),
                ("shop.test", "is no name of the organisation's"),
                ("registry.kitchen.example", "registry.kitchen.example is a host of the platform"),
                ("minio.kitchen.example", "minio.kitchen.example is a host of the platform"),
                ("*.kitchen.example", "is a host of the platform"),
            )
        ),
        ("of an address", {"spec ipAddresses": ["10.96.0.1"]}, "ipAddresses[0]: is '10.96.0.1'"),
        ("of the store, for the store", {"metadata namespace": "minio", "spec dnsNames": ["minio.kitchen.example"]}),
        ("of another's Service", {"spec dnsNames 1": "istiod.istio-system.svc"}, "Service in another namespace"),
        ("of an account in the mesh", {"spec uris": ["spiffe://cluster.local/ns/a/sa/b"]}, "spec.uris: names somebody"),
        (
            "in place of the mesh's CA",
            {"metadata namespace": "istio-system", "spec secretName": "cacerts", "spec dnsNames": ["kitchen.example"]},
            "spec.secretName: is 'cacerts'",
        ),
        ("by another project", {"spec issuerRef group": "awspca.cert-manager.io"}, "issuerRef.group: is 'awspca"),
        (
            "into a copied Secret",
            {"spec secretTemplate annotations": {"replicator.v1.mittwald.de/replicate-to": "*"}},
            "secretTemplate.annotations.replicator.v1.mittwald.de/replicate-to: is '*'",
        ),
        world=_STORED,
    ),
    *rows(
        held("networking.k8s.io/v1", "Ingress", spec={"tls": [{"hosts": ["kitchen.example"]}]}),
        ("without cert-manager", {}),
        ("with a certificate", {"metadata annotations": {_MADE: "ca", f"{_MARK}alt-names": "chat.kitchen.example"}}),
        *(
            (f"{mark} {value}", {"metadata annotations": {_MADE: "ca", f"{_MARK}{mark}": value}}, *says)
            for mark, value, *says in (
                ("common-name", "system:kube-controller-manager", "commonName: is 'system:kube"),
                ("subject-organizations", "a, system:masters", "subject-organizations[1]: is 'system:masters'"),
                ("alt-names", "chat.kitchen.example,istiod.istio-system.svc", "dnsNames[1]: is 'istiod"),
                ("ip-sans", "10.96.0.1", "ipAddresses[0]: is '10.96.0.1'"),
                ("uri-sans", "spiffe://cluster.local/ns/a/sa/b", "uris: names somebody"),
                ("usages", "cert sign", "usages[0]: is 'cert sign'"),
                ("usages", "server auth, client auth"),
            )
        ),
        (
            "for the API's host",
            {"metadata annotations": {_MADE: "ca"}, "spec tls 0 hosts 1": "kubernetes.default.svc"},
            "spec.tls[0].hosts[1]: is 'kubernetes.default.svc'",
        ),
        world=_STORED,
    ),
    *rows(
        held("cert-manager.io/v1", "CertificateRequest", spec={"request": "LS0t"}),
        ("whatever it asks for", {}, "spec.request: whose name"),
        ("of a CA", {"spec isCA": True}, "spec.isCA", "spec.request"),
    ),
    *rows(
        held("cert-manager.io/v1", "ClusterIssuer", spec={"ca": {"secretName": "internal-ca"}}),
        ("a CA of one's own", {}),
        ("itself", {"spec": {"selfSigned": {}}}),
        ("a vault", {"spec": {"vault": {"server": "https://vault.vault.svc:8200", "path": "pki"}}}),
        ("a server of the organisation", {"spec": {"acme": {"server": "https://acme.kitchen.example/directory"}}}),
        (
            "a server outside",
            {"spec": {"acme": {"server": "https://acme.test/d"}}},
            "spec.acme.server: 'https://acme.test/d'",
        ),
        ("a vault that is not known", {"spec": {"vault": {"server": UNKNOWN_VALUE}}}, f"vault.server: is {_NOT_KNOWN}"),
        ("a vault of a tenant", {"spec": {"vault": {"server": "https://v.sales.svc"}}}, "of the tenant 'sales'"),
        *(
            (f"shown by {name}", {"spec": {"acme": {**_ACME, "solvers": [solver]}}}, *says)
            for name, solver, *says in (
                ("an Ingress", {"http01": {"ingress": {"ingressClassName": "nginx"}}, "selector": {"dnsZones": ["a"]}}),
                ("a route", {"http01": {"gatewayHTTPRoute": {"parentRefs": [{"name": "a"}]}}}),
                ("a port of nodes", {"http01": {"ingress": {"serviceType": "NodePort"}}}, "opens a port of every node"),
                ("pods of its own", {"http01": {"ingress": {"podTemplate": {}}}}, "podTemplate: what is made by it"),
                ("an Ingress of its own", {"http01": {"ingress": {"ingressTemplate": {}}}}, "ingressTemplate: what is"),
                ("a cloud", {"dns01": {"cloudflare": {}}}, "dns01.cloudflare: asks a cloud"),
                ("a name server", {"dns01": {"rfc2136": {"nameserver": "10.1.2.3:53"}}}),
                ("a strange one", {"dns01": {"rfc2136": {"nameserver": "203.0.113.9:53"}}}, "dns01.rfc2136: '203.0"),
                ("what is new", {"novelty": {}}, "solvers[0].novelty: how a name is shown"),
                ("nobody known", UNKNOWN_VALUE, f"solvers[0]: is {_NOT_KNOWN}"),
            )
        ),
        ("a cloud", {"spec": {"venafi": {"cloud": {}}}}, "spec.venafi.cloud: asks a cloud"),
        ("a signer of the future", {"spec": {"novelty": {}}}, "spec.novelty: what signs there"),
    ),
    *rows(
        held("cert-manager.io/v1", "Issuer", spec={"acme": {"server": "https://acme.test/directory"}}),
        ("a server outside that is stated", {}),
        config={"understood": [{"what": "address", "name": "acme.test", "reason": "signs for the shop"}]},
    ),
)

SAMPLES: dict[str, tuple[Sample, ...]] = {
    "rbac-least": (*_WEBHOOKS, *_APIS, *_CERTIFICATES),
    "kinds-known": tuple(
        dataclasses.replace(sample, name=f"understood, {sample.name}", says=(), config={})
        for sample in _CERTIFICATES
        if not sample.says
    ),
}
