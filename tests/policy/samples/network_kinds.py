"""Samples of the rule on the network: addresses behind Services and in the mesh, and other projects' policies."""

from __future__ import annotations

from typing import Any

from tests.policy.support.objects import manifest
from tests.policy.support.sample import MISSING, UNKNOWN_VALUE, Sample, table

_FOUND = {"resolution": "DNS"}
_OUT = {"spec location": "MESH_EXTERNAL", "spec hosts": ["store.prod.kitchen.example"], "spec exportTo": ["."]}
_RESOLVED: tuple[tuple[Any, ...], ...] = (
    ("by addresses of its own", {"spec resolution": "NONE", "spec addresses": ["10.1.2.3"], "spec exportTo": ["."]}),
    ("wherever its caller wants", {"spec resolution": "NONE"}, "spec.resolution: NONE without addresses"),
    ("as nothing says", {"spec resolution": MISSING}, "spec.resolution: NONE without addresses"),
    ("by a way of tomorrow", {"spec resolution": "DYNAMIC_DNS"}, "spec.resolution: is 'DYNAMIC_DNS'"),
    ("a host of the organisation", _OUT),
    ("a host of the organisation, for all", {**_OUT, "spec exportTo": ["*"]}, "spec.location", "no name of the mesh"),
    (
        "a host of the organisation, elsewhere",
        {**_OUT, "spec endpoints": [{"address": "10.6.6.6"}]},
        "spec.location",
        "no name of the mesh",
    ),
    ("a host of a stranger", {**_OUT, "spec hosts": ["attacker.example"]}, "spec.location", "no name of the mesh"),
)
_NOT_KNOWN = "not known before the update"
_OUTSIDE = "which is no address inside"
_META = {"metadata": {"name": "sample", "namespace": "team"}}

_ENDPOINTS: dict[str, Any] = {
    "apiVersion": "v1",
    "kind": "Endpoints",
    **_META,
    "subsets": [{"addresses": [{"ip": "10.1.2.3"}], "ports": [{"port": 443}]}],
}
_SLICE: dict[str, Any] = {
    "apiVersion": "discovery.k8s.io/v1",
    "kind": "EndpointSlice",
    **_META,
    "addressType": "IPv4",
    "endpoints": [{"addresses": ["10.1.2.3"]}],
}
_ADDRESSES = (
    *table(
        "kubernetes:core/v1:Endpoints",
        _ENDPOINTS,
        ("endpoints inside", {}),
        ("endpoints outside", {"subsets 0 addresses 0 ip": "8.8.8.8"}, f"addresses[0].ip: is '8.8.8.8', {_OUTSIDE}"),
        ("outside, not ready", {"subsets 0 notReadyAddresses": [{"ip": "8.8.8.8"}]}, "notReadyAddresses[0].ip: is"),
        ("endpoints not known", {"subsets": UNKNOWN_VALUE}, _NOT_KNOWN, _NOT_KNOWN),
    ),
    *table(
        "kubernetes:discovery.k8s.io/v1:EndpointSlice",
        _SLICE,
        ("a slice inside", {}),
        ("a slice outside", {"endpoints 0 addresses 1": "2001:db8::1"}, "endpoints[0].addresses[1]: is '2001:db8::1'"),
        ("a slice of names", {"endpoints 0 addresses": ["example.com"]}, "addresses[0]: is 'example.com'"),
        ("a slice not known", {"endpoints 0 addresses": UNKNOWN_VALUE}, _NOT_KNOWN),
    ),
    *table(
        "kubernetes:networking.istio.io/v1:WorkloadEntry",
        manifest("networking.istio.io/v1", "WorkloadEntry", {"address": "10.1.2.3"}),
        ("a workload inside", {}),
        ("a socket of the node", {"spec address": "unix:///run/a.sock"}),
        ("a workload outside", {"spec address": "huggingface.co"}, "spec.address: is 'huggingface.co'"),
        ("a workload nowhere", {"spec address": MISSING}, "spec.address: is missing"),
        ("a workload not known", {"spec": UNKNOWN_VALUE}, _NOT_KNOWN),
    ),
    *table(
        "kubernetes:networking.istio.io/v1:ServiceEntry",
        manifest("networking.istio.io/v1", "ServiceEntry", {**_FOUND, "hosts": ["a.svc"], "location": "MESH_INTERNAL"}),
        *_RESOLVED,
        ("by its short name", {}),
        ("of the mesh's own names", {"spec hosts": ["a.mesh.internal"]}),
        ("of no mesh", {"spec hosts": ["a.svc.example"]}, "no name of the mesh"),
        ("led inside", {"spec endpoints": [{"address": "10.1.2.3"}, {"address": "b.svc.cluster.local"}]}),
        (
            "led outside",
            {"spec endpoints": [{"address": "8.8.8.8"}]},
            f"endpoints[0].address: is '8.8.8.8', {_OUTSIDE}",
        ),
        (
            "its address outside",
            {"spec addresses": ["8.8.8.0/24"], "spec exportTo": ["."]},
            f"spec.addresses[0]: is '8.8.8.0/24', {_OUTSIDE}",
        ),
        ("its address for its own calls", {"spec addresses": ["10.1.2.3"], "spec exportTo": ["."]}),
        (
            "its address for all",
            {"spec addresses": ["10.96.0.1"]},
            "spec.addresses: take the calls of other namespaces to them: exportTo is not '.'",
        ),
        ("led where is not known", {"spec endpoints": UNKNOWN_VALUE}, _NOT_KNOWN),
    ),
    *table(
        "kubernetes:networking.istio.io/v1:ServiceEntry",
        manifest(
            "networking.istio.io/v1", "ServiceEntry", {**_FOUND, "hosts": ["a.mesh"], "location": "MESH_INTERNAL"}
        ),
        ("a listed end", {}),
        ("an end that is not listed", {"spec hosts": ["a.svc"]}, "no name of the mesh"),
        config={"meshSuffixes": [".mesh"]},
    ),
    *table(
        "kubernetes:networking.istio.io/v1:Sidecar",
        manifest("networking.istio.io/v1", "Sidecar", {"egress": [{"hosts": ["./*"]}]}),
        ("a sidecar that says nothing", {}),
        ("a sidecar not known", {"spec": UNKNOWN_VALUE}, f"mode: is {_NOT_KNOWN}"),
    ),
)

_CILIUM = manifest("cilium.io/v2", "CiliumNetworkPolicy", {"egress": [{"toEndpoints": [{"matchLabels": {"a": "b"}}]}]})
_RULE = "spec egress 0"
_CILIUM_RULES = (
    *table(
        "kubernetes:cilium.io/v2:CiliumNetworkPolicy",
        _CILIUM,
        ("pods for Cilium", {}),
        *((f"{name} for Cilium", {_RULE: {"toEntities": [name]}}, f"is {name!r}") for name in ("all", "world-ipv4")),
        ("the world of version 6 for Cilium", {_RULE: {"toEntities": ["world-ipv6"]}}, "is 'world-ipv6'"),
        ("the API server for Cilium", {_RULE: {"toEntities": ["kube-apiserver"]}}),
        ("an entity that is not known", {_RULE: {"toEntities": [UNKNOWN_VALUE]}}, f"toEntities[0]: is {_NOT_KNOWN}"),
        ("a private set for Cilium", {_RULE: {"toCIDRSet": [{"cidr": "10.0.0.0/8"}]}}),
        ("a cloud's groups", {_RULE: {"toGroups": [{"aws": {}}]}}, "something outside the cluster"),
        ("ports for everybody", {_RULE: {"toPorts": [{"ports": [{"port": "443"}]}]}}, "names nobody"),
        ("nothing at all", {_RULE: {}}),
        *((f"{word} for Cilium", {_RULE: {f"to{word}": [{}]}}) for word in ("Services", "Requires")),
        (
            "the world in",
            {"spec": {"ingress": [{"fromEntities": ["world"]}]}},
            "ingress[0].fromEntities[0]: is 'world'",
        ),
        ("one of many", {"spec": MISSING, "specs": [{"egress": [{"toCIDR": ["0.0.0.0/0"]}]}]}, "specs[0].egress[0].to"),
        ("many that are not known", {"specs": UNKNOWN_VALUE}, f"specs: is {_NOT_KNOWN}"),
        ("a rule that is not known", {_RULE: UNKNOWN_VALUE}, f"egress[0]: is {_NOT_KNOWN}"),
        ("its pods not known", {_RULE: {"toEndpoints": UNKNOWN_VALUE}}, f"egress[0]: is {_NOT_KNOWN}"),
    ),
    *table(
        "kubernetes:cilium.io/v2:CiliumClusterwideNetworkPolicy",
        {**_CILIUM, "kind": "CiliumClusterwideNetworkPolicy"},
        ("the world in the cluster for Cilium", {_RULE: {"toEntities": ["world"]}}, "is 'world'"),
    ),
)

_ALLOW = {"action": "Allow", "destination": {"nets": ["10.0.0.0/8"]}}
_CALICO_RULES = tuple(
    sample
    for group, kind in (
        *(("projectcalico.org", "NetworkPolicy"), ("projectcalico.org", "GlobalNetworkPolicy")),
        *(("crd.projectcalico.org", "NetworkPolicy"), ("crd.projectcalico.org", "GlobalNetworkPolicy")),
    )
    for sample in table(
        f"kubernetes:{group}/v3:{kind}",
        manifest(f"{group}/v3", kind, {"egress": [_ALLOW]}),
        (f"{group} {kind}: a private network", {}),
        (f"{group} {kind}: everywhere", {_RULE: {"action": "Allow"}}, "names no 'destination', so it means everywhere"),
        (f"{group} {kind}: denied", {_RULE: {"action": "Deny"}}),
        (f"{group} {kind}: passed on", {_RULE: {"action": "Pass"}}),
        (f"{group} {kind}: written down", {_RULE: {"action": "Log"}}),
        (f"{group} {kind}: pods", {_RULE: {"action": "Allow", "destination": {"selector": "a == 'b'"}}}),
        *(
            (f"{group} {kind}: by {key}", {_RULE: {"action": "Allow", "destination": {key: value}}}, *says)
            for key, value, *says in (
                ("namespaceSelector", "team == 'a'"),
                # Every namespace has accounts of the same names.
                ("serviceAccounts", {"names": ["a"]}, *(["selects everything"] if kind.startswith("Global") else [])),
                ("services", {"name": "a", "namespace": "b"}),
            )
        ),
        *(
            (
                f"{group} {kind}: everything by {text}",
                {_RULE: {"action": "Allow", "destination": {"namespaceSelector": text}}},
                "destination: selects everything, however it is spelt",
            )
            for text in (
                *("all()", "global()", "has(projectcalico.org/name)", "!has(x)", "a != 'b'", "a not in {'b'}"),
                *("a == 'b' || all()", "!(a == 'b')", "a starts with ''", " "),
            )
        ),
        (
            f"{group} {kind}: one of two",
            {_RULE: {"action": "Allow", "destination": {"namespaceSelector": "a == 'b' || has(c) && d in {'e'}"}}},
        ),
        (
            f"{group} {kind}: all but some",
            {_RULE: {"action": "Allow", "destination": {"notSelector": "a == 'b'"}}},
            "names no 'destination'",
        ),
        (f"{group} {kind}: a rule of tomorrow", {f"{_RULE} tunnel": "x"}, "tunnel: is no field that is understood"),
        (f"{group} {kind}: the internet", {f"{_RULE} destination nets 0": "0.0.0.0/0"}, "nets[0]: is '0.0.0.0/0'"),
        (f"{group} {kind}: a name", {f"{_RULE} destination domains": ["a.example"]}, "domains[0]: is 'a.example'"),
        (f"{group} {kind}: in", {"spec ingress": [{"action": "Allow"}]}, "ingress[0]: names no 'source'"),
        (f"{group} {kind}: not known", {"spec": UNKNOWN_VALUE}, f"spec: is {_NOT_KNOWN}"),
        (f"{group} {kind}: a rule not known", {_RULE: UNKNOWN_VALUE}, f"egress[0]: is {_NOT_KNOWN}"),
        (
            f"{group} {kind}: nets not known",
            {f"{_RULE} destination nets": UNKNOWN_VALUE},
            f"egress[0]: is {_NOT_KNOWN}",
        ),
    )
)

_PEER = "spec egress 0 to 0"
_ADMIN_RULES = tuple(
    sample
    for kind in ("AdminNetworkPolicy", "BaselineAdminNetworkPolicy", "ClusterNetworkPolicy")
    for sample in table(
        f"kubernetes:policy.networking.k8s.io/v1alpha1:{kind}",
        manifest(
            "policy.networking.k8s.io/v1alpha1",
            kind,
            {"egress": [{"action": "Allow", "to": [{"networks": ["10.0.0.0/8"]}]}]},
        ),
        (f"{kind}: a private network", {}),
        (f"{kind}: the internet", {f"{_PEER} networks 0": "0.0.0.0/0"}, "networks[0]: is '0.0.0.0/0'"),
        (f"{kind}: the internet denied", {f"{_PEER} networks 0": "0.0.0.0/0", "spec egress 0 action": "Deny"}),
        (f"{kind}: a name", {_PEER: {"domainNames": ["a.example"]}}, "domainNames[0]: is 'a.example'"),
        (f"{kind}: everybody in", {"spec ingress": [{"from": [{"namespaces": {}}]}]}, "means every namespace"),
        (f"{kind}: a namespace in", {"spec ingress": [{"from": [{"namespaces": {"matchLabels": {"a": "b"}}}]}]}),
        (f"{kind}: not known", {"spec": UNKNOWN_VALUE}, f"spec: is {_NOT_KNOWN}"),
        (f"{kind}: a rule not known", {"spec egress 0": UNKNOWN_VALUE}, f"egress[0].to: is {_NOT_KNOWN}"),
        (f"{kind}: a peer not known", {_PEER: UNKNOWN_VALUE}, f"egress[0].to[0]: is {_NOT_KNOWN}"),
        (f"{kind}: networks not known", {f"{_PEER} networks": UNKNOWN_VALUE}, f"to[0].networks: is {_NOT_KNOWN}"),
        (f"{kind}: names not known", {f"{_PEER} domainNames": UNKNOWN_VALUE}, f"to[0].domainNames: is {_NOT_KNOWN}"),
        (f"{kind}: namespaces not known", {f"{_PEER} namespaces": UNKNOWN_VALUE}, f"to[0]: is {_NOT_KNOWN}"),
        (f"{kind}: pods not known", {f"{_PEER} pods": UNKNOWN_VALUE}, f"to[0]: is {_NOT_KNOWN}"),
        (f"{kind}: pods everywhere", {_PEER: {"pods": {"namespaceSelector": {}}}}, "means every namespace"),
        (f"{kind}: pods of a namespace", {_PEER: {"pods": {"namespaceSelector": {"matchLabels": {"a": "b"}}}}}),
    )
)
_FIREWALL = manifest(
    "network.openshift.io/v1",
    "EgressNetworkPolicy",
    {"egress": [{"type": "Allow", "to": {"cidrSelector": "10.0.0.0/8"}}]},
)
_FIREWALLS = table(
    "kubernetes:network.openshift.io/v1:EgressNetworkPolicy",
    _FIREWALL,
    ("the older firewall", {}),
    ("the older firewall to a name", {"spec egress 0 to": {"dnsName": "a.example"}}, "egress[0]: allows what is not"),
    ("the older firewall, not known", {"spec": UNKNOWN_VALUE}, "allows what is not a private network"),
)

SAMPLES: dict[str, tuple[Sample, ...]] = {
    "network-closed": (*_ADDRESSES, *_CILIUM_RULES, *_CALICO_RULES, *_ADMIN_RULES, *_FIREWALLS),
}
