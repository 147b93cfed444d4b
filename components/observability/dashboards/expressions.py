"""PromQL in small pieces, so that a series and a matcher are written once."""

from __future__ import annotations

from components.observability.names import from_zero

RATE = "$__rate_interval"
"""Four scrapes or one step of the picture, whichever is longer: Grafana and Perses put it in."""

DAY = "1d"

MANY = 6
"""Lines that a picture has at most where there may be hundreds: as many, with one for all others, as there are colours
that differ clearly."""

ENVIRONMENT = 'environment="$environment"'
"""Every series of ours has this label: two environments may be in one Prometheus, with kitchens of the same names."""
CHOSEN_KITCHEN = 'tenant="$tenant",kitchen="$kitchen"'
CHOSEN_ADAPTER = f'{CHOSEN_KITCHEN},adapter="$adapter"'
KITCHEN = f"{ENVIRONMENT},{CHOSEN_KITCHEN}"
ADAPTER = f'{KITCHEN},adapter="$adapter"'
KITCHEN_CALLS = f'{ENVIRONMENT},kitchen="$kitchen"'
"""At the entry `tenant` is that of the callers: a kitchen's calls are found by its name, which is one of a kind."""
ADAPTER_CALLS = f'{KITCHEN_CALLS},adapter="$adapter"'
NAMESPACES = 'namespace=~".+-$environment"'
"""Namespaces of all tenants: what the cluster's own exporters tell has no label of ours."""
NAMESPACE = 'namespace="$tenant-$environment"'


def series(name: str, *matchers: str) -> str:
    """A series with matchers; empty ones are left out."""
    inside = ",".join(matcher for matcher in matchers if matcher)
    return f"{name}{{{inside}}}" if inside else name


def rate(name: str, *matchers: str, by: str = "", window: str = RATE) -> str:
    """The sum of what a counter grows by in a second, by labels."""
    return f"{total(by)}(rate({series(name, *matchers)}[{window}]))"


def grown(name: str, *matchers: str, by: str = "", window: str = DAY) -> str:
    """The sum of what a counter grew by within a window, by labels."""
    return f"{total(by)}(increase({series(name, *matchers)}[{window}]))"


def hours(expression: str) -> str:
    """What is told by the hour, added up over a day in steps of ten minutes: nothing is counted where nothing was."""
    return f"sum_over_time(({expression})[{DAY}:10m]) / 6"


def appeared(name: str, *matchers: str, by: str, minutes: int = 5) -> str:
    """What rare counters of the entry grew by within some minutes; one that is new counts from zero."""
    up, age = (series(one, ENVIRONMENT, 'part="entry"') for one in ("up", "envoy_server_uptime"))
    return f"{total(by)}({from_zero(series(name, *matchers), minutes, up=up, age=age)})"


def leading(expression: str, count: int = MANY) -> str:
    """The series that are greatest over the whole picture.

    topk() alone chooses anew at each moment: a picture of some hours would have a line for everybody who ever led.
    """
    return f"({expression}) and topk({count}, avg_over_time(({expression})[$__range:5m] @ end()))"


def others(expression: str) -> str:
    """The sum of those that do not lead, so that what is stacked is the whole."""
    return f"sum({expression}) - sum({leading(expression)})"


def named(expression: str, label: str, name: str) -> str:
    """The same series with a name where a label is empty."""
    return f'label_replace({expression}, "{label}", "{name}", "{label}", "")'


def total(by: str, operation: str = "sum") -> str:
    """An aggregation and its labels."""
    return f"{operation} by ({by}) " if by else operation


def share(part: str, whole: str) -> str:
    """A part of a whole: nothing, and not zero, where the whole is nothing."""
    return f"({part}) / (({whole}) > 0)"


def or_none(found: str, witness: str) -> str:
    """What is found, or 0 where the witness is there: without it nothing was asked, and nothing is what it says."""
    return f"({found}) or 0 * ({witness})"


def quantile(share_of_calls: float, histogram: str, *matchers: str, by: str = "", window: str = RATE) -> str:
    """A quantile out of a histogram's buckets."""
    labels = f"le, {by}" if by else "le"
    buckets = rate(f"{histogram}_bucket", *matchers, by=labels, window=window)
    return f"histogram_quantile({share_of_calls}, {buckets})"
