"""The way of artifacts and changes: is what Git says loaded and rolled out, and does the store hold?"""

from __future__ import annotations

from components.observability.dashboards.boards import common
from components.observability.dashboards.boards.common import DECLARED, LOADED, REFUSED, BoardArgs
from components.observability.dashboards.expressions import ENVIRONMENT, NAMESPACES, leading, rate, series
from components.observability.dashboards.model import (
    Column,
    Dashboard,
    Lines,
    Mark,
    Panel,
    Query,
    Row,
    Step,
    Table,
    Tile,
)

_GENERATION = series("kube_deployment_metadata_generation", NAMESPACES)
_WANTED = series("kube_deployment_spec_replicas", NAMESPACES)
_READY = series("kube_deployment_status_replicas_ready", NAMESPACES)
_ONE = "kitchen, adapter, version"
_NO_STORE = "no MinIO is scraped by this Prometheus: another store tells nothing here."


def board(args: BoardArgs) -> Dashboard:
    """For who merges changes and brings artifacts in."""
    return Dashboard(
        uid=args.uid("delivery"),
        title=args.title("artifacts and rollouts"),
        reader="who merges changes and brings artifacts in",
        marks=(
            Mark(
                title="Updates",
                expression=f"sum by (namespace, deployment) (changes({_GENERATION}[2m])) > 0",
            ),
        ),
        rows=(
            Row(title="Is it well?", panels=_well(), height=4),
            Row(title="Rollouts", panels=_rollouts(), height=8),
            Row(title="Artifacts on their way", panels=_artifacts(), height=8),
            Row(title="The object store", panels=_store(), height=8),
        ),
    )


def _well() -> tuple[Panel, ...]:
    hot = series(DECLARED, ENVIRONMENT, 'mode="hot"')
    missing = (
        f"count(max by (tenant, kitchen, adapter) ({hot})"
        f" unless on (tenant, kitchen, adapter) {series(LOADED, ENVIRONMENT)} == 1"
        f" and on (tenant, kitchen) {series(common.WANTED, ENVIRONMENT)} > 0)"
    )
    jobs = f'kube_job_failed{{{NAMESPACES},condition="true"}}'
    return (
        common.verdict('subject=~"adapters|delivery|store|governance"', width=6, of="artifacts and rollouts"),
        common.faults(
            "Rollouts that are not through",
            f"count({_READY} < {_WANTED})",
            f"count({_WANTED})",
            shows="Deployments of tenants with fewer ready pods than they should have.",
            empty=common.NO_KUBE,
            width=6,
            colour="watch",
        ),
        common.faults(
            "Declared and not loaded",
            missing,
            f"count({series(DECLARED, ENVIRONMENT)})",
            shows="Adapters of Git in hot mode that no server has loaded.",
            empty=common.NO_RULES,
            width=6,
            colour="watch",
        ),
        common.faults(
            "Load Jobs that failed",
            f"count({jobs} == 1)",
            f"count({jobs})",
            shows="Jobs that could not bring a base model onto its volume.",
            empty=f"there is no Job, or {common.NO_KUBE}",
            width=6,
            colour="watch",
        ),
    )


def _rollouts() -> tuple[Panel, ...]:
    behind = f"({_WANTED} - on (namespace, deployment) {_READY}) > 0"
    return (
        Lines(
            title="Updates",
            unit="count",
            shows="Changes of the Deployments of each namespace within 5 minutes; the six with most.",
            empty=common.NO_KUBE,
            queries=(
                Query(expression=leading(f"sum by (namespace) (changes({_GENERATION}[5m]))"), legend="{{namespace}}"),
            ),
            width=10,
            many=True,
        ),
        Lines(
            title="Pods ready of those wanted",
            unit="share",
            shows="All Deployments of tenants together: a dip is a rollout, a low line one that hangs.",
            empty=common.NO_KUBE,
            queries=(Query(expression=f"sum({_READY}) / sum({_WANTED})", legend="ready"),),
            width=7,
            top=1,
        ),
        Table(
            title="Not through now",
            unit="count",
            shows="The twenty Deployments that lack most pods.",
            empty="all rollouts are through, or kube-state-metrics is not scraped: the tile above tells which.",
            queries=(Query(expression=f"topk(20, sum by (namespace, deployment) ({behind}))"),),
            width=7,
            columns=(
                Column(key="namespace", heading="Namespace"),
                Column(key="deployment", heading="Deployment"),
                Column(key="A", heading="Pods missing"),
            ),
            order="A",
        ),
    )


def _artifacts() -> tuple[Panel, ...]:
    by = "namespace, base_model, version"
    done, whole = (f"sum by ({by}) ({series(f'kitchen_load_{part}_bytes', ENVIRONMENT)})" for part in ("done", "whole"))
    first = f"max by ({_ONE}) ({series('kitchen:first_answer_timestamp_seconds', ENVIRONMENT)})"
    merged = f"max by ({_ONE}) ({series('kitchen_merged_timestamp_seconds', ENVIRONMENT)})"
    age = f"time() - {series('kitchen_adapters_last_reconcile_timestamp_seconds', ENVIRONMENT)}"
    return (
        Table(
            title="Adapters that are refused",
            unit="count",
            shows="Adapters that sidecars refuse, by reason: sum and signature are for security to look at.",
            empty="no adapter is refused, or no sidecar is scraped (hot mode alone has one).",
            queries=(
                Query(
                    expression=f"topk(20, sum by (tenant, kitchen, adapter, version, reason)"
                    f" ({series(REFUSED, ENVIRONMENT)}))"
                ),
            ),
            width=12,
            columns=(
                Column(key="tenant", heading="Tenant"),
                Column(key="kitchen", heading="Kitchen"),
                Column(key="adapter", heading="Adapter"),
                Column(key="version", heading="Version", width=105),
                Column(key="reason", heading="Reason", width=90),
                Column(key="A", heading="Servers", width=90),
            ),
            order="A",
        ),
        Lines(
            title="Since a sidecar last compared",
            unit="seconds",
            shows="The six sidecars that compared what is loaded with Git longest ago.",
            empty=common.NO_SIDECAR,
            queries=(Query(expression=leading(f"max by (kitchen, pod) ({age})"), legend="{{pod}}"),),
            width=12,
            many=True,
        ),
        Table(
            title="Base models on their way",
            unit="share",
            shows="What the load Jobs that run have brought onto volumes. The twenty that have most to go.",
            empty="no base model is being loaded, or the Jobs' pods are not scraped.",
            queries=(Query(expression=f"bottomk(20, {done} / {whole})"),),
            width=8,
            columns=(
                Column(key="namespace", heading="Namespace"),
                Column(key="base_model", heading="Base model"),
                Column(key="version", heading="Version", width=95),
                Column(key="A", heading="Loaded", unit="share", width=90),
            ),
            order="-A",
        ),
        Table(
            title="From merge to first answer",
            unit="seconds",
            shows="How long it took from the merge of an adapter's version to its first answer; the twenty last ones.",
            empty="no pipeline told of a merge (kitchen merged), or the adapters have not answered yet.",
            queries=(Query(expression=f"topk(20, {first} - on ({_ONE}) {merged} > 0)"),),
            width=8,
            columns=(
                Column(key="kitchen", heading="Kitchen"),
                Column(key="adapter", heading="Adapter"),
                Column(key="version", heading="Version", width=105),
                Column(key="A", heading="Took", unit="seconds", width=80),
            ),
            order="A",
        ),
        Table(
            title="Load Jobs that failed",
            unit="count",
            shows="The twenty Jobs with most pods that failed.",
            empty="no Job failed, or kube-state-metrics is not scraped: the tile above tells which.",
            queries=(
                Query(
                    expression=f"topk(20, sum by (namespace, job_name) (kube_job_status_failed{{{NAMESPACES}}}) > 0)"
                ),
            ),
            width=8,
            columns=(
                Column(key="namespace", heading="Namespace"),
                Column(key="job_name", heading="Job"),
                Column(key="A", heading="Failed"),
            ),
            order="A",
        ),
    )


def _store() -> tuple[Panel, ...]:
    free, whole = "minio_cluster_capacity_usable_free_bytes", "minio_cluster_capacity_usable_total_bytes"
    return (
        Tile(
            title="Room in the store",
            unit="share",
            shows="The free part of the object store's usable capacity.",
            empty=_NO_STORE,
            queries=(Query(expression=f"min({series(free, ENVIRONMENT)}) / min({series(whole, ENVIRONMENT)})"),),
            width=4,
            steps=(Step(at=0, colour="bad"), Step(at=0.15, colour="watch"), Step(at=0.3, colour="good")),
        ),
        Lines(
            title="Free bytes",
            unit="bytes",
            shows="What is free in the object store.",
            empty=_NO_STORE,
            queries=(Query(expression=f"min({series(free, ENVIRONMENT)})", legend="free"),),
            width=10,
        ),
        Lines(
            title="Errors of the store",
            unit="per second",
            shows="Requests that the store answered with a fault of its own (5xx) or of the caller (4xx).",
            empty=_NO_STORE,
            queries=(
                Query(expression=rate("minio_s3_requests_5xx_errors_total", ENVIRONMENT), legend="5xx", colour="bad"),
                Query(expression=rate("minio_s3_requests_4xx_errors_total", ENVIRONMENT), legend="4xx", colour="watch"),
            ),
            width=10,
        ),
    )
