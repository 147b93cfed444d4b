"""Samples of what Cilium's proxy does at the ports of a policy."""

from __future__ import annotations

from typing import Any

from tests.policy.support.objects import manifest
from tests.policy.support.sample import UNKNOWN_VALUE, Sample, table

_PORT = {"ports": [{"port": "8080", "protocol": "TCP"}]}
_POLICY = manifest(
    "cilium.io/v2",
    "CiliumNetworkPolicy",
    {
        "endpointSelector": {"matchLabels": {"app": "a"}},
        "egress": [{"toEndpoints": [{"matchLabels": {"app": "b"}}], "toPorts": [_PORT]}],
    },
)
_RULES, _FIRST = "spec egress 0 toPorts 0 rules", "spec.egress[0].toPorts[0]"


def _header(secret: Any) -> dict[str, Any]:
    return {"http": [{"method": "GET", "headerMatches": [{"name": "X-A", "mismatch": "ADD", "secret": secret}]}]}


_PORTS = table(
    "kubernetes:cilium.io/v2:CiliumNetworkPolicy",
    _POLICY,
    ("calls of one path", {_RULES: {"http": [{"method": "GET", "path": "/a"}], "dns": [{"matchName": "a.team.svc"}]}}),
    ("a header out of its own namespace", {_RULES: _header({"namespace": "team", "name": "a"})}),
    (
        "a header out of another namespace",
        {_RULES: _header({"namespace": "sales", "name": "a"})},
        f"{_FIRST}.rules.http[0].headerMatches[0].secret.namespace: is 'sales': a Secret of another namespace",
    ),
    ("a header of nowhere", {_RULES: _header({"name": "a"})}, "secret.namespace: is None: a Secret of another"),
    ("a header not known", {_RULES: _header(UNKNOWN_VALUE)}, "secret.namespace: is not known"),
    *(
        (
            f"a key of another, {field}",
            {f"spec egress 0 toPorts 0 {field}": {"secret": {"namespace": "sales", "name": "a"}}},
            f"{_FIRST}.{field}.secret.namespace: is 'sales'",
        )
        for field in ("terminatingTLS", "originatingTLS")
    ),
    (
        "a listener of somebody",
        {"spec egress 0 toPorts 0 listener": {"name": "a"}},
        f"{_FIRST}.listener: what the proxy does by it",
    ),
    ("a program of the proxy", {_RULES: {"l7proto": "a", "l7": [{}]}}, "rules.l7proto: what", "rules.l7: what"),
)

SAMPLES: dict[str, tuple[Sample, ...]] = {"network-closed": _PORTS}
