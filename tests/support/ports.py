"""Ports of loopback for servers that a test starts."""

from __future__ import annotations

import random
import socket

_FIRST, _END = 10_000, 20_000
"""Below what the kernel gives to those who bind to port 0 (net.ipv4.ip_local_port_range: from 32768 on), and below the
embedded cluster's: a port of the kernel's, once let go, may be another server's before its own server binds it."""


def free_ports(count: int) -> list[int]:
    """Different ports that nobody has at this moment; raise AssertionError where there are not so many."""
    found: list[int] = []
    for port in random.sample(range(_FIRST, _END), _END - _FIRST):
        if len(found) == count:
            break
        with socket.socket() as tried:
            try:
                tried.bind(("127.0.0.1", port))
            except OSError:
                continue
        found.append(port)
    assert len(found) == count, f"{count} free ports of loopback"
    return found
