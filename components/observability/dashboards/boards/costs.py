"""What GPUs cost in money: those that kitchens hold, by the prices of the settings, and the idle ones of them."""

from __future__ import annotations

from components.observability.dashboards.boards.common import GPU_REQUESTS, BoardArgs
from components.observability.dashboards.expressions import ENVIRONMENT, hours, leading, others, series
from components.observability.dashboards.model import Column, Lines, Panel, Query, Table, Tile

_BY = "tenant, kitchen"
_UP = series("up", ENVIRONMENT, 'part="server"')
_SERVERS = f"(0 * max by (namespace, pod, {_BY}) ({_UP}) + 1)"
"""1 for each pod of a kitchen, whether it answers or not: the labels are constants of Git, and no name is guessed."""

_PRICE = f"max by ({_BY}) ({series('kitchen:gpu_hour_price', ENVIRONMENT)})"
_IDLE = f"({series('kitchen:gpu_busy_percent', ENVIRONMENT)} < bool 1)"
_NO_PRICE = "no price of a GPU hour is stated for any pool or kitchen (prices.gpuHour)"
_EMPTY = f"{_NO_PRICE}, or kube-state-metrics is not scraped."
_EMPTY_IDLE = f"{_NO_PRICE}, or NVIDIA's DCGM exporter is not scraped."
_NOT_COUNTED = "Not counted: pods that are no kitchen's, kitchens without a price, hours without a scrape."


def _of_kitchens(gpus: str) -> str:
    """GPUs of pods, by kitchen."""
    return f"sum by ({_BY}) ({gpus} * on (namespace, pod) group_left ({_BY}) {_SERVERS})"


def _cost(gpus: str) -> str:
    """What so many GPUs of kitchens cost in an hour, or so many GPU hours altogether, by the price of now."""
    return f"({gpus}) * on ({_BY}) {_PRICE}"


_HELD = _of_kitchens(GPU_REQUESTS)
_COST_OF_A_DAY = _cost(hours(_HELD))
_IDLE_OF_A_DAY = _cost(hours(_of_kitchens(_IDLE)))


def panels(args: BoardArgs) -> tuple[Panel, ...]:
    """What is paid for an hour by tenant, and for a day by kitchen and altogether; and how much of it for nothing."""
    by_tenant = f"sum by (tenant) ({_cost(_HELD)})"
    return (
        Lines(
            title=args.in_money("Cost of an hour by tenant"),
            unit="money",
            shows=f"GPUs that a tenant's kitchens hold, busy or not, by the price of their hour. {_NOT_COUNTED}",
            empty=_EMPTY,
            queries=(
                Query(expression=leading(by_tenant), legend="{{tenant}}"),
                Query(expression=others(by_tenant), legend="all others"),
            ),
            width=10,
            stack=True,
            many=True,
        ),
        Table(
            title=args.in_money("Cost of a day by kitchen"),
            unit="money",
            shows=f"What the GPUs of 24 hours cost: the twenty dearest kitchens. {_NOT_COUNTED}",
            empty=_EMPTY,
            queries=(Query(expression=f"topk(20, {_COST_OF_A_DAY})"),),
            width=7,
            columns=(
                Column(key="tenant", heading="Tenant"),
                Column(key="kitchen", heading="Kitchen"),
                Column(key="A", heading="Cost", unit="money", width=90),
            ),
            order="A",
        ),
        Tile(
            title=args.in_money("Cost of a day"),
            unit="money",
            shows=f"What the GPUs of all kitchens cost in 24 hours. {_NOT_COUNTED}",
            empty=_EMPTY,
            queries=(Query(expression=f"sum({_COST_OF_A_DAY})"),),
            width=4,
        ),
        Tile(
            title=args.in_money("Of it idle"),
            unit="money",
            shows="What it cost in 24 hours that GPUs were held and not busy at all, each ten minutes by themselves.",
            empty=_EMPTY_IDLE,
            queries=(Query(expression=f"sum({_IDLE_OF_A_DAY})"),),
            width=3,
        ),
    )
