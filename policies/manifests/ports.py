"""How many ports a rule of a network policy allows, and whether they are such as a node may be asked on."""

from __future__ import annotations

from policies.judging.values import UNKNOWN, JsonValue
from policies.manifests.fields import at

MOST = 32
"""More ports, in one row or in many, are as good as every port."""

_DIGITS = 5
"""Of the greatest port."""

OF_NODES = (53, 443, 6443, 9100)
"""Ports of nodes that workloads need: look-ups by the node's cache, the API server, the node's metrics. The kubelet's
and etcd's are none of them."""


def ports_bound(ports: list[JsonValue]) -> bool:
    """Whether ports narrow a rule: together they are few, each by its number or name."""
    widths = [_width(port) for port in ports]
    return bool(widths) and all(width is not None for width in widths) and sum(map(int, filter(None, widths))) <= MOST


def ports_of_nodes(ports: list[JsonValue]) -> bool:
    """Whether ports are only such as a node may be asked on, each by its number."""
    return bool(ports) and all(
        _number(at(port, "port")) in OF_NODES and at(port, "endPort") in (None, 0) for port in ports
    )


def _width(port: JsonValue) -> int | None:
    """How many ports an entry means; None where it means all of them, or where it is not known."""
    first, last = _number(at(port, "port")), _number(at(port, "endPort"))
    if first in (None, UNKNOWN, 0):
        return None
    if last in (None, 0):
        return 1
    return last - first + 1 if isinstance(first, int) and isinstance(last, int) else None


def _number(value: JsonValue) -> JsonValue:
    is_number = isinstance(value, str) and value.isascii() and value.isdigit() and len(value) <= _DIGITS
    return int(value) if is_number else value
