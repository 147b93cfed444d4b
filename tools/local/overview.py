"""The table at the end of `make up`: what is where, and how to call it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tools.cluster import Cluster
from tools.local.steps import table

_CALL = """\
call a kitchen, base model or adapter by its name as `model`, from a pod in a namespace labelled as a gateway:
  curl {url}/chat/completions -H 'Content-Type: application/json' \\
    -d '{{"model": "{model}", "messages": [{{"role": "user", "content": "Hello"}}]}}'
look around:
  export KUBECONFIG={kubeconfig}
  kubectl get inferenceservices,pods,pvc --all-namespaces
The embedded cluster's API server, scheduler, KServe and object store are real; its nodes and the pods on them are
simulated, so nothing answers at the addresses above."""


def overview(outputs: Mapping[str, Any], cluster: Cluster, ready: Mapping[tuple[str, str], str]) -> str:
    """Return the table of kitchens and places and how to call one; `ready` has each kitchen's state."""
    kubeconfig, object_store = cluster.kubeconfig, cluster.minio_endpoint
    kitchens: Mapping[str, Any] = outputs.get("kitchens", {})
    rows = [
        (
            name,
            kitchen["namespace"],
            kitchen["pool"],
            ready.get((kitchen["namespace"], name), "absent"),
            ", ".join(kitchen["models"]),
            kitchen["url"],
        )
        for name, kitchen in sorted(kitchens.items())
    ]
    parts = [table(("KITCHEN", "NAMESPACE", "GPU POOL", "READY", "MODELS", "URL"), rows)]
    buckets = ", ".join(sorted(outputs.get("buckets", {}).values()))
    places = [("object store", object_store), ("buckets", buckets), ("kubeconfig", str(kubeconfig))]
    parts.append(table(("PLACE", "WHERE"), places))
    if rows:
        first = next(iter(sorted(kitchens)))
        parts.append(
            _CALL.format(url=kitchens[first]["url"], model=kitchens[first]["models"][-1], kubeconfig=kubeconfig)
        )
    return "\n\n".join(parts)
