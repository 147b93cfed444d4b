"""Fair share out of the settings: how many calls at once each tenant may have on the servers of a kitchen."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from components.entry.envoy.shares import fair_shares
from infra.grants import reaching
from infra.settings import Kitchen, Settings


def at_once(kitchen: Kitchen, stated: int | None) -> int:
    """Calls that all servers of a kitchen take at once: what each runs in one batch, or what is stated for each.

    With autoscaling those of the most servers: a bound for fewer would keep calls from waiting, by which servers come.
    """
    servers = kitchen.replicas if kitchen.autoscaling is None else kitchen.autoscaling.max_replicas
    return (stated or kitchen.runtime.concurrency) * servers


class Shares:
    """The shares of an environment, each found once."""

    def __init__(self, settings: Settings) -> None:
        """Know which tenants reach which kitchen."""
        self._replicas = 1 if settings.entry is None else settings.entry.replicas
        self._reaching: Mapping[str, Sequence[str]] = reaching(settings)

    def of(self, kitchen: Kitchen, servers: Kitchen | None = None) -> dict[str, int]:
        """Calls at once by tenant in each pod of the entry, on a kitchen's servers or on those of its canary.

        Empty where the callers of one tenant alone reach the kitchen, and where its settings say so.
        """
        said = kitchen.fair_share
        if not said.enabled:
            return {}
        parts = {tenant: said.parts.get(tenant, 1) for tenant in self._reaching.get(kitchen.name, ())}
        return fair_shares(at_once(servers or kitchen, said.at_once), parts, self._replicas)
