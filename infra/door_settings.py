"""Settings of the door before the entry, as frozen values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

PRIVATE_NETWORKS = ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10", "fc00::/7")
"""Who may call where the settings say nothing: whoever does not come from the internet."""

OF_KIND: Mapping[str, tuple[str, ...]] = {
    "none": (),
    "route": ("termination", "sources", "authority"),
    "ingress": ("className", "sources"),
    "gateway": ("authority",),
    "istio": ("selector", "namespace", "serviceAccount", "controlNamespace", "trustDomain", "revision"),
}
"""Kinds of doors, and the keys of each one."""


@dataclass(frozen=True, kw_only=True)
class DoorSettings:
    """What leads callers to the entry; `none`: the organisation's own, in namespaces that are labelled as gateways.

    `stated` are the keys as the file has them: a key of another kind means nothing, and is told.
    """

    kind: str = "none"
    termination: str = "reencrypt"
    sources: tuple[str, ...] = PRIVATE_NETWORKS
    authority: str | None = None
    class_name: str = "nginx"
    selector: Mapping[str, str] = field(default_factory=lambda: {"istio": "ingressgateway"})
    namespace: str = "istio-system"
    service_account: str = "istio-ingressgateway-service-account"
    control_namespace: str = "istio-system"
    trust_domain: str = "cluster.local"
    revision: str | None = None
    stated: tuple[str, ...] = ()

    @property
    def passes_tls(self) -> bool:
        """Whether TLS of callers ends in the entry, so that nothing on the way can write into a call."""
        return self.kind == "istio" or (self.kind == "route" and self.termination == "passthrough")

    @property
    def proxies(self) -> int:
        """Programs before the entry that say by X-Forwarded-For who calls."""
        return 0 if self.kind == "none" or self.passes_tls else 1
