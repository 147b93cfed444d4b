"""Samples of the rule on the network: look-ups of names by way of the node, as NodeLocal DNSCache answers them."""

from __future__ import annotations

from typing import Any

from tests.policy.support.objects import manifest
from tests.policy.support.sample import Sample, table

_TYPE = "kubernetes:networking.k8s.io/v1:NetworkPolicy"
_DNS = [{"port": 53, "protocol": "UDP"}, {"port": 53, "protocol": "TCP"}]


def _egress(cidr: str, ports: list[dict[str, Any]] | None = None) -> dict[str, Any]:
    return {"spec egress": [{"to": [{"ipBlock": {"cidr": cidr}}], "ports": _DNS if ports is None else ports}]}


_LOOKUPS = table(
    _TYPE,
    manifest("networking.k8s.io/v1", "NetworkPolicy", {"podSelector": {}, "policyTypes": ["Egress"], "egress": []}),
    ("the node's cache of names", _egress("169.254.20.10/32")),
    ("the node's cache in version 6", _egress("fe80::10/128")),
    *(
        (f"{cidr} on {ports}", _egress(cidr, ports), f"ipBlock.cidr: is {cidr!r}, which is no private network")
        for cidr, ports in (
            ("169.254.169.254/32", _DNS),
            ("169.254.0.0/16", _DNS),
            ("169.254.20.10/32", [{"port": 80}]),
            ("169.254.20.10/32", [{"port": 53, "endPort": 80}]),
            ("169.254.20.10/32", []),
            ("8.8.8.8/32", _DNS),
            ("0.0.0.0/0", _DNS),
        )
    ),
)

SAMPLES: dict[str, tuple[Sample, ...]] = {"network-closed": _LOOKUPS}
