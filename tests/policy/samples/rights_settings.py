"""Samples of settings of programs with many rights, and of kinds of platforms that ask addresses."""

from __future__ import annotations

import dataclasses

from tests.policy.support.sample import UNKNOWN_VALUE, Sample, changed
from tests.policy.support.tenants import TENANTS, held, rows

_NOT_KNOWN = "not known before the update"
_TAINT, _MASTER = {"key": "nvidia.com/gpu", "operator": "Exists"}, "node-role.kubernetes.io/control-plane"
_ACTS = "spec destinationServiceAccounts 0"
_GROUPS = dataclasses.replace(TENANTS, settings={**TENANTS.settings, "groups": {"platform": ["ai-platform"]}})
_MAP = held("v1", "ConfigMap", data={})
_MAPS = (
    *rows(
        changed(_MAP, {"metadata": {"name": "argocd-cm", "namespace": "argocd"}}),
        ("Argo CD's address", {"data": {"url": "https://argocd.kitchen.example", "ui.bannercontent": "x"}}),
        ("callers without a name", {"data": {"users.anonymous.enabled": "true"}}, "anonymous.enabled: is 'true'"),
        ("an account", {"data": {"accounts.robot": "apiKey"}}, "accounts.robot: is 'apiKey'"),
        ("shells", {"data": {"exec.enabled": "true"}}, "exec.enabled: is 'true'"),
        ("no shells", {"data": {"exec.enabled": "false", "admin.enabled": "false", "timeout.reconciliation": "3m"}}),
        ("programs", {"data": {"kustomize.buildOptions": "--enable-exec"}}, "buildOptions: is '--enable-exec'"),
        ("a sign-in", {"data": {"oidc.config": "name: a\nissuer: https://sso.kitchen.example/a\n"}}),
        ("a sign-in nowhere", {"data": {"dex.config": "connectors: []\n"}}, "says nowhere who decides"),
        (
            "a sign-in by strangers",
            {
                "data": {
                    "dex.config": "connectors:\n- type: github\n- type: oidc\n  issuer: https://sso.kitchen.example\n"
                }
            },
            "who signs in is decided by 'github'",
        ),
        ("a sign-in outside", {"data": {"oidc.config": "issuer: https://sso.test\n"}}, "who signs in is decided at"),
    ),
    *rows(
        changed(_MAP, {"metadata": {"name": "argocd-rbac-cm", "namespace": "argocd"}}),
        (
            "few rights",
            {
                "data": {
                    "policy.default": "role:readonly",
                    "policy.csv": "p, role:ops, applications, sync, */*, allow\ng, ai-platform, role:admin\n# end\n",
                    "scopes": "[groups]",
                }
            },
        ),
        ("everybody", {"data": {"policy.default": "role:admin"}}, "policy.default: is 'role:admin'"),
        ("rights in shells", {"data": {"policy.csv": "p, role:x, exec, create, */*, allow"}}, "'create' on 'exec'"),
        ("shells denied", {"data": {"policy.csv": "p, role:x, exec, create, */*, deny"}}),
        ("all", {"data": {"policy.tenants.csv": "p, role:x, *, *, *, allow"}}, "'*' on '*'"),
        ("those who signed in", {"data": {"policy.csv": "g, system:authenticated, role:admin"}}, "a group or user of"),
        ("a line that is no right", {"data": {"policy.csv": "p, role:x"}}, "is neither a right nor a member"),
    ),
    *rows(
        changed(_MAP, {"metadata": {"name": "config-features", "namespace": "knative-serving"}}),
        ("claims", {"data": {"kubernetes.podspec-persistent-volume-claim": "enabled", "_example": "x"}}),
        ("paths of the node", {"data": {"kubernetes.podspec-volumes-hostpath": "enabled"}}, "hostpath: is 'enabled'"),
        ("no paths of the node", {"data": {"kubernetes.podspec-volumes-hostpath": "disabled"}}),
        ("the node's network", {"data": {"kubernetes.podspec-hostnetwork": "allowed"}}, "hostnetwork: is 'allowed'"),
    ),
)
_STRANGE_MAPS = (
    *rows(
        changed(_MAP, {"metadata": {"name": "sample", "namespace": "kube-system"}}),
        ("settings of nobody known", {}, "what a program takes from it in kube-system is not understood"),
        ("a cache of names", {"metadata name": "node-local-dns"}),
        ("names of the cluster", {"metadata name": "coredns"}, "metadata.name: is 'coredns'"),
        ("figures of the cluster", {"metadata": {"name": "cluster-monitoring-config", "namespace": "openshift-x"}}),
        ("a picture", {"metadata labels": {"console.openshift.io/dashboard": "true"}}),
        ("the mesh", {"metadata": {"name": "istio", "namespace": "istio-system"}}, "in istio-system is not understood"),
        ("KServe", {"metadata": {"name": "inferenceservice-config", "namespace": "kserve"}}, "in kserve is not"),
        ("a bundle", {"metadata": {"name": "private-ca-bundle", "namespace": "istio-system"}}),
        ("an operator's own", {"metadata": {"name": "sample", "namespace": "cache-operator"}}),
        ("a tenant's", {"metadata": {"name": "coredns", "namespace": "helpdesk-prod"}}),
    ),
    *rows(
        changed(_MAP, {"metadata": {"name": "coredns", "namespace": "kube-system"}}),
        ("settings that are stated", {}),
        config={"understood": [{"what": "settings", "name": "kube-system/coredns", "reason": "forwards a zone"}]},
    ),
)
_ROLE = {"name": "r", "policies": ["p, proj:x:r, applications, sync, x/*, allow"], "groups": ["helpdesk-owners"]}
_OWN_LABEL = {"key": "kitchen.example.com/tenant", "operator": "DoesNotExist"}
_PLATFORM = (
    *rows(
        {"apiVersion": "storage.k8s.io/v1", "kind": "CSIDriver", "metadata": {"name": "a"}, "spec": {}},
        ("plain", {"spec podInfoOnMount": True}),
        ("with tokens", {"spec tokenRequests": [{"audience": "vault"}]}, "gets tokens of every pod"),
    ),
    *rows(
        {"apiVersion": "trust.cert-manager.io/v1alpha1", "kind": "Bundle", "metadata": {"name": "a"}, "spec": {}},
        ("a ConfigMap", {"spec target": {"configMap": {"key": "ca.crt"}}}),
        ("a Secret", {"spec target": {"secret": {"key": "ca.crt"}}}, "writes a Secret in every namespace"),
        ("out of a Secret", {"spec sources": [{"secret": {"name": "ca", "key": "ca.crt"}}, {"useDefaultCAs": True}]}),
        ("a CA by hand", {"spec sources": [{"inLine": "-----BEGIN CERTIFICATE-----"}]}, "sources[0].inLine: a CA that"),
        ("a source not known", {"spec sources": [UNKNOWN_VALUE]}, "sources[0].inLine: a CA that"),
    ),
    *rows(
        held("coordination.k8s.io/v1", "Lease", spec={"holderIdentity": "a"}),
        ("a tenant's own", {}),
        *(
            (f"in {name}", {"metadata namespace": name}, f"metadata.namespace: is {name!r}: its controllers")
            for name in ("kube-system", "kube-node-lease", "cert-manager", "openshift-kube-scheduler")
        ),
    ),
    *rows(
        {"apiVersion": "scheduling.k8s.io/v1", "kind": "PriorityClass", "metadata": {"name": "a"}, "value": 1000},
        ("for those that name it", {"globalDefault": False}),
        ("for everybody", {"globalDefault": True}, "globalDefault: it would hold for every pod"),
        ("for everybody it may be", {"globalDefault": UNKNOWN_VALUE}, "globalDefault: it would hold for every pod"),
    ),
    *rows(
        {"apiVersion": "kueue.x-k8s.io/v1beta1", "kind": "ResourceFlavor", "metadata": {"name": "a"}, "spec": {}},
        ("all nodes", {}),
        ("a product", {"spec": {"nodeLabels": {"nvidia.com/gpu.product": "L40S"}, "tolerations": [_TAINT]}}),
        ("an own label", {"spec": {"nodeLabels": {"kitchen.example.com/pool": "a"}}}),
        (
            "every taint",
            {"spec": {"tolerations": [{"operator": "Exists"}]}},
            "tolerations[0].key: is None: lets pods onto",
        ),
        ("the control plane's taint", {"spec": {"tolerations": [{"key": _MASTER}]}}, "nodes that are kept for others"),
        ("the control plane", {"spec": {"nodeLabels": {_MASTER: ""}}}, "leads pods to nodes by what is no label"),
        ("one node", {"spec": {"nodeLabels": {"kubernetes.io/hostname": "a"}}}, "leads pods to nodes by what is no"),
        ("labels not known", {"spec": {"nodeLabels": UNKNOWN_VALUE}}, f"nodeLabels: is {_NOT_KNOWN}"),
    ),
    *rows(
        {"apiVersion": "user.openshift.io/v1", "kind": "Group", "metadata": {"name": "testers"}, "users": ["a"]},
        ("of people", {}),
        world=_GROUPS,
    ),
    *rows(
        {"apiVersion": "user.openshift.io/v1", "kind": "Group", "metadata": {"name": "ai-platform"}, "users": ["a"]},
        ("of those who run the platform", {}, "is 'ai-platform', which runs the platform"),
        world=_GROUPS,
    ),
    *rows(
        held("argoproj.io/v1alpha1", "AppProject", spec={"destinationServiceAccounts": [{"namespace": "sales-prod"}]}),
        ("as a tenant's account", {f"{_ACTS} defaultServiceAccount": "deployer"}),
        ("as an account of the system", {f"{_ACTS} defaultServiceAccount": "kube-system:a"}, "acts as an account of"),
        ("in the system", {_ACTS: {"namespace": "kube-system", "defaultServiceAccount": "a"}}, "acts as an account of"),
        ("anywhere", {_ACTS: {"namespace": "*", "defaultServiceAccount": "a"}}, "acts as an account of"),
    ),
    *rows(
        held("v1", "Secret", type="kubernetes.io/tls"),
        ("a server's key", {}),
        ("a key to sign with", {"metadata namespace": "cert-manager"}, "issuers sign with what lies in cert-manager"),
        ("a release under another type", {"metadata name": "sh.helm.release.v1.a.v1", "type": "Opaque"}, "Helm takes"),
    ),
    *rows(
        held("secrets-store.csi.x-k8s.io/v1", "SecretProviderClass", spec={"provider": "vault", "parameters": {}}),
        ("a vault", {"spec parameters vaultAddress": "https://vault.vault.svc:8200"}),
        ("a tenant's vault", {"spec parameters vaultAddress": "https://vault.sales.svc"}, "of the tenant 'sales'"),
        ("a vault outside", {"spec parameters vaultAddress": "https://vault.test"}, "vaultAddress: 'https://vault.te"),
        ("a cloud", {"spec provider": "azure"}, "spec.provider: is 'azure': where secrets come from"),
        ("a release", {"spec secretObjects": [{"type": "helm.sh/release.v1"}]}, "secretObjects[0].type: is 'helm.sh"),
    ),
    *rows(
        held("velero.io/v1", "Schedule", spec={"schedule": "@daily", "template": {"ttl": "720h"}}),
        ("every day", {}),
        ("commands", {"spec template hooks": {"resources": [{"pre": []}]}}, "spec.template.hooks: runs commands"),
    ),
    *rows(
        held("velero.io/v1", "BackupStorageLocation", spec={"provider": "aws", "config": {}}),
        ("inside", {"spec config s3Url": "https://minio.prod.kitchen.example"}),
        ("a tenant's", {"spec config s3Url": "http://minio.sales-prod.svc:9000"}, "of the tenant 'sales'"),
        ("outside", {"spec config s3Url": "https://s3.test"}, "spec.config.s3Url: 'https://s3.test'"),
        ("the cloud's own", {}, "spec.config.s3Url: is missing"),
    ),
    *rows(
        {"apiVersion": "nfd.k8s-sigs.io/v1alpha1", "kind": "NodeFeatureRule", "metadata": {"name": "a"}},
        ("a feature", {"spec": {"rules": [{"name": "a", "labels": {"feature.node.kubernetes.io/a": "true"}}]}}),
        ("a GPU", {"spec": {"rules": [{"labels": {"nvidia.com/gpu.product": "x"}}]}}, "labels.nvidia.com/gpu.product"),
        ("a taint", {"spec": {"rules": [{"taints": [{"key": "a"}]}]}}, "spec.rules[0].taints: which pods"),
    ),
    *rows(
        {"apiVersion": "console.openshift.io/v1", "kind": "ConsoleLink", "metadata": {"name": "a"}},
        ("inside", {"spec": {"href": "https://portal.kitchen.example"}}),
        ("outside", {"spec": {"href": "https://a.test"}}, "spec.href: 'https://a.test' leads outside"),
    ),
)
_OTHERS_KINDS = (
    *_PLATFORM,
    *rows(
        held("argoproj.io/v1alpha1", "AppProject", spec={"roles": [_ROLE]}),
        ("a role", {}),
        ("shells", {"spec roles 0 policies 0": "p, proj:x:r, exec, create, x/*, allow"}, "'create' on 'exec'"),
        ("all", {"spec roles 0 policies 0": "p, proj:x:r, applications, *, x/*, allow"}, "'*' on 'applications'"),
        ("everybody", {"spec roles 0 groups 0": "system:authenticated"}, "groups[0]: is 'system:authenticated'"),
        ("a token", {"spec roles 0 jwtTokens": [{"iat": 1}]}, "jwtTokens: is a token that never ends"),
        ("rights not known", {"spec roles 0 policies": UNKNOWN_VALUE}, f"policies: is {_NOT_KNOWN}"),
    ),
    *rows(
        held("operators.coreos.com/v1", "OperatorGroup", spec={"targetNamespaces": ["helpdesk-prod"]}),
        ("a namespace", {}),
        ("all", {"spec": {}}, "in every namespace"),
        ("some", {"spec": {"selector": {"matchLabels": {"kubernetes.io/metadata.name": "helpdesk-prod"}}}}),
        (
            "all that have a name",
            {
                "spec": {
                    "selector": {"matchExpressions": [{"key": "kubernetes.io/metadata.name", "operator": "Exists"}]}
                }
            },
            "in every namespace",
        ),
    ),
    *rows(
        held("monitoring.coreos.com/v1alpha1", "AlertmanagerConfig", spec={"receivers": [{"name": "a"}]}),
        ("nobody", {}),
        ("inside", {"spec receivers 0 webhookConfigs": [{"url": "http://relay.monitoring.svc:9095/hook"}]}),
        ("by mail", {"spec receivers 0 emailConfigs": [{"smarthost": "mail.kitchen.example:25"}]}),
        ("outside", {"spec receivers 0 webhookConfigs": [{"url": "https://a.test/hook"}]}, "webhookConfigs[0].url"),
        ("hidden", {"spec receivers 0 webhookConfigs": [{"urlSecret": {"name": "a"}}]}, "its address lies in a Secret"),
        ("a service outside", {"spec receivers 0 slackConfigs": [{}]}, "slackConfigs: alerts leave by it"),
    ),
    *rows(
        held("monitoring.coreos.com/v1", "Probe", spec={"prober": {"url": "blackbox.monitoring.svc:9115"}}),
        ("inside", {"spec targets": {"staticConfig": {"static": ["https://portal.kitchen.example"]}}}),
        ("outside", {"spec targets": {"staticConfig": {"static": ["https://a.test"]}}}, "static[0]: 'https://a.test'"),
    ),
    *rows(
        {"apiVersion": "node.k8s.io/v1", "kind": "RuntimeClass", "metadata": {"name": "a"}, "handler": "nvidia"},
        ("GPUs", {}),
        ("a strange program", {"handler": "root-shell"}, "handler: is 'root-shell'"),
        ("taints", {"scheduling": {"tolerations": [{"operator": "Exists"}]}}, "scheduling.tolerations: lets"),
        ("nodes", {"scheduling": {"nodeSelector": {"a": "b"}}}),
    ),
    *rows(
        {"apiVersion": "storage.k8s.io/v1", "kind": "StorageClass", "metadata": {"name": "a"}, "provisioner": "x"},
        ("keys of the driver", {"parameters": {"csi.storage.k8s.io/node-stage-secret-namespace": "rook-ceph"}}),
        (
            "keys of the system",
            {"parameters": {"csi.storage.k8s.io/node-stage-secret-namespace": "kube-system"}},
            "node-stage-secret-namespace: is 'kube-system'",
        ),
        ("paths of a node", {"parameters": {"nodePath": "/", "pathPattern": "../x"}}, "nodePath", "pathPattern"),
    ),
    *rows(
        {"apiVersion": "constraints.gatekeeper.sh/v1beta1", "kind": "K8sAny", "metadata": {"name": "a"}, "spec": {}},
        ("one that denies", {"spec enforcementAction": "deny", "spec match": {"excludedNamespaces": ["kube-*"]}}),
        ("one that does nothing", {"spec enforcementAction": "dryrun"}, "enforcementAction: is 'dryrun'"),
        ("one without a tenant", {"spec match": {"excludedNamespaces": ["helpdesk-prod"]}}, "excludedNamespaces[0]"),
        (
            "one without those with a tenant",
            {"spec match": {"namespaceSelector": {"matchExpressions": [_OWN_LABEL]}}},
            "namespaceSelector.matchExpressions[0]: takes out of it",
        ),
        (
            "one without those that say so",
            {"spec match": {"namespaceSelector": {"matchExpressions": [{**_OWN_LABEL, "key": "a.gatekeeper.sh/b"}]}}},
        ),
        ("one without all", {"spec match": {"excludedNamespaces": ["*"]}}, "excludedNamespaces[0]: is '*'"),
    ),
)

SAMPLES: dict[str, tuple[Sample, ...]] = {
    "rbac-least": (*_MAPS, *_STRANGE_MAPS, *_OTHERS_KINDS),
    "kinds-known": tuple(
        dataclasses.replace(sample, name=f"understood, {sample.name}", says=(), config={})
        for sample in _OTHERS_KINDS
        if not sample.says
    ),
}
