"""Constants of Git as series, so that rules and dashboards can compare what is with what is declared.

`vector(N)` needs no exporter: what is stated here is there whenever Prometheus evaluates rules, and an alert that
compares with it fires where the other side has vanished.
"""

from __future__ import annotations

from collections.abc import Iterator

from components.observability.alert import Record
from components.observability.facts import KitchenFacts, RuleFacts


def records(facts: RuleFacts) -> tuple[Record, ...]:
    """One series a kitchen, an adapter and an end."""
    kitchens = [record for kitchen in facts.kitchens for record in _of_kitchen(facts, kitchen)]
    return (*kitchens, *of_environment(facts))


def of_tenant(facts: RuleFacts, tenant: str) -> tuple[Record, ...]:
    """Those of one tenant's kitchens."""
    mine = [kitchen for kitchen in facts.kitchens if kitchen.tenant == tenant]
    return tuple(record for kitchen in mine for record in _of_kitchen(facts, kitchen))


def of_environment(facts: RuleFacts) -> tuple[Record, ...]:
    """Those of no tenant."""
    return tuple(
        _constant(facts, "kitchen:ends_timestamp_seconds", end.timestamp, what=end.what, name=end.name)
        for end in facts.ends
    )


def _of_kitchen(facts: RuleFacts, kitchen: KitchenFacts) -> Iterator[Record]:
    who = {"tenant": kitchen.tenant, "kitchen": kitchen.name}
    yield _constant(facts, "kitchen:declared", 1, **who, namespace=kitchen.namespace)
    yield _constant(facts, "kitchen:declared_replicas", kitchen.replicas, **who)
    yield _constant(facts, "kitchen:max_loras", kitchen.max_loras, **who)
    if kitchen.canary_of is not None:
        yield _constant(facts, "kitchen:canary", 1, **who, canary_of=kitchen.canary_of)
    mode = "hot" if kitchen.hot else "static"
    for adapter in kitchen.adapters:
        named = {"adapter": adapter.name, "version": adapter.version, "mode": mode}
        yield _constant(facts, "kitchen:declared_adapter", 1, **who, **named)
        if adapter.canary:
            yield _constant(facts, "kitchen:canary_adapter", 1, **who, adapter=adapter.name, version=adapter.version)
    if kitchen.gpu_hour_price is not None:
        currency = {} if facts.currency is None else {"currency": facts.currency}
        yield _constant(facts, "kitchen:gpu_hour_price", kitchen.gpu_hour_price, **who, **currency)
    said = kitchen.objective
    for name, value in (
        ("ttft_seconds", said.ttft_seconds),
        ("tps_per_user", None if said.token_seconds is None else 1 / said.token_seconds),
        ("availability", said.availability),
    ):
        if value is not None:
            yield _constant(facts, f"kitchen:objective_{name}", value, **who)


def _constant(facts: RuleFacts, name: str, value: float, /, **labels: str) -> Record:
    return Record(name=name, expression=f"vector({value:.12g})", labels={"environment": facts.environment, **labels})
