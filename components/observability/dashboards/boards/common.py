"""What several dashboards show alike: series, the verdict of the alerts, words and their colours."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from components.observability.dashboards.expressions import ENVIRONMENT, NAMESPACES, or_none, rate, series, total
from components.observability.dashboards.model import Colour, Column, Lines, Query, Step, Table, Tile, Variable
from components.observability.names import CALLS

TOKENS = "envoy_kitchen_entry_tokens_total"
DECLARED = "kitchen:declared_adapter"
KITCHENS = series("kitchen:declared", ENVIRONMENT)
"""One constant series of each kitchen in Git: it says that the rules are loaded, and which kitchens there are."""
WANTED = "kitchen:declared_replicas"
"""Servers that a kitchen has at least: 0 where it may be scaled to none, which is no fault."""
LOADED = "kitchen_adapter_loaded"
REFUSED = "kitchen_adapter_refused"
GPU_REQUESTS = series("kube_pod_container_resource_requests", 'resource="nvidia_com_gpu"', 'node!=""', NAMESPACES)
"""Of pods that have a node: one that waits holds no GPU."""

ANSWERED = 'outcome=~"ok|failed"'
"""Calls that were the servers' to answer: what was refused, limited or left by its caller is no fault of theirs."""

NO_RULES = "no rules of this environment are loaded into this Prometheus; it does not mean that all is well."
NO_SERVER = "no server of it was scraped in this time: look at the servers' row and at Prometheus' targets."
NO_CALLS = "nobody called in this time, or the entry is not scraped (there is none without the setting entry)."
NO_SIDECAR = "no sidecar was scraped: it is there in hot mode alone (loraMode: hot)."
NO_KUBE = "kube-state-metrics is not scraped by this Prometheus."
NO_GPU = "NVIDIA's DCGM exporter is not scraped by this Prometheus, or has not this figure."


@dataclass(frozen=True, kw_only=True)
class BoardArgs:
    """The environment that the dashboards are for, and the currency of its prices."""

    environment: str
    currency: str | None = None

    def uid(self, name: str) -> str:
        """The uid of a dashboard: addresses hold it."""
        return f"kitchen-{self.environment}-{name}"

    def title(self, name: str) -> str:
        """The title of a dashboard."""
        return f"Kitchen {self.environment}: {name}"

    def in_money(self, title: str) -> str:
        """The title of a panel that shows money."""
        return title if self.currency is None else f"{title} ({self.currency})"


_OF_TENANT = series("kitchen:declared", ENVIRONMENT, 'tenant="$tenant"')
TENANT_CHOICE = Variable(name="tenant", label="Tenant", series=KITCHENS, value_of="tenant")
KITCHEN_CHOICE = Variable(name="kitchen", label="Kitchen", series=_OF_TENANT, value_of="kitchen")

_OUTCOMES: Mapping[str, Colour | None] = {
    "ok": "good",
    "refused": "quiet",
    "limited": "watch",
    "cut": None,
    "failed": "bad",
}

_FIRING = ('alertstate="firing"', 'alertname=~"Kitchen.+"', ENVIRONMENT)


def verdict(*matchers: str, width: int, of: str) -> Tile:
    """The worst alert that fires, in words."""

    def firing(severity: str) -> str:
        own = (*_FIRING, f'severity="{severity}"')
        return f"max({series('ALERTS', *own, *matchers)})"

    found = f"(2 * {firing('page')}) or {firing('ticket')}"
    return Tile(
        title="Is it well?",
        unit="words",
        shows=f"The worst alert of {of} that fires now.",
        empty=NO_RULES,
        queries=(Query(expression=or_none(found, f"count({KITCHENS})")),),
        width=width,
        steps=(
            Step(at=0, colour="good", word="well"),
            Step(at=1, colour="watch", word="look at the tickets"),
            Step(at=2, colour="bad", word="act now: a page"),
        ),
    )


_PLACES = (
    (('tenant!=""',), '"tenant"'),
    (('tenant=""', 'namespace!=""'), '"namespace"'),
    (('tenant=""', 'namespace=""', 'Hostname!=""'), '"Hostname"'),
    (('tenant=""', 'namespace=""', 'Hostname=""'), '"name", "rule", "check", "part", "exported_namespace"'),
)
"""What tells where an alert is, by the labels that it has."""


def _placed(*matchers: str, label: str) -> str:
    return f'label_join({series("ALERTS", *matchers)}, "tenant", "", {label})'


def alerts(*matchers: str, width: int) -> Table:
    """The alerts that fire, by what they are about: the tenant, or else what its labels name first."""
    own = (*_FIRING, 'severity=~"page|ticket"', *matchers)
    firing = " or ".join(_placed(*own, *where, label=label) for where, label in _PLACES)
    by = "severity, alertname, tenant, kitchen, adapter"
    return Table(
        title="Alerts that fire",
        unit="count",
        shows="Every page and ticket that fires now, and where: the tenant, or the namespace, node or name. What to do"
        " stands on the alert's page of docs/alerts.md.",
        empty="no alert fires, or the rules are not loaded: the tile 'Is it well?' tells which.",
        queries=(Query(expression=f"{total(by)}({firing})"),),
        width=width,
        columns=(
            Column(key="severity", heading="Severity", width=100),
            Column(key="alertname", heading="Alert", width=200),
            Column(key="tenant", heading="Where"),
            Column(key="kitchen", heading="Kitchen"),
            Column(key="adapter", heading="Adapter"),
            Column(key="A", heading="Times", width=90),
        ),
        order="-severity",
    )


def outcomes(*matchers: str, width: int) -> Lines:
    """Calls by what became of them."""
    return Lines(
        title="Calls by what became of them",
        unit="calls/s",
        shows="ok: answered; refused: not allowed or not well formed; limited: over a limit; failed: a fault of the"
        " server; cut: ended early.",
        empty=NO_CALLS,
        queries=tuple(
            Query(
                expression=rate(CALLS, *matchers, f'outcome="{outcome}"', by="outcome"),
                legend="{{outcome}}",
                colour=colour,
            )
            for outcome, colour in _OUTCOMES.items()
        ),
        width=width,
        stack=True,
    )


def faults(title: str, found: str, witness: str, *, shows: str, empty: str, width: int, colour: str = "bad") -> Tile:
    """A number of faults in words: `none`, or that there are some."""
    word = "some: see below"
    step = Step(at=1, colour="bad", word=word) if colour == "bad" else Step(at=1, colour="watch", word=word)
    return Tile(
        title=title,
        unit="words",
        shows=shows,
        empty=empty,
        queries=(Query(expression=or_none(found, witness)),),
        width=width,
        steps=(Step(at=0, colour="good", word="none"), step),
    )
