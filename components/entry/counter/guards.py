"""What a mesh says of the counter: within mTLS the entry alone asks it, and it alone asks Valkey."""

from __future__ import annotations

from components.entry.counter.pods import COUNTER, GRPC_PORT, VALKEY, VALKEY_PORT
from components.entry.counter.server import match
from components.entry.doors.istio import Mesh
from components.entry.doors.parts import SERVICE, Part


def guards_of_counter(mesh: Mesh, namespace: str) -> list[Part]:
    """Two policies beside those of the entry's namespace, where nobody calls anybody by default."""
    return [
        _allowed(COUNTER, GRPC_PORT, mesh.principal(namespace, SERVICE)),
        _allowed(VALKEY, VALKEY_PORT, mesh.principal(namespace, COUNTER)),
    ]


def _allowed(called: str, port: int, principal: str) -> Part:
    rule = {
        "from": [{"source": {"principals": [principal]}}],
        "to": [{"operation": {"ports": [str(port)]}}],
    }
    spec = {"selector": {"matchLabels": match(called)}, "action": "ALLOW", "rules": [rule]}
    return Part(
        api_version="security.istio.io/v1",
        kind="AuthorizationPolicy",
        name=f"allow-{called}",
        fields={"spec": spec},
    )
