"""Serving: the vLLM runtime of a kitchen and its multi-LoRA InferenceService."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pulumi

from components import naming
from components.adapters import AdapterFetch
from components.content import sha256_of
from components.gpu import Placement
from components.kubernetes_object import KubernetesObject
from components.labels import DOMAIN, SERVICE_LABEL
from components.platform import Platform
from components.sizing import server_cpu, server_memory_gib, startup_minutes
from components.vllm import ADAPTERS_PATH, COMMAND, OFFLINE, SCRATCH, SERVER_PORT, LoraOptions, VllmOptions

MODEL_FORMAT = "vLLM"

_PROBE_SECONDS = 10


@dataclass(frozen=True, kw_only=True)
class VllmRuntimeArgs:
    """`image` is pinned by digest; `model_gib` is the base model's size and sets memory and start-up grace."""

    namespace: str
    kitchen: str
    image: str
    labels: Mapping[str, str]
    platform: Platform
    options: VllmOptions
    model_gib: int


class VllmRuntime(pulumi.ComponentResource):
    """A KServe ServingRuntime that starts vLLM offline, non-root, on a read-only root file system."""

    TOKEN = "kitchen:serving:VllmRuntime"

    def __init__(self, name: str, args: VllmRuntimeArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        """Declare the ServingRuntime."""
        self.runtime_name = naming.runtime(args.kitchen)
        super().__init__(self.TOKEN, name, {"runtime": self.runtime_name}, opts)
        spec = _runtime_spec(args)
        self.sha256 = sha256_of(spec)
        """Sum over the specification: a service that carries it starts new pods when the runtime changes."""
        KubernetesObject(
            name,
            api_version="serving.kserve.io/v1alpha1",
            kind="ServingRuntime",
            metadata={"name": self.runtime_name, "namespace": args.namespace, "labels": dict(args.labels)},
            spec=spec,
            opts=pulumi.ResourceOptions(parent=self),
        )
        self.register_outputs({"runtime": self.runtime_name})


@dataclass(frozen=True, kw_only=True)
class MultiLoraServiceArgs:
    """`surge` starts new pods beside old ones; `fetch` is None for a kitchen without adapters."""

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


class MultiLoraService(pulumi.ComponentResource):
    """A KServe InferenceService (Standard mode) that serves a base model and its LoRA adapters.

    Two and more replicas are spread over nodes where that is possible, and a drain takes one of them at a time.

    Guaranteed: adapters reach the server only through an init container that has compared every file with the
    catalog's sums; a change of adapters or of the runtime makes new pods; a first update ends when the service is
    Ready. A later one ends while the rollout goes on, because KServe calls a service Ready as long as old pods serve:
    `kubectl rollout status deployment/<kitchen>-predictor` tells its end.
    """

    TOKEN = "kitchen:serving:MultiLoraService"

    def __init__(self, name: str, args: MultiLoraServiceArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        """Declare service account, adapters' manifest and InferenceService."""
        super().__init__(self.TOKEN, name, {"namespace": args.namespace, "kitchen": args.kitchen}, opts)
        child = pulumi.ResourceOptions(parent=self)
        account = KubernetesObject(
            f"{name}-server",
            api_version="v1",
            kind="ServiceAccount",
            metadata=_metadata(naming.service_account(args.kitchen), args),
            automountServiceAccountToken=False,
            opts=child,
        )
        needs: list[pulumi.Resource] = [account]
        if args.fetch is not None:
            # Immutable and named by its content: what runs keeps what it was started with.
            needs.append(
                KubernetesObject(
                    f"{name}-adapters",
                    api_version="v1",
                    kind="ConfigMap",
                    metadata=_metadata(args.fetch.config_map(args.kitchen), args),
                    immutable=True,
                    data=args.fetch.data(),
                    opts=child,
                )
            )
        if args.replicas > 1:
            KubernetesObject(
                f"{name}-disruptions",
                api_version="policy/v1",
                kind="PodDisruptionBudget",
                metadata=_metadata(naming.predictor(args.kitchen), args),
                spec={
                    "maxUnavailable": 1,
                    "selector": {"matchLabels": _pods(args)},
                    # A pod that does not serve anyway must not hold up a drain.
                    "unhealthyPodEvictionPolicy": "AlwaysAllow",
                },
                opts=child,
            )
        minutes = startup_minutes(args.model_gib) + 5
        KubernetesObject(
            name,
            api_version="serving.kserve.io/v1beta1",
            kind="InferenceService",
            metadata={**_metadata(args.kitchen, args), "annotations": _annotations()},
            spec={"predictor": _predictor(args)},
            opts=pulumi.ResourceOptions(
                parent=self,
                depends_on=needs,
                custom_timeouts=pulumi.CustomTimeouts(create=f"{minutes}m", update=f"{minutes}m"),
            ),
        )
        self.register_outputs({})


def _metadata(name: str, args: MultiLoraServiceArgs) -> Any:
    return {"name": name, "namespace": args.namespace, "labels": dict(args.labels)}


def _pods(args: MultiLoraServiceArgs) -> dict[str, str]:
    """What KServe puts on the pods of a service."""
    return {SERVICE_LABEL: args.kitchen}


def _annotations() -> dict[str, str]:
    return {
        "serving.kserve.io/deploymentMode": "Standard",
        "serving.kserve.io/autoscalerClass": "none",
        "pulumi.com/waitFor": "condition=Ready",
    }


def _runtime_spec(args: VllmRuntimeArgs) -> dict[str, Any]:
    failures = startup_minutes(args.model_gib) * 60 // _PROBE_SECONDS
    container = {
        "name": "kserve-container",
        "image": args.image,
        "command": list(COMMAND),
        "args": args.options.flags(),
        "env": [{"name": key, "value": value} for key, value in {**OFFLINE, **SCRATCH}.items()],
        "ports": [{"name": "http1", "containerPort": SERVER_PORT, "protocol": "TCP"}],
        "securityContext": args.platform.container_security_context(),
        "startupProbe": _probe(failures),
        "readinessProbe": _probe(3),
        "livenessProbe": _probe(6),
        "volumeMounts": [
            {"name": "shared-memory", "mountPath": "/dev/shm"},
            {"name": "scratch", "mountPath": "/tmp"},
        ],
    }
    return {
        "annotations": {
            "prometheus.kserve.io/port": str(SERVER_PORT),
            "prometheus.kserve.io/path": "/metrics",
        },
        "multiModel": False,
        "supportedModelFormats": [{"name": MODEL_FORMAT, "version": "1", "autoSelect": False}],
        "containers": [container],
        "volumes": [
            {"name": "shared-memory", "emptyDir": {"medium": "Memory", "sizeLimit": "2Gi"}},
            {"name": "scratch", "emptyDir": {"sizeLimit": "8Gi"}},
        ],
    }


def _probe(failures: int) -> dict[str, Any]:
    return {
        "httpGet": {"path": "/health", "port": SERVER_PORT},
        "periodSeconds": _PROBE_SECONDS,
        "timeoutSeconds": 5,
        "failureThreshold": failures,
    }


def _predictor(args: MultiLoraServiceArgs) -> dict[str, Any]:
    predictor: dict[str, Any] = {
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
        predictor["topologySpreadConstraints"] = [
            {
                "maxSkew": 1,
                "topologyKey": "kubernetes.io/hostname",
                "whenUnsatisfiable": "ScheduleAnyway",
                "labelSelector": {"matchLabels": _pods(args)},
            }
        ]
    if args.fetch is not None:
        names: Sequence[str] = args.fetch.names()
        predictor["annotations"][f"{DOMAIN}/adapters-sha256"] = args.fetch.sha256()
        predictor["initContainers"] = [args.fetch.container(args.platform)]
        predictor["volumes"] = args.fetch.volumes(args.kitchen)
        predictor["model"]["args"] = args.lora.flags(names)
        predictor["model"]["volumeMounts"] = [{"name": "adapters", "mountPath": ADAPTERS_PATH, "readOnly": True}]
    return predictor


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
