"""Fair share: how many calls at once a tenant may have on servers that serve several, so that none takes them all.

Each Envoy holds it by itself, with a cluster of its own for each tenant on the same servers: what one tenant has
waiting or running takes nothing from another's part. Nothing is queued and nothing is lent: a call over the share is
refused at once, also while others have room.
"""

from __future__ import annotations

import math
from collections.abc import Mapping

from components.entry.plan import EntryPlan, Grant, Server


def fair_shares(at_once: int, parts: Mapping[str, int], replicas: int) -> dict[str, int]:
    """Calls at once by tenant in each of `replicas` Envoys, of the `at_once` that the servers take; at least 1.

    `parts` are those of each tenant, such as 3 and 1. A tenant that is alone needs no share: there is nobody to take
    from. Raise ValueError for no calls, and for a part of nothing.
    """
    if at_once < 1 or replicas < 1 or any(part < 1 for part in parts.values()):
        said = f"{at_once}, {replicas}, {dict(parts)}"
        raise ValueError(f"at_once, replicas, parts: {said}; rule: at least 1; example: 256, 2, {{'sales': 1}}")
    whole = sum(parts.values())
    if len(parts) < 2:
        return {}
    return {name: math.ceil(at_once * part / whole / replicas) for name, part in sorted(parts.items())}


def cluster_of(server: Server, grant: Grant) -> str:
    """Name of the cluster by which a grant's calls reach a server."""
    # Two slashes more: a server's own name may have one, before the name of an adapter.
    return server.name if share_of(server, grant) is None else f"{server.name}/tenant/{grant.tenant}"


def share_of(server: Server, grant: Grant) -> int | None:
    """The most calls at once of a grant's tenant on a server; None is no bound."""
    return server.shares.get(grant.tenant)


def at_once_by_tenant(plan: EntryPlan, replicas: int) -> dict[str, dict[str, int]]:
    """Calls at once by server and tenant in all Envoys together, for people; servers without shares are not there."""
    servers = [server for grant in plan.grants for server in grant.servers]
    return {
        server.name: {tenant: most * replicas for tenant, most in sorted(server.shares.items())}
        for server in servers
        if server.shares
    }
