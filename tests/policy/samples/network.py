"""Samples of the rules on the network and on entries to it.

Cases marked `kyverno` restate samples of kyverno/policies (restrict-loadbalancer, restrict-node-port,
restrict-service-external-ips, restrict-networkpolicy-empty-podselector, enforce-strict-mtls,
restrict-virtual-service-wildcard, check-routes; Apache-2.0), those marked `gatekeeper` samples of
open-policy-agent/gatekeeper-library (block-loadbalancer-services, block-nodeport-services, externalip,
block-wildcard-ingress, httpsonly; Apache-2.0). Where the verdict is another, the line says why.
"""

from __future__ import annotations

from typing import Any

from tests.policy.support.objects import manifest
from tests.policy.support.sample import MISSING, UNKNOWN_VALUE, Sample, table

_NOT_KNOWN = "not known before the update"

_SERVICE = manifest("v1", "Service", {"selector": {"app": "sample"}, "ports": [{"port": 80}]})
_SERVICES = table(
    "kubernetes:core/v1:Service",
    _SERVICE,
    ("ClusterIP by default", {}),
    ("ClusterIP (kyverno, gatekeeper)", {"spec type": "ClusterIP"}),
    ("headless", {"spec clusterIP": "None"}),
    ("LoadBalancer (kyverno, gatekeeper)", {"spec type": "LoadBalancer"}, "spec.type: is 'LoadBalancer'"),
    ("NodePort (kyverno, gatekeeper)", {"spec type": "NodePort"}, "spec.type: is 'NodePort'"),
    ("ExternalName", {"spec type": "ExternalName", "spec externalName": "example.com"}, "spec.type: is 'ExternalName'"),
    ("external address (kyverno)", {"spec externalIPs": ["1.2.3.4"]}, "spec.externalIPs[0]: is '1.2.3.4'"),
    (
        "external addresses (gatekeeper allows a listed one; here none is)",
        {"spec externalIPs": ["203.0.113.0", "203.0.113.1"]},
        "externalIPs[0]",
        "externalIPs[1]",
    ),
    ("no external addresses", {"spec externalIPs": []}),
    ("type not known", {"spec type": UNKNOWN_VALUE}, f"spec.type: is {_NOT_KNOWN}"),
    ("addresses not known", {"spec externalIPs": UNKNOWN_VALUE}, f"spec.externalIPs: is {_NOT_KNOWN}"),
    ("Service not known", {"spec": UNKNOWN_VALUE}, f"spec: is {_NOT_KNOWN}"),
)

_PORTS = [{"port": 443, "protocol": "TCP"}]
_POD = {"podSelector": {"matchLabels": {"app": "a"}}}
_POLICY = manifest(
    "networking.k8s.io/v1",
    "NetworkPolicy",
    {
        "podSelector": {},
        "policyTypes": ["Ingress", "Egress"],
        "ingress": [{"from": [_POD], "ports": _PORTS}],
        "egress": [{"to": [_POD], "ports": _PORTS}],
    },
)


_SELECTOR: dict[str, Any] = {"namespaceSelector": {}}
_EVERY_POD = "egress[0].to[0]: means every pod of the cluster, on any port"


def _every(ports: Any, **selector: Any) -> dict[str, Any]:
    """A rule about every namespace."""
    return {"spec egress 0": {"to": [{"namespaceSelector": selector}], **({"ports": ports} if ports else {})}}


def _block(cidr: Any) -> list[dict[str, Any]]:
    return [{"ipBlock": {"cidr": cidr}}]


_POLICIES = table(
    "kubernetes:networking.k8s.io/v1:NetworkPolicy",
    _POLICY,
    ("peers and ports", {}),
    ("default deny (kyverno)", {"spec ingress": MISSING, "spec egress": MISSING}),
    ("peers without ports", {"spec egress 0 ports": MISSING}),
    ("one port to everywhere", {"spec egress 0 to": MISSING}, "egress[0]: names no 'to', so it means everywhere"),
    ("no peer of a list", {"spec egress 0 to": []}, "egress[0]: names no 'to'"),
    (
        "look-ups everywhere",
        {"spec egress 0": {"ports": [{"port": 53, "protocol": "UDP"}, {"port": 5353}]}},
        "names no 'to', so it means everywhere: look-ups name the namespace of the cluster's DNS",
    ),
    ("look-ups and more", {"spec egress 0": {"ports": [{"port": 53}, {"port": 443}]}}, "names no 'to'"),
    ("a row from the look-ups' port", {"spec egress 0": {"ports": [{"port": 53, "endPort": 60}]}}, "names no 'to'"),
    ("look-ups for everybody", {"spec ingress 0": {"ports": [{"port": 53}]}}, "ingress[0]: names no 'from'"),
    ("every namespace on a port", {"spec egress 0 to": [{"namespaceSelector": {}}]}),
    ("a private network", {"spec egress 0 to": _block("10.1.0.0/16"), "spec ingress 0 from": _block("fd00::/64")}),
    (
        "all in (kyverno: an empty selector and a rule that names nobody)",
        {"spec ingress": [{}]},
        "spec.ingress[0]: names no 'from', so it means everywhere",
    ),
    ("a port for everybody", {"spec ingress 0 from": MISSING}, "ingress[0]: names no 'from'"),
    ("all out", {"spec egress": [{}]}, "egress[0]: names no 'to', so it means everywhere"),
    ("every port of every pod", _every([{"protocol": "TCP"}]), _EVERY_POD),
    ("a wide row of ports of every pod", _every([{"port": 1, "endPort": 65535}]), _EVERY_POD),
    ("a short row of ports of every pod", _every([{"port": 9000, "endPort": 9010}])),
    ("a row without an end that is known", _every([{"port": 9000, "endPort": UNKNOWN_VALUE}]), _EVERY_POD),
    ("a row without an end", _every([{"port": 9000, "endPort": "x"}]), _EVERY_POD),
    (
        "an expression for namespaces",
        _every(None, matchExpressions=[{"key": "kitchen.example.com/tenant", "operator": "Exists"}]),
    ),
    *(
        (
            f"an expression that every namespace meets: {key} {operator}",
            _every(None, matchExpressions=[entry]),
            _EVERY_POD,
        )
        for key, operator, *values in (
            *(("kubernetes.io/metadata.name", "Exists"), ("a", "Exists"), ("a", "DoesNotExist")),
            *(("kubernetes.io/metadata.name", "NotIn", "kube-system"), ("a", "In")),
        )
        for entry in [{"key": key, "operator": operator, **({"values": values} if values else {})}]
    ),
    ("one of some names", _every(None, matchExpressions=[{"key": "a", "operator": "In", "values": ["b"]}])),
    ("every port by parts", _every([{"port": first, "endPort": first + 1000} for first in (1, 1002)]), _EVERY_POD),
    ("two ports", _every([{"port": 80}, {"port": 443}])),
    ("a row of names", _every([{"port": "http", "endPort": 9000}]), _EVERY_POD),
    ("a port that is not known", _every([{"port": UNKNOWN_VALUE}]), _EVERY_POD),
    ("an empty peer", {"spec egress 0 to": [{}]}, "egress[0].to[0]: is empty, so it means everywhere"),
    ("the internet", {"spec egress 0 to": _block("0.0.0.0/0")}, "ipBlock.cidr: is '0.0.0.0/0'"),
    ("the internet, version 6", {"spec egress 0 to": _block("::/0")}, "ipBlock.cidr: is '::/0'"),
    ("in from the internet", {"spec ingress 0 from": _block("0.0.0.0/0")}, "ingress[0].from[0].ipBlock.cidr"),
    ("a public address", {"spec egress 0 to": _block("8.8.8.8/32")}, "is '8.8.8.8/32', which is no private network"),
    ("more than a private network", {"spec egress 0 to": _block("10.0.0.0/7")}, "no private network"),
    ("no network", {"spec egress 0 to": _block("everywhere")}, "no private network"),
    (
        "one of two peers",
        {"spec egress 0 to": [*_block("10.0.0.0/8"), *_block("0.0.0.0/0"), *_block("1.1.1.1/32")]},
        "to[1].ipBlock",
        "to[2].ipBlock",
    ),
    (
        "every pod on any port",
        {"spec egress 0 to": [{"namespaceSelector": {}}], "spec egress 0 ports": MISSING},
        "means every pod of the cluster, on any port",
    ),
    ("network not known", {"spec egress 0 to": _block(UNKNOWN_VALUE)}, f"ipBlock.cidr: is {_NOT_KNOWN}"),
    ("a peer that is not known", {"spec egress 0 to 1": UNKNOWN_VALUE}, f"egress[0].to[1]: is {_NOT_KNOWN}"),
    (
        "namespaces not known",
        {"spec egress 0 to": [{"namespaceSelector": UNKNOWN_VALUE}]},
        f"egress[0].to[0]: is {_NOT_KNOWN}",
    ),
    ("ports not known", {"spec egress 0 ports": UNKNOWN_VALUE}, f"spec.egress[0]: is {_NOT_KNOWN}"),
    ("the shortest wide row", _every([{"port": 1, "endPort": 33}]), _EVERY_POD),
    ("the longest short row", _every([{"port": 1, "endPort": 32}])),
    ("an empty selector", _every(None, matchLabels={}), _EVERY_POD),
    ("an empty list of conditions", _every(None, matchExpressions=[]), _EVERY_POD),
    ("every pod of a namespace", _every(None, matchLabels={"a": "b"})),
    ("every pod, by its own selector too", {"spec egress 0": {"to": [{**_SELECTOR, "podSelector": {}}]}}, _EVERY_POD),
    ("some pods of every namespace", {"spec egress 0": {"to": [{**_SELECTOR, **_POD}]}}),
    ("every pod of this namespace", {"spec egress 0": {"to": [{"podSelector": {}}]}}),
    ("pods not known", {"spec egress 0 to": [{**_SELECTOR, "podSelector": UNKNOWN_VALUE}]}, f"to[0]: is {_NOT_KNOWN}"),
    ("block not known", {"spec egress 0 to": [{"ipBlock": UNKNOWN_VALUE}]}, f"to[0]: is {_NOT_KNOWN}"),
    ("no text as network", {"spec egress 0 to": _block(167772161)}, "is 167772161, which is no private network"),
    *(
        (f"within {net}", {"spec egress 0 to": _block(net)})
        for net in ("172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10")
    ),
    ("peers not known", {"spec egress 0 to": UNKNOWN_VALUE}, f"egress[0]: is {_NOT_KNOWN}"),
    ("rules not known", {"spec ingress": UNKNOWN_VALUE}, f"spec.ingress: is {_NOT_KNOWN}"),
    ("spec not known", {"spec": UNKNOWN_VALUE}, f"spec: is {_NOT_KNOWN}"),
)
_WITH_NETWORKS = table(
    "kubernetes:networking.k8s.io/v1:NetworkPolicy",
    _POLICY,
    ("a listed network", {"spec egress 0 to": _block("203.0.113.8/32")}),
    ("a private one that is not listed", {"spec egress 0 to": _block("10.0.0.0/8")}, "no private network"),
    config={"privateNetworks": ["203.0.113.0/24"]},
)

_ENTRY = manifest(
    "networking.istio.io/v1",
    "ServiceEntry",
    {"hosts": ["store.team.svc.cluster.local"], "location": "MESH_INTERNAL", "resolution": "STATIC"},
)
_ENTRIES = table(
    "kubernetes:networking.istio.io/v1:ServiceEntry",
    _ENTRY,
    ("an entry of the mesh", {}),
    ("external", {"spec location": "MESH_EXTERNAL"}, "spec.location: is 'MESH_EXTERNAL'"),
    ("location by default", {"spec location": MISSING}, "is missing, which means MESH_EXTERNAL"),
    (
        "a host outside",
        {"spec hosts": ["huggingface.co"]},
        "hosts[0]: is 'huggingface.co', which is no name of the mesh",
    ),
    ("every host", {"spec hosts": ["*.svc"]}, "which is no name of the mesh"),
    ("both", {"spec location": "MESH_EXTERNAL", "spec hosts 0": "example.com"}, "spec.location", "spec.hosts[0]"),
    ("host not known", {"spec hosts 0": UNKNOWN_VALUE}, _NOT_KNOWN),
)
_OTHERS = (
    *table(
        "kubernetes:networking.istio.io/v1:Sidecar",
        manifest("networking.istio.io/v1", "Sidecar", {"outboundTrafficPolicy": {"mode": "REGISTRY_ONLY"}}),
        ("a closed mesh", {}),
        ("an open mesh", {"spec outboundTrafficPolicy mode": "ALLOW_ANY"}, "mode: is 'ALLOW_ANY'"),
    ),
    *table(
        "kubernetes:cilium.io/v2:CiliumNetworkPolicy",
        manifest(
            "cilium.io/v2", "CiliumNetworkPolicy", {"endpointSelector": {}, "egress": [{"toCIDR": ["10.0.0.0/8"]}]}
        ),
        ("a private network for Cilium", {}),
        ("the world for Cilium", {"spec egress 0": {"toEntities": ["world"]}}, "toEntities[0]: is 'world'"),
        ("a name for Cilium", {"spec egress 0": {"toFQDNs": [{"matchName": "example.com"}]}}, "outside the cluster"),
        ("a set for Cilium", {"spec egress 0": {"toCIDRSet": [{"cidr": "0.0.0.0/0"}]}}, "is '0.0.0.0/0'"),
        ("a policy for Cilium that is not known", {"spec": UNKNOWN_VALUE}, f"spec: is {_NOT_KNOWN}"),
        ("a public network for Cilium", {"spec egress 0 toCIDR": ["1.0.0.0/8"]}, "toCIDR[0]"),
    ),
    *table(
        "kubernetes:k8s.ovn.org/v1:EgressFirewall",
        manifest(
            "k8s.ovn.org/v1", "EgressFirewall", {"egress": [{"type": "Deny", "to": {"cidrSelector": "0.0.0.0/0"}}]}
        ),
        ("a firewall that denies", {}),
        ("a firewall that allows", {"spec egress 0 type": "Allow"}, "allows what is not a private network"),
    ),
    Sample(
        name="a Service in a List",
        resource_type="kubernetes:core/v1:List",
        inputs={"apiVersion": "v1", "kind": "List", "items": [{**_SERVICE, "spec": {"type": "NodePort"}}]},
        says=("Service team/sample: spec.type: is 'NodePort'",),
    ),
    Sample(
        name="a List that is not known",
        resource_type="kubernetes:core/v1:List",
        inputs={"apiVersion": "v1", "kind": "List", "items": UNKNOWN_VALUE},
        says=(_NOT_KNOWN,),
    ),
)

SAMPLES: dict[str, tuple[Sample, ...]] = {
    "network-closed": (*_SERVICES, *_POLICIES, *_WITH_NETWORKS, *_ENTRIES, *_OTHERS),
}
