"""Samples of the rule on the network: classes of entries and their controllers, and addresses of Gateways."""

from __future__ import annotations

from typing import Any

from tests.policy.samples.entries import INGRESS
from tests.policy.support.objects import manifest
from tests.policy.support.sample import MISSING, UNKNOWN_VALUE, Sample, table

_NOBODY = "and nobody has stated that its controller stands inside"
_INSIDE = (
    *("nginx", "nginx-internal", "openshift-default", "istio", "traefik", "haproxy-private", "cilium", "internal"),
    *("nginx-2", "data-science-gateway-class", "envoy-gateway", "istio-waypoint", "gke-l7-rilb"),
)
_OUTSIDE = (
    *("nginx-public", "nginx-external", "internet-facing", "alb", "gce", "tailscale", "cloudflare-tunnel", "ngrok"),
    *("gke-l7-global-external-managed", "azure-application-gateway", "amazon-vpc-lattice", "dmz", "edge"),
)
_NOTE = "kubernetes.io/ingress.class"
_INGRESSES = (
    *table(
        "kubernetes:networking.k8s.io/v1:Ingress",
        INGRESS,
        *((f"class {name}", {"spec ingressClassName": name}) for name in _INSIDE),
        *(
            (f"class {name}", {"spec ingressClassName": name}, f"spec.ingressClassName: is {name!r}, {_NOBODY}")
            for name in _OUTSIDE
        ),
        *(
            (f"class {name}, by a note", {"metadata annotations": {_NOTE: name}}, f"{_NOTE}: is {name!r}, {_NOBODY}")
            for name in ("gce", "alb", "nginx-public")
        ),
        ("class nginx, by a note", {"metadata annotations": {_NOTE: "nginx"}}),
        ("a class not known", {"spec ingressClassName": UNKNOWN_VALUE}, "spec.ingressClassName: is not known"),
    ),
    *table(
        "kubernetes:networking.k8s.io/v1:Ingress",
        INGRESS,
        ("a class that is stated", {"spec ingressClassName": "dmz"}),
        ("a class that is stated, by a note", {"metadata annotations": {_NOTE: "dmz"}}),
        ("a class that begins so", {"spec ingressClassName": "dmz-public"}, _NOBODY),
        config={"classes": [{"name": "dmz", "reason": "behind the inner firewall"}]},
    ),
)

_LISTENER = {
    **{"name": "a", "hostname": "a.kitchen.example", "port": 443, "protocol": "HTTPS"},
    "tls": {"certificateRefs": [{"name": "t"}]},
}
_TYPE = "networking.istio.io/service-type"
_GATEWAY = manifest("gateway.networking.k8s.io/v1", "Gateway", {"gatewayClassName": "istio", "listeners": [_LISTENER]})
_GATEWAY["metadata"]["annotations"] = {_TYPE: "ClusterIP"}
_BALANCED = f"metadata.annotations.{_TYPE}: is missing, and not ClusterIP: the class 'istio' makes"


def _address(value: Any, **more: Any) -> dict[str, Any]:
    return {"spec addresses": [{"value": value, **more}]}


_GATEWAYS = table(
    "kubernetes:gateway.networking.k8s.io/v1:Gateway",
    _GATEWAY,
    *((f"Gateway of class {name}", {"spec gatewayClassName": name}) for name in _INSIDE),
    *(
        (f"Gateway of class {name}", {"spec gatewayClassName": name}, f"spec.gatewayClassName: is {name!r}, {_NOBODY}")
        for name in _OUTSIDE
    ),
    ("a Gateway with a balancer by default", {"metadata annotations": MISSING}, _BALANCED),
    ("a Gateway with a balancer", {"metadata annotations": {_TYPE: "LoadBalancer"}}, _BALANCED),
    ("the platform's own Gateway", {"metadata annotations": MISSING, "metadata namespace": "istio-ingress"}),
    (
        "a waypoint, which the mesh alone reaches",
        {"metadata annotations": MISSING, "spec gatewayClassName": "istio-waypoint"},
    ),
    ("a Gateway that is labelled as a waypoint", {"metadata labels": {"istio.io/waypoint-for": "service"}}),
    ("labels of a Gateway's pods", {"spec infrastructure": {"labels": {"team": "a"}}}),
    (
        "labels that open a Gateway's Service",
        {"spec infrastructure": {"labels": {"istio.io/use-waypoint": "none"}}},
        "spec.infrastructure.labels.istio.io/use-waypoint: is 'none'",
    ),
    ("a Gateway of no class", {"spec gatewayClassName": MISSING}, "spec.gatewayClassName: is missing"),
    ("a private address", _address("10.1.2.3", type="IPAddress")),
    ("a name of one's own", _address("gw.kitchen.example", type="Hostname")),
    (
        "a public address of a Gateway",
        _address("203.0.113.7", type="IPAddress"),
        "spec.addresses[0].value: is '203.0.113.7', which",
    ),
    ("a public address by default", _address("203.0.113.7"), "addresses[0].value: is '203.0.113.7'"),
    ("another's name", _address("gw.cloud.example", type="Hostname"), "addresses[0].value: is 'gw.cloud.example'"),
    ("a named address of a cloud", _address("static-1", type="NamedAddress"), "addresses[0].value: is 'static-1'"),
)

_INGRESS_CLASS: dict[str, Any] = {
    **{"apiVersion": "networking.k8s.io/v1", "kind": "IngressClass", "metadata": {"name": "nginx"}},
    "spec": {"controller": "k8s.io/ingress-nginx"},
}
_GATEWAY_CLASS: dict[str, Any] = {
    **{"apiVersion": "gateway.networking.k8s.io/v1", "kind": "GatewayClass", "metadata": {"name": "tunnel"}},
    "spec": {"controllerName": "istio.io/gateway-controller"},
}
_PARAMETERS = {"group": "", "kind": "Secret", "name": "a"}
_UNSEEN = "configure the controller by an object that is not judged"
_CLASSES = (
    *table(
        "kubernetes:networking.k8s.io/v1:IngressClass",
        _INGRESS_CLASS,
        *(
            (f"controller {name}", {"spec controller": name})
            for name in (
                "k8s.io/internal-ingress-nginx",
                "k8s.io/ingress-nginx",
                "openshift.io/ingress-to-route",
                "traefik.io/ingress-controller",
            )
        ),
        *(
            (f"controller {name}", {"spec controller": name}, f"spec.controller: is {name!r}, {_NOBODY}")
            for name in (
                "k8s.io/public-ingress-nginx",
                "k8s.io/other",
                "ingress.k8s.aws/alb",
                "tailscale.com/ts-ingress",
                "k8s.ngrok.com/ingress-controller",
            )
        ),
        ("parameters of a class", {"spec parameters": _PARAMETERS}, f"spec.parameters: {_UNSEEN}"),
    ),
    *table(
        "kubernetes:gateway.networking.k8s.io/v1:GatewayClass",
        _GATEWAY_CLASS,
        *(
            (f"controller {name}", {"spec controllerName": name})
            for name in (
                "istio.io/gateway-controller",
                "io.cilium/gateway-controller",
                "openshift.io/gateway-controller/v1",
            )
        ),
        *(
            (f"controller {name}", {"spec controllerName": name}, f"spec.controllerName: is {name!r}, {_NOBODY}")
            for name in (
                *("github.com/pl4nty/cloudflare-kubernetes-gateway", "networking.gke.io/gateway"),
                "application-networking.k8s.aws/gateway-api-controller",
            )
        ),
        ("parameters of a GatewayClass", {"spec parametersRef": _PARAMETERS}, f"spec.parametersRef: {_UNSEEN}"),
        ("a controller not known", {"spec controllerName": UNKNOWN_VALUE}, "controllerName: is not known"),
    ),
    *table(
        "kubernetes:gateway.networking.k8s.io/v1:GatewayClass",
        _GATEWAY_CLASS,
        ("a class that is stated with its parameters", {"spec parametersRef": _PARAMETERS}),
        config={"classes": [{"name": "tunnel", "reason": "its parameters name sizes alone"}]},
    ),
)

SAMPLES: dict[str, tuple[Sample, ...]] = {"network-closed": (*_INGRESSES, *_GATEWAYS, *_CLASSES)}
