"""Names of the project's own metrics that several rules read, in one place."""

from __future__ import annotations

from typing import Literal

from components.observability.facts import RuleFacts

CALLS = "envoy_kitchen_entry_calls_total"
"""Calls by tenant (the callers'), kitchen, adapter, version, group and outcome: ok, refused, limited, failed or cut.

All outcomes of a line appear together, so that a rate sees the first failure. `kitchen=""` are calls that no grant
decided, `adapter=""` those of the base model.
"""

REFUSALS = "envoy_kitchen_entry_refusals_total"
"""Refused calls by tenant, kitchen and reason. A series appears with its first hit: see `increase`."""

NEAR_LIMIT = "envoy_kitchen_entry_near_limit_total"
"""Calls that left at most a fifth of the caller's minute, where each pod of the entry counts for itself."""

NEAR_SHARED_LIMIT = "ratelimit_service_rate_limit_near_limit"
"""The same by ratelimit, where the pods count together."""

CALLS_RATE = "kitchen:adapter_calls:rate5m"
"""Calls a second by environment, kitchen, adapter, version and outcome: the one rule that reads every series of CALLS.

A large environment has ten thousands of them, and each rule that read them all would take a quarter of a second.
"""

KITCHEN = "environment, tenant, kitchen"
PLACE = f"{KITCHEN}, namespace"
"""A kitchen, and the namespace of the pods that tell of it: labels in a pod's own text may name another tenant, and the
namespace comes from Kubernetes."""
ADAPTER = f"{KITCHEN}, adapter, version"


def from_zero(selector: str, minutes: int, *, up: str, age: str) -> str:
    """How much counters have grown that appear with their first hit: a new series counts from zero.

    Prometheus' own `increase()` takes the first value of a series as where it starts, and does not see the first hit.
    New is a series that a pod did not have when it answered a scrape that long ago, and every one of a pod that is
    younger. A series that was not scraped meanwhile, because Prometheus or its way to the pod was away, is not new: it
    may have counted for weeks. `up` and `age` (seconds) are series of the pods that have the counters.
    """
    known = f"{up} offset {minutes}m == 1 or {age} < {minutes * 60}"
    old = f"increase({selector}[{minutes}m]) and {selector} offset {minutes}m"
    new = f"({selector} unless {selector} offset {minutes}m) and on (namespace, pod) ({known})"
    return f"({old}) or ({new})"


def increase(facts: RuleFacts, part: Literal["entry", "counter"], selector: str, by: str, minutes: int) -> str:
    """What counters of a part's pods grew by, those that are new from zero."""
    if part == "entry":
        age = facts.at(part, "envoy_server_uptime")
    else:
        age = f"time() - {facts.at(part, 'process_start_time_seconds')}"
    return f"sum by ({by}) ({from_zero(selector, minutes, up=facts.at(part, 'up'), age=age)})"


def placed(facts: RuleFacts, expression: str) -> str:
    """Of series with the labels of PLACE those of pods in the namespace of the kitchen's tenant."""
    return f"{expression} and on ({PLACE}) {facts.of('kitchen:declared')}"


def of_owner(facts: RuleFacts, expression: str) -> str:
    """Series of the entry by environment and kitchen, with the tenant that the kitchen is of.

    The entry's own `tenant` is that of the callers' grant.
    """
    return f"({expression}) * on (environment, kitchen) group_left (tenant) {facts.of('kitchen:declared')}"
