"""Lists of networks that may call: whether one of them, or all of them together, are as wide as the internet."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterator, Sequence

PRIVATE = ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10", "fc00::/7")
"""Networks that are not the internet: RFC 1918, RFC 6598 (shared address space) and RFC 4193."""

_SHORTEST_PREFIX = {4: 8, 6: 7}
"""10.0.0.0/8 and fc00::/7 are the widest private networks."""

_MOST_PUBLIC = {4: 2**24, 6: 2**80}
"""Addresses of networks that are not private, all of a list together: parts of the internet add up to it."""

_PLAIN = re.compile(r"[0-9a-fA-F.:]+(?:/[0-9]{1,3})?")

_Network = ipaddress.IPv4Network | ipaddress.IPv6Network


def too_wide(texts: Sequence[object]) -> Iterator[str]:
    """What is wrong with a list of networks; nothing where each is one, and all together are a part of the internet."""
    public = {4: 0, 6: 0}
    for text in texts:
        network = _network(text)
        if network is None or network.prefixlen < _SHORTEST_PREFIX[network.version]:
            yield f"has {text!r}: no network, or a wide one"
        elif not any(within(network, entry) for entry in map(_network, PRIVATE) if entry is not None):
            public[network.version] += network.num_addresses
    if any(count > _MOST_PUBLIC[version] for version, count in public.items()):
        yield "has many networks, which together are a wide one"


def within(network: _Network, other: _Network) -> bool:
    """Whether a network lies in another one."""
    if isinstance(network, ipaddress.IPv4Network):
        return isinstance(other, ipaddress.IPv4Network) and network.subnet_of(other)
    return isinstance(other, ipaddress.IPv6Network) and network.subnet_of(other)


def _network(text: object) -> _Network | None:
    """A network as every program reads it: an address, or a prefix by its length; a mask is read by some alone."""
    try:
        return ipaddress.ip_network(text, strict=False) if isinstance(text, str) and _PLAIN.fullmatch(text) else None
    except ValueError:
        return None
