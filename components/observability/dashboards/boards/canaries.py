"""A canary beside what it may replace: servers of a kitchen and of its canary, and versions of an adapter.

Who is a canary is a constant of Git in the rules. Time is told by servers and not by adapter: versions of one adapter
that share their servers share their time too.
"""

from __future__ import annotations

from collections.abc import Callable

from components.observability.dashboards.boards.common import ANSWERED, NO_CALLS, TOKENS
from components.observability.dashboards.expressions import (
    ADAPTER,
    ADAPTER_CALLS,
    ENVIRONMENT,
    RATE,
    grown,
    rate,
    series,
    share,
)
from components.observability.dashboards.model import Column, Lines, Query, Table
from components.observability.names import CALLS

_HOUR = "1h"
_DONE = "vllm:request_success_total"
_FIRST, _WHOLE = "vllm:time_to_first_token_seconds_bucket", "vllm:e2e_request_latency_seconds_bucket"
_SERVERS = f'{ENVIRONMENT},tenant="$tenant",part="server"'
_CANARY = series("kitchen:canary", ENVIRONMENT, 'tenant="$tenant"', 'canary_of="$kitchen"')
_CANARY_VERSION = f"max by (version) ({series('kitchen:canary_adapter', ADAPTER)})"
_NO_CANARY = "the kitchen has no canary (canaryOf), or the one that is chosen is the canary itself; or no call ended."


def _as(role: str, expression: str) -> str:
    return f'label_replace({expression}, "role", "{role}", "", "")'


_IS_KITCHEN = f'label_replace(max({_CANARY}), "kitchen", "$kitchen", "", "")'
_PAIR = f"({_as('canary', f'max by (kitchen) ({_CANARY})')} or {_as('kitchen', _IS_KITCHEN)})"
"""1 for the chosen kitchen and for its canary, each with its role; nothing where there is no canary."""


def _both(by: str, metric: str, *matchers: str, window: str, what: str = "rate") -> str:
    """A counter of the servers of both."""
    grows = f"{what}({series(metric, _SERVERS, *matchers)}[{window}])"
    return f"sum by ({by}) ({grows} * on (kitchen) group_left (role) {_PAIR})"


def _failed(by: str, window: str) -> str:
    failed = _both(by, _DONE, 'finished_reason="error"', window=window)
    return share(failed, _both(by, _DONE, window=window))


def _p95(by: str, histogram: str, window: str) -> str:
    return f"histogram_quantile(0.95, {_both(f'le, {by}', histogram, window=window)})"


def kitchens(*, width: int) -> Table:
    """Calls, errors and latency of the servers of the chosen kitchen and of its canary, of the last hour."""
    by = "kitchen, role"
    return Table(
        title="Its canary beside it",
        unit="count",
        shows="The last hour of the kitchen's servers and of its canary's: calls, the part that failed, p95 of the time"
        " to the first token and of whole answers.",
        empty=_NO_CANARY,
        queries=(
            Query(expression=_both(by, _DONE, window=_HOUR, what="increase")),
            Query(expression=_failed(by, _HOUR)),
            Query(expression=_p95(by, _FIRST, _HOUR)),
            Query(expression=_p95(by, _WHOLE, _HOUR)),
        ),
        width=width,
        columns=(
            Column(key="role", heading="Role", width=80),
            Column(key="kitchen", heading="Kitchen"),
            Column(key="A", heading="Calls", width=90),
            Column(key="B", heading="Failed", unit="share", width=90),
            Column(key="C", heading="First token", unit="seconds", width=110),
            Column(key="D", heading="Answer", unit="seconds", width=100),
        ),
        order="-role",
    )


def over_time(*, width: int) -> tuple[Lines, Lines]:
    """Errors, and the time to the first token, of the kitchen and its canary over time."""
    return (
        Lines(
            title="Calls that fail, with the canary's",
            unit="share",
            shows="The part of the calls that ended with an error of the server.",
            empty=_NO_CANARY,
            queries=(Query(expression=_failed("role", RATE), legend="{{role}}"),),
            width=width,
        ),
        Lines(
            title="First token, with the canary's",
            unit="seconds",
            shows="p95 of the time to the first token: a canary that is slower keeps its callers waiting.",
            empty=_NO_CANARY,
            queries=(Query(expression=_p95("role", _FIRST, RATE), legend="{{role}}"),),
            width=width,
        ),
    )


def _with_role(of: Callable[[str], str]) -> str:
    """A value by version, each with the role of its version."""
    found = of("version")
    canary = f"({found}) * on (version) group_left (role) {_as('canary', _CANARY_VERSION)}"
    return f"({canary}) or {_as('public', f'({found}) unless on (version) {_CANARY_VERSION}')}"


def _calls(by: str) -> str:
    return grown(CALLS, ADAPTER_CALLS, by=by, window=_HOUR)


def _errors(by: str) -> str:
    failed = rate(CALLS, ADAPTER_CALLS, 'outcome="failed"', by=by, window=_HOUR)
    return share(failed, rate(CALLS, ADAPTER_CALLS, ANSWERED, by=by, window=_HOUR))


def _length(by: str) -> str:
    written = rate(TOKENS, ADAPTER_CALLS, 'kind="completion"', by=by, window=_HOUR)
    return share(written, rate(CALLS, ADAPTER_CALLS, 'outcome=~"ok|cut"', by=by, window=_HOUR))


def versions(*, width: int) -> Table:
    """Calls, errors and length of answers of an adapter's versions, of the last hour."""
    return Table(
        title="Its versions beside each other",
        unit="count",
        shows="The last hour at the entry: calls, the part that failed, and tokens of an answer. Versions share their"
        " servers, which tell time for all of them together.",
        empty=NO_CALLS,
        queries=tuple(Query(expression=_with_role(of)) for of in (_calls, _errors, _length)),
        width=width,
        columns=(
            Column(key="role", heading="Role", width=80),
            Column(key="version", heading="Version"),
            Column(key="A", heading="Calls", width=90),
            Column(key="B", heading="Failed", unit="share", width=90),
            Column(key="C", heading="Tokens", unit="tokens", width=90),
        ),
        order="role",
    )
