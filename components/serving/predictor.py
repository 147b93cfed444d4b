"""The predictor of a kitchen's InferenceService: placement, rollout, adapters, resources."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from components import naming
from components.gpu.placement import Placement
from components.gpu.sizing import server_cpu, server_memory_gib
from components.labels import DOMAIN, SERVICE_LABEL, pod_labels_by_kserve
from components.model_store.check import BaseModelContent
from components.platform import Platform
from components.serving.adapters import AdapterFetch
from components.serving.autoscaling import Autoscaling, replicas
from components.serving.drain import termination_seconds
from components.serving.hot_lora import HotLora
from components.serving.vllm import ADAPTERS_PATH, MODEL_FORMAT, LoraOptions
from components.tenancy.provisions import image_pull_secrets


@dataclass(frozen=True, kw_only=True)
class MultiLoraServiceArgs:
    """`surge` starts new pods beside old ones; `fetch` is None where an init container has nothing to fetch.

    `base_model` is what the pod requires on its volume before it starts; `priority_class` a PriorityClass;
    `pull_secrets` are those of the ServiceAccount; `spare_lora_gib` is main memory for adapters.
    `entry_namespace` is that of the entry, where calls come through one.
    """

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
    drain_seconds: int
    autoscaling: Autoscaling | None = None
    priority_class: str = ""
    pull_secrets: Sequence[str] = ()
    entry_namespace: str | None = None
    base_model: BaseModelContent | None = None
    hot: HotLora | None = None
    spare_lora_gib: int = 0

    def most_replicas(self) -> int:
        """Pods that the service may have outside of a rollout."""
        return self.replicas if self.autoscaling is None else self.autoscaling.max_replicas


def predictor(args: MultiLoraServiceArgs) -> dict[str, Any]:
    """`spec.predictor` of the InferenceService."""
    spec: dict[str, Any] = {
        "serviceAccountName": naming.service_account(args.kitchen),
        "automountServiceAccountToken": False,
        # A Service called vllm would become VLLM_PORT, which vLLM reads.
        "enableServiceLinks": False,
        **replicas(args.autoscaling, args.replicas),
        "deploymentStrategy": _strategy(args),
        "terminationGracePeriodSeconds": termination_seconds(args.drain_seconds),
        "labels": pod_labels_by_kserve(args.labels),
        "annotations": {f"{DOMAIN}/runtime-sha256": args.runtime_sha256, **args.platform.pod_annotations()},
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
    if args.priority_class:
        spec["priorityClassName"] = args.priority_class
    if args.most_replicas() > 1:
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
    if args.base_model is not None:
        check = args.base_model.check_container(args.platform)
        spec["initContainers"] = [check, *spec.get("initContainers", [])]
        spec["volumes"] = [*args.base_model.check_volumes(), *spec.get("volumes", [])]
    if args.hot is not None:
        args.hot.extend(spec, kitchen=args.kitchen, platform=args.platform, lora=args.lora)
    return spec


def pull_secrets(args: MultiLoraServiceArgs) -> dict[str, Any]:
    """The part of a ServiceAccount that names the Secrets to pull images with."""
    return image_pull_secrets(args.pull_secrets)


def pods(args: MultiLoraServiceArgs) -> dict[str, str]:
    """What KServe puts on the pods of a service."""
    return {SERVICE_LABEL: args.kitchen}


def _strategy(args: MultiLoraServiceArgs) -> dict[str, Any]:
    if not args.surge and args.most_replicas() == 1:
        # With one pod that may be away, a rolling Deployment counts as available without any pod, and so does KServe.
        return {"type": "Recreate"}
    beside, gone = (1, 0) if args.surge else (0, 1)
    return {"type": "RollingUpdate", "rollingUpdate": {"maxSurge": beside, "maxUnavailable": gone}}


def _resources(args: MultiLoraServiceArgs) -> dict[str, Any]:
    devices = args.placement.devices()
    memory = f"{server_memory_gib(args.model_gib, args.spare_lora_gib)}Gi"
    return {
        "requests": {"cpu": str(server_cpu(args.placement.count)), "memory": memory, **devices},
        "limits": {"memory": memory, **devices},
    }
