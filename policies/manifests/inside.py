"""Whether an address leads to something inside: a name of the cluster or the mesh, or a private network."""

from __future__ import annotations

import ipaddress
import re

from policies.judging.values import JsonValue
from policies.manifests.entry_mesh import MESH
from policies.manifests.networks import PRIVATE, within

_HOST = re.compile(
    r"(?:[a-z][a-z0-9+.-]*://)?(?:[^/@]*@)?(?P<host>\[[0-9a-f:.]+\]|[\w.-]+)(?::[0-9]+)?(?:[/?#].*)?", re.I
)
_PRIVATE = tuple(ipaddress.ip_network(entry) for entry in PRIVATE)


def is_inside(address: JsonValue) -> bool:
    """Whether the host of an address, with or without scheme and port, is inside; what is not known is not."""
    match = _HOST.fullmatch(address) if isinstance(address, str) else None
    if match is None:
        return False
    host = match["host"].strip("[]").rstrip(".").lower()
    try:
        network = ipaddress.ip_network(host)
    except ValueError:
        # Without a letter it is a number, which many programs take for an address.
        return host[:1].isalpha() and ("." not in host or host.endswith(MESH))
    return any(within(network, entry) for entry in _PRIVATE)
