"""Autoscaling of an InferenceService by KEDA on a metric of vLLM that Prometheus has."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from components import naming

_METRICS = {
    "waiting": "sum(vllm:num_requests_waiting{%s})",
    "running": "sum(vllm:num_requests_running{%s})",
    "kvCache": "100 * sum(vllm:kv_cache_usage_perc{%s})",
}
_NEVER_BY_THIS = 1_000_000_000
"""Target of the query that only wakes: no rate of calls asks for a second pod by it."""


@dataclass(frozen=True, kw_only=True)
class Autoscaling:
    """`target` is the metric's value for one pod; `quiet_seconds` how long fewer pods must do before one goes.

    `wake_query` is for `min_replicas` 0: servers that do not run have no metric that could start them.
    """

    namespace: str
    kitchen: str
    min_replicas: int
    max_replicas: int
    metric: str
    target: int
    prometheus: str
    quiet_seconds: int
    wake_query: str | None = None


def query(args: Autoscaling) -> str:
    """PromQL of the metric over the pods of this kitchen alone.

    A PodMonitor labels a pod's series with `namespace` and `pod`. Names of the Deployment's pods end in two words
    without dashes, so that a kitchen whose name begins like this one's does not count. The sum is right because
    KEDA divides by the target, which gives pods (its metric type is AverageValue where KServe states none).
    """
    pods = f'namespace="{args.namespace}",pod=~"{naming.predictor(args.kitchen)}-[a-z0-9]+-[a-z0-9]+"'
    return _METRICS[args.metric] % pods


def replicas(args: Autoscaling | None, fixed: int) -> dict[str, Any]:
    """The part of a predictor that says how many pods it has; a fixed number where nothing scales it."""
    if args is None:
        return {"minReplicas": fixed, "maxReplicas": fixed}
    metrics = [_metric(args, query(args), args.target)]
    if args.wake_query is not None:
        metrics.append(_metric(args, args.wake_query, _NEVER_BY_THIS))
    return {
        "minReplicas": args.min_replicas,
        "maxReplicas": args.max_replicas,
        "autoScaling": {
            "metrics": metrics,
            "behavior": {"scaleDown": {"stabilizationWindowSeconds": args.quiet_seconds}},
        },
    }


def autoscaler_class(args: Autoscaling | None) -> str:
    """Value of KServe's annotation `serving.kserve.io/autoscalerClass`."""
    return "none" if args is None else "keda"


def _metric(args: Autoscaling, promql: str, target: int) -> dict[str, Any]:
    return {
        "type": "External",
        "external": {
            "metric": {"backend": "prometheus", "serverAddress": args.prometheus, "query": promql},
            "target": {"type": "Value", "value": str(target)},
        },
    }
