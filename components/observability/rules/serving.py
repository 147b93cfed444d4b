"""Alerts on the servers: vLLM's own numbers, and whether they are there at all."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from components.observability import names
from components.observability.alert import Alert, Record
from components.observability.facts import RuleFacts, equal

_BY = names.PLACE
_KEEPS = ("environment", "tenant", "kitchen", "namespace")
_WHO = "{{ $labels.kitchen }} of {{ $labels.tenant }}"

_FEWEST_FAILED = 3

FIRST_START = "1h"
"""How long a pod, or a new kitchen, may be without an answer before it has ever answered: its model is loaded, and the
server built, which is minutes for a small one and most of an hour for a large one. What has answered is known at once.
"""


def records(facts: RuleFacts) -> tuple[Record, ...]:
    """What dashboards and several alerts read."""
    return tuple(_quantiles(facts))


def _quantiles(facts: RuleFacts) -> Iterator[Record]:
    for short, metric in (
        ("ttft", "vllm:time_to_first_token_seconds"),
        ("token", "vllm:inter_token_latency_seconds"),
        ("e2e", "vllm:e2e_request_latency_seconds"),
    ):
        buckets = facts.of(f"{metric}_bucket", equal("part", "server"))
        name = f"kitchen:{short}_seconds_bucket:rate5m"
        yield Record(name=name, expression=f"sum by ({_BY}, le) (rate({buckets}[5m]))")
        for part in (50, 95, 99):
            yield Record(
                name=f"kitchen:{short}_seconds:p{part}_5m",
                expression=names.placed(facts, f"histogram_quantile({part / 100}, {facts.of(name)})"),
            )


def alerts(facts: RuleFacts) -> tuple[Alert, ...]:
    """The alerts of this subject."""
    of_places = (*_pods(facts), *_speed(facts), *_queue(facts), *_memory(facts))
    placed = [replace(alert, expression=names.placed(facts, alert.expression)) for alert in of_places]
    return (*_servers(facts), *placed)


def _server(facts: RuleFacts, metric: str, *matchers: str) -> str:
    return facts.of(metric, equal("part", "server"), *matchers)


def _pods(facts: RuleFacts) -> Iterator[Alert]:
    up = _server(facts, "up")
    pod = f"{_BY}, pod"
    started = (
        f"max by ({pod}) (max_over_time({up}[{FIRST_START}])) == 1 or max by ({pod}) ({up} offset {FIRST_START}) == 0"
    )
    yield Alert(
        id="KitchenServerDown",
        subject="serving",
        expression=f"max by ({pod}) ({up}) == 0 and on ({pod}) ({started})",
        hold="5m",
        severity="ticket",
        owner="platform",
        summary=f"Pod {{{{ $labels.pod }}}} of kitchen {_WHO} has not answered scrapes for 5 minutes",
        impact="The kitchen has fewer servers than declared: calls wait longer, or fail where it was the only one.",
        keeps=(*_KEEPS, "pod"),
    )
    yield Alert(
        id="KitchenServerRestarts",
        subject="serving",
        expression=f"max by ({_BY}, pod) (changes({_server(facts, 'process_start_time_seconds')}[30m])) >= 2",
        severity="ticket",
        owner="platform",
        summary=f"The server in pod {{{{ $labels.pod }}}} of kitchen {_WHO} started {{{{ $value }}}} times in 30 min",
        impact="Calls that were running at each restart were cut; the kitchen is short of a server while it loads.",
        keeps=(*_KEEPS, "pod"),
    )
    computed = " + ".join(
        f"sum by ({_BY}) (rate({_server(facts, name)}[5m]))"
        for name in ("vllm:generation_tokens_total", "vllm:prompt_tokens_total")
    )
    # What the server tells of its calls is as of its last step: of one that hangs no call comes to be waiting.
    waiting = " + ".join(
        f"sum by ({_BY}) (min_over_time({_server(facts, name)}[5m]))"
        for name in ("vllm:num_requests_waiting", "vllm:num_requests_running")
    )
    yield Alert(
        id="KitchenNothingGenerated",
        subject="serving",
        expression=f"({waiting}) > 0 and ({computed}) == 0",
        hold="5m",
        severity="page",
        owner="platform",
        summary=f"Kitchen {_WHO} computes nothing, and has {{{{ $value }}}} calls",
        impact="Calls hang until they time out; the server's health is still good.",
        keeps=_KEEPS,
    )


def _servers(facts: RuleFacts) -> Iterator[Alert]:
    up, who = _server(facts, "up"), names.KITCHEN
    declared = facts.of("kitchen:declared_replicas")
    there, before = names.placed(facts, up), names.placed(facts, f"max_over_time({up}[{FIRST_START}])")
    yield Alert(
        id="KitchenServersMissing",
        subject="serving",
        expression=(
            f"{declared} > 0 and on ({who}) (max by ({who}) ({before}) == 1"
            f" or {declared} offset {FIRST_START} > 0) unless on ({who}) sum by ({who}) ({there}) > 0"
        ),
        # A kitchen with one server that is replaced is without one while the new pod loads its model.
        hold="10m",
        severity="page",
        owner="platform",
        summary=f"No server of kitchen {_WHO} answers, and Git declares {{{{ $value }}}}",
        impact="Every call to the kitchen fails. This also fires where nothing is scraped any more.",
        keeps=("environment", "tenant", "kitchen"),
    )
    yield Alert(
        id="KitchenServersFew",
        subject="serving",
        # Pods that a quota or a webhook does not let in are no pods, and no other alert sees them.
        expression=f"0 < sum by ({who}) ({there}) < on ({who}) max by ({who}) ({declared})",
        hold="1h",
        severity="ticket",
        owner="platform",
        summary=f"Only {{{{ $value }}}} servers of kitchen {_WHO} answer, fewer than Git declares, for an hour",
        impact="Calls wait longer; one more server away may be too many.",
        keeps=("environment", "tenant", "kitchen"),
    )


def _speed(facts: RuleFacts) -> Iterator[Alert]:
    yield Alert(
        id="KitchenTtftSlow",
        subject="serving",
        expression=f"{facts.of('kitchen:ttft_seconds:p99_5m')} > 10",
        hold="5m",
        severity="ticket",
        owner="platform",
        summary=f"One call in a hundred to kitchen {_WHO} waits {{{{ $value | humanizeDuration }}}} for a token",
        impact="Callers see nothing for more than 10 seconds.",
        keeps=_KEEPS,
    )
    yield Alert(
        id="KitchenTtftVerySlow",
        subject="serving",
        expression=f"{facts.of('kitchen:ttft_seconds:p95_5m')} > 40",
        hold="5m",
        severity="page",
        owner="platform",
        summary=f"One call in twenty to kitchen {_WHO} waits {{{{ $value | humanizeDuration }}}} for its first token",
        impact="Callers give up before an answer begins.",
        keeps=_KEEPS,
    )
    yield Alert(
        id="KitchenTokensSlow",
        subject="serving",
        expression=f"{facts.of('kitchen:token_seconds:p95_5m')} > 0.2",
        hold="10m",
        severity="ticket",
        owner="platform",
        summary=f"Tokens of kitchen {_WHO} come {{{{ $value | humanizeDuration }}}} apart",
        impact="Answers come more slowly than people read (5 tokens a second).",
        keeps=_KEEPS,
    )
    done = _server(facts, "vllm:request_success_total")
    failed = _server(facts, "vllm:request_success_total", equal("finished_reason", "error"))
    yield Alert(
        id="KitchenServerErrors",
        subject="serving",
        # One failed call of three at night wakes nobody: three in 5 minutes do.
        expression=(
            f"sum by ({_BY}) (rate({failed}[5m])) / sum by ({_BY}) (rate({done}[5m])) > {facts.thresholds.error_share}"
            f" and sum by ({_BY}) (increase({failed}[5m])) >= {_FEWEST_FAILED}"
        ),
        hold="2m",
        severity="page",
        owner="platform",
        summary=f"Servers of kitchen {_WHO} fail {{{{ $value | humanizePercentage }}}} of the calls",
        impact="Callers get errors 500.",
        keeps=_KEEPS,
    )


def _queue(facts: RuleFacts) -> Iterator[Alert]:
    reason = "vllm:num_requests_waiting_by_reason"
    capacity = _server(facts, reason, equal("reason", "capacity"))
    deferred = _server(facts, reason, equal("reason", "deferred"))
    yield Alert(
        id="KitchenQueueLong",
        subject="serving",
        # Of each server: twice as many of them may have twice as many calls waiting.
        expression=f"avg by ({_BY}) ({capacity}) > {facts.thresholds.waiting}",
        hold="5m",
        severity="ticket",
        owner="platform",
        summary=f"{{{{ $value | humanize }}}} calls a server wait for a place in kitchen {_WHO}",
        impact="First tokens come late; calls may time out. The kitchen needs more replicas or less load.",
        keeps=_KEEPS,
    )
    yield Alert(
        id="KitchenQueueDeferred",
        subject="serving",
        expression=f"sum by ({_BY}) (min_over_time({deferred}[5m])) > 0",
        hold="10m",
        severity="ticket",
        owner="platform",
        summary=f"{{{{ $value }}}} calls to kitchen {_WHO} are put off, most often for want of a LoRA slot",
        impact="Calls to some adapters wait although the server has room: raise runtime.maxLoras.",
        keeps=_KEEPS,
    )


def _memory(facts: RuleFacts) -> Iterator[Alert]:
    limits = facts.thresholds
    cache = _server(facts, "vllm:kv_cache_usage_perc")
    yield Alert(
        id="KitchenKvCacheFull",
        subject="serving",
        # One call that ends frees blocks for a moment: an average, or a full cache would begin anew with each scrape.
        # It fires before anybody is told of the queue and the preemptions that follow from it, which it silences.
        expression=f"max by ({_BY}) (avg_over_time({cache}[5m])) > {limits.kv_cache_share}",
        hold="2m",
        severity="ticket",
        owner="platform",
        summary=f"The KV cache of kitchen {_WHO} is {{{{ $value | humanizePercentage }}}} full",
        impact="New calls wait, and running ones may be computed again.",
        keeps=_KEEPS,
    )
    preempted = _server(facts, "vllm:num_preemptions_total")
    yield Alert(
        id="KitchenPreemptions",
        subject="serving",
        expression=f"sum by ({_BY}) (rate({preempted}[5m])) > {limits.preemptions_per_second}",
        hold="5m",
        severity="ticket",
        owner="platform",
        summary=f"Kitchen {_WHO} throws {{{{ $value | humanize }}}} calls a second out of its memory",
        impact="Answers stop in the middle and go on later; the GPU computes the same tokens again.",
        keeps=_KEEPS,
    )
    hits, queries = (
        f"sum by ({_BY}) (rate({_server(facts, f'vllm:prefix_cache_{name}_total')}[30m]))"
        for name in ("hits", "queries")
    )
    yield Alert(
        id="KitchenPrefixHitsLow",
        subject="serving",
        # Below 100 tokens a second there is too little to judge by.
        expression=f"{hits} / ({queries} > 100) < {limits.prefix_hit_share}",
        hold="30m",
        severity="note",
        owner="tenant",
        summary=f"Only {{{{ $value | humanizePercentage }}}} of the prompt tokens of kitchen {_WHO} are in the cache",
        impact="Prompts that begin alike are computed anew: put what changes at their end.",
        keeps=_KEEPS,
    )
