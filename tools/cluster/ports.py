"""Loopback ports: the ones of the last start where they are still free, otherwise fresh ones."""

from __future__ import annotations

import errno
import random
import socket
from collections.abc import Mapping

from tools.cluster.errors import ClusterError

HOST = "127.0.0.1"
NAMES = (
    "api",
    "minio",
    "etcd",
    "etcd-peer",
    "controller-manager",
    "scheduler",
    "kwok",
    "kserve-webhook",
    "kserve-probe",
)
CHOOSABLE = ("api", "minio")
"""Ports that a user may choose; the others are nobody's business."""

# Below the range that systems use for outgoing connections, so that none of those takes a chosen port.
_RANGE = range(20000, 32000)
_TRIES = 400


def is_free(port: int) -> bool:
    """Say whether a server could listen on this loopback port now."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
            probe.listen(1)
        except OSError as error:
            if error.errno in (errno.EADDRINUSE, errno.EACCES):
                return False
            raise
    return True


def choose(previous: Mapping[str, int], chosen: Mapping[str, int]) -> dict[str, int]:
    """Return one port a name; raise ClusterError naming each user-chosen port that cannot be had."""
    check(chosen)
    ports: dict[str, int] = dict(chosen)
    taken = set(chosen.values())
    for name in NAMES:
        if name in ports:
            continue
        old = previous.get(name)
        port = old if old is not None and old not in taken and is_free(old) else _fresh(taken)
        ports[name] = port
        taken.add(port)
    return ports


def check(chosen: Mapping[str, int]) -> None:
    """Raise one ClusterError with all faults of the user-chosen ports."""
    faults = []
    for name, port in chosen.items():
        if name not in CHOOSABLE:
            faults.append(f"port {name!r}: unknown; rule: one of {', '.join(CHOOSABLE)}")
        elif not 1 <= port <= 65535:
            faults.append(f"--{name}-port {port}: rule: 1 to 65535; example: --{name}-port 26443")
        elif list(chosen.values()).count(port) > 1:
            faults.append(f"--{name}-port {port}: rule: a port of its own; example: --{name}-port {port + 1}")
        elif not is_free(port):
            faults.append(
                f"--{name}-port {port}: already in use on {HOST}; rule: a free port; "
                f"example: leave --{name}-port out and a free one is chosen"
            )
    if faults:
        raise ClusterError("\n".join(faults))


def fresh(count: int) -> list[int]:
    """Return so many different ports on which a server could listen; raise ClusterError where they are not found."""
    found: list[int] = []
    for _ in range(count):
        found.append(_fresh(set(found)))
    return found


def _fresh(taken: set[int]) -> int:
    for _ in range(_TRIES):
        port = random.choice(_RANGE)  # noqa: S311 (no secret: any free port will do)
        if port not in taken and is_free(port):
            return port
    raise ClusterError(f"no free loopback port found in {_RANGE.start} to {_RANGE.stop} after {_TRIES} tries")
