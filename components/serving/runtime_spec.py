"""The specification of a kitchen's ServingRuntime: the vLLM container, its probes and its volumes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from components.content import sha256_of
from components.gpu.sizing import startup_minutes
from components.platform import Platform
from components.ports import SERVER_PORT
from components.serving.drain import lifecycle
from components.serving.vllm import COMMAND, MODEL_FORMAT, OFFLINE, SCRATCH, VllmOptions

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


def runtime_spec(args: VllmRuntimeArgs) -> dict[str, Any]:
    """`spec` of the ServingRuntime."""
    failures = startup_minutes(args.model_gib) * 60 // _PROBE_SECONDS
    container = {
        "name": "kserve-container",
        "image": args.image,
        "command": list(COMMAND),
        "args": args.options.flags(),
        "env": [{"name": key, "value": value} for key, value in {**OFFLINE, **SCRATCH}.items()],
        "ports": [{"name": "http1", "containerPort": SERVER_PORT, "protocol": "TCP"}],
        "securityContext": args.platform.container_security_context(),
        "lifecycle": lifecycle(),
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


def runtime_sha256(args: VllmRuntimeArgs) -> str:
    """Sum over the specification: a service that carries it starts new pods when the runtime changes."""
    return sha256_of(runtime_spec(args))


def _probe(failures: int) -> dict[str, Any]:
    return {
        "httpGet": {"path": "/health", "port": SERVER_PORT},
        "periodSeconds": _PROBE_SECONDS,
        "timeoutSeconds": 5,
        "failureThreshold": failures,
    }
