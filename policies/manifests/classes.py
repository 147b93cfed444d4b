"""Classes of entries: which controller makes an entry real, and whether it stands inside.

What a class is called is the platform's own affair. So a name is understood where it is put together of words of
controllers that run in the cluster and of words for inside; any other name the organisation states with a reason.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from policies.judging.rule import Case
from policies.judging.values import UNKNOWN, JsonValue
from policies.manifests.fields import Fault, at, listed, missing, shown
from policies.manifests.insides import is_own
from policies.manifests.namespace_places import is_platform
from policies.manifests.network_peers import is_private
from policies.manifests.statements import names

_CONTROLLERS = frozenset(
    {
        *("nginx", "haproxy", "traefik", "istio", "contour", "cilium", "kong", "openshift", "envoy", "eg", "kgateway"),
        *("agentgateway", "kuma", "linkerd", "avi", "f5", "citrix", "apisix", "skipper", "gloo", "higress", "knative"),
        *("kourier", "ingress", "gateway", "router", "routes", "controller", "mesh", "waypoint", "class", "kserve"),
        *("opendatahub", "odh", "data", "science", "ai", "llm", "inference", "models", "kitchen", "platform"),
    }
)
_PLACES = frozenset(
    {
        *("internal", "private", "int", "intern", "inside", "intranet", "local", "lan", "corp", "corporate", "default"),
        *("cluster", "k8s", "main", "shared", "prod", "production", "dev", "test", "stage", "staging", "qa"),
        *("v1", "v2", "l7", "primary", "secondary", "onprem"),
    }
)
_WHOLE = ("gke-l7-rilb",)
"""Classes of clouds that are inside by what they are."""

_CONTROLLER_NAMES = frozenset(
    {
        *("k8s.io/ingress-nginx", "nginx.org/ingress-controller", "openshift.io/ingress-to-route"),
        *("traefik.io/ingress-controller", "haproxy.org/ingress-controller", "haproxy-ingress.github.io/controller"),
        *("ingress-controllers.konghq.com/kong", "istio.io/ingress-controller", "cilium.io/ingress-controller"),
        *(
            "projectcontour.io/ingress-controller",
            "projectcontour.io/gateway-controller",
            "io.cilium/gateway-controller",
        ),
        *("istio.io/gateway-controller", "istio.io/mesh-controller", "istio.io/unmanaged-gateway"),
        *("gateway.envoyproxy.io/gatewayclass-controller", "gateway.nginx.org/nginx-gateway-controller"),
        *("konghq.com/kic-gateway-controller", "konghq.com/gateway-operator", "traefik.io/gateway-controller"),
        *("haproxy.org/gateway-controller", "openshift.io/gateway-controller/v1", "openshift.io/gateway-controller"),
        *(
            "kgateway.dev/kgateway",
            "kgateway.dev/agentgateway",
            "agentgateway.dev/agentgateway",
            "solo.io/gloo-gateway",
        ),
    }
)
"""Controllers that run in the cluster: the Services by which they are reached are judged like all others."""

_INGRESS_CLASS = "kubernetes.io/ingress.class"
_SERVICE_TYPE = "networking.istio.io/service-type"
_OUTSIDE = "and nobody has stated that its controller stands inside"


def is_stated(case: Case, name: JsonValue) -> bool:
    """Whether a class is put together of words that are understood, or stated with a reason."""
    if not isinstance(name, str):
        return False
    if name in names(case.config.get("classes"))[0] or name in _WHOLE:
        return True
    words = re.split(r"[-_.]", re.sub(r"-[0-9]+$", "", name.lower()))
    return any(word in _CONTROLLERS | _PLACES for word in words) and all(w in _CONTROLLERS | _PLACES for w in words)


def ingress(case: Case, spec: JsonValue) -> Iterator[Fault]:
    """Faults of the class of an Ingress, by its field or by the older annotation; without one it has the cluster's."""
    annotations = case.subject.metadata.get("annotations")
    for path, name in (
        ("spec.ingressClassName", at(spec, "ingressClassName")),
        (f"metadata.annotations.{_INGRESS_CLASS}", at(annotations, _INGRESS_CLASS)),
    ):
        if name not in (None, "") and not is_stated(case, name):
            yield _outside(case, path, name)


def gateway(case: Case, spec: JsonValue) -> Iterator[Fault]:
    """Faults of the class and the addresses of a Gateway."""
    name = at(spec, "gatewayClassName")
    if not is_stated(case, name):
        yield _outside(case, "spec.gatewayClassName", name)
    elif _makes_a_balancer(case, name):
        text = f"is missing, and not ClusterIP: the class {name!r} makes a Service of type LoadBalancer for it"
        yield Fault(path=f"metadata.annotations.{_SERVICE_TYPE}", text=text)
    for path, entry in listed(at(spec, "addresses"), "spec.addresses"):
        value = at(entry, "value")
        is_name = at(entry, "type") == "Hostname"
        if value is not None and not (is_own(case, value) if is_name else is_private(case, value)):
            yield Fault(path=f"{path}.value", text=f"{shown(value)}, which is no address inside")


def _makes_a_balancer(case: Case, name: JsonValue) -> bool:
    """Whether a Gateway outside of the platform's namespaces is one for which its class makes a LoadBalancer."""
    if name in names(case.config.get("classes"))[0] or is_platform(case.subject.namespace):
        return False
    words = str(name).lower().split("-")
    is_of_a_mesh = "istio" in words and "waypoint" not in words
    return is_of_a_mesh and at(case.subject.metadata.get("annotations"), _SERVICE_TYPE) != "ClusterIP"


def a_class(case: Case, spec: JsonValue) -> Iterator[Fault]:
    """Faults of an IngressClass or a GatewayClass: its controller stands inside, and nothing unseen configures it."""
    if case.subject.object_name in names(case.config.get("classes"))[0]:
        return
    for field, parameters in (("controller", "parameters"), ("controllerName", "parametersRef")):
        name = at(spec, field)
        if name is not None and not _is_inside(case, name):
            yield _outside(case, f"spec.{field}", name)
        if spec is not UNKNOWN and at(spec, parameters) is not None:
            yield Fault(path=f"spec.{parameters}", text="configure the controller by an object that is not judged")


def _is_inside(case: Case, controller: JsonValue) -> bool:
    """Whether a controller is one that runs in the cluster; ingress-nginx is called as its installer likes."""
    if not isinstance(controller, str):
        return False
    group, _, name = controller.partition("/")
    return controller in _CONTROLLER_NAMES or (group == "k8s.io" and "nginx" in name and is_stated(case, name))


def _outside(case: Case, path: str, name: JsonValue) -> Fault:
    return Fault(path=path, text=f"{missing(name)}, {_OUTSIDE}{names(case.config.get('classes'))[1]}")
