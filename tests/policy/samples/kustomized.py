"""Samples of what a Kustomization makes, and of where it puts what was judged."""

from __future__ import annotations

import json
from typing import Any

from tests.policy.support.objects import manifest
from tests.policy.support.sample import UNKNOWN_VALUE, Sample, table

_TYPE = "kubernetes:kustomize.config.k8s.io/v1beta1:Kustomization"
_FILE: dict[str, Any] = {
    "apiVersion": "kustomize.config.k8s.io/v1beta1",
    "kind": "Kustomization",
    "namespace": "team",
    "resources": ["a.yaml"],
}
_MAPS, _SECRETS = "configMapGenerator", "secretGenerator"
_MOVED = "into which it moves what was judged elsewhere"
_TAKES = "a controller of the platform takes its settings from it"
_POD = json.dumps({"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "p"}, "spec": {"hostPID": True}})
_CONFIG = {"namespaces": ["monitoring", "flux-system"]}

_PLACES = table(
    _TYPE,
    _FILE,
    ("a namespace of a team", {}),
    *(
        (f"into {place}", {"namespace": place}, f"namespace: is {place!r}, {_MOVED}")
        for place in ("kube-system", "istio-system", "openshift-config", "argocd", "${NAMESPACE}")
    ),
    ("into a stated namespace", {"namespace": "monitoring"}),
    ("into a namespace not known", {"namespace": UNKNOWN_VALUE}, "namespace: is not known before the update"),
    (
        "another name",
        {"patches": [{"target": {"kind": "ConfigMap"}, "patch": "- {op: replace, path: /metadata/name, value: a}"}]},
    ),
    config=_CONFIG,
)
_RENAMED = table(
    _TYPE,
    _FILE,
    *(
        (
            f"renamed to {name}",
            {"patches": [{"patch": f"- {{op: replace, path: /metadata/name, value: {name}}}"}]},
            f"patches[0]: changes the name of an object to {name!r} after the object was judged",
        )
        for name in ("coredns", "argocd-cm", "cacerts")
    ),
)
_NAMED = table(
    _TYPE,
    _FILE,
    ("names of an environment", {"namePrefix": "team-", "nameSuffix": "-dev"}),
    *(
        (f"names with {part} {field}", {field: part}, f"{field}: is {part!r}, with which names become those")
        for field, part in (
            ("namePrefix", "workflow-controller-"),
            ("namePrefix", "core"),
            ("namePrefix", "argocd-"),
            ("nameSuffix", "-cm"),
            ("nameSuffix", "-cmd-params-cm"),
            ("nameSuffix", "dns"),
            ("nameSuffix", "-deployment"),
        )
    ),
    ("an image by a name", {"namePrefix": "a.example/"}, "namePrefix: is 'a.example/', which is no part of a name"),
    ("names not known", {"namePrefix": UNKNOWN_VALUE}, "namePrefix: is not known before the update"),
)
_FLUX = manifest(
    "kustomize.toolkit.fluxcd.io/v1",
    "Kustomization",
    {"path": "./a", "sourceRef": {"kind": "GitRepository", "name": "a"}},
)
_FLUXES = table(
    "kubernetes:kustomize.toolkit.fluxcd.io/v1:Kustomization",
    _FLUX,
    ("a source of the same namespace", {"spec sourceRef namespace": "team", "spec targetNamespace": "shop"}),
    (
        "Flux, into the system",
        {"spec targetNamespace": "kube-public"},
        f"spec.targetNamespace: is 'kube-public', {_MOVED}",
    ),
    ("a source of a stated namespace", {"spec sourceRef namespace": "flux-system"}),
    (
        "a source of strangers",
        {"spec sourceRef namespace": "tenant-x"},
        "spec.sourceRef.namespace: is 'tenant-x': whoever",
    ),
    ("a source not known", {"spec sourceRef namespace": UNKNOWN_VALUE}, "spec.sourceRef.namespace: is not known"),
    config=_CONFIG,
)
_MADE = table(
    _TYPE,
    _FILE,
    ("settings that are made", {_MAPS: [{"name": "a", "literals": ["LOG=info"], "files": ["nginx.conf"]}]}),
    (
        "CoreDNS' own",
        {_MAPS: [{"name": "coredns", "literals": ["Corefile=."]}]},
        f"configMapGenerator[0]: ConfigMap team/coredns: metadata.name: is 'coredns': {_TAKES}",
    ),
    (
        "by a prefix",
        {"namePrefix": "argocd-", _MAPS: [{"name": "cm", "files": ["a"]}]},
        "metadata.name: is 'argocd-cm'",
    ),
    ("by a suffix", {"nameSuffix": "-config", _MAPS: [{"name": "cilium", "envs": ["a"]}]}, "is 'cilium-config'"),
    (
        "by its namespace",
        {"namespace": "knative-serving", _MAPS: [{"name": "a"}]},
        f"metadata.namespace: is 'knative-serving': {_TAKES}",
    ),
    ("by a namespace of its own", {"namespace": None, _MAPS: [{"name": "a", "namespace": "kserve"}]}, "is 'kserve'"),
    (
        "a Secret of Argo CD",
        {"namespace": "argocd", _SECRETS: [{"name": "a", "type": "Opaque"}]},
        "secretGenerator[0]: Secret argocd/a",
    ),
)
_TOKENS = table(
    _TYPE,
    _FILE,
    ("a Secret for a program", {_SECRETS: [{"name": "a", "files": ["a.key"]}]}),
    (
        "a token by a generator",
        {_SECRETS: [{"name": "a", "type": "kubernetes.io/service-account-token"}]},
        "secretGenerator[0]: Secret team/a: type: is 'kubernetes.io/service-account-token'",
    ),
)
_PODS = table(
    _TYPE,
    _FILE,
    *(
        (
            f"a pod as a value, {name}",
            {_MAPS: [{"name": "a", "literals": [f"m.yaml={text}"]}]},
            "configMapGenerator[0].data.m.yaml: spec.hostPID: is True",
        )
        for name, text in (("plain", _POD), ("in quotes", f"'{_POD}'"))
    ),
)

_GIT = "https://git.kitchen.example/platform/kitchen.git"
_APPLICATION = manifest(
    "argoproj.io/v1alpha1",
    "Application",
    {"source": {"repoURL": _GIT, "path": "a"}, "destination": {"namespace": "team", "name": "in-cluster"}},
)
_SET = manifest("argoproj.io/v1alpha1", "ApplicationSet", {"template": {"spec": _APPLICATION["spec"]}})
_PUT = "into which it puts what was judged elsewhere"
_PUTS = (
    *table(
        "kubernetes:argoproj.io/v1alpha1:Application",
        _APPLICATION,
        ("an application of a team", {"spec source kustomize": {"namespace": "team"}}),
        ("an application of the platform", {"spec destination namespace": "monitoring"}),
        (
            "an application into the system",
            {"spec destination namespace": "kube-system"},
            f"spec.destination.namespace: is 'kube-system', {_PUT}",
        ),
        (
            "its files into the system",
            {"spec source kustomize": {"namespace": "istio-system", "forceNamespace": True}},
            f"spec.source.kustomize.namespace: is 'istio-system', {_PUT}",
        ),
        (
            "an application whose files get other names",
            {"spec source kustomize": {"namePrefix": "argocd-"}},
            "spec.source: kustomize.namePrefix changes what its files say",
        ),
        (
            "an application into a place not known",
            {"spec destination namespace": UNKNOWN_VALUE},
            "destination.namespace: is not",
        ),
        config={"gitRepositories": [_GIT], **_CONFIG},
    ),
    *table(
        "kubernetes:argoproj.io/v1alpha1:ApplicationSet",
        _SET,
        (
            "many applications into the system",
            {"spec template spec destination namespace": "argocd"},
            f"is 'argocd', {_PUT}",
        ),
        config={"gitRepositories": [_GIT]},
    ),
)
_MANAGED = "spec syncPolicy managedNamespaceMetadata"
_OPEN = {"labels": {"pod-security.kubernetes.io/enforce": "privileged"}}
_MESH = {"labels": {"istio.io/dataplane-mode": "none"}}
_INJECTED = {"annotations": {"instrumentation.opentelemetry.io/inject-java": "true"}}


def _namespaces(path: str, metadata: dict[str, Any], text: str) -> tuple[Sample, ...]:
    return (
        *table(
            "kubernetes:argoproj.io/v1alpha1:Application",
            _APPLICATION,
            (
                f"an application's namespace {path}",
                {_MANAGED: metadata},
                f"managedNamespaceMetadata: Namespace (unnamed): {text}",
            ),
        ),
        *table(
            "kubernetes:argoproj.io/v1alpha1:ApplicationSet",
            _SET,
            (f"namespaces of many {path}", {f"spec template {_MANAGED}": metadata}, f"Namespace (unnamed): {text}"),
        ),
    )


SAMPLES: dict[str, tuple[Sample, ...]] = {
    "rendered-elsewhere": (*_PLACES, *_NAMED, *_FLUXES, *_PUTS),
    "controllers-configured": _MADE,
    "pod-security-baseline": (
        *(*_PODS, *_RENAMED),
        *_namespaces("with privileges", _OPEN, "metadata.labels.pod-security.kubernetes.io/enforce: is 'privileged'"),
    ),
    "network-closed": _namespaces("without the mesh", _MESH, "metadata.labels.istio.io/dataplane-mode: is 'none'"),
    "marks-known": _namespaces("with an injector", _INJECTED, "metadata.annotations.instrumentation.opentelemetry.io"),
    "storage-protected": table(
        "kubernetes:argoproj.io/v1alpha1:Application",
        _APPLICATION,
        ("labels of a namespace, which deletes nothing", {_MANAGED: {"labels": {"team": "a"}}}),
    ),
    "rbac-least": _TOKENS,
}
