"""The environment as a whole: is it well, who uses it, and what does it cost?"""

from __future__ import annotations

from components.observability.dashboards.boards import common, costs
from components.observability.dashboards.boards.common import KITCHENS, TOKENS, BoardArgs
from components.observability.dashboards.expressions import (
    DAY,
    ENVIRONMENT,
    NAMESPACES,
    grown,
    hours,
    leading,
    others,
    rate,
    series,
    share,
)
from components.observability.dashboards.model import (
    Column,
    Dashboard,
    Lines,
    Panel,
    Query,
    Row,
    Step,
    Table,
    Tile,
)
from components.observability.names import CALLS

_P95 = series("kitchen:ttft_seconds:p95_5m", ENVIRONMENT)
_OBJECTIVE = series("kitchen:objective_ttft_seconds", ENVIRONMENT)
_BEHIND = f"max by (tenant, kitchen) ({_P95}) / on (tenant, kitchen) max by (tenant, kitchen) ({_OBJECTIVE})"


def board(args: BoardArgs) -> Dashboard:
    """For whoever is on duty, and for whoever answers for the budget."""
    return Dashboard(
        uid=args.uid("environment"),
        title=args.title("environment"),
        reader="who is on duty for the platform, and who pays for it",
        rows=(
            Row(title="Is it well?", panels=_well(), height=4),
            Row(title="What is not well", panels=(common.alerts(width=14), _slow()), height=7),
            Row(title="Who uses it", panels=_use(), height=8),
            Row(title="What it costs", panels=(*_cost(), *costs.panels(args)), height=8),
        ),
    )


def _well() -> tuple[Panel, ...]:
    up = 'max by (tenant, kitchen) (up{environment="$environment",part="server"} == 1)'
    gone = f"count({series(common.WANTED, ENVIRONMENT)} > 0 unless on (tenant, kitchen) {up})"
    over = f"count({_BEHIND} > 1)"
    pending = f"count(kube_pod_status_unschedulable{{{NAMESPACES}}} == 1)"
    return (
        common.verdict(width=6, of="the environment"),
        common.faults(
            "Kitchens without a server",
            gone,
            f"count({KITCHENS})",
            shows="Kitchens of Git of which Prometheus reaches no server, but for those that may be scaled to none.",
            empty=common.NO_RULES,
            width=6,
        ),
        common.faults(
            "Kitchens slower than agreed",
            over,
            f"count({_P95})",
            shows="Kitchens whose first token comes later than their objective (p95 of 5 minutes).",
            empty="no kitchen answered a call in 5 minutes, or the rules are not loaded.",
            width=6,
            colour="watch",
        ),
        common.faults(
            "Pods that wait for a place",
            pending,
            f"count(kube_pod_info{{{NAMESPACES}}})",
            shows="Pods of tenants that no node has taken, for want of GPUs for example.",
            empty=common.NO_KUBE,
            width=6,
            colour="watch",
        ),
    )


def _slow() -> Table:
    return Table(
        title="First token against the objective",
        unit="share",
        shows="p95 of the time to the first token as a part of the objective; 100 % is all of it. The ten slowest.",
        empty="no kitchen answered a call in 5 minutes, or none has an objective (monitoring.objectives).",
        queries=(Query(expression=f"topk(10, {_BEHIND})"),),
        width=10,
        columns=(
            Column(key="tenant", heading="Tenant"),
            Column(key="kitchen", heading="Kitchen"),
            Column(key="A", heading="Of the objective", unit="share"),
        ),
        order="A",
    )


def _use() -> tuple[Panel, ...]:
    by_tenant = rate(TOKENS, ENVIRONMENT, 'tenant!=""', by="tenant")
    tokens, calls = (grown(name, ENVIRONMENT, 'kitchen!=""', by="tenant, kitchen") for name in (TOKENS, CALLS))
    return (
        Lines(
            title="Tokens by tenant",
            unit="tokens/s",
            shows="Tokens read and written for the six tenants with most of them.",
            empty=common.NO_CALLS,
            queries=(
                Query(expression=leading(by_tenant), legend="{{tenant}}"),
                Query(expression=others(by_tenant), legend="all others"),
            ),
            width=10,
            stack=True,
            many=True,
        ),
        common.outcomes(ENVIRONMENT, width=7),
        Table(
            title="Kitchens by tokens of a day",
            unit="tokens",
            shows="The twenty kitchens with most tokens in 24 hours, with their calls.",
            empty=common.NO_CALLS,
            queries=(
                Query(expression=f"topk(20, {tokens})"),
                Query(expression=f"{calls} and topk(20, {tokens})"),
            ),
            width=7,
            columns=(
                Column(key="tenant", heading="Tenant"),
                Column(key="kitchen", heading="Kitchen"),
                Column(key="A", heading="Tokens", unit="tokens"),
                Column(key="B", heading="Calls"),
            ),
            order="A",
        ),
    )


def _cost() -> tuple[Panel, ...]:
    held = f"sum by (namespace) ({common.GPU_REQUESTS})"
    busy = series("kitchen:gpu_busy_percent", ENVIRONMENT)
    return (
        Lines(
            title="GPUs held by namespace",
            unit="count",
            shows="GPUs that a tenant's pods ask for, busy or not: they are paid for. The six largest.",
            empty=common.NO_KUBE,
            queries=(
                Query(expression=leading(held), legend="{{namespace}}"),
                Query(expression=others(held), legend="all others"),
            ),
            width=10,
            stack=True,
            many=True,
        ),
        Table(
            title="GPU hours of a day, and how busy",
            unit="GPU hours",
            shows="GPU hours held in 24 hours by the twenty largest tenants, and how busy those GPUs were.",
            empty=f"{common.NO_KUBE[:-1]}; without the DCGM exporter the second figure is missing.",
            queries=(
                Query(expression=f"topk(20, {hours(held)})"),
                Query(expression=f"avg by (namespace) (avg_over_time({busy}[{DAY}]))"),
            ),
            width=7,
            columns=(
                Column(key="namespace", heading="Namespace"),
                Column(key="A", heading="GPU hours", unit="GPU hours"),
                Column(key="B", heading="Busy", unit="percent"),
            ),
            order="A",
        ),
        Tile(
            title="GPUs idle a day",
            unit="count",
            shows="GPUs that a kitchen holds and that were not busy at any time of 24 hours.",
            empty=common.NO_GPU,
            queries=(Query(expression=f"count(max_over_time({busy}[{DAY}]) < 1) or 0 * count({busy})"),),
            width=3,
            steps=(Step(at=0, colour="good"), Step(at=1, colour="watch")),
        ),
        Tile(
            title="Tokens for a GPU hour",
            unit="tokens",
            shows="Tokens of 24 hours divided by the GPU hours that were held for them.",
            empty="no calls, or kube-state-metrics is not scraped.",
            queries=(Query(expression=share(grown(TOKENS, ENVIRONMENT), hours(f"sum({held})"))),),
            width=4,
        ),
    )
