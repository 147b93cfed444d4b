"""Fair share: how many calls at once a tenant may have on servers that serve several, so that none takes them all.

Each Envoy holds it by itself, with a cluster of its own for each tenant on the same servers: what one tenant has
waiting or running takes nothing from another's part. Nothing is queued: a call over the share is refused at once.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

from components.entry.plan import Grant, Server


def fair_shares(at_once: int, tenants: Sequence[str], replicas: int) -> dict[str, int]:
    """Calls at once by tenant in each of `replicas` Envoys, of the `at_once` that the servers take; at least 1.

    Equal parts. A tenant that is alone needs no share: there is nobody to take from. Raise ValueError for no calls.
    """
    if at_once < 1 or replicas < 1:
        raise ValueError(f"at_once, replicas: {at_once}, {replicas}; rule: at least 1; example: 256, 2")
    names = sorted(set(tenants))
    return dict.fromkeys(names, math.ceil(at_once / len(names) / replicas)) if len(names) > 1 else {}


def cluster_of(server: Server, grant: Grant) -> str:
    """Name of the cluster by which a grant's calls reach a server."""
    return server.name if share_of(server, grant) is None else f"{server.name}/{grant.tenant}"


def share_of(server: Server, grant: Grant) -> int | None:
    """The most calls at once of a grant's tenant on a server; None is no bound."""
    return server.shares.get(grant.tenant)
