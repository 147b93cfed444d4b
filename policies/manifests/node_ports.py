"""Ports on which workloads may ask nodes."""

from __future__ import annotations

from policies.judging.values import JsonValue
from policies.manifests.fields import at

OF_NODES = (53, 443, 6443, 9100)
"""Ports of nodes that workloads need: look-ups by the node's cache, the API server, the node's metrics. The kubelet's
and etcd's are none of them."""


def ports_of_nodes(ports: list[JsonValue]) -> bool:
    """Whether ports are only such as a node may be asked on, each by its number, which may be written as text."""
    return bool(ports) and all(
        str(at(port, "port")) in map(str, OF_NODES) and at(port, "endPort") in (None, 0) for port in ports
    )
