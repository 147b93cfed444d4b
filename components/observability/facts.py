"""What the table of rules has to know of an environment: constants of Git, and thresholds of the settings."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal

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


@dataclass(frozen=True, kw_only=True)
class RuleFacts:
    """All that the rules of one environment depend on.

    `entry` says that there is an entry, `counter` who counts its callers' limits; `store` that MinIO's
    numbers are scraped, `keda` that kitchens scale by KEDA. `parts` are those whose scrape is expected,
    `certificates` namespaces in which cert-manager keeps some. `checks` are those of
    CHECKS that run by a schedule and tell their results.
    """

    environment: str
    kitchens: Sequence[KitchenFacts] = ()
    ends: Sequence[End] = ()
    thresholds: Thresholds = field(default_factory=Thresholds)
    entry: bool = False
    counter: Literal["none", "local", "shared"] = "none"
    store: bool = False
    keda: bool = False
    parts: Sequence[str] = ()
    certificates: Sequence[str] = ()
    checks: Sequence[str] = ()
    currency: str | None = None

    def of(self, metric: str, *matchers: str) -> str:
        """A selector of the environment's own series, as PromQL: `up{environment="dev",part="server"}`."""
        return select(metric, f"environment={json.dumps(self.environment)}", *matchers)


def select(metric: str, *matchers: str) -> str:
    """A selector as PromQL."""
    return metric + ("{" + ",".join(matchers) + "}" if matchers else "")


def equal(label: str, value: str) -> str:
    """A matcher of one value."""
    return f"{label}={json.dumps(value)}"


def among(label: str, values: Sequence[str]) -> str:
    """A matcher of some values; they hold nothing that an expression takes for more than itself (names of Git)."""
    return f"{label}=~{json.dumps('|'.join(sorted(values)))}"
