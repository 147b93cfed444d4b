"""How a server ends: first nobody calls it any more, then it finishes what it has, then it goes."""

from __future__ import annotations

from typing import Any

ENDPOINT_SECONDS = 10
"""How long a pod that is to end still serves, until every proxy has taken it off its list."""

EXIT_SECONDS = 20
"""What a server takes to free its GPUs and exit after its last request."""


def lifecycle() -> dict[str, Any]:
    """Lifecycle of the server's container: SIGTERM comes `ENDPOINT_SECONDS` after the end was asked for.

    The kubelet sleeps itself (`sleep` action, stable since Kubernetes 1.34): the image needs no shell.
    """
    return {"preStop": {"sleep": {"seconds": ENDPOINT_SECONDS}}}


def termination_seconds(drain_seconds: int) -> int:
    """Grace period of the pod: the sleep before SIGTERM, the server's own drain, and its exit."""
    return ENDPOINT_SECONDS + drain_seconds + EXIT_SECONDS
