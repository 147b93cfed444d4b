"""Samples of stores and Secrets, of the marks of objects, and of what programs make of them."""

from __future__ import annotations

import dataclasses

from tests.policy.support.sample import UNKNOWN_VALUE, Sample
from tests.policy.support.tenants import held, rows

_NOT_KNOWN = "not known before the update"
_STORE = held(
    "external-secrets.io/v1",
    "SecretStore",
    spec={
        "provider": {
            "vault": {
                "server": "https://vault.vault.svc:8200",
                "auth": {"kubernetes": {"role": "helpdesk", "serviceAccountRef": {"name": "eso"}}},
            }
        }
    },
)
_AUTH = "spec provider vault auth"
_ACCOUNT = f"{_AUTH} kubernetes serviceAccountRef"
_PROVIDER = "spec provider"
_STORES = (
    *rows(
        _STORE,
        ("a vault", {}),
        ("a vault of the organisation", {"spec provider vault server": "https://vault.kitchen.example"}),
        ("a vault by its number", {"spec provider vault server": "https://10.1.2.3:8200"}),
        *(
            (f"a vault of a tenant at {server}", {"spec provider vault server": server}, "namespace of the tenant")
            for server in (
                *("http://vault.helpdesk-prod.svc:8200", "https://x.sales.svc.cluster.local", "https://x.sales"),
                "HTTPS://X.SALES.SVC:8200",
            )
        ),
        ("without a sign-in", {_AUTH: {}}, "vault.auth: is missing"),
        ("a sign-in that is not known", {_AUTH: UNKNOWN_VALUE}, f"vault.auth: is {_NOT_KNOWN}"),
        ("the program's own token", {_AUTH: {"kubernetes": {"role": "a"}}}, "so the program shows its own token"),
        ("a key of another namespace", {_AUTH: {"tokenSecretRef": {"name": "a", "namespace": "sales"}}}, "is 'sales'"),
        (
            "an account of another",
            {f"{_ACCOUNT} namespace": "sales-prod"},
            "serviceAccountRef.namespace: is 'sales-prod'",
        ),
        ("an account of its own", {f"{_ACCOUNT} namespace": "helpdesk-prod"}),
        ("a token for the API", {f"{_ACCOUNT} audiences": ["https://kubernetes.default.svc"]}, "is good elsewhere too"),
        ("a key of a role", {_AUTH: {"appRole": {"secretRef": {"name": "a", "key": "b"}, "roleId": "r"}}}),
        ("a cloud's sign-in", {_AUTH: {"iam": {"region": "r"}}}, "vault.auth.iam: is a way of signing in"),
        ("a vault outside", {"spec provider vault server": "https://vault.test"}, "leads outside"),
        ("made up", {_PROVIDER: {"fake": {"data": []}}}, "spec.provider.fake: where secrets come from"),
        ("asked for", {_PROVIDER: {"webhook": {"url": "http://a.b.svc"}}}, "spec.provider.webhook: where"),
        ("its own namespace", {_PROVIDER: {"kubernetes": {"remoteNamespace": "helpdesk-prod"}}}),
        ("another namespace", {_PROVIDER: {"kubernetes": {"remoteNamespace": "kube-system"}}}, "remoteNamespace: is"),
        ("another cluster", {_PROVIDER: {"kubernetes": {"server": {"url": "https://a.test"}}}}, "is another cluster"),
        ("not known", {_PROVIDER: UNKNOWN_VALUE}, f"spec.provider: is {_NOT_KNOWN}"),
    ),
    *rows(
        {**_STORE, "kind": "ClusterSecretStore", "metadata": {"name": "sample"}},
        ("a vault", {}),
        ("every namespace", {_PROVIDER: {"kubernetes": {}}}, "Secrets of another namespace"),
        ("a vault by the program's account", {f"{_ACCOUNT} namespace": "external-secrets"}),
        ("a vault by a tenant's account", {f"{_ACCOUNT} namespace": "sales-prod"}, "is 'sales-prod': shows a vault"),
        (
            "a vault by its own key",
            {_AUTH: {"tokenSecretRef": {"name": "vault-root-token", "namespace": "vault"}}},
            "tokenSecretRef.namespace: is 'vault'",
        ),
    ),
    *rows(
        {**_STORE, "kind": "ClusterSecretStore", "metadata": {"name": "sample"}},
        ("an account that is stated", {f"{_ACCOUNT} namespace": "vault"}),
        config={"understood": [{"what": "identity", "name": "vault/eso", "reason": "reads the platform's keys"}]},
    ),
    *rows(
        held("external-secrets.io/v1", "SecretStore", spec={"provider": {"aws": {"service": "SecretsManager"}}}),
        ("a cloud that is stated", {}),
        config={"understood": [{"what": "address", "name": "aws", "reason": "the bank's own account"}]},
    ),
    *rows(
        held(
            "external-secrets.io/v1",
            "ExternalSecret",
            spec={"target": {"name": "db"}, "data": [{"secretKey": "a", "remoteRef": {"key": "kitchen/db"}}]},
        ),
        ("one secret", {}),
        ("a whole one", {"spec dataFrom": [{"extract": {"key": "kitchen/db"}}]}),
        ("those of a beginning", {"spec dataFrom": [{"find": {"name": {"regexp": "^helpdesk-.*"}}}]}),
        ("all", {"spec dataFrom": [{"find": {"name": {"regexp": ".*"}}}]}, "dataFrom[0].find: takes every secret"),
        ("all by a beginning that is none", {"spec dataFrom": [{"find": {"name": {"regexp": "^.*"}}}]}, "takes every"),
        ("this or all", {"spec dataFrom": [{"find": {"name": {"regexp": "^abc|.*"}}}]}, "takes every secret"),
        (
            "a cluster of Argo CD",
            {"spec target template": {"metadata": {"labels": {"argocd.argoproj.io/secret-type": "cluster"}}}},
            "template.metadata.labels.argocd.argoproj.io/secret-type: is 'cluster'",
        ),
        (
            "Argo CD's own password",
            {"metadata namespace": "argocd", "spec target name": "argocd-secret"},
            "spec.target.name: is 'argocd-secret'",
        ),
        (
            "marks that the Secret gets too",
            {"metadata annotations": {"reflector.v1.k8s.emberstack.com/reflection-auto-enabled": "true"}},
            "metadata.annotations.reflector.v1.k8s.emberstack.com/reflection-auto-enabled: is 'true'",
        ),
        ("a release", {"spec target template": {"type": "helm.sh/release.v1"}}, "Helm takes manifests out of it"),
    ),
    *rows(
        held("bitnami.com/v1alpha1", "SealedSecret", spec={"encryptedData": {}, "template": {"type": "Opaque"}}),
        ("a Secret", {}),
        ("a release", {"spec template type": "helm.sh/release.v1"}, "Helm takes manifests out of it"),
        ("for one namespace", {"metadata annotations": {"sealedsecrets.bitnami.com/namespace-wide": "true"}}),
        (
            "for every namespace",
            {"metadata annotations": {"sealedsecrets.bitnami.com/cluster-wide": "true"}},
            "sealedsecrets.bitnami.com/cluster-wide: is 'true'",
        ),
        (
            "a copied Secret",
            {"spec template metadata": {"annotations": {"reflector.v1.k8s.emberstack.com/reflection-allowed": "true"}}},
            "reflection-allowed: is 'true'",
        ),
    ),
)
_LABELS, _ANNOTATIONS = "metadata labels", "metadata annotations"
_SECRETS = rows(
    held("v1", "Secret", type="Opaque"),
    ("plain", {}),
    ("labels of a chart", {_LABELS: {"app.kubernetes.io/name": "a", "helm.sh/chart": "a-1", "tier": "x"}}),
    ("a repository of Argo CD", {_LABELS: {"argocd.argoproj.io/secret-type": "repository"}}),
    ("a cluster of Argo CD", {_LABELS: {"argocd.argoproj.io/secret-type": "cluster"}}, "secret-type: is 'cluster'"),
    ("a cluster of Istio", {_LABELS: {"istio/multiCluster": "true"}}, "istio/multiCluster: is 'true'"),
    ("a key of sealed Secrets", {_LABELS: {"sealedsecrets.bitnami.com/sealed-secrets-key": "active"}}, "'active'"),
    ("a copy", {_ANNOTATIONS: {"replicator.v1.mittwald.de/replicate-from": "a/b"}}, "replicate-from: is 'a/b'"),
    ("a mark of one's own", {_ANNOTATIONS: {"rotation.example.com/by": "robot"}}),
    ("marks not known", {_ANNOTATIONS: UNKNOWN_VALUE}, f"metadata.annotations: is {_NOT_KNOWN}"),
    ("a type of one's own", {"type": "example.com/login"}),
    ("a release", {"type": "helm.sh/release.v1"}, "type: is 'helm.sh/release.v1'"),
    ("a cluster's keys", {"type": "cluster.x-k8s.io/secret"}, "type: is 'cluster.x-k8s.io/secret'"),
    ("a type of the future", {"type": "novelty.io/v1"}, "what reads Secrets of this type is not understood"),
    ("the mesh's CA", {"metadata": {"name": "cacerts", "namespace": "istio-system"}}, "metadata.name: is 'cacerts'"),
    ("a tenant's cacerts", {"metadata name": "cacerts"}),
    ("in the system's namespace", {"metadata namespace": "kube-system"}, "a part of the cluster itself"),
    ("certificates of the router", {"metadata namespace": "openshift-ingress", "type": "kubernetes.io/tls"}),
)
_ACCOUNTS = (
    *rows(
        held("v1", "ServiceAccount"),
        ("plain", {}),
        ("marks of a chart", {_ANNOTATIONS: {"helm.sh/hook": "pre-install"}, _LABELS: {"app": "a"}}),
        *(
            (f"an identity by {name}", {_ANNOTATIONS: {name: "abc"}}, f"{name}: is 'abc': an identity outside")
            for name in (
                *("eks.amazonaws.com/role-arn", "iam.gke.io/gcp-service-account"),
                "azure.workload.identity/client-id",
            )
        ),
        ("a mark of the future", {_ANNOTATIONS: {"novelty.io/role": "abc"}}, "novelty.io/role: is 'abc'"),
        (
            "a client of the sign-in, by a Route",
            {_ANNOTATIONS: {"serviceaccounts.openshift.io/oauth-redirectreference.a": "{}"}},
        ),
        (
            "a client of the sign-in, by an address",
            {_ANNOTATIONS: {"serviceaccounts.openshift.io/oauth-redirecturi.a": "https://a.test"}},
            "oauth-redirecturi.a: is 'https://a.test'",
        ),
    ),
    *rows(
        held("v1", "ServiceAccount"),
        ("an identity that is stated", {_ANNOTATIONS: {"eks.amazonaws.com/role-arn": "arn:models-reader"}}),
        ("another identity", {_ANNOTATIONS: {"eks.amazonaws.com/role-arn": "arn:admin"}}, "is 'arn:admin'"),
        config={"understood": [{"what": "identity", "name": "arn:models-*", "reason": "reads models"}]},
    ),
)
_NAMESPACES = rows(
    {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "helpdesk-prod"}},
    ("plain", {_LABELS: {"kubernetes.io/metadata.name": "a", "pod-security.kubernetes.io/enforce": "restricted"}}),
    ("a mesh", {_LABELS: {"istio-injection": "enabled", "istio.io/rev": "default"}}),
    (
        "figures of the cluster",
        {_LABELS: {"openshift.io/cluster-monitoring": "true", "opendatahub.io/dashboard": "true"}},
    ),
    ("somebody's Argo CD", {_LABELS: {"argocd.argoproj.io/managed-by": "sales"}}, "managed-by: is 'sales'"),
    ("a project of Rancher", {_ANNOTATIONS: {"field.cattle.io/projectId": "c:p"}}, "projectId: is 'c:p'"),
    ("a parent", {_ANNOTATIONS: {"hnc.x-k8s.io/subnamespace-of": "sales"}}, "subnamespace-of: is 'sales'"),
    ("a tree", {_LABELS: {"sales.tree.hnc.x-k8s.io/depth": "1"}}, "depth: is '1'"),
    ("a tenant of Capsule", {_LABELS: {"capsule.clastix.io/tenant": "sales"}}, "tenant: is 'sales'"),
)

SAMPLES: dict[str, tuple[Sample, ...]] = {
    "rbac-least": (*_STORES, *_SECRETS, *_ACCOUNTS, *_NAMESPACES),
    "kinds-known": tuple(
        dataclasses.replace(sample, name=f"understood, {sample.name}", says=(), config={})
        for sample in _STORES
        if not sample.says
    ),
}
