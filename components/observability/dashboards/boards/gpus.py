"""The GPUs of all pools: are they healthy, who holds them, and do they work?"""

from __future__ import annotations

from components.observability.dashboards.boards import common
from components.observability.dashboards.boards.common import BoardArgs
from components.observability.dashboards.expressions import (
    DAY,
    ENVIRONMENT,
    NAMESPACES,
    leading,
    or_none,
    others,
    series,
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

_BUSY = "DCGM_FI_DEV_GPU_UTIL"
_USED, _FREE = "DCGM_FI_DEV_FB_USED", "DCGM_FI_DEV_FB_FREE"
_NVIDIA = 'resource="nvidia_com_gpu"'
_PLACED = f'{_NVIDIA},node!=""'


def board(args: BoardArgs) -> Dashboard:
    """For who runs the nodes."""
    return Dashboard(
        uid=args.uid("gpus"),
        title=args.title("GPUs"),
        reader="who runs the nodes and plans their number",
        rows=(
            Row(title="Is it well?", panels=_well(), height=4),
            Row(title="Do they work?", panels=_work(), height=8),
            Row(title="Who holds them", panels=_holders(), height=8),
            Row(title="Health", panels=_health(), height=8),
            Row(title="Errors", panels=(_errors(),), height=6),
        ),
    )


def _well() -> tuple[Panel, ...]:
    new = f"count(DCGM_FI_DEV_XID_ERRORS > 0 and changes(DCGM_FI_DEV_XID_ERRORS[{DAY}]) > 0)"
    asked = f"sum(kube_pod_container_resource_requests{{{_PLACED}}})"
    there = f"sum(kube_node_status_allocatable{{{_NVIDIA}}})"
    pending = f"count(kube_pod_status_unschedulable{{{NAMESPACES}}} == 1)"
    return (
        common.verdict('subject=~"gpu|platform"', width=5, of="GPUs and places"),
        common.faults(
            "GPUs with XID errors",
            new,
            "count(DCGM_FI_DEV_XID_ERRORS)",
            shows="GPUs whose driver told a new error within 24 hours.",
            empty=common.NO_GPU,
            width=4,
            colour="watch",
        ),
        Tile(
            title="Heat",
            unit="words",
            shows="The hottest GPU of all.",
            empty=common.NO_GPU,
            queries=(Query(expression="max(DCGM_FI_DEV_GPU_TEMP)"),),
            width=3,
            steps=(
                Step(at=0, colour="good", word="cool enough"),
                Step(at=80, colour="watch", word="over 80 °C"),
                Step(at=88, colour="bad", word="over 88 °C"),
            ),
        ),
        common.faults(
            "Pods that wait for a place",
            pending,
            f"count(kube_pod_info{{{NAMESPACES}}})",
            shows="Pods of tenants that no node has taken.",
            empty=common.NO_KUBE,
            width=6,
            colour="watch",
        ),
        Tile(
            title="GPUs held",
            unit="share",
            shows="GPUs that pods ask for, of those that the nodes offer.",
            empty=common.NO_KUBE,
            queries=(Query(expression=f"{asked} / {there}"),),
            width=3,
        ),
        Tile(
            title="GPUs free",
            unit="count",
            shows="GPUs that the nodes offer and no pod asks for.",
            empty=common.NO_KUBE,
            queries=(Query(expression=f"{there} - ({or_none(asked, there)})"),),
            width=3,
            steps=(Step(at=0, colour="watch"), Step(at=1, colour="good")),
        ),
    )


def _work() -> tuple[Panel, ...]:
    mine = series("kitchen:gpu_busy_percent", ENVIRONMENT)
    return (
        Lines(
            title="Busy, by product",
            unit="percent",
            shows="The part of the time in which a GPU computes, as the mean of all GPUs of a product.",
            empty=common.NO_GPU,
            queries=(Query(expression=f"avg by (modelName) ({_BUSY})", legend="{{modelName}}"),),
            width=6,
            top=100,
        ),
        Lines(
            title="Memory in use, by product",
            unit="share",
            shows="vLLM takes the memory it may use at its start: a high and even line is as it should be.",
            empty=common.NO_GPU,
            queries=(
                Query(
                    expression=f"sum by (modelName) ({_USED}) / sum by (modelName) ({_USED} + {_FREE})",
                    legend="{{modelName}}",
                ),
            ),
            width=6,
            top=1,
        ),
        Table(
            title="Least busy of a day",
            unit="percent",
            shows="The ten GPUs that computed least in 24 hours, and the pods that hold them now.",
            empty=common.NO_GPU,
            queries=(
                Query(expression=f"bottomk(10, avg by (Hostname, gpu, namespace, pod) (avg_over_time({mine}[{DAY}])))"),
            ),
            width=12,
            columns=(
                Column(key="Hostname", heading="Node"),
                Column(key="gpu", heading="GPU", width=75),
                Column(key="namespace", heading="Namespace"),
                Column(key="pod", heading="Pod"),
                Column(key="A", heading="Busy", unit="percent", width=80),
            ),
            order="-A",
        ),
    )


def _holders() -> tuple[Panel, ...]:
    held = f"sum by (namespace) ({common.GPU_REQUESTS})"
    return (
        Lines(
            title="GPUs held by namespace",
            unit="count",
            shows="The six namespaces that ask for most GPUs.",
            empty=common.NO_KUBE,
            queries=(
                Query(expression=leading(held), legend="{{namespace}}"),
                Query(expression=others(held), legend="all others"),
            ),
            width=12,
            stack=True,
            many=True,
        ),
        Lines(
            title="Pods that wait, by namespace",
            unit="count",
            shows="The six namespaces with most pods that no node has taken.",
            empty="no pod waits, or kube-state-metrics is not scraped: the tile above tells which.",
            queries=(
                Query(
                    expression=leading(f"sum by (namespace) (kube_pod_status_unschedulable{{{NAMESPACES}}})"),
                    legend="{{namespace}}",
                ),
            ),
            width=12,
            many=True,
        ),
    )


def _health() -> tuple[Panel, ...]:
    heat = "max by (Hostname, gpu) (DCGM_FI_DEV_GPU_TEMP)"
    return (
        Lines(
            title="Temperature",
            unit="celsius",
            shows="The six hottest GPUs.",
            empty=common.NO_GPU,
            queries=(
                Query(
                    expression=leading(heat),
                    legend="GPU {{gpu}} {{Hostname}}",
                ),
            ),
            width=12,
            many=True,
        ),
        Lines(
            title="Power by node",
            unit="watts",
            shows="What the GPUs of the six hungriest nodes draw.",
            empty=common.NO_GPU,
            queries=(Query(expression=leading("sum by (Hostname) (DCGM_FI_DEV_POWER_USAGE)"), legend="{{Hostname}}"),),
            width=12,
            many=True,
        ),
    )


def _errors() -> Table:
    return Table(
        title="Last XID error of each GPU",
        unit="count",
        shows="The last error that the driver told, of twenty GPUs at most; NVIDIA's list explains its number.",
        empty="no GPU told an error since the exporter's start, or the exporter is not scraped.",
        queries=(Query(expression="topk(20, max by (Hostname, gpu, modelName) (DCGM_FI_DEV_XID_ERRORS > 0))"),),
        width=24,
        columns=(
            Column(key="Hostname", heading="Node"),
            Column(key="gpu", heading="GPU", width=75),
            Column(key="modelName", heading="Product"),
            Column(key="A", heading="XID"),
        ),
        order="A",
    )
