"""Alerts on adapters: refused, not loaded, a sidecar that stands still, canaries, and answers of the wrong model.

In static mode an adapter that is refused keeps its pod from starting: KitchenFetchFailing tells it, and
KitchenServersMissing where no server is left. What is here about refused and loaded adapters is of hot mode, whose
sidecar tells its state. What lies beside a server that does not answer is not told: a new server, or a kitchen that
sleeps, has nothing loaded, and KitchenServerDown and KitchenServersMissing tell servers that ought to answer.
"""

from __future__ import annotations

from collections.abc import Iterator

from components.observability import names
from components.observability.alert import Alert, Record
from components.observability.facts import RuleFacts, among, equal, select
from components.observability.names import ADAPTER, KITCHEN

_POD = f"{KITCHEN}, namespace, pod"
_KEEPS = ("environment", "tenant", "kitchen")
_WHO = "{{ $labels.kitchen }} of {{ $labels.tenant }}"
_WHICH = "{{ $labels.adapter }} {{ $labels.version }}"

STALLED_SECONDS = 300
"""The sidecar looks every few seconds; without a pass for so long it hangs."""

_WORSE, _SLOWER, _FEWEST = 0.02, 1.5, 0.02
"""A canary fails more by two of a hundred calls, or is slower by half; below one call in 50 seconds nothing is said."""

BASE_WINDOW_SECONDS = 900

_REFUSED, _KEPT = "kitchen_adapter_refused", "kitchen:adapter_refused"
_LOADED = "kitchen:adapter_loaded"
"""1 where every server that answers has the adapter."""

FETCH_CONTAINER = "fetch-adapters"
"""The container that fetches adapters before a server starts (components/serving/adapters.py)."""


def records(facts: RuleFacts) -> tuple[Record, ...]:
    """Shares of failed calls that canaries are compared by."""
    return tuple(_records(facts))


def alerts(facts: RuleFacts) -> tuple[Alert, ...]:
    """The alerts of this subject."""
    found = [*_refused(facts), *_loaded(facts), *_sidecar(facts), *_canary_kitchens(facts)]
    if any(kitchen.adapters and not kitchen.hot for kitchen in facts.kitchens):
        found += _fetched(facts)
    if facts.entry:
        found += [*_canary_adapters(facts), *_base_answers(facts)]
    return tuple(found)


def _records(facts: RuleFacts) -> Iterator[Record]:
    metric = "vllm:request_success_total"
    selectors = (facts.at("server", metric, equal("finished_reason", "error")), facts.at("server", metric))
    failed, done = (f"sum by ({KITCHEN}) ({_mine(facts, f'rate({one}[30m])')})" for one in selectors)
    yield Record(name="kitchen:server_errors:ratio_rate30m", expression=f"{failed} / ({done} > {_FEWEST})")
    there = f"{facts.at('adapters', 'kitchen_adapter_loaded')} and on ({_POD}) {_answering(facts)}"
    yield Record(name=_LOADED, expression=f"min by ({ADAPTER}) ({there})")
    yield _refusals(facts)
    if facts.entry:
        by = "environment, kitchen, adapter, version"
        bad, every = (
            f"sum by ({by}) (avg_over_time({facts.of(names.CALLS_RATE, outcome)}[30m]))"
            for outcome in ('outcome="failed"', 'outcome=~"ok|failed"')
        )
        share = f"{bad} / ({every} > {_FEWEST})"
        yield Record(name="kitchen:adapter_errors:ratio_rate30m", expression=names.of_owner(facts, share))


def _mine(facts: RuleFacts, expression: str) -> str:
    return names.placed(facts, expression)


def _refusals(facts: RuleFacts) -> Record:
    """Adapters that are not what was approved, from their refusal until they are loaded or no longer declared.

    The sidecar tells a refusal as long as it sees one: while the store is away it only knows that it waits.
    """
    changed = facts.at("adapters", _REFUSED, 'reason=~"sum|signature"')
    declared = facts.of("kitchen:declared_adapter", equal("mode", "hot"))
    kept = f"{facts.of(_KEPT)} and on ({ADAPTER}) {declared} unless on ({ADAPTER}) {facts.of(_LOADED)} == 1"
    return Record(name=_KEPT, expression=f"max by ({ADAPTER}, reason) ({_mine(facts, changed)}) == 1 or ({kept})")


def _refused(facts: RuleFacts) -> Iterator[Alert]:
    unusable = _mine(facts, facts.at("adapters", _REFUSED, 'reason!~"sum|signature"'))
    yield Alert(
        id="KitchenAdapterRefused",
        subject="adapters",
        expression=facts.of(_KEPT),
        severity="page",
        owner="security",
        summary=f"Adapter {_WHICH} of kitchen {_WHO} was refused: its {{{{ $labels.reason }}}} is not the approved one",
        impact="The adapter is not served. Somebody may have changed its files in the store: treat it as an incident.",
        keeps=(*_KEEPS, "adapter", "version", "reason"),
    )
    yield Alert(
        id="KitchenAdapterUnusable",
        subject="adapters",
        expression=f"max by ({ADAPTER}, reason) ({unusable}) == 1",
        hold="5m",
        severity="ticket",
        owner="tenant",
        summary=f"Adapter {_WHICH} of kitchen {_WHO} cannot be served, by reason of: {{{{ $labels.reason }}}}",
        impact="Calls to the adapter are refused; the kitchen's other models answer.",
        keeps=(*_KEEPS, "adapter", "version", "reason"),
    )


def _fetched(facts: RuleFacts) -> Iterator[Alert]:
    """In static mode the pod's first container refuses adapters, and kube-state-metrics alone tells of it."""
    spaces = among("namespace", sorted({kitchen.namespace for kitchen in facts.kitchens}))
    restarts = select("kube_pod_init_container_status_restarts_total", spaces, equal("container", FETCH_CONTAINER))
    yield Alert(
        id="KitchenFetchFailing",
        subject="adapters",
        expression=f"max by (namespace, pod) (increase({restarts}[30m])) >= 2",
        severity="page",
        owner="platform",
        summary="Pod {{ $labels.pod }} in {{ $labels.namespace }} cannot fetch its adapters, or refuses them",
        impact="The server does not start. Its log says whether a sum or signature is wrong, or the store away.",
        keeps=("namespace", "pod"),
    )


def _answering(facts: RuleFacts) -> str:
    return f"({_mine(facts, facts.at('server', 'up') + ' == 1')})"


def _loaded(facts: RuleFacts) -> Iterator[Alert]:
    declared = facts.of("kitchen:declared_adapter", equal("mode", "hot"))
    yield Alert(
        id="KitchenAdapterNotLoaded",
        subject="adapters",
        expression=f"{declared} and on ({KITCHEN}) {_answering(facts)} unless on ({ADAPTER}) {facts.of(_LOADED)} == 1",
        hold="5m",
        severity="ticket",
        owner="platform",
        summary=f"Adapter {_WHICH} of kitchen {_WHO} is declared and not loaded in every server",
        impact="Calls to the adapter fail on some or all servers. This also fires where no sidecar is scraped.",
        keeps=(*_KEEPS, "adapter", "version"),
    )


def _sidecar(facts: RuleFacts) -> Iterator[Alert]:
    last = facts.at("adapters", "kitchen_adapters_last_reconcile_timestamp_seconds")
    hot = f"count by ({KITCHEN}) ({facts.of('kitchen:declared_adapter', equal('mode', 'hot'))})"
    seen = f"count by ({KITCHEN}) ({_mine(facts, last)})"
    yield Alert(
        id="KitchenSidecarStalled",
        subject="adapters",
        # 0 is told before the first pass: KitchenAdapterNotLoaded tells a sidecar that never has one.
        expression=_mine(facts, f"time() - max by ({_POD}) ({last} > 0) > {STALLED_SECONDS}"),
        severity="ticket",
        owner="platform",
        summary=f"The adapters' sidecar in pod {{{{ $labels.pod }}}} of kitchen {_WHO} has stood still for "
        "{{ $value | humanizeDuration }}",
        impact="Adapters that are approved or withdrawn do not come or go; what is loaded goes on.",
        keeps=(*_KEEPS, "namespace", "pod"),
    )
    yield Alert(
        id="KitchenSidecarUnseen",
        subject="adapters",
        expression=f"{hot} and on ({KITCHEN}) {_answering(facts)} unless on ({KITCHEN}) {seen}",
        hold="5m",
        severity="ticket",
        owner="platform",
        summary=f"No adapters' sidecar of kitchen {_WHO} is scraped",
        impact="Nobody can tell which adapters are loaded, and whether one was refused.",
        keeps=_KEEPS,
    )
    passes, failures = (
        f"sum by ({_POD}) (rate({facts.at('adapters', f'kitchen_adapters_reconcile{name}_total')}[10m]))"
        for name in ("", "_failures")
    )
    # A pass with an adapter that stays refused counts as failed, too, and that has an alert of its own.
    refused = facts.at("adapters", _REFUSED)
    yield Alert(
        id="KitchenSidecarFailing",
        subject="adapters",
        expression=f"{failures} / {passes} > 0.5 and on ({_POD}) {_answering(facts)} unless on ({_POD}) {refused}",
        hold="10m",
        severity="ticket",
        owner="platform",
        summary=f"Most passes of the adapters' sidecar in pod {{{{ $labels.pod }}}} of kitchen {_WHO} fail",
        impact="Adapters come and go late or not at all: the store or the server does not answer it.",
        keeps=(*_KEEPS, "namespace", "pod"),
    )


def _canary_kitchens(facts: RuleFacts) -> Iterator[Alert]:
    errors = facts.of("kitchen:server_errors:ratio_rate30m")
    first = f"rate({facts.at('server', 'vllm:time_to_first_token_seconds_count')}[5m])"
    enough = f"sum by ({KITCHEN}) ({_mine(facts, first)}) > {_FEWEST}"
    ttft = f"(max by ({KITCHEN}) ({facts.of('kitchen:ttft_seconds:p95_5m')}) and {enough})"
    yield Alert(
        id="KitchenCanaryErrors",
        subject="adapters",
        expression=f"{_of_canaries(facts, errors)} - {_of_their_kitchens(errors)} > {_WORSE}",
        hold="10m",
        severity="ticket",
        owner="tenant",
        summary=f"Canary {_WHO} fails {{{{ $value | humanizePercentage }}}} more of its calls than its kitchen",
        impact="The canary's part of the callers gets errors: take its weight to 0.",
        keeps=(*_KEEPS, "canary_of"),
    )
    yield Alert(
        id="KitchenCanarySlow",
        subject="adapters",
        expression=f"{_of_canaries(facts, ttft)} / {_of_their_kitchens(ttft)} > {_SLOWER}",
        hold="15m",
        severity="ticket",
        owner="tenant",
        summary=f"First tokens of canary {_WHO} take {{{{ $value | humanize }}}} times as long as those of its kitchen",
        impact="The canary's part of the callers waits longer.",
        keeps=(*_KEEPS, "canary_of"),
    )


def _of_canaries(facts: RuleFacts, share: str) -> str:
    return f"({share} * on ({KITCHEN}) group_left (canary_of) {facts.of('kitchen:canary')})"


def _of_their_kitchens(share: str) -> str:
    named = f'label_replace({share}, "canary_of", "$1", "kitchen", "(.+)")'
    joined = "environment, tenant, canary_of"
    return f"on ({joined}) group_left () max by ({joined}) ({named})"


def _canary_adapters(facts: RuleFacts) -> Iterator[Alert]:
    errors, canary = facts.of("kitchen:adapter_errors:ratio_rate30m"), facts.of("kitchen:canary_adapter")
    one = f"{KITCHEN}, adapter"
    public = f"max by ({one}) ({errors} unless on ({ADAPTER}) {canary})"
    yield Alert(
        id="KitchenAdapterCanaryErrors",
        subject="adapters",
        expression=f"({errors} and on ({ADAPTER}) {canary}) - on ({one}) group_left () {public} > {_WORSE}",
        hold="10m",
        severity="ticket",
        owner="tenant",
        summary=f"Version {{{{ $labels.version }}}} of adapter {{{{ $labels.adapter }}}} of kitchen {_WHO}, a canary, "
        "fails {{ $value | humanizePercentage }} more of its calls than the version beside it",
        impact="The canary's part of the callers gets errors: take its weight to 0.",
        keeps=(*_KEEPS, "adapter", "version"),
    )


def _base_answers(facts: RuleFacts) -> Iterator[Alert]:
    """Calls to adapters are answered, and vLLM has worked for none.

    `vllm:lora_requests_info` holds when it last worked for a set of adapters. A scrape that saw one or two requests in
    all proves that so few adapters were active that the set was kept by the monitors, which drop greater ones. A server
    that holds two adapters at most has no greater set.
    """
    calls, declared = facts.of(names.CALLS_RATE, equal("outcome", "ok")), facts.of("kitchen:declared_adapter")
    adapters = f"avg_over_time({calls}[15m]) and on (environment, kitchen, adapter, version) {declared}"
    asked = f"{names.of_owner(facts, f'sum by (environment, kitchen) ({adapters})')} > {_FEWEST}"
    worked = _mine(facts, facts.at("server", "vllm:lora_requests_info", 'running_lora_adapters!=""'))
    running = facts.at("server", "vllm:num_requests_running")
    recent = f"time() - max by ({KITCHEN}) ({worked}) < {BASE_WINDOW_SECONDS}"
    least = _mine(facts, f"min_over_time(({running} > 0)[15m:1m])")
    few = f"min by ({KITCHEN}) ({least}) <= 2 or {facts.of('kitchen:max_loras')} <= 2"
    yield Alert(
        id="KitchenBaseAnswers",
        subject="adapters",
        expression=f"{asked} unless on ({KITCHEN}) {recent} and on ({KITCHEN}) ({few})",
        hold="5m",
        severity="page",
        owner="platform",
        summary=f"Callers of kitchen {_WHO} ask for adapters and get answers, but its servers have used none "
        "for 15 minutes",
        impact="The base model answers in the adapters' place: answers look right and are not what was approved.",
        keeps=_KEEPS,
    )
