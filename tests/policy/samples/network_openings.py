"""Samples of openings by other words: other networks, marks of meshes, sets of networks, kinds of other programs."""

from __future__ import annotations

from typing import Any

from tests.policy.support.objects import DEPLOYMENT, POD, SERVICE, manifest
from tests.policy.support.refused import refused_kinds
from tests.policy.support.sample import UNKNOWN_VALUE, Sample, table

_NOT_KNOWN = "not known before the update"
_TO = "spec egress 0 toEndpoints 0"
_CLUSTERWIDE = manifest(
    "cilium.io/v2", "CiliumClusterwideNetworkPolicy", {"egress": [{"toEndpoints": [{"matchLabels": {"a": "b"}}]}]}
)
_EVERY_POD = "toEndpoints[0]: means every pod of the cluster, on any port"
_CILIUM = (
    *table(
        "kubernetes:cilium.io/v2:CiliumClusterwideNetworkPolicy",
        _CLUSTERWIDE,
        ("some pods of the cluster", {}),
        ("every pod of the cluster", {_TO: {}}, _EVERY_POD),
        ("every pod that has a label", {_TO: {"matchExpressions": [{"key": "a", "operator": "Exists"}]}}, _EVERY_POD),
        ("every pod on one port", {_TO: {}, "spec egress 0 toPorts": [{"ports": [{"port": "443"}]}]}),
        ("every pod on port 0", {_TO: {}, "spec egress 0 toPorts": [{"ports": [{"port": "0"}]}]}, _EVERY_POD),
        (
            "every pod on every port by a row",
            {_TO: {}, "spec egress 0 toPorts": [{"ports": [{"port": "1", "endPort": 65535}]}]},
            _EVERY_POD,
        ),
        (
            "the world by a label",
            {_TO: {"matchLabels": {"reserved:world": ""}}},
            "selects by 'reserved:world', which is no",
        ),
        (
            "a network by a label",
            {_TO: {"matchLabels": {"cidr:0.0.0.0/0": ""}}},
            "selects by 'cidr:0.0.0.0/0', which is",
        ),
        (
            "the world by another spelling",
            {_TO: {"matchLabels": {"reserved.world": ""}}},
            "selects by 'reserved.world'",
        ),
        ("the API server by a label", {_TO: {"matchLabels": {"reserved:kube-apiserver": ""}}}),
        ("no default", {"spec enableDefaultDeny": {"egress": False}}, "enableDefaultDeny.egress: is False"),
        (
            "a rule of tomorrow",
            {"spec egress 0 toTunnels": [{}]},
            "egress[0].toTunnels: is no field that is understood",
        ),
        ("a policy of tomorrow", {"spec tunnels": [{}]}, "spec.tunnels: is no field that is understood"),
        (
            "the whole cluster",
            {"spec egress 0": {"toEntities": ["cluster"]}},
            "is 'cluster': every pod of the cluster, on",
        ),
        (
            "the whole cluster on a port",
            {"spec egress 0": {"toEntities": ["cluster"], "toPorts": [{"ports": [{"port": "443"}]}]}},
        ),
        ("an entity of tomorrow", {"spec egress 0": {"toEntities": ["moon"]}}, "toEntities[0]: is 'moon'"),
    ),
    *table(
        "kubernetes:cilium.io/v2:CiliumNetworkPolicy",
        {**_CLUSTERWIDE, "kind": "CiliumNetworkPolicy"},
        ("every pod of the own namespace", {_TO: {}}),
        ("a namespace by its name", {_TO: {"matchLabels": {"k8s:io.kubernetes.pod.namespace": "a"}}}),
        (
            "every namespace",
            {_TO: {"matchExpressions": [{"key": "k8s:io.kubernetes.pod.namespace", "operator": "Exists"}]}},
            _EVERY_POD,
        ),
    ),
    *table(
        "kubernetes:cilium.io/v2:CiliumCIDRGroup",
        manifest("cilium.io/v2", "CiliumCIDRGroup", {"externalCIDRs": ["10.0.0.0/8"]}),
        ("a private group", {}),
        ("a group of all", {"spec externalCIDRs": ["0.0.0.0/0"]}, "spec.externalCIDRs[0]: is '0.0.0.0/0'"),
        (
            "a group by halves",
            {"spec externalCIDRs": ["0.0.0.0/1", "128.0.0.0/1"]},
            "is '0.0.0.0/1'",
            "is '128.0.0.0/1'",
        ),
    ),
)

_SETS = tuple(
    sample
    for group in ("projectcalico.org", "crd.projectcalico.org")
    for kind in ("NetworkSet", "GlobalNetworkSet")
    for sample in table(
        f"kubernetes:{group}/v3:{kind}",
        manifest(f"{group}/v3", kind, {"nets": ["10.0.0.0/8"]}),
        (f"{group} {kind}: private", {}),
        (f"{group} {kind}: all", {"spec nets": ["0.0.0.0/0"]}, "spec.nets[0]: is '0.0.0.0/0'"),
        (f"{group} {kind}: names", {"spec allowedEgressDomains": ["*.com"]}, "allowedEgressDomains[0]: is '*.com'"),
        (f"{group} {kind}: not known", {"spec": UNKNOWN_VALUE}, f"spec: is {_NOT_KNOWN}"),
    )
)

_OTHER_KINDS = refused_kinds(
    *(("k8s.cni.cncf.io", "NetworkAttachmentDefinition"), ("sriovnetwork.openshift.io", "SriovNetwork")),
    *(("crd.antrea.io", "ClusterNetworkPolicy"), ("crd.antrea.io", "NetworkPolicy"), ("crd.antrea.io", "Egress")),
    *(("k8s.ovn.org", "EgressIP"), ("k8s.ovn.org", "EgressService"), ("k8s.ovn.org", "UserDefinedNetwork")),
    *(("cilium.io", "CiliumEgressGatewayPolicy"), ("cilium.io", "CiliumLoadBalancerIPPool")),
    *(("projectcalico.org", "BGPConfiguration"), ("projectcalico.org", "HostEndpoint")),
    *(("metallb.io", "IPAddressPool"), ("metallb.io", "L2Advertisement"), ("externaldns.k8s.io", "DNSEndpoint")),
    *(("networking.istio.io", "EnvoyFilter"), ("networking.istio.io", "ProxyConfig")),
    *(("networking.istio.io", "WorkloadGroup"), ("policy.linkerd.io", "Server")),
    *(("multicluster.x-k8s.io", "ServiceExport"), ("serving.kserve.io", "InferenceGraph")),
)

_POD_NOTES, _POD_LABELS = "metadata annotations", "metadata labels"
_ONLY = "of istio.io only what is understood is allowed"
_MARKS = (
    *table(
        "kubernetes:core/v1:Pod",
        POD,
        ("notes of one's own", {_POD_NOTES: {"example.com/a": "b", "prometheus.io/scrape": "true"}}),
        ("in the mesh", {_POD_NOTES: {"sidecar.istio.io/inject": "true", "sidecar.istio.io/proxyCPU": "100m"}}),
        ("in the mesh from first to last", {_POD_NOTES: {"sidecar.istio.io/nativeSidecar": "true"}}),
        ("held back", {_POD_NOTES: {"proxy.istio.io/config": "holdApplicationUntilProxyStarts: true"}}),
        (
            "not in the mesh",
            {_POD_NOTES: {"sidecar.istio.io/inject": "false"}},
            "metadata.annotations.sidecar.istio.io/inject: is",
        ),
        (
            "not in the mesh, by a label",
            {_POD_LABELS: {"sidecar.istio.io/inject": "false"}},
            "metadata.labels.sidecar.istio.io/inj",
        ),
        ("not in the ambient mesh", {_POD_LABELS: {"istio.io/dataplane-mode": "none"}}, "dataplane-mode: is 'none'"),
        ("past the mesh", {_POD_NOTES: {"traffic.sidecar.istio.io/excludeOutboundIPRanges": "0.0.0.0/0"}}, _ONLY),
        ("ports past the mesh", {_POD_NOTES: {"traffic.sidecar.istio.io/excludeInboundPorts": "8080"}}, _ONLY),
        ("all but nothing", {_POD_NOTES: {"traffic.sidecar.istio.io/includeOutboundIPRanges": ""}}, _ONLY),
        (
            "another mode",
            {_POD_NOTES: {"proxy.istio.io/config": "interceptionMode: NONE"}},
            "proxy.istio.io/config: is",
        ),
        (
            "a second network",
            {_POD_NOTES: {"k8s.v1.cni.cncf.io/networks": "m"}},
            "networks: is 'm', and of cni.cncf.io",
        ),
        (
            "another first network",
            {_POD_NOTES: {"v1.multus-cni.io/default-network": "m"}},
            "of multus-cni.io only what is",
        ),
        ("a gateway's pod", {_POD_NOTES: {"k8s.ovn.org/routing-network": "m"}}, "of ovn.org only what is understood"),
        ("past Linkerd", {_POD_NOTES: {"config.linkerd.io/skip-outbound-ports": "443"}}, "of linkerd.io only what"),
        ("not in Linkerd", {_POD_NOTES: {"linkerd.io/inject": "disabled"}}, "linkerd.io/inject: is 'disabled'"),
        ("past Cilium", {_POD_NOTES: {"policy.cilium.io/no-track-port": "53"}}, "of cilium.io only what is understood"),
        ("not known marks", {_POD_NOTES: {"sidecar.istio.io/inject": UNKNOWN_VALUE}}, f"inject: is {_NOT_KNOWN}"),
    ),
    *table(
        "kubernetes:apps/v1:Deployment",
        DEPLOYMENT,
        (
            "pods not in the mesh",
            {"spec template metadata annotations": {"sidecar.istio.io/inject": "false"}},
            "spec.template.metadata.annotations.sidecar.istio.io/inject: is 'false'",
        ),
        ("a deployment's own notes", {"metadata annotations": {"sidecar.istio.io/inject": "false"}}),
        (
            "a deployment in another cluster's network",
            {"metadata annotations": {"skupper.io/proxy": "http"}},
            "metadata.annotations.skupper.io/proxy: is 'http', and of skupper.io only what is understood",
        ),
    ),
    *table(
        "kubernetes:serving.kserve.io/v1beta1:InferenceService",
        SERVICE,
        (
            "a server not in the mesh",
            {"metadata annotations": {"sidecar.istio.io/inject": "false"}},
            "InferenceService team/sample: metadata.annotations.sidecar.istio.io/inject: is 'false'",
        ),
    ),
)

_NAMESPACE: dict[str, Any] = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "a"}}
_NAMESPACES = table(
    "kubernetes:core/v1:Namespace",
    _NAMESPACE,
    ("bare", {}),
    ("with labels of one's own", {_POD_LABELS: {"example.com/a": "b"}, _POD_NOTES: {"example.com/a": "b"}}),
    ("shown as a project", {_POD_NOTES: {"openshift.io/display-name": "A", "openshift.io/node-selector": ""}}),
    ("with the mesh", {_POD_LABELS: {"istio-injection": "enabled"}}),
    (
        "a namespace without the mesh",
        {_POD_LABELS: {"istio-injection": "disabled"}},
        "labels.istio-injection: is 'disabled'",
    ),
    (
        "a namespace without the ambient mesh",
        {_POD_LABELS: {"istio.io/dataplane-mode": "none"}},
        "dataplane-mode: is 'none'",
    ),
    ("without constraints", {_POD_LABELS: {"openshift.io/run-level": "0"}}, "of openshift.io only what is understood"),
    ("root by its range", {_POD_NOTES: {"openshift.io/sa.scc.uid-range": "0/1000"}}, "uid-range: is '0/1000'"),
    ("on other nodes", {_POD_NOTES: {"openshift.io/node-selector": "gpu=yes"}}, "node-selector: is 'gpu=yes'"),
    (
        "tolerations for all",
        {_POD_NOTES: {"scheduler.alpha.kubernetes.io/defaultTolerations": "[]"}},
        "of scheduler.alpha.kubernetes.io only what is understood",
    ),
    (
        "out of admission",
        {_POD_LABELS: {"admission.gatekeeper.sh/ignore": "x"}},
        "of gatekeeper.sh only what is",
    ),
    ("out of Linkerd", {_POD_NOTES: {"linkerd.io/inject": "disabled"}}, "annotations.linkerd.io/inject: is 'disabled'"),
    (
        "with a network of its own",
        {_POD_LABELS: {"k8s.ovn.org/primary-user-defined-network": ""}},
        "of ovn.org only",
    ),
    ("with notes not known", {_POD_NOTES: UNKNOWN_VALUE}, f"metadata.annotations: {_NOT_KNOWN}"[:20]),
)

_RULE = manifest(
    "networking.istio.io/v1", "DestinationRule", {"host": "a.team.svc.cluster.local", "subsets": [{"name": "s"}]}
)
_POLICY = "spec trafficPolicy"
_DESTINATIONS = table(
    "kubernetes:networking.istio.io/v1:DestinationRule",
    _RULE,
    ("a rule", {}),
    ("a rule of a short name", {"spec host": "a", f"{_POLICY} tls": {"mode": "ISTIO_MUTUAL"}}),
    ("a rule of the world", {"spec host": "*"}, "spec.host: is '*', which is no name of the mesh"),
    ("a rule of another host", {"spec host": "api.example.com"}, "spec.host: is 'api.example.com', which is no name"),
    ("plain text", {f"{_POLICY} tls": {"mode": "DISABLE"}}, "trafficPolicy.tls.mode: is 'DISABLE'"),
    (
        "plain text of a port",
        {f"{_POLICY} portLevelSettings": [{"tls": {"mode": "DISABLE"}}]},
        "portLevelSettings[0].tls.mode",
    ),
    (
        "plain text of a subset",
        {"spec subsets 0 trafficPolicy": {"tls": {"mode": "DISABLE"}}},
        "subsets[0].trafficPolicy.tls",
    ),
    ("no check", {f"{_POLICY} tls": {"mode": "SIMPLE", "insecureSkipVerify": True}}, "tls.insecureSkipVerify: is True"),
    ("a tunnel", {f"{_POLICY} tunnel": {"targetHost": "a"}}, "trafficPolicy.tunnel: is no field that is understood"),
    ("a rule of later", {"spec tunnel": {}}, "spec.tunnel: is no field that is understood"),
    ("a policy not known", {_POLICY: UNKNOWN_VALUE}, "spec.trafficPolicy: is not known"),
    ("a rule that cannot be seen", {"spec": UNKNOWN_VALUE}, "spec: is not known"),
)

_API: dict[str, Any] = {
    "apiVersion": "apiregistration.k8s.io/v1",
    "kind": "APIService",
    "metadata": {"name": "v1.custom.example.com"},
    "spec": {"group": "custom.example.com", "version": "v1", "service": {"name": "s", "namespace": "team"}},
}
_APIS = table(
    "kubernetes:apiregistration.k8s.io/v1:APIService",
    _API,
    ("a part of the API", {}),
    ("an unchecked part of the API", {"spec insecureSkipTLSVerify": True}, "spec.insecureSkipTLSVerify: is True"),
    ("a part that is not known", {"spec insecureSkipTLSVerify": UNKNOWN_VALUE}, "insecureSkipTLSVerify: is not known"),
)
_SERVICE = manifest("v1", "Service", {"ports": [{"port": 80}]})
_SERVICES = table(
    "kubernetes:core/v1:Service",
    _SERVICE,
    ("a type of tomorrow", {"spec type": "MeshPort"}, "spec.type: is 'MeshPort'"),
    ("a type in bytes", {"spec type": 5}, "spec.type: is 5"),
)
_SIDECAR = manifest("networking.istio.io/v1", "Sidecar", {"outboundTrafficPolicy": {"mode": "REGISTRY_ONLY"}})
_SIDECARS = table(
    "kubernetes:networking.istio.io/v1:Sidecar",
    _SIDECAR,
    ("a closed sidecar", {}),
    (
        "a sidecar's proxy",
        {"spec outboundTrafficPolicy egressProxy": {"host": "a"}},
        "egressProxy: leads out by a proxy",
    ),
    ("a mode of tomorrow", {"spec outboundTrafficPolicy mode": "ALLOW_SOME"}, "mode: is 'ALLOW_SOME'"),
)

SAMPLES: dict[str, tuple[Sample, ...]] = {
    "network-closed": (
        *(*_CILIUM, *_SETS, *_OTHER_KINDS, *_MARKS, *_NAMESPACES, *_DESTINATIONS, *_APIS, *_SERVICES, *_SIDECARS),
    ),
}
