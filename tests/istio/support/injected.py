"""The pods of an environment, as the API server has made them with the injector's help."""

from __future__ import annotations

from typing import Any

from tests.cluster.support.kubectl import Kubectl, eventually

WORKLOADS = {
    "entry-dev": {"entry": 2, "counter": 2, "counter-valkey": 1},
    "helpdesk-dev": {
        "support-predictor": 1,
        "search-predictor": 1,
        "base-tsuzumi-7b-instruct-v1": 1,
        "base-qwen3-embedding-0-6b-v1": 1,
    },
    "sales-dev": {"summary-predictor": 1, "base-tsuzumi-7b-instruct-v1": 1},
}
"""Pods by namespace and the beginning of their names; what a quota, `restricted` or the injector keeps out is not."""

Pod = dict[str, Any]


def pods(kubectl: Kubectl, namespace: str) -> list[Pod]:
    """Every pod of a namespace, once all are there."""
    eventually(lambda: _count(kubectl, namespace) == WORKLOADS[namespace], f"the pods of {namespace}", 120)
    return _pods(kubectl, namespace)


def _pods(kubectl: Kubectl, namespace: str) -> list[Pod]:
    found: list[Pod] = kubectl.get("pods", "--namespace", namespace)["items"]
    return found


def _count(kubectl: Kubectl, namespace: str) -> dict[str, int]:
    names = [_workload(pod["metadata"]["name"], namespace) for pod in _pods(kubectl, namespace)]
    return {name: names.count(name) for name in names}


def _workload(name: str, namespace: str) -> str:
    return max((one for one in WORKLOADS[namespace] if name.startswith(f"{one}-")), key=len, default=name)
