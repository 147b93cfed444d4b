"""Objectives of kitchens, and alerts on how fast their error budget burns.

The way is that of Google's SRE workbook, chapter 5 "Alerting on SLOs", part 6 "Multiwindow, Multi-Burn-Rate Alerts"
(https://sre.google/workbook/alerting-on-slos/): the budget is the share of calls that may miss the objective in 30
days, and a burn of 1 uses it up in just that time. An alert needs a long window, so that what passes by is not told,
and a short one, so that it ends soon after the fault:

    burn 14.4 over 1h and 5m, or 6 over 6h and 30m: a page (2 or 5 percent of the month's budget are gone)
    burn 3 over 1d and 2h, or 1 over 3d and 6h: a ticket (10 percent are gone)

A burn of 14.4 needs a budget below 1/14.4: with an objective for less than 93.1 percent of the calls it could never
fire. With fewer than 30 calls in the long window nothing is said: one failed call of three is no trend. Long windows
are sums of the rates of 5 minutes, of numerator and denominator apart, so that an hour with many calls weighs more than
one with few. They are no averages: an average knows nothing of the time before a kitchen was there, or awake, and would
take three calls in its first minutes for the pace of a whole day. Where the series vanish these alerts say nothing;
KitchenServersMissing and KitchenEntryMissing do.
"""

from __future__ import annotations

from collections.abc import Iterator

from components.observability import names
from components.observability.alert import Alert, Record, Severity
from components.observability.buckets import label
from components.observability.facts import KitchenFacts, RuleFacts, among, equal

_Window = tuple[float, str, str]

FAST, SLOW = ((14.4, "1h", "5m"), (6, "6h", "30m")), ((3, "1d", "2h"), (1, "3d", "6h"))
"""Burn, long window and short window of the alerts that page, and of those that are tickets."""

LOWEST_TARGET = 0.94
"""Smallest share of calls that an objective may be for: the greatest burn must be possible."""

FEWEST_CALLS = 30

TTFT, TOKENS, AVAILABILITY = "ttft", "tokens", "availability"
_HOURS = {"5m": 1 / 12, "30m": 0.5, "1h": 1, "2h": 2, "6h": 6, "1d": 24, "3d": 72}
_LONG = ("1h", "6h", "1d", "3d")
_BY = "environment, tenant, kitchen"
_EACH = f"{_BY}, objective"
_PAST = "_every5m"
"""What two hours and more are sums of: the rates of 5 minutes, one every 5 minutes, a fifth of the samples."""

STEP_SECONDS, PAST_STEP_SECONDS = 60, 300
"""Seconds that each sample of a rate stands for: how often its rule is evaluated (components/observability/groups)."""

_ALL, _BAD, _BUDGET = "kitchen:objective_calls:rate5m", "kitchen:objective_missed:rate5m", "kitchen:objective_budget"


def records(facts: RuleFacts) -> tuple[Record, ...]:
    """By objective: calls and missed ones a second, the budget, and its burn over each window."""
    found = [*_budgets(facts), *_latencies(facts), *_availabilities(facts)]
    return (*found, *_burns(facts)) if found else ()


def alerts(facts: RuleFacts) -> tuple[Alert, ...]:
    """Two alerts for each kind of objective that some kitchen has."""
    return tuple(alert for kind in _kinds(facts) for alert in _of_kind(facts, kind))


def _kinds(facts: RuleFacts) -> list[str]:
    said = [kitchen.objective for kitchen in facts.kitchens]
    stated = {
        TTFT: any(one.ttft_seconds is not None for one in said),
        TOKENS: any(one.token_seconds is not None for one in said),
        AVAILABILITY: any(one.availability is not None for one in said),
    }
    return [kind for kind, there in stated.items() if there]


def _budgets(facts: RuleFacts) -> Iterator[Record]:
    for kitchen in facts.kitchens:
        said = kitchen.objective
        for kind, target in (
            (TTFT, None if said.ttft_seconds is None else said.share),
            (TOKENS, None if said.token_seconds is None else said.share),
            (AVAILABILITY, said.availability),
        ):
            if target is not None:
                who = {"environment": facts.environment, "tenant": kitchen.tenant, "kitchen": kitchen.name}
                yield Record(name=_BUDGET, expression=f"vector({1 - target:.6g})", labels={**who, "objective": kind})


def _latencies(facts: RuleFacts) -> Iterator[Record]:
    """One pair of rules for each edge that some kitchens have."""
    for kind, rates, edges in (
        (TTFT, "kitchen:ttft_seconds_bucket:rate5m", _by_edge(facts, TTFT)),
        (TOKENS, "kitchen:token_seconds_bucket:rate5m", _by_edge(facts, TOKENS)),
    ):
        for edge, kitchens in sorted(edges.items()):
            # The rates of all buckets are there for percentiles: to read them again costs a tenth of the rates.
            calls, held = (
                f"sum by ({_BY}) ({names.placed(facts, facts.of(rates, _named(kitchens), equal('le', upto)))})"
                for upto in ("+Inf", label(edge))
            )
            yield Record(name=_ALL, expression=calls, labels={"objective": kind})
            yield Record(name=_BAD, expression=f"{calls} - {held}", labels={"objective": kind})


def _rate(facts: RuleFacts, selector: str) -> str:
    """Events a second of servers in the namespaces of their kitchens."""
    return f"sum by ({_BY}) ({names.placed(facts, f'rate({selector}[5m])')})"


def _by_edge(facts: RuleFacts, kind: str) -> dict[float, list[KitchenFacts]]:
    found: dict[float, list[KitchenFacts]] = {}
    for kitchen in facts.kitchens:
        said = kitchen.objective
        edge = said.ttft_seconds if kind == TTFT else said.token_seconds
        if edge is not None:
            found.setdefault(edge, []).append(kitchen)
    return found


def _named(kitchens: list[KitchenFacts]) -> str:
    return among("kitchen", [kitchen.name for kitchen in kitchens])


def _availabilities(facts: RuleFacts) -> Iterator[Record]:
    """By the entry's outcomes, or by the servers' own where there is no entry.

    What the caller does is no fault of the platform: refused and limited calls are not counted, nor those that end
    without an answer because somebody hung up (`cut` at the entry, `abort` at a server).
    """
    kitchens = [kitchen for kitchen in facts.kitchens if kitchen.objective.availability is not None]
    if kitchens:
        for name, selector in zip((_ALL, _BAD), _availability_selectors(facts, _named(kitchens)), strict=True):
            if facts.entry:
                rate = names.of_owner(facts, f"sum by (environment, kitchen) ({selector})")
            else:
                rate = _rate(facts, selector)
            yield Record(name=name, expression=rate, labels={"objective": AVAILABILITY})


def _availability_selectors(facts: RuleFacts, who: str) -> tuple[str, str]:
    """All calls that count, and those that failed: rates where there is an entry, counters where there is none.

    Series of every outcome are there from the first call on.
    """
    if facts.entry:
        counted, failed = 'outcome=~"ok|failed"', 'outcome="failed"'
        return facts.of(names.CALLS_RATE, who, counted), facts.of(names.CALLS_RATE, who, failed)
    metric = "vllm:request_success_total"
    return (
        facts.at("server", metric, who, 'finished_reason!="abort"'),
        facts.at("server", metric, who, equal("finished_reason", "error")),
    )


def _burns(facts: RuleFacts) -> Iterator[Record]:
    budget = f"on ({_EACH}) {facts.of(_BUDGET)}"
    for window, hours in _HOURS.items():
        missed, calls = (_over(facts, name, window) for name in (_BAD, _ALL))
        if window in _LONG:
            calls = f"({calls} >= {FEWEST_CALLS / (PAST_STEP_SECONDS if hours >= 2 else STEP_SECONDS):.6g})"
        yield Record(name=f"kitchen:objective_burn:{window}", expression=f"{missed} / {calls} / {budget}")


def _over(facts: RuleFacts, name: str, window: str) -> str:
    """The sum of a rate over a window; times the seconds of a step it is the number of calls."""
    if window == "5m":
        return facts.of(name)
    return f"sum_over_time({facts.of(name + (_PAST if _HOURS[window] >= 2 else ''))}[{window}])"


def past_records(facts: RuleFacts) -> tuple[Record, ...]:
    """What is kept every 5 minutes alone."""
    return tuple(Record(name=name + _PAST, expression=facts.of(name)) for name in (_ALL, _BAD) if _kinds(facts))


def _of_kind(facts: RuleFacts, kind: str) -> Iterator[Alert]:
    name, promise, impact = {
        TTFT: ("Ttft", "first tokens in time", "More callers than promised wait too long for their first token."),
        TOKENS: ("Tokens", "speed of answers", "Answers come more slowly than promised."),
        AVAILABILITY: ("Availability", "availability", "More calls than promised fail."),
    }[kind]
    who = "{{ $labels.kitchen }} of {{ $labels.tenant }}"
    kinds: tuple[tuple[str, tuple[_Window, ...], Severity], ...] = (("Fast", FAST, "page"), ("Slow", SLOW, "ticket"))
    for speed, windows, severity in kinds:
        yield Alert(
            id=f"Kitchen{name}Burn{speed}",
            subject="objectives",
            expression=" or ".join(_burning(facts, kind, *one) for one in windows),
            severity=severity,
            owner="platform",
            summary=f"Kitchen {who} burns its budget of {promise} {{{{ $value | humanize }}}} times as fast as it may",
            impact=impact,
            keeps=("environment", "tenant", "kitchen", "objective"),
        )


def _burning(facts: RuleFacts, kind: str, burn: float, long: str, short: str) -> str:
    much, now = (facts.of(f"kitchen:objective_burn:{window}", equal("objective", kind)) for window in (long, short))
    return f"({much} > {burn} and {now} > {burn})"
