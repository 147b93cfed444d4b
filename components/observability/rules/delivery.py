"""Alerts on the way of models to their servers: loads of base models, by kube-state-metrics' series of Jobs."""

from __future__ import annotations

from collections.abc import Iterator

from components.observability import names
from components.observability.alert import Alert, Record
from components.observability.facts import RuleFacts, among, equal, select
from components.observability.names import ADAPTER

_LOADS = 'job_name=~"base-.+"'
"""Names of load Jobs begin with that of their volume."""

_KEEPS = ("namespace", "job_name")


def records(facts: RuleFacts) -> tuple[Record, ...]:
    """When each version of an adapter first answered, and how long after the merge that declared it.

    The entry tells that it did, and the rule keeps when.

    The series goes on by itself, and is lost where rules are not evaluated for a day.
    """
    if not facts.entry:
        return ()
    name, by = "kitchen:first_answer_timestamp_seconds", "environment, kitchen, adapter, version"
    calls = facts.at("entry", names.CALLS, equal("outcome", "ok"), 'kitchen!=""')
    first = names.of_owner(facts, f"min by ({by}) (timestamp({calls} > 0))")
    kept = f"max by ({ADAPTER}) (last_over_time({facts.of(name)}[1d]))"
    merged = f"max by ({by}) ({facts.of('kitchen_merged_timestamp_seconds', *facts.outside())})"
    return (
        Record(name=name, expression=f"{kept} or {first}"),
        # An answer of before the merge is of a version that was there already.
        Record(
            name="kitchen:merged_to_answer_seconds",
            expression=f"{facts.of(name)} - on ({by}) group_left () {merged} > 0",
        ),
    )


def alerts(facts: RuleFacts) -> tuple[Alert, ...]:
    """The alerts of this subject."""
    return tuple(_alerts(facts)) if facts.kitchens else ()


def _alerts(facts: RuleFacts) -> Iterator[Alert]:
    spaces = among("namespace", sorted({kitchen.namespace for kitchen in facts.kitchens}))
    failed = select("kube_job_failed", spaces, _LOADS, 'condition="true"')
    yield Alert(
        id="KitchenLoadFailed",
        subject="delivery",
        expression=f"max by (namespace, job_name) ({failed}) == 1",
        severity="ticket",
        owner="platform",
        summary="The load {{ $labels.job_name }} of a base model in {{ $labels.namespace }} has failed",
        impact="Servers of the kitchens that wait for it do not start; those that run go on.",
        keeps=_KEEPS,
    )
    done, whole = (facts.at("load", f"kitchen_load_{name}_bytes") for name in ("done", "whole"))
    by = "environment, tenant, namespace, pod, base_model, version"
    yield Alert(
        id="KitchenLoadStalled",
        subject="delivery",
        expression=f"max by ({by}) ({done} < {whole}) and max by ({by}) (changes({done}[15m])) == 0"
        f" and on (environment, tenant, namespace) {facts.of('kitchen:declared')}",
        hold="15m",
        severity="ticket",
        owner="platform",
        summary="The load of base model {{ $labels.base_model }} {{ $labels.version }} in {{ $labels.namespace }} "
        "stands still",
        impact="The update that made it waits; the store or the volume does not answer.",
        keeps=("environment", "tenant", "namespace", "pod", "base_model", "version"),
    )
