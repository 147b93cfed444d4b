"""Samples of the rule on the network: labels of Services, entries and namespaces."""

from __future__ import annotations

from typing import Any

from tests.policy.samples.entries import HTTP_ROUTE, INGRESS
from tests.policy.support.objects import manifest
from tests.policy.support.sample import UNKNOWN_VALUE, Sample, table

_LABELS, _NOTES = "metadata labels", "metadata annotations"
_ONLY = "only what is understood is allowed"
_OPENING = {
    "istio.io/use-waypoint": "none",
    "istio.io/global": "true",
    "mirror.linkerd.io/exported": "true",
    "service.kubernetes.io/service-proxy-name": "other",
    "tailscale.com/proxy-class": "a",
    "networking.knative.dev/visibility": "",
    "service.cilium.io/global": "true",
    "istio.io/rev": "none",
}
_USUAL = {
    **{f"app.kubernetes.io/{name}": "a" for name in ("name", "instance", "version", "component", "managed-by")},
    **{
        "helm.sh/chart": "redis-1.2.3",
        "k8s-app": "a",
        "app": "a",
        "release": "a",
        "kubernetes.io/cluster-service": "true",
    },
    **{"argocd.argoproj.io/instance": "a", "kitchen.example/team": "a", "net.kitchen.example/zone": "a"},
    **{"cnpg.io/cluster": "a", "strimzi.io/cluster": "a", "serving.kserve.io/inferenceservice": "a"},
    **{"istio.io/use-waypoint": "waypoint", "common.k8s.elastic.co/type": "elasticsearch"},
}


def _labelled(token: str, inputs: dict[str, Any]) -> tuple[Sample, ...]:
    kind = token.rpartition(":")[2]
    return table(
        token,
        inputs,
        (f"{kind} with usual labels", {_LABELS: _USUAL}),
        *(
            (f"{kind} with {name}", {_LABELS: {name: value}}, f"metadata.labels.{name}: is {value!r}")
            for name, value in _OPENING.items()
        ),
        (f"{kind} with what nobody knows", {_LABELS: {"example.org/open": "a"}}, f"and of example.org {_ONLY}"),
        (f"{kind} with a domain that ends so", {_LABELS: {"badkitchen.example/a": "a"}}, _ONLY),
        (f"{kind} with labels not known", {_LABELS: UNKNOWN_VALUE}, "metadata.labels: is not known"),
    )


_SERVICE = manifest("v1", "Service", {"ports": [{"port": 80}], "selector": {"app": "a"}})
_STATED = table(
    "kubernetes:core/v1:Service",
    _SERVICE,
    ("a label that the organisation states", {_LABELS: {"example.org/team": "a"}}),
    ("a label of a domain that it states", {_LABELS: {"teams.example.net/a": "a"}}),
    ("a label beside what it states", {_LABELS: {"example.org/other": "a"}}, _ONLY),
    config={"labels": [{"name": "example.org/team", "reason": "reports read it"}], "domains": ["example.net"]},
)

_UNREASONED = table(
    "kubernetes:core/v1:Service",
    _SERVICE,
    ("a label that is stated without a reason", {_LABELS: {"example.org/team": "a"}}, "(1 of its statements cannot"),
    config={"labels": [{"name": "example.org/team"}]},
)

_NAMESPACE: dict[str, Any] = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "a"}}
_NAMESPACES = table(
    "kubernetes:core/v1:Namespace",
    _NAMESPACE,
    *(
        (f"revision {name}", {_LABELS: {"istio.io/rev": name}})
        for name in ("default", "stable", "1-24-3", "prod-stable", "asm-1-20-8", "asm-managed")
    ),
    *(
        (
            f"no revision: {name}",
            {_LABELS: {"istio.io/rev": name}},
            f"labels.istio.io/rev: is {name!r}",
        )
        for name in ("none", "", "disabled", "x")
    ),
    (
        "a waypoint",
        {_LABELS: {"istio.io/dataplane-mode": "ambient", "istio.io/use-waypoint": "waypoint"}},
    ),
    ("no waypoint", {_LABELS: {"istio.io/use-waypoint": "none"}}, "istio.io/use-waypoint: is 'none'"),
    (
        "as a platform makes them",
        {
            _LABELS: {
                **{"pod-security.kubernetes.io/enforce": "restricted", "pod-security.kubernetes.io/warn": "restricted"},
                **{"kubernetes.io/metadata.name": "a", "argocd.argoproj.io/managed-by": "openshift-gitops"},
                **{"team": "a", "kueue.openshift.io/managed": "true", "opendatahub.io/dashboard": "true"},
                **{"network.openshift.io/policy-group": "ingress", "openshift.io/cluster-monitoring": "true"},
            },
            _NOTES: {
                **{"openshift.io/description": "for a team\n", "field.cattle.io/projectId": "c-1:p-2", "owner": "a"},
                **{"kubectl.kubernetes.io/last-applied-configuration": "{}\n", "kitchen.example/cost-centre": "4711"},
                **{"argocd.argoproj.io/sync-wave": "-1", "helm.sh/resource-policy": "keep"},
            },
        },
    ),
)

SAMPLES: dict[str, tuple[Sample, ...]] = {
    "network-closed": (
        *_labelled("kubernetes:core/v1:Service", _SERVICE),
        *_labelled("kubernetes:networking.k8s.io/v1:Ingress", INGRESS),
        *_labelled("kubernetes:gateway.networking.k8s.io/v1:HTTPRoute", HTTP_ROUTE),
        *_STATED,
        *_UNREASONED,
        *_NAMESPACES,
    ),
}
