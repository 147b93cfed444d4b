"""The predictor of a kitchen's InferenceService: placement, rollout, adapters, resources."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from components import naming
from components.adapters import AdapterFetch
from components.gpu import Placement
from components.hot_lora import HotLora
from components.labels import DOMAIN, SERVICE_LABEL
from components.platform import Platform
from components.sizing import server_cpu, server_memory_gib
from components.vllm import ADAPTERS_PATH, MODEL_FORMAT, LoraOptions


@dataclass(frozen=True, kw_only=True)
class MultiLoraServiceArgs:
    """`surge` starts new pods beside old ones; `fetch` is None where an init container has nothing to fetch."""

    namespace: str
    kitchen: str
    runtime: str
    runtime_sha256: str
    storage_uri: str
    labels: Mapping[str, str]
    platform: Platform
    placement: Placement
    model_gib: int
    replicas: int
    surge: bool
    lora: LoraOptions
    fetch: AdapterFetch | None
    hot: HotLora | None = None


def predictor(args: MultiLoraServiceArgs) -> dict[str, Any]:
    """`spec.predictor` of the InferenceService."""
    spec: dict[str, Any] = {
        "serviceAccountName": naming.service_account(args.kitchen),
        "automountServiceAccountToken": False,
        "minReplicas": args.replicas,
        "maxReplicas": args.replicas,
        "deploymentStrategy": _strategy(args),
        "terminationGracePeriodSeconds": 120,
        "labels": dict(args.labels),
        "annotations": {f"{DOMAIN}/runtime-sha256": args.runtime_sha256},
        "nodeSelector": args.placement.node_selector(),
        "tolerations": args.placement.tolerations(),
        "securityContext": args.platform.pod_security_context(),
        "model": {
            "modelFormat": {"name": MODEL_FORMAT},
            "runtime": args.runtime,
            "storageUri": args.storage_uri,
            "resources": _resources(args),
        },
    }
    if args.replicas > 1:
        spec["topologySpreadConstraints"] = [
            {
                "maxSkew": 1,
                "topologyKey": "kubernetes.io/hostname",
                "whenUnsatisfiable": "ScheduleAnyway",
                "labelSelector": {"matchLabels": pods(args)},
            }
        ]
    if args.fetch is not None:
        names = args.fetch.names()
        spec["annotations"][f"{DOMAIN}/adapters-sha256"] = args.fetch.sha256()
        spec["initContainers"] = [args.fetch.container(args.platform)]
        spec["volumes"] = args.fetch.volumes(args.kitchen)
        spec["model"]["args"] = args.lora.flags(names)
        spec["model"]["volumeMounts"] = [{"name": "adapters", "mountPath": ADAPTERS_PATH, "readOnly": True}]
    if args.hot is not None:
        args.hot.extend(spec, kitchen=args.kitchen, platform=args.platform, lora=args.lora)
    return spec


def pods(args: MultiLoraServiceArgs) -> dict[str, str]:
    """What KServe puts on the pods of a service."""
    return {SERVICE_LABEL: args.kitchen}


def _strategy(args: MultiLoraServiceArgs) -> dict[str, Any]:
    if not args.surge and args.replicas == 1:
        # With one pod that may be away, a rolling Deployment counts as available without any pod, and so does KServe.
        return {"type": "Recreate"}
    beside, gone = (1, 0) if args.surge else (0, 1)
    return {"type": "RollingUpdate", "rollingUpdate": {"maxSurge": beside, "maxUnavailable": gone}}


def _resources(args: MultiLoraServiceArgs) -> dict[str, Any]:
    devices = args.placement.devices()
    memory = f"{server_memory_gib(args.model_gib)}Gi"
    return {
        "requests": {"cpu": str(server_cpu(args.placement.count)), "memory": memory, **devices},
        "limits": {"memory": memory, **devices},
    }
