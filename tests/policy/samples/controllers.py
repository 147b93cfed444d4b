"""Samples of ConfigMaps and Secrets from which controllers of the platform take their settings."""

from __future__ import annotations

from typing import Any

from tests.policy.support.sample import MISSING, UNKNOWN_VALUE, Sample, table

_TYPE, _SECRET_TYPE = "kubernetes:core/v1:ConfigMap", "kubernetes:core/v1:Secret"
_MAP: dict[str, Any] = {
    "apiVersion": "v1",
    "kind": "ConfigMap",
    "metadata": {"name": "settings", "namespace": "team"},
    "data": {"application.yaml": "a: b"},
}
_SECRET = {**_MAP, "kind": "Secret", "type": "Opaque", "data": {}}
_SHOWN = "grafana_dashboard"
_WHY = "a controller of the platform takes its settings from it"
_NAME, _PLACE = "metadata name", "metadata namespace"
_STATED = {"understood": [{"name": "ConfigMap monitoring/thanos-*", "reason": "names of buckets"}]}

_BY_NAME = (
    *("istio", "istio-sidecar-injector-canary", "coredns", "kube-proxy", "cilium-config", "tcp-services"),
    *("ingress-nginx-controller", "workflow-controller-configmap", "config-features", "argocd-cm", "argocd-rbac-cm"),
    *("aws-auth", "config-deployment", "kubelet-config-1.34", "node-local-dns"),
)
_BY_PLACE = (
    *("kube-system", "kube-public", "istio-system", "openshift-monitoring", "kserve", "knative-serving", "argocd"),
    *("cert-manager", "ingress-nginx", "monitoring", "kyverno", "flux-system", "tekton-pipelines"),
)
_MAPS = table(
    _TYPE,
    _MAP,
    ("settings of an application", {}),
    ("without a namespace", {_PLACE: MISSING}),
    *((f"the ConfigMap {name}", {_NAME: name}, f"metadata.name: is {name!r}: {_WHY}") for name in _BY_NAME),
    *((f"one in {place}", {_PLACE: place}, f"metadata.namespace: is {place!r}: {_WHY}") for place in _BY_PLACE),
    ("a name alike", {_NAME: "my-istio", _PLACE: "istio"}),
    *(
        (f"a team's namespace {place}", {_PLACE: place})
        for place in ("team-monitoring", "kubeflow-user", "kserve-test")
    ),
    (
        "a dashboard",
        {_PLACE: "monitoring", "metadata labels": {"grafana_dashboard": "1"}, "data": {"a.json": "{}", "b.json": "{}"}},
    ),
    (
        "a dashboard with settings beside it",
        {_PLACE: "monitoring", "metadata labels": {"grafana_dashboard": "1"}, "data": {"a.json": "{}", "b.ini": ""}},
        f"is 'monitoring': {_WHY}",
    ),
    *(
        (f"a team's {name}", {"metadata labels": {_SHOWN: "1"}, "data": {"a.json": "{}"}, **changes}, *says)
        for name, changes, *says in (
            ("dashboard", {}),
            ("dashboard in a folder", {"metadata annotations": {"grafana_folder": "Help desk/one"}}),
            (
                "dashboard from elsewhere",
                {"data": {"a.json.url": "https://a.example"}},
                "data.a.json.url: is no dashboard",
            ),
            ("script of the sidecar's", {"data": {"a.sh": "a"}}, "data.a.sh: is no dashboard"),
            (
                "dashboard among the sources",
                {"metadata annotations": {"k8s-sidecar-target-directory": "/etc/grafana/provisioning/datasources"}},
                "k8s-sidecar-target-directory: is '/etc/grafana",
            ),
            (
                "dashboard above the folder",
                {"metadata annotations": {"grafana_folder": "../datasources"}},
                "grafana_folder: is '../datasources'",
            ),
        )
    ),
    *(
        (f"a dashboard in {place} {name}", {_PLACE: place, "metadata labels": {_SHOWN: "1"}, **changes}, *says)
        for place in ("team", "monitoring")
        for name, changes, *says in (
            ("with a page", {"data": {"a.json": '{"panels": [{"type": "text"}]}'}}, "data.a.json: panels[0].type: a"),
            (
                "that is packed",
                {"data": {}, "binaryData": {"a.json.gz": "H4sI"}},
                "binaryData.a.json.gz: must be plain",
            ),
            ("that is packed as text", {"data": {"a.json.gz": "H4sI"}}, "data.a.json.gz: must be plain text"),
            ("in bytes", {"data": {}, "binaryData": {"a.json": "e30="}}, "binaryData.a.json: must be plain text"),
            ("that is not known", {"data": UNKNOWN_VALUE}, "data: is not known before the update"),
            ("with a text that is not known", {"data": {"a.json": UNKNOWN_VALUE}}, "data.a.json: is not known"),
        )
    ),
    ("certificates", {_PLACE: "argocd", _NAME: "trust", "data": {"ca.crt": "a"}}),
    ("a name not known, where no controller runs", {_NAME: UNKNOWN_VALUE}),
    ("a name not known, in the system", {_NAME: UNKNOWN_VALUE, _PLACE: "kube-system"}, f"is 'kube-system': {_WHY}"),
)
_KSERVE = table(
    _TYPE,
    {**_MAP, "metadata": {"name": "inferenceservice-config", "namespace": "kserve"}, "data": {"agent": "{}"}},
    ("images of KServe", {"data deploy": "{}", "data storageInitializer": "{}"}),
    ("its gateway", {"data ingress": '{"ingressGateway": "public/gateway"}'}, f"data.ingress: {_WHY}"),
    ("its credentials", {"data credentials": "{}"}, f"data.credentials: {_WHY}"),
    ("its logger", {"data logger": '{"defaultUrl": "https://a.example"}'}, f"data.logger: {_WHY}"),
    ("its data not known", {"data": UNKNOWN_VALUE}, "data: is not known before the update"),
)
_SECRETS = table(
    _SECRET_TYPE,
    _SECRET,
    ("a Secret", {}),
    ("a certificate of a controller", {_PLACE: "ingress-nginx", "type": "kubernetes.io/tls"}),
    ("a pull secret", {_PLACE: "kserve", "type": "kubernetes.io/dockerconfigjson"}),
    ("a Secret of a controller", {_PLACE: "argocd"}, f"metadata.namespace: is 'argocd': {_WHY}"),
    ("the mesh's authority", {_NAME: "cacerts", "type": "kubernetes.io/tls"}, f"metadata.name: is 'cacerts': {_WHY}"),
    ("Argo CD's own", {_NAME: "argocd-secret"}, f"metadata.name: is 'argocd-secret': {_WHY}"),
)
_INSIDE = (
    *table(
        "kubernetes:core/v1:List",
        {"apiVersion": "v1", "kind": "List", "items": [_MAP]},
        # Of a resource of its own the provider takes a namespace that is not known for the default one.
        ("a namespace not known", {f"items 0 {_PLACE}": UNKNOWN_VALUE}, "metadata.namespace: is not known before"),
        (
            "neither known",
            {"items 0 metadata": UNKNOWN_VALUE},
            "metadata.namespace: is not known",
        ),
        ("one of a list", {"items 0 metadata name": "coredns"}, "ConfigMap team/coredns: metadata.name: is 'coredns'"),
    ),
    *table(_TYPE, _MAP, ("stated", {_PLACE: "monitoring", _NAME: "thanos-a"}), config=_STATED),
    *table(_TYPE, _MAP, ("another than stated", {_PLACE: "monitoring", _NAME: "alerts"}, f"{_WHY}"), config=_STATED),
)

SAMPLES: dict[str, tuple[Sample, ...]] = {"controllers-configured": (*_MAPS, *_KSERVE, *_SECRETS, *_INSIDE)}
