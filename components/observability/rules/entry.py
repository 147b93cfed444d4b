"""Alerts on the entry: whether it is there, what it refuses, and limits that are near or reached."""

from __future__ import annotations

from collections.abc import Iterator

from components.observability import names
from components.observability.alert import Alert, Record
from components.observability.facts import RuleFacts, equal
from components.observability.names import KITCHEN

_KEEPS = ("environment", "tenant", "kitchen")
_WHO = "{{ $labels.kitchen }} of {{ $labels.tenant }}"
_FEWEST = 0.05
"""Calls a second; below three a minute a share says nothing."""

NOT_THE_CALLERS = (
    *("issuer_unavailable", "check_unavailable", "counter_unavailable", "contents_not_recorded", "no_server"),
    "timeout",
)
"""Reasons of refusals that are faults of the platform."""


_FEWEST_TOKENS = 15
"""Refused tokens in 5 minutes: fewer, with nobody let in, are one program at night."""

_SERVED_WITHIN = "6h"
"""How long before somebody was let in, where nobody is any more: without that it may be a stranger at night, who tries
tokens while nobody works. KitchenEntryStrangers tells of those, and of callers who come in the morning with old keys.
"""

LIMITS = ("rate_limit", "tenant_share_exceeded")
"""Reasons of refusals that KitchenEntryLimited tells."""


def records(facts: RuleFacts) -> tuple[Record, ...]:
    """Calls a second of each adapter, and of each kitchen with the tenant that it is of, by outcome."""
    if not facts.entry:
        return ()
    by = "environment, kitchen, adapter, version, outcome"
    calls = f"sum by (environment, kitchen, outcome) ({facts.of(names.CALLS_RATE)})"
    return (
        Record(name=names.CALLS_RATE, expression=f"sum by ({by}) (rate({facts.at('entry', names.CALLS)}[5m]))"),
        Record(name="kitchen:entry_calls:rate5m", expression=names.of_owner(facts, calls)),
    )


def alerts(facts: RuleFacts) -> tuple[Alert, ...]:
    """The alerts of this subject; none where there is no entry."""
    if not facts.entry:
        return ()
    near = {"none": _none, "local": _near, "shared": _near_shared}[facts.counter]
    return (*_presence(facts), *_outcomes(facts), *_refusals(facts), *near(facts))


def _presence(facts: RuleFacts) -> Iterator[Alert]:
    up = facts.at("entry", "up")
    yield Alert(
        id="KitchenEntryMissing",
        subject="entry",
        expression=f"absent({up} == 1)",
        hold="2m",
        severity="page",
        owner="platform",
        summary=f"No pod of the entry of {facts.environment} answers scrapes",
        impact="No call reaches any kitchen, or nothing scrapes the entry any more.",
        keeps=("environment",),
    )
    yield Alert(
        id="KitchenEntryDown",
        subject="entry",
        expression=f"max by (environment, namespace, pod) ({up}) == 0",
        hold="5m",
        severity="ticket",
        owner="platform",
        summary="Pod {{ $labels.pod }} of the entry of {{ $labels.environment }} does not answer scrapes",
        impact="Fewer pods take calls; with the last one every call fails.",
        keeps=("environment", "namespace", "pod"),
    )


def _share(facts: RuleFacts, outcome: str) -> str:
    calls = facts.of("kitchen:entry_calls:rate5m")
    some = facts.of("kitchen:entry_calls:rate5m", equal("outcome", outcome))
    return f"sum by ({KITCHEN}) ({some}) / (sum by ({KITCHEN}) ({calls}) > {_FEWEST})"


def _outcomes(facts: RuleFacts) -> Iterator[Alert]:
    limits = facts.thresholds
    yield Alert(
        id="KitchenEntryErrors",
        subject="entry",
        expression=f"{_share(facts, 'failed')} > {limits.error_share}",
        hold="2m",
        severity="page",
        owner="platform",
        summary=f"{{{{ $value | humanizePercentage }}}} of the calls to kitchen {_WHO} fail",
        impact="Callers get errors 500 and above.",
        keeps=_KEEPS,
    )
    yield Alert(
        id="KitchenEntryLimited",
        subject="entry",
        expression=f"{_share(facts, 'limited')} > {limits.limited_share}",
        hold="15m",
        severity="ticket",
        owner="tenant",
        summary=f"{{{{ $value | humanizePercentage }}}} of the calls to kitchen {_WHO} are over a limit",
        impact="Callers get status 429 and have to wait.",
        keeps=_KEEPS,
    )


def _refusals(facts: RuleFacts) -> Iterator[Alert]:
    share, rate = facts.thresholds.refused_share, f"avg_over_time({facts.of('kitchen:entry_calls:rate5m')}[15m])"
    lost = f"avg_over_time({facts.of(names.CALLS_RATE, equal('kitchen', ''))}[15m])"
    by, own = "environment, kitchen, reason", f'reason!~"{"|".join(NOT_THE_CALLERS)}"'
    # Those over a limit have an alert of their own.
    other = f'reason!~"{"|".join((*NOT_THE_CALLERS, *LIMITS))}"'
    refused = names.increase(facts, "entry", facts.at("entry", names.REFUSALS, 'kitchen!=""', other), by, 15)
    every = f"sum by (environment, kitchen) ({rate}) > {_FEWEST}"
    told = f"{refused} / 900 / on (environment, kitchen) group_left () ({every})"
    yield Alert(
        id="KitchenEntryRefusals",
        subject="entry",
        expression=f"{names.of_owner(facts, told)} > {share}",
        hold="15m",
        severity="ticket",
        owner="tenant",
        summary=f"{{{{ $value | humanizePercentage }}}} of the calls to kitchen {_WHO} are refused: "
        "{{ $labels.reason }}",
        impact="Callers are told no. A change of what calls ask for is the usual cause.",
        keeps=(*_KEEPS, "reason"),
    )
    unknown = names.increase(
        facts, "entry", facts.at("entry", names.REFUSALS, 'kitchen=""', own), "environment, reason", 15
    )
    calls = f"sum by (environment) ({rate} or {lost}) > {_FEWEST}"
    yield Alert(
        id="KitchenEntryStrangers",
        subject="entry",
        expression=f"{unknown} / 900 / on (environment) group_left () ({calls}) > {share}",
        hold="15m",
        severity="ticket",
        owner="security",
        summary="{{ $value | humanizePercentage }} of all calls to {{ $labels.environment }} are refused before any "
        "kitchen is known: {{ $labels.reason }}",
        impact="Callers have no valid token, or no right to the model they ask for; or somebody tries what is open.",
        keeps=("environment", "reason"),
    )
    token = facts.at("entry", names.REFUSALS, 'kitchen=""', equal("reason", "token"))
    calls = facts.of("kitchen:entry_calls:rate5m")
    let_in, before = f"sum by (environment) ({calls}) > 0", f"max_over_time({calls}[{_SERVED_WITHIN}])"
    yield Alert(
        id="KitchenEntryTokensRefused",
        subject="entry",
        # A call that comes as far as a kitchen, or is refused there, had a token that the entry took.
        expression=(
            f"{names.increase(facts, 'entry', token, 'environment', 5)} >= {_FEWEST_TOKENS}"
            f" unless on (environment) {let_in} and on (environment) sum by (environment) ({before}) > 0"
        ),
        hold="5m",
        severity="page",
        owner="platform",
        summary="The entry of {{ $labels.environment }} served calls before; for 10 minutes it refused every token",
        impact="Nobody is served. Most often the issuer has other keys, or another name, than the settings state.",
        keeps=("environment",),
    )
    away = names.increase(
        facts,
        "entry",
        facts.at("entry", names.REFUSALS, f'reason=~"{"|".join(NOT_THE_CALLERS)}"'),
        "environment, reason",
        5,
    )
    yield Alert(
        id="KitchenEntryPartAway",
        subject="entry",
        expression=f"{away} >= 3",
        hold="2m",
        severity="page",
        owner="platform",
        summary="The entry of {{ $labels.environment }} turned {{ $value | humanize }} calls away in 5 minutes by "
        "fault of its own: {{ $labels.reason }}",
        impact="Callers did nothing wrong and get no answer.",
        keeps=("environment", "reason"),
    )


def _none(_facts: RuleFacts) -> Iterator[Alert]:
    """Nothing counts, so that nothing is near a limit."""
    yield from ()


def _near(facts: RuleFacts) -> Iterator[Alert]:
    near = names.increase(facts, "entry", facts.at("entry", names.NEAR_LIMIT), "environment, kitchen, group", 15)
    yield _near_alert(
        f"{names.of_owner(facts, near)} > 0", "group {{ $labels.group }} at kitchen " + _WHO, (*_KEEPS, "group")
    )


def _near_shared(facts: RuleFacts) -> Iterator[Alert]:
    """Ratelimit counts a hit as near a limit from 80 percent of it on (its default NEAR_LIMIT_RATIO)."""
    near = names.increase(facts, "counter", facts.at("counter", names.NEAR_SHARED_LIMIT), "environment, key1, key2", 15)
    # Names of grants begin with the kitchen's: `grant_<kitchen>/access-0/<model>` (infra/grants.py).
    of_kitchen = f'label_replace({near} > 0, "kitchen", "$1", "key1", "grant_([^/]+)/.+")'
    expression, keeps = names.of_owner(facts, of_kitchen), (*_KEEPS, "key1", "key2")
    yield _near_alert(expression, f"the limit {{{{ $labels.key1 }}}} {{{{ $labels.key2 }}}} at kitchen {_WHO}", keeps)


def _near_alert(expression: str, whose: str, keeps: tuple[str, ...]) -> Alert:
    return Alert(
        id="KitchenLimitsNear",
        subject="entry",
        expression=expression,
        hold="15m",
        severity="note",
        owner="tenant",
        summary=f"Calls of {whose} have been above 80 percent of what is allowed for 15 minutes",
        impact="Soon callers get status 429: raise the limit, or tell them.",
        keeps=keeps,
    )
