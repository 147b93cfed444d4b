"""Labels and annotations of meshes and network plugins, closed within their domains.

Whoever writes one of these may take a pod out of the mesh, or give it another network. So within such a domain only
what is listed is allowed, with the values that are allowed. Those of all other domains: `marks_elsewhere`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from functools import cache

from policies.judging.subject import Subject, mapping
from policies.judging.values import UNKNOWN, JsonValue
from policies.manifests.fields import NOT_KNOWN, Fault, shown
from policies.manifests.marked import marks

_ANY = r"[\w.,:/ -]*"
_FIGURE = r"[0-9.]+[a-zA-Z]{0,2}"

REVISION = (
    r"default|stable|prod|prod-stable|canary|asm-managed(?:-stable|-rapid)?|openshift-gateway|data-science-smcp"
    r"|[a-z-]*[0-9]+-[0-9]+(?:-[0-9]+)?"
)
"""Names of revisions of Istio's control plane, as it and its installers give them: one that no control plane has would
leave pods without a proxy."""

WAYPOINT = r"(?!none$)[a-z0-9][a-z0-9-]*"
"""Names of waypoints; `none` leaves out the one that asks who calls."""

OF_PODS: Mapping[str, Mapping[str, str]] = {
    "istio.io": {
        "sidecar.istio.io/inject": "true",
        **{f"sidecar.istio.io/proxy{name}": _FIGURE for name in ("CPU", "CPULimit", "Memory", "MemoryLimit")},
        # The image of a proxy is judged as every image is.
        "sidecar.istio.io/proxyImage": r".*",
        "sidecar.istio.io/rewriteAppHTTPProbers": "true|false",
        "sidecar.istio.io/nativeSidecar": "true",
        "sidecar.istio.io/logLevel": _ANY,
        "sidecar.istio.io/status": r".*",
        **dict.fromkeys(
            ("operator.istio.io/component", "operator.istio.io/version", "install.operator.istio.io/owning-resource"),
            _ANY,
        ),
        "istio.io/rev": _ANY,
        "istio.io/dataplane-mode": "ambient",
        "security.istio.io/tlsMode": "istio",
        "service.istio.io/canonical-name": _ANY,
        "service.istio.io/canonical-revision": _ANY,
        "prometheus.istio.io/merge-metrics": "true|false",
        "proxy.istio.io/config": r"\{? *\"?holdApplicationUntilProxyStarts\"?: *true *\}?\s*",
    },
    "linkerd.io": {
        "linkerd.io/inject": "enabled|ingress",
        **{
            f"config.linkerd.io/proxy-{name}-{end}": _FIGURE
            for name in ("cpu", "memory")
            for end in ("limit", "request")
        },
    },
    "kuma.io": {"kuma.io/sidecar-injection": "enabled", "kuma.io/mesh": _ANY},
    "consul.hashicorp.com": {"consul.hashicorp.com/connect-inject": "true"},
    "openservicemesh.io": {"openservicemesh.io/sidecar-injection": "enabled"},
    # What the plugins themselves write down about a pod that runs.
    "cni.cncf.io": {"k8s.v1.cni.cncf.io/network-status": r"(?s).*"},
    "projectcalico.org": {f"cni.projectcalico.org/{name}": _ANY for name in ("containerID", "podIP", "podIPs")},
    **{
        domain: {}
        for domain in (
            *("multus-cni.io", "ovn.org", "cilium.io", "antrea.io", "antrea.tanzu.vmware.com", "submariner.io"),
            *("tailscale.com", "skupper.io", "networking.gke.io", "kubeovn.io", "spidernet.io"),
        )
    },
}
"""Domains of meshes and network plugins, and in each the labels and annotations of pods that open nothing."""

OF_NAMESPACES: Mapping[str, Mapping[str, str]] = {
    **OF_PODS,
    "istio.io": {
        "istio.io/rev": REVISION,
        "istio.io/dataplane-mode": "ambient",
        "istio.io/use-waypoint": WAYPOINT,
        "istio.io/use-waypoint-namespace": WAYPOINT,
        "topology.istio.io/network": _ANY,
    },
    # Pods of the namespace would get tolerations, or go to other nodes than they are judged by.
    "scheduler.alpha.kubernetes.io": {"scheduler.alpha.kubernetes.io/node-selector": ""},
    "gatekeeper.sh": {},
    "kyverno.io": {},
    "sigstore.dev": {"policy.sigstore.dev/include": "true"},
    "openshift.io": {
        **{f"openshift.io/{name}": r"(?s).*" for name in ("description", "display-name", "requester")},
        # Any other selector would lead the namespace's pods away from the nodes that they are judged by.
        "openshift.io/node-selector": "",
        "openshift.io/cluster-monitoring": "true|false",
        "openshift.io/user-monitoring": "true|false",
        # The cluster gives each namespace one of its own: two with one could read each other's files.
        "openshift.io/sa.scc.mcs": "",
        "openshift.io/sa.scc.uid-range": r"1[0-9]{9,}/[0-9]+",
        "openshift.io/sa.scc.supplemental-groups": r"1[0-9]{9,}/[0-9]+",
        "network.openshift.io/policy-group": "|ingress|monitoring",
        "kueue.openshift.io/managed": "true|false",
        "security.openshift.io/scc.podSecurityLabelSync": "true|false",
        "security.openshift.io/MinimallySufficientPodSecurityStandard": "restricted",
    },
}
"""The same of namespaces, with what takes one out of the cluster's own policies."""

_WITHOUT_DOMAIN = {"istio-injection": "enabled", "istio-discovery": "enabled"}
"""Labels of namespaces that have no domain."""


def pod_marks(subject: Subject) -> Iterator[Fault]:
    """Labels and annotations of pods, and of what makes them, that lead around the mesh or give another network."""
    for mark in marks(subject):
        text = _opens(mark.name, mark.value, OF_PODS)
        # What a mesh understands it reads from pods alone; the others are gone through workload by workload.
        if text and (mark.on_pods or not OF_PODS[closed_end(mark.name.partition("/")[0], of_namespaces=False) or ""]):
            yield Fault(path=mark.path, text=text)


def namespace_marks(subject: Subject) -> Iterator[Fault]:
    """Labels and annotations of a namespace that take its pods out of the mesh, or of what the cluster checks."""
    for field in ("labels", "annotations"):
        found = subject.metadata.get(field)
        if found is UNKNOWN:
            yield Fault(path=f"metadata.{field}", text=NOT_KNOWN)
        for name, value in mapping(found).items():
            text = _opens(name, value, OF_NAMESPACES)
            if name in _WITHOUT_DOMAIN and not _fits(_WITHOUT_DOMAIN[name], value):
                text = shown(value)
            if text:
                yield Fault(path=f"metadata.{field}.{name}", text=text)


def _opens(name: str, value: JsonValue, closed: Mapping[str, Mapping[str, str]]) -> str | None:
    end = closed_end(name.partition("/")[0], of_namespaces=closed is OF_NAMESPACES)
    if end is None:
        return None
    allowed = closed[end]
    if name not in allowed:
        return f"{shown(value)}, and of {end} only what is understood is allowed"
    return None if _fits(allowed[name], value) else shown(value)


@cache
def closed_end(domain: str, *, of_namespaces: bool) -> str | None:
    """The domain of a mesh or network plugin that a label's domain is, or lies below; None where there is none."""
    closed = OF_NAMESPACES if of_namespaces else OF_PODS
    return next((end for end in closed if domain == end or domain.endswith(f".{end}")), None)


def _fits(pattern: str, value: JsonValue) -> bool:
    return isinstance(value, str) and re.fullmatch(pattern, value) is not None
