"""Samples of the rules on resources, probes and placement."""

from __future__ import annotations

from policies.judging.world import World
from tests.policy.support.objects import (
    CRON_JOB,
    DEPLOYMENT,
    DEPLOYMENT_TYPE,
    GPU_POD,
    JOB,
    JOB_TYPE,
    LLM,
    LLM_TYPE,
    POD,
    POD_TYPE,
    RUNTIME,
    RUNTIME_TYPE,
    SERVICE,
    SERVICE_TYPE,
    TOLERATION,
    container,
    resources,
)
from tests.policy.support.sample import MISSING, UNKNOWN_VALUE, changed, table

_NOT_KNOWN = "not known before the update"
_RESOURCES = "spec containers 0 resources"
_TEMPLATE = "spec template spec"
_MODEL = "spec predictor model"
_FIRST = f"{_TEMPLATE} containers 0"

RESOURCES = (
    *table(
        POD_TYPE,
        POD,
        ("a pod", {}),
        (
            "nothing said",
            {_RESOURCES: MISSING},
            "spec.containers[0].resources.requests.cpu: is missing",
            "spec.containers[0].resources.requests.memory: is missing",
            "spec.containers[0].resources.limits.memory: is missing",
        ),
        ("no memory limit", {f"{_RESOURCES} limits": MISSING}, "limits.memory: is missing"),
        ("a request of nothing", {f"{_RESOURCES} requests cpu": "0"}, "requests.cpu: is '0'"),
        ("numbers", {f"{_RESOURCES} requests cpu": 0.5, f"{_RESOURCES} limits cpu": 1}),
        ("request above limit", {f"{_RESOURCES} requests memory": "2049Mi"}, "requests.memory: is '2049Mi', above"),
        ("other units of the same", {f"{_RESOURCES} requests memory": "2048Mi"}),
        ("decimal is less than binary", {f"{_RESOURCES} limits memory": "2G"}, "'2Gi', above its limit '2G'"),
        ("millicores", {f"{_RESOURCES} requests cpu": "1500m", f"{_RESOURCES} limits cpu": "1"}, "'1500m', above"),
        ("no quantity", {f"{_RESOURCES} requests memory": "2 Gi"}, "'2 Gi', which is no quantity"),
        ("a truth", {f"{_RESOURCES} requests cpu": True}, "is True, which is no quantity"),
        ("GPU as limit alone", {f"{_RESOURCES} limits nvidia.com/gpu": "1"}, "None requested and '1' as limit"),
        ("GPU as request alone", {f"{_RESOURCES} requests nvidia.com/gpu": "1"}, "'1' requested and None as limit"),
        (
            "slices that differ",
            {f"{_RESOURCES} requests nvidia.com/mig-1g.10gb": "1", f"{_RESOURCES} limits nvidia.com/mig-1g.10gb": "2"},
            "limits.nvidia.com/mig-1g.10gb: '1' requested and '2' as limit",
        ),
        ("half a GPU", {_RESOURCES: resources(**{"nvidia.com/gpu": "500m"})}, "the same whole number"),
        ("huge pages", {f"{_RESOURCES} limits hugepages-2Mi": "4Mi"}),
        ("init container", {"spec initContainers": [changed(container("i"), {"resources limits": MISSING})]}, "initC"),
        ("ephemeral containers have none", {"spec ephemeralContainers": [{"name": "debug"}]}),
        ("a figure not known", {f"{_RESOURCES} requests cpu": UNKNOWN_VALUE}, f"requests.cpu: is {_NOT_KNOWN}"),
        ("requests not known", {f"{_RESOURCES} requests": UNKNOWN_VALUE}, f"resources.requests: is {_NOT_KNOWN}"),
        (
            "all not known",
            {_RESOURCES: UNKNOWN_VALUE},
            f"resources.requests: is {_NOT_KNOWN}",
            f"resources.limits: is {_NOT_KNOWN}",
        ),
        ("containers not known", {"spec containers": UNKNOWN_VALUE}, f"spec.containers: is {_NOT_KNOWN}"),
    ),
    *table(
        RUNTIME_TYPE,
        RUNTIME,
        ("a runtime leaves them to the service", {"spec containers 0 resources": MISSING}),
        ("runtime's sidecar", {"spec containers 1": {"name": "x"}}, "requests.cpu", "requests.memory", "limits.memory"),
        ("runtime's contradiction", {"spec containers 0 resources requests memory": "9Gi"}, "above its limit"),
    ),
    *table(
        SERVICE_TYPE,
        SERVICE,
        ("a service", {}),
        ("a service without", {f"{_MODEL} resources": MISSING}, "model.resources.requests.cpu", "memory", "limits"),
    ),
    *table(JOB_TYPE, JOB, ("a job", {}), ("a job without", {f"{_FIRST} resources limits": MISSING}, "limits.memory")),
)

_SIDECAR = {"name": "side", "image": "x"}
PROBES = (
    *table(
        DEPLOYMENT_TYPE,
        DEPLOYMENT,
        ("a deployment", {f"{_TEMPLATE} initContainers 0 readinessProbe": MISSING}),
        ("no readiness", {f"{_FIRST} readinessProbe": MISSING}, "containers[0].readinessProbe: is missing"),
        ("no liveness", {f"{_FIRST} livenessProbe": MISSING}, "livenessProbe: is missing, and so is startupProbe"),
        ("startup in its place", {f"{_FIRST} livenessProbe": MISSING, f"{_FIRST} startupProbe": {"exec": {}}}),
        ("a probe of nothing", {f"{_FIRST} readinessProbe": {"periodSeconds": 5}}, "readinessProbe: is missing"),
        ("a handler of null", {f"{_FIRST} readinessProbe": {"httpGet": None}}, "readinessProbe: is missing"),
        ("sidecar", {f"{_TEMPLATE} containers 1": _SIDECAR}, "containers[1].readinessProbe: is missing"),
        ("ready sidecar", {f"{_TEMPLATE} containers 1": {**_SIDECAR, "readinessProbe": {"grpc": {"port": 1}}}}),
        (
            "native sidecar",
            {f"{_TEMPLATE} initContainers 0": {**_SIDECAR, "restartPolicy": "Always"}},
            "initContainers[0].readinessProbe: is missing",
        ),
        ("no such port", {f"{_FIRST} readinessProbe httpGet port": "web"}, "readinessProbe.httpGet.port: is 'web'"),
        ("a port in digits", {f"{_FIRST} livenessProbe httpGet port": "8080"}),
        ("probe not known", {f"{_FIRST} readinessProbe": UNKNOWN_VALUE}, f"readinessProbe: is {_NOT_KNOWN}"),
        ("port not known", {f"{_FIRST} livenessProbe httpGet port": UNKNOWN_VALUE}, f"httpGet: is {_NOT_KNOWN}"),
        ("template not known", {"spec template": UNKNOWN_VALUE}, f"spec.template: is {_NOT_KNOWN}"),
    ),
    *table(JOB_TYPE, JOB, ("a job needs none", {f"{_FIRST} readinessProbe": MISSING})),
    *table("kubernetes:batch/v1:CronJob", changed(CRON_JOB, {}), ("nor a cron job", {})),
    *table(
        "kubernetes:apps/v1:StatefulSet",
        {**DEPLOYMENT, "kind": "StatefulSet"},
        ("stateful set", {f"{_FIRST} readinessProbe": MISSING}, "StatefulSet team/sample: "),
    ),
    *table(
        "kubernetes:apps/v1:DaemonSet",
        {**DEPLOYMENT, "kind": "DaemonSet"},
        ("daemon set", {f"{_FIRST} livenessProbe": MISSING}, "DaemonSet team/sample: "),
    ),
    *table(
        RUNTIME_TYPE,
        RUNTIME,
        ("a runtime", {}),
        (
            "a runtime without",
            {"spec containers 0 readinessProbe": MISSING, "spec containers 0 livenessProbe": MISSING},
            "readinessProbe: is missing",
            "livenessProbe: is missing",
        ),
    ),
    *table(
        SERVICE_TYPE,
        SERVICE,
        ("a model's are its runtime's", {}),
        ("container beside the model", {"spec predictor containers": [_SIDECAR]}, "containers[0].readinessProbe"),
        ("a server without model", {_MODEL: MISSING, "spec predictor containers": [_SIDECAR]}, "readiness", "liveness"),
    ),
    *table(
        LLM_TYPE, LLM, ("an LLM without", {"spec template containers 0 readinessProbe": MISSING}, "spec.template.con")
    ),
)

_SELECTOR = "spec nodeSelector nvidia.com/gpu.product"
_REQUIRED = "spec affinity nodeAffinity requiredDuringSchedulingIgnoredDuringExecution nodeSelectorTerms"


def _term(*values: str, key: str = "nvidia.com/gpu.product", operator: str = "In") -> dict[str, object]:
    return {"matchExpressions": [{"key": key, "operator": operator, "values": list(values)}]}


_SLICE = {
    _RESOURCES: resources(**{"nvidia.com/mig-1g.10gb": "1"}),
    _SELECTOR: "NVIDIA-H100-80GB-HBM3-MIG-1g.10gb",
    "spec tolerations": [{"key": "kitchen.example.com/slices", "operator": "Exists"}],
}
_AFFINE = {"spec nodeSelector": MISSING}
PLACEMENT = (
    *table(
        POD_TYPE,
        GPU_POD,
        ("a GPU pod", {}),
        ("no selector", {"spec nodeSelector": MISSING}, "spec.nodeSelector: selects no nvidia.com/gpu.product"),
        (
            "another label",
            {"spec nodeSelector": {"pool": "l40s"}},
            "selects no nvidia.com/gpu.product for nvidia.com/gpu",
        ),
        (
            "a product of no pool",
            {_SELECTOR: "NVIDIA-A100"},
            "'NVIDIA-A100' is the product of no pool with nvidia.com/gpu",
        ),
        ("another pool's product", {_SELECTOR: "NVIDIA-H100-80GB-HBM3-MIG-1g.10gb"}, "no pool with nvidia.com/gpu"),
        (
            "no toleration",
            {"spec tolerations": MISSING},
            "spec.tolerations: does not tolerate the taint nvidia.com/gpu",
        ),
        ("for another effect", {"spec tolerations 0 effect": "NoExecute"}, "does not tolerate"),
        (
            "everything tolerated",
            {"spec tolerations 1": {"operator": "Exists"}},
            "tolerations[1]: tolerates every taint",
        ),
        ("past the scheduler", {"spec nodeName": "gpu-1"}, "spec.nodeName: is 'gpu-1': it goes past the scheduler"),
        ("claims", {"spec resourceClaims": [{"name": "g"}]}, "spec.resourceClaims: claims devices"),
        (
            "past the counts",
            {"spec containers 0 env": [{"name": "NVIDIA_VISIBLE_DEVICES", "value": "all"}]},
            "spec.containers[0].env: NVIDIA_VISIBLE_DEVICES is 'all'",
        ),
        ("no devices", {"spec containers 0 env": [{"name": "NVIDIA_VISIBLE_DEVICES", "value": "none"}]}),
        ("a slice", _SLICE),
        (
            "a slice with the other taint",
            {**_SLICE, "spec tolerations": [TOLERATION]},
            "taint kitchen.example.com/slices",
        ),
        ("affinity", {**_AFFINE, _REQUIRED: [_term("NVIDIA-L40S")]}),
        (
            "affinity of which one term is open",
            {**_AFFINE, _REQUIRED: [_term("NVIDIA-L40S"), _term("a", key="zone")]},
            "selects no nvidia.com/gpu.product",
        ),
        ("affinity for what is not it", {**_AFFINE, _REQUIRED: [_term("NVIDIA-L40S", operator="NotIn")]}, "selects no"),
        (
            "affinity to a stranger too",
            {**_AFFINE, _REQUIRED: [_term("NVIDIA-L40S", "NVIDIA-A100")]},
            "'NVIDIA-A100' is",
        ),
        (
            "preferred is not required",
            {
                **_AFFINE,
                "spec affinity nodeAffinity": {
                    "preferredDuringSchedulingIgnoredDuringExecution": [
                        {"weight": 1, "preference": _term("NVIDIA-L40S")}
                    ],
                },
            },
            "selects no",
        ),
        ("product not known", {_SELECTOR: UNKNOWN_VALUE}, f"spec.nodeSelector: is {_NOT_KNOWN}"),
        ("affinity not known", {**_AFFINE, _REQUIRED: UNKNOWN_VALUE}, _NOT_KNOWN),
        ("tolerations not known", {"spec tolerations": UNKNOWN_VALUE}, _NOT_KNOWN, "does not tolerate"),
    ),
    *table(
        POD_TYPE,
        GPU_POD,
        ("no pools in the settings", {_SELECTOR: "NVIDIA-A100"}),
        ("and nothing selected", {"spec nodeSelector": MISSING}, "selects no nvidia.com/gpu.product"),
        ("and nothing tolerated", {"spec tolerations": MISSING}, "does not tolerate the taint nvidia.com/gpu"),
        world=World(),
    ),
    *table(
        POD_TYPE,
        POD,
        ("a pod without GPU", {"spec nodeSelector": {"zone": "a"}, "spec tolerations": [{"key": "x"}]}),
        (
            "on GPU nodes by toleration",
            {"spec tolerations": [TOLERATION]},
            "tolerates nvidia.com/gpu, and the pod asks for no",
        ),
        (
            "by a pool's own taint",
            {"spec tolerations": [{"key": "kitchen.example.com/slices"}]},
            "tolerates kitchen.example",
        ),
        ("by selector", {_SELECTOR: "NVIDIA-L40S"}, "selects nvidia.com/gpu.product, and the pod asks for no GPU"),
        (
            "by affinity",
            {_REQUIRED: [_term(key="nvidia.com/gpu.present", operator="Exists")]},
            "selects nvidia.com/gpu.p",
        ),
        ("kept off by affinity", {_REQUIRED: [_term(key="nvidia.com/gpu.present", operator="DoesNotExist")]}),
        ("no GPUs asked for", {**_SLICE, _RESOURCES: resources(**{"nvidia.com/gpu": "0"})}, "tolerates", "selects"),
        ("resources not known", {_RESOURCES: UNKNOWN_VALUE}, f"requests: is {_NOT_KNOWN}", f"limits: is {_NOT_KNOWN}"),
        ("selector not known", {"spec nodeSelector": UNKNOWN_VALUE}, f"spec.nodeSelector: is {_NOT_KNOWN}"),
        ("toleration not known", {"spec tolerations": [UNKNOWN_VALUE]}, f"spec.tolerations[0]: is {_NOT_KNOWN}"),
    ),
    *table(
        POD_TYPE,
        POD,
        ("an exporter that is named", {"spec tolerations": [TOLERATION]}),
        ("a named one tolerates no more than it must", {"spec tolerations": [{"operator": "Exists"}]}, "every taint"),
        config={"allowedOnGpuNodes": ["Pod team/*"]},
    ),
    *table(
        SERVICE_TYPE,
        SERVICE,
        ("a service", {}),
        ("a service on any node", {"spec predictor nodeSelector": MISSING}, "spec.predictor.nodeSelector: selects no"),
        (
            "a service without GPU",
            {f"{_MODEL} resources": resources()},
            "tolerates nvidia.com/gpu",
            "selects nvidia.com",
        ),
    ),
    *table(
        RUNTIME_TYPE,
        RUNTIME,
        ("a runtime", {}),
        ("a runtime that would lead any service there", {"spec tolerations": [TOLERATION]}, "asks for no GPU"),
        (
            "a runtime that asks",
            {"spec containers 0 resources": resources(**{"nvidia.com/gpu": "1"})},
            "selects no",
            "taint",
        ),
    ),
)

SAMPLES = {"pods-state-resources": RESOURCES, "pods-have-probes": PROBES, "gpu-placement": PLACEMENT}
