"""What a case is: series in promtool's notation, and the labels of the alerts that fire."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from tests.monitoring.rules.worlds import MAIN

Series = Mapping[str, str]
"""Values in promtool's notation (`0+60x30`), one a minute from second 0 on, by the selector of the series."""

Labels = Mapping[str, str]

ENVIRONMENT = 'environment="dev"'
HELPDESK = {"environment": "dev", "tenant": "helpdesk", "kitchen": "support"}
SALES = {"environment": "dev", "tenant": "sales", "kitchen": "summary"}


@dataclass(frozen=True, kw_only=True)
class Case:
    """One alert: `fires` raises one alert for each of `labels`, and `silent`, near the threshold, none.

    `labels` are those that the alert keeps. Both are looked at after `minutes`. `world` names the facts. Of what lasts
    for days values are `step` minutes apart, and so are evaluations.
    """

    fires: Series
    silent: Series
    minutes: int
    labels: Sequence[Labels]
    world: str = "main"
    silent_world: str | None = None
    also: Sequence[Series] = field(default=())
    """More series that stay silent, each by itself."""
    step: int = 1


def own(metric: str, part: str, **labels: str) -> str:
    """A series that is scraped of a part of ours: no kitchen's where no tenant and kitchen are among the labels."""
    where = {"namespace": MAIN.parts[part]} if part in MAIN.parts else {}
    return series(metric, environment="dev", part=part, **(where | labels))


def server(metric: str, **labels: str) -> str:
    """A series of a server of the kitchen support."""
    return series(metric, part="server", **({**HELPDESK, "namespace": "helpdesk-dev", "pod": "support-0"} | labels))


def sidecar(metric: str, **labels: str) -> str:
    """A series of the adapters' sidecar of the kitchen summary."""
    return series(metric, part="adapters", **({**SALES, "namespace": "sales-dev", "pod": "summary-0"} | labels))


def calls(outcome: str, **labels: str) -> str:
    """The entry's count of calls to the adapter faq of support, by callers of another tenant than the kitchen's."""
    who = {"tenant": "sales", "kitchen": "support", "adapter": "faq", "version": "v1", "group": "callers"}
    return own("envoy_kitchen_entry_calls_total", "entry", **(who | labels), outcome=outcome)


_SCRAPED = {"instance": "10.0.0.1:8080", "job": "job", "container": "container", "endpoint": "port"}
"""What a scrape adds, and no alert may keep."""


def series(metric: str, **labels: str) -> str:
    """A series as promtool reads it."""
    labels = {**_SCRAPED, **labels}
    return metric + "{" + ",".join(f'{name}="{value}"' for name, value in labels.items()) + "}"


def histogram(metric: str, upto: Mapping[str, float], each: float, minutes: int = 120, **labels: str) -> Series:
    """A histogram of a server: `each` events a minute, of which the shares `upto` are at or below the edges."""
    made = {server(f"{metric}_count", **labels): f"0+{each:g}x{minutes}"}
    shares = {**upto, "+Inf": 1.0}
    return made | {
        server(f"{metric}_bucket", **labels, le=edge): f"0+{each * share:g}x{minutes}" for edge, share in shares.items()
    }
