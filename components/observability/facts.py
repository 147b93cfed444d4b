"""What the table of rules has to know of an environment: constants of Git, and thresholds of the settings."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

RECORDS, NO_JOB = "kitchen:", 'job=""'
"""How names of recording rules begin, and what tells them from series that were scraped."""

CHECKS = ("audit", "drift", "policy")
"""What a schedule may run beside the cluster: `kitchen audit`, the look for drift, the pack over the state."""


@dataclass(frozen=True, kw_only=True)
class Objective:
    """What a kitchen promises; None is no promise.

    `ttft_seconds` and `token_seconds` (one divided by the tokens per second of a user) are edges of vLLM's histograms;
    `share` of the calls and tokens hold them. `availability` is the share of calls that the platform does not fail.
    """

    ttft_seconds: float | None = None
    token_seconds: float | None = None
    availability: float | None = None
    share: float = 0.95


@dataclass(frozen=True, kw_only=True)
class DeclaredAdapter:
    """An adapter of a kitchen, as the settings name it; `canary` takes a part of the calls of another version."""

    name: str
    version: str
    canary: bool = False


@dataclass(frozen=True, kw_only=True)
class KitchenFacts:
    """A kitchen. `replicas` are its pods at least, 0 where it scales to none; `hot` has a sidecar for its adapters;
    `generates` is False for one that answers with vectors or scores.
    `gpu_hour_price` is of one of its GPUs, in the `currency` of the environment."""

    name: str
    tenant: str
    namespace: str
    replicas: int = 1
    max_loras: int = 0
    hot: bool = False
    generates: bool = True
    adapters: Sequence[DeclaredAdapter] = ()
    canary_of: str | None = None
    objective: Objective = field(default_factory=Objective)
    gpu_hour_price: float | None = None


@dataclass(frozen=True, kw_only=True)
class End:
    """Something of Git that ends: `what` is its kind, `timestamp` the first second at which it is over, since 1970."""

    what: str
    name: str
    timestamp: int


@dataclass(frozen=True, kw_only=True)
class Thresholds:
    """Limits of alerts that are no objectives. Shares lie between 0 and 1; the defaults are those of llm-d's rules
    (docs/adr/0042-alerts.md)."""

    error_share: float = 0.05
    waiting: int = 50
    kv_cache_share: float = 0.9
    preemptions_per_second: float = 1
    prefix_hit_share: float = 0.3
    refused_share: float = 0.2
    limited_share: float = 0.05
    record_waiting_seconds: int = 900
    store_free_share: float = 0.15
    gpu_idle_percent: float = 5
    ends_within_days: int = 14
    page_within_days: int = 2


@dataclass(frozen=True, kw_only=True)
class RuleFacts:
    """All that the rules of one environment depend on.

    `entry` says that there is an entry, `counter` who counts its callers' limits; `store` that MinIO's
    numbers are scraped, `keda` that kitchens scale by KEDA, `gpus` that NVIDIA's exporter ought to be there. `parts`
    are the namespaces of those whose scrape is expected, by part; `certificates` namespaces in which cert-manager keeps
    some. `checks` are those of CHECKS that run by a schedule and tell their results.
    """

    environment: str
    kitchens: Sequence[KitchenFacts] = ()
    ends: Sequence[End] = ()
    thresholds: Thresholds = field(default_factory=Thresholds)
    entry: bool = False
    counter: Literal["none", "local", "shared"] = "none"
    store: bool = False
    keda: bool = False
    gpus: bool = True
    parts: Mapping[str, str] = field(default_factory=dict)
    certificates: Sequence[str] = ()
    checks: Sequence[str] = ()
    currency: str | None = None

    def of(self, metric: str, *matchers: str) -> str:
        """A selector of the environment's own series, as PromQL: `up{environment="dev",part="server"}`.

        What rules make has no `job`, and what is scraped has one: no pod tells a record or a constant by itself.
        """
        made = (NO_JOB,) if metric.startswith(RECORDS) else ()
        return select(metric, equal("environment", self.environment), *made, *matchers)

    def at(self, part: str, metric: str, *matchers: str) -> str:
        """A selector of what the pods of a part tell, in the namespace of that part alone: pods cannot choose it."""
        where = (equal("namespace", self.parts[part]),) if part in self.parts else ()
        return self.of(metric, equal("part", part), *where, *matchers)

    def outside(self, *matchers: str) -> tuple[str, ...]:
        """Matchers, and one that leaves out what pods in the tenants' namespaces tell."""
        spaces = sorted({kitchen.namespace for kitchen in self.kitchens})
        return (*matchers, *((f"namespace!~{json.dumps('|'.join(spaces))}",) if spaces else ()))


def select(metric: str, *matchers: str) -> str:
    """A selector as PromQL."""
    return metric + ("{" + ",".join(matchers) + "}" if matchers else "")


def equal(label: str, value: str) -> str:
    """A matcher of one value."""
    return f"{label}={json.dumps(value)}"


def among(label: str, values: Sequence[str]) -> str:
    """A matcher of some values; they hold nothing that an expression takes for more than itself (names of Git)."""
    return f"{label}=~{json.dumps('|'.join(sorted(values)))}"
