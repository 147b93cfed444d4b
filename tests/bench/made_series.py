"""Made series of a large environment, for what rules cost: text for `promtool tsdb create-blocks-from openmetrics`.

Each server has the series that rules read: three histograms, counters and gauges of vLLM. The entry has every outcome
of each adapter, group and pod. Records that have a long past in life have three days of it here.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TextIO

from components.observability.buckets import TOKEN_SECONDS, TTFT_SECONDS
from components.observability.facts import CHECKS, DeclaredAdapter, KitchenFacts, Objective, RuleFacts
from components.observability.names import CALLS_RATE

PODS, ENTRY_PODS, GROUPS = 2, 2, 2
STEP, SHORT, LONG = 60, 32 * 60, 3 * 86400
"""Seconds: between samples, and how long scraped series and records go back."""

PAST = {
    *(f"kitchen:objective_{name}:rate5m{kept}" for name in ("calls", "missed") for kept in ("", "_every5m")),
    *(CALLS_RATE, "kitchen:gpu_busy_percent"),
}
"""Records that have a past here; what rules make of the others is known at the end alone."""

E2E_SECONDS = (0.3, 0.5, 0.8, 1.0, 1.5, 2.0, 2.5, 5.0, 10.0, 15.0, 20.0, 30.0, 40.0, 50.0, 60.0, 120.0, 240.0, 480.0)
_COUNTERS = (
    *("generation_tokens_total", "prompt_tokens_total", "num_preemptions_total"),
    *("prefix_cache_hits_total", "prefix_cache_queries_total"),
)
_GAUGES = ("num_requests_running", "num_requests_waiting", "kv_cache_usage_perc")
_OUTCOMES = ("ok", "refused", "limited", "failed", "cut")

Series = tuple[str, Mapping[str, str], float]
"""Name, labels, and what is added in a second; 0 is a gauge that stays."""


def environment(kitchens: int, adapters: int) -> RuleFacts:
    """Facts of an environment of hot kitchens, four a tenant, each with every objective."""
    edges = ((1.0, 0.05), (2.5, 0.075), (5.0, 0.1))
    made = [
        KitchenFacts(
            name=f"k{number:03}",
            tenant=f"t{number // 4:02}",
            namespace=f"t{number // 4:02}-dev",
            replicas=PODS,
            max_loras=4,
            hot=True,
            adapters=[DeclaredAdapter(name=f"a{one}", version="v1") for one in range(adapters)],
            objective=Objective(
                ttft_seconds=edges[number % 3][0], token_seconds=edges[number % 3][1], availability=0.995
            ),
        )
        for number in range(kitchens)
    ]
    parts = {"counter": "entry-dev", "entry": "entry-dev", "record": "entry-dev", "store": "object-store"}
    return RuleFacts(
        environment="dev", kitchens=made, entry=True, counter="shared", store=True, parts=parts, checks=CHECKS
    )


def write(facts: RuleFacts, end: int, file: TextIO) -> int:
    """Write samples up to `end` as OpenMetrics without its last line; returns how many series are scraped."""
    scraped = list(_scraped(facts))
    times = range(end - SHORT, end + 1, STEP)
    _samples(scraped, times, file)
    for series in _recorded(facts):
        step = 5 * STEP if series[0].endswith("_every5m") else STEP
        past = SHORT if series[0] == CALLS_RATE else LONG
        _samples([series], range(end - past, end + 1, step), file)
    return len(scraped)


def _samples(series: list[Series], times: range, file: TextIO) -> None:
    for name, labels, each in series:
        head = name + "{" + ",".join(f'{key}="{value}"' for key, value in labels.items()) + "} "
        first = times.start
        file.writelines(f"{head}{1 + each * (time - first):g} {time}\n" for time in times)


def _scraped(facts: RuleFacts) -> Iterator[Series]:
    for kitchen in facts.kitchens:
        who = {"environment": "dev", "tenant": kitchen.tenant, "kitchen": kitchen.name}
        for pod in range(PODS):
            held = {**who, "namespace": kitchen.namespace, "pod": f"{kitchen.name}-predictor-{pod}"}
            yield from _server({**held, "part": "server"})
            yield from _sidecar(kitchen, {**held, "part": "adapters"})
        for adapter in kitchen.adapters:
            yield from _calls(kitchen, adapter.name)
    for pod in range(ENTRY_PODS):
        yield "up", _entry(pod), 0
        record = {"environment": "dev", "part": "record", "namespace": "entry-dev", "pod": f"entry-{pod}"}
        yield "kitchen_record_ready", record, 0
        yield "kitchen_record_oldest_waiting_seconds", record, 0


def _server(labels: dict[str, str]) -> Iterator[Series]:
    yield "up", labels, 0
    yield "process_start_time_seconds", labels, 0
    vllm = {**labels, "model_name": "base", "engine": "0"}
    for name, edges in (
        ("time_to_first_token", TTFT_SECONDS),
        ("inter_token_latency", TOKEN_SECONDS),
        ("e2e_request_latency", E2E_SECONDS),
    ):
        full = f"vllm:{name}_seconds"
        yield f"{full}_count", vllm, 1
        for number, edge in enumerate([*map(repr, edges), "+Inf"], 1):
            yield f"{full}_bucket", {**vllm, "le": edge}, number / (len(edges) + 1)
    for reason in ("stop", "length", "abort", "error", "repetition"):
        yield "vllm:request_success_total", {**vllm, "finished_reason": reason}, 0.1
    for reason in ("capacity", "deferred"):
        yield "vllm:num_requests_waiting_by_reason", {**vllm, "reason": reason}, 0
    yield from ((f"vllm:{name}", vllm, 10.0) for name in _COUNTERS)
    yield from ((f"vllm:{name}", vllm, 0) for name in _GAUGES)
    names = {"running_lora_adapters": "a0", "waiting_lora_adapters": "a0", "max_lora": "4"}
    yield "vllm:lora_requests_info", {**labels, **names}, 1


def _sidecar(kitchen: KitchenFacts, labels: dict[str, str]) -> Iterator[Series]:
    for adapter in kitchen.adapters:
        yield "kitchen_adapter_loaded", {**labels, "adapter": adapter.name, "version": adapter.version}, 0
    yield "kitchen_adapters_last_reconcile_timestamp_seconds", labels, 1
    yield "kitchen_adapters_reconcile_total", labels, 0.1
    yield "kitchen_adapters_reconcile_failures_total", labels, 0.001


def _calls(kitchen: KitchenFacts, adapter: str) -> Iterator[Series]:
    for pod in range(ENTRY_PODS):
        for group in range(GROUPS):
            who = {"tenant": kitchen.tenant, "kitchen": kitchen.name, "adapter": adapter, "version": "v1"}
            where = {**_entry(pod), "group": f"g{group}"}
            for outcome in _OUTCOMES:
                yield "envoy_kitchen_entry_calls_total", {**where, **who, "outcome": outcome}, 0.1
        refused = {**_entry(pod), "tenant": kitchen.tenant}
        if adapter == "a0":
            for reason in ("token", "out_of_bounds"):
                labels = {**refused, "kitchen": kitchen.name, "reason": reason}
                yield "envoy_kitchen_entry_refusals_total", labels, 0.01


def _entry(pod: int) -> dict[str, str]:
    return {"environment": "dev", "part": "entry", "namespace": "entry-dev", "pod": f"entry-{pod}"}


def _recorded(facts: RuleFacts) -> Iterator[Series]:
    for kitchen in facts.kitchens:
        who = {"environment": "dev", "tenant": kitchen.tenant, "kitchen": kitchen.name}
        for objective in ("ttft", "tokens", "availability"):
            for name in ("calls", "missed"):
                for kept in ("", "_every5m"):
                    yield f"kitchen:objective_{name}:rate5m{kept}", {**who, "objective": objective}, 0
        for adapter in kitchen.adapters:
            called = {"environment": "dev", "kitchen": kitchen.name, "adapter": adapter.name, "version": "v1"}
            for outcome in _OUTCOMES:
                yield CALLS_RATE, {**called, "outcome": outcome}, 0
        for pod in range(PODS):
            gpu = {"namespace": kitchen.namespace, "pod": f"{kitchen.name}-{pod}", "Hostname": "n", "gpu": str(pod)}
            yield "kitchen:gpu_busy_percent", {"environment": "dev", **gpu, "UUID": f"{kitchen.name}-{pod}"}, 0
