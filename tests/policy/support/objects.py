"""Objects that every rule about pods passes; samples change one thing in them."""

from __future__ import annotations

from typing import Any

from tests.policy.support.sample import EXAMPLE_DIGEST, PINNED

VLLM = f"registry.kitchen.example/vllm/vllm-openai@{EXAMPLE_DIGEST}"
OFFLINE = [{"name": name, "value": "1"} for name in ("HF_HUB_OFFLINE", "TRANSFORMERS_OFFLINE", "VLLM_NO_USAGE_STATS")]
GPU = {"nvidia.com/gpu": "1"}
TOLERATION = {"key": "nvidia.com/gpu", "operator": "Exists", "effect": "NoSchedule"}
DEPLOYMENT_TYPE = "kubernetes:apps/v1:Deployment"
POD_TYPE = "kubernetes:core/v1:Pod"
JOB_TYPE = "kubernetes:batch/v1:Job"
SERVICE_TYPE = "kubernetes:serving.kserve.io/v1beta1:InferenceService"
RUNTIME_TYPE = "kubernetes:serving.kserve.io/v1alpha1:ServingRuntime"
LLM_TYPE = "kubernetes:serving.kserve.io/v1alpha2:LLMInferenceService"


def resources(**devices: str) -> dict[str, Any]:
    return {"requests": {"cpu": "1", "memory": "2Gi", **devices}, "limits": {"memory": "2Gi", **devices}}


def pod_context() -> dict[str, Any]:
    return {"runAsNonRoot": True, "seccompProfile": {"type": "RuntimeDefault"}}


def container(name: str = "app", image: str = PINNED) -> dict[str, Any]:
    return {
        "name": name,
        "image": image,
        "ports": [{"name": "http", "containerPort": 8080}],
        "resources": resources(),
        "securityContext": {
            "allowPrivilegeEscalation": False,
            "runAsNonRoot": True,
            "capabilities": {"drop": ["ALL"]},
        },
        "readinessProbe": {"httpGet": {"path": "/health", "port": "http"}},
        "livenessProbe": {"httpGet": {"path": "/health", "port": 8080}},
    }


def pod_spec(**more: Any) -> dict[str, Any]:
    return {
        "automountServiceAccountToken": False,
        "securityContext": pod_context(),
        "containers": [container()],
        **more,
    }


def manifest(api_version: str, kind: str, spec: dict[str, Any]) -> dict[str, Any]:
    return {"apiVersion": api_version, "kind": kind, "metadata": {"name": "sample", "namespace": "team"}, "spec": spec}


def template(spec: dict[str, Any]) -> dict[str, Any]:
    return {"template": {"metadata": {"labels": {"app": "sample"}}, "spec": spec}}


POD = manifest("v1", "Pod", pod_spec())
DEPLOYMENT = manifest("apps/v1", "Deployment", template(pod_spec(initContainers=[container("first")])))
JOB = manifest("batch/v1", "Job", template(pod_spec(restartPolicy="Never")))
CRON_JOB = manifest("batch/v1", "CronJob", {"jobTemplate": {"spec": template(pod_spec())}})
GPU_POD = manifest(
    "v1",
    "Pod",
    pod_spec(
        containers=[{**container("server", VLLM), "env": OFFLINE, "resources": resources(**GPU)}],
        nodeSelector={"nvidia.com/gpu.product": "NVIDIA-L40S"},
        tolerations=[TOLERATION],
    ),
)
RUNTIME = manifest(
    "serving.kserve.io/v1alpha1",
    "ServingRuntime",
    {
        "supportedModelFormats": [{"name": "vLLM"}],
        "containers": [{**container("kserve-container", VLLM), "env": OFFLINE, "args": ["--port=8080"]}],
        "volumes": [{"name": "scratch", "emptyDir": {"sizeLimit": "1Gi"}}],
    },
)
SERVICE = manifest(
    "serving.kserve.io/v1beta1",
    "InferenceService",
    {
        "predictor": {
            "automountServiceAccountToken": False,
            "securityContext": pod_context(),
            "nodeSelector": {"nvidia.com/gpu.product": "NVIDIA-L40S"},
            "tolerations": [TOLERATION],
            "initContainers": [container("fetch")],
            "model": {
                "modelFormat": {"name": "vLLM"},
                "runtime": "sample-vllm",
                "storageUri": "pvc://base-m-v1/base/m/v1",
                "resources": resources(**GPU),
            },
        }
    },
)
LLM = manifest(
    "serving.kserve.io/v1alpha2",
    "LLMInferenceService",
    {
        "model": {"uri": "pvc://base-m-v1/base/m/v1", "name": "m"},
        "template": {
            **pod_spec(),
            "containers": [{**container("main", VLLM), "env": OFFLINE, "resources": resources(**GPU)}],
            "nodeSelector": {"nvidia.com/gpu.product": "NVIDIA-L40S"},
            "tolerations": [TOLERATION],
        },
    },
)
GADGET = manifest("example.com/v1", "Gadget", {"deep": [{"podTemplate": {"spec": pod_spec()}}]})

GOOD = {
    POD_TYPE: POD,
    DEPLOYMENT_TYPE: DEPLOYMENT,
    JOB_TYPE: JOB,
    "kubernetes:batch/v1:CronJob": CRON_JOB,
    SERVICE_TYPE: SERVICE,
    RUNTIME_TYPE: RUNTIME,
    LLM_TYPE: LLM,
    "kubernetes:example.com/v1:Gadget": GADGET,
}
