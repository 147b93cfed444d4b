"""Cases of the servers' alerts."""

from __future__ import annotations

from tests.monitoring.rules.case import HELPDESK, Case, histogram, server

_KITCHEN = {**HELPDESK, "namespace": "helpdesk-dev"}
_POD = {**_KITCHEN, "pod": "support-0"}
_TTFT, _TOKENS = "vllm:time_to_first_token_seconds", "vllm:inter_token_latency_seconds"
_WAITING = "vllm:num_requests_waiting_by_reason"
_OTHERS = {
    server("up", kitchen="support-canary", pod="support-canary-0"): "1x90",
    server("up", tenant="sales", kitchen="summary", namespace="sales-dev", pod="summary-0"): "1x90",
}
"""Servers of the other kitchens that are declared with replicas."""


def _tokens(generated: str, prompt: str = "0x60") -> dict[str, str]:
    return {server("vllm:generation_tokens_total"): generated, server("vllm:prompt_tokens_total"): prompt}


def _ended(ok: str, error: str) -> dict[str, str]:
    name = "vllm:request_success_total"
    return {server(name, finished_reason="stop"): ok, server(name, finished_reason="error"): error}


def _cache(hits: str, queries: str) -> dict[str, str]:
    return {server("vllm:prefix_cache_hits_total"): hits, server("vllm:prefix_cache_queries_total"): queries}


CASES = {
    "KitchenServerDown": Case(
        fires={server("up"): "1x20 0x40", server("up", pod="support-1"): "1x60"},
        silent={server("up"): "1x55 0x4"},
        minutes=59,
        labels=[_POD],
    ),
    "KitchenServerDown of a pod that never answered": Case(
        # Its model is loaded: that takes minutes with each update, and is told where it does not end.
        fires={server("up"): "0x90"},
        silent={server("up"): "_x30 0x60"},
        minutes=80,
        labels=[_POD],
    ),
    "KitchenServersMissing": Case(
        # One of two answers: that is not this alert. The kitchen that scales to zero has none, and may.
        fires={server("up"): "1x30 0x30", **_OTHERS},
        silent={server("up"): "0x60", server("up", pod="support-1"): "1x60", **_OTHERS},
        minutes=45,
        labels=[HELPDESK],
    ),
    "KitchenServersMissing of a new kitchen": Case(
        # Declared since the beginning, and its first server never answers.
        fires={server("up"): "0x90", **_OTHERS},
        silent={server("up"): "0x40 1x60", **_OTHERS},
        minutes=75,
        labels=[HELPDESK],
    ),
    "KitchenServersMissing while a new kitchen starts": Case(
        fires={server("up"): "1x10 0x60", **_OTHERS},
        silent={server("up"): "0x60", **_OTHERS},
        minutes=40,
        labels=[HELPDESK],
    ),
    "KitchenServerRestarts": Case(
        fires={server("process_start_time_seconds"): "5x10 700x10 1400x10"},
        silent={server("process_start_time_seconds"): "5x10 700x20"},
        minutes=29,
        labels=[_POD],
    ),
    "KitchenNothingGenerated": Case(
        fires={server("vllm:num_requests_waiting"): "3x60", **_tokens("500x60")},
        silent={server("vllm:num_requests_waiting"): "3x60", **_tokens("500+1x60")},
        also=(
            # A kitchen of vectors generates no token: prompts are what it computes.
            {server("vllm:num_requests_waiting"): "3x60", **_tokens("0x60", "0+10x60")},
            # Idle: nothing waits all the time.
            {server("vllm:num_requests_waiting"): "3 3 0 3 3 0 3 3 0 3 3 0 3 3 0 3 3 0 3 3", **_tokens("500x20")},
        ),
        minutes=18,
        labels=[_KITCHEN],
    ),
    "KitchenTtftSlow": Case(
        fires=histogram(_TTFT, {"1.0": 0.9, "10.0": 0.98, "20.0": 1}, 60),
        silent=histogram(_TTFT, {"1.0": 0.9, "10.0": 0.995, "20.0": 1}, 60),
        also=(histogram(_TTFT, {"10.0": 0, "20.0": 1}, 0),),
        minutes=30,
        labels=[_KITCHEN],
    ),
    "KitchenTtftVerySlow": Case(
        fires=histogram(_TTFT, {"1.0": 0.5, "40.0": 0.9, "80.0": 1}, 60),
        silent=histogram(_TTFT, {"1.0": 0.5, "40.0": 0.96, "80.0": 1}, 60),
        minutes=30,
        labels=[_KITCHEN],
    ),
    "KitchenTokensSlow": Case(
        fires=histogram(_TOKENS, {"0.1": 0.5, "0.2": 0.9, "0.3": 1}, 600),
        silent=histogram(_TOKENS, {"0.1": 0.5, "0.2": 0.96, "0.3": 1}, 600),
        minutes=30,
        labels=[_KITCHEN],
    ),
    "KitchenServerErrors": Case(
        fires=_ended("0+90x60", "0+6x60"),
        silent=_ended("0+96x60", "0+4x60"),
        also=(_ended("0x16 1x60", "0x16 1x60"),),  # one of two calls in the night
        minutes=20,
        labels=[_KITCHEN],
    ),
    "KitchenServerErrors of few calls": Case(
        fires=_ended("0x60", "0+1x60"), silent=_ended("0+1x60", "0x60"), minutes=20, labels=[_KITCHEN]
    ),
    "KitchenQueueLong": Case(
        fires={server(_WAITING, reason="capacity"): "51x60"},
        silent={server(_WAITING, reason="capacity"): "50x60", server(_WAITING, reason="deferred"): "80x60"},
        minutes=20,
        labels=[_KITCHEN],
    ),
    "KitchenQueueDeferred": Case(
        fires={server(_WAITING, reason="deferred"): "1x60"},
        silent={server(_WAITING, reason="deferred"): "1 1 1 0 1 1 1 0 1 1 1 0 1 1 1 0 1 1 1 0 1 1 1 0 1"},
        minutes=24,
        labels=[_KITCHEN],
    ),
    "KitchenKvCacheFull": Case(
        fires={server("vllm:kv_cache_usage_perc"): "0.95x60"},
        silent={server("vllm:kv_cache_usage_perc"): "0.9x60"},
        minutes=20,
        labels=[_KITCHEN],
    ),
    "KitchenPreemptions": Case(
        fires={server("vllm:num_preemptions_total"): "0+70x60"},
        silent={server("vllm:num_preemptions_total"): "0+50x60"},
        minutes=20,
        labels=[_KITCHEN],
    ),
    "KitchenPrefixHitsLow": Case(
        fires=_cache("0+1000x120", "0+9000x120"),
        silent=_cache("0+3000x120", "0+9000x120"),
        also=(_cache("0x120", "0+1000x120"),),  # too few to judge by
        minutes=100,
        labels=[_KITCHEN],
    ),
}
