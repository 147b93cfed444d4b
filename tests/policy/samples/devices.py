"""Samples of the rules on resources and places: devices of other vendors, ways to a GPU without asking for one."""

from __future__ import annotations

import dataclasses

from tests.policy.support.objects import GPU, GPU_POD, POD, POD_TYPE, container, resources
from tests.policy.support.sample import UNKNOWN_VALUE, WORLD, Sample, table

_NOT_KNOWN = "not known before the update"
_DEVICES = (
    *("amd.com/gpu", "gpu.intel.com/i915", "gpu.intel.com/xe", "habana.ai/gaudi", "google.com/tpu"),
    *("aws.amazon.com/neuroncore", "huawei.com/Ascend910", "nvidia.com/gpu.shared", "nvidia.com/mig-2g.20gb"),
)
_AMD = dataclasses.replace(
    WORLD,
    settings={
        "gpuPools": {"mi300": {"product": "MI300X", "gpus": 8, "resource": "amd.com/gpu", "taint": "amd.com/gpu"}}
    },
)
_STATED = [{"name": "rdma/shared_a", "reason": "network cards of the GPU nodes, by their operator"}]
_TRAINING = {"gpuPrograms": ["Pod team/*"]}
_PLACES = (
    *table(
        POD_TYPE,
        GPU_POD,
        (
            "a GPU for a program that is no model server",
            {"spec containers 0": {**container("work"), "resources": resources(**GPU)}},
            "spec.containers[0].resources.limits: asks for nvidia.com/gpu, and its image is no model server's",
        ),
        (
            "a GPU for a program beside the server",
            {"spec containers 1": {**container("work"), "resources": resources(**GPU)}},
            "spec.containers[1].resources.limits: asks for nvidia.com/gpu",
        ),
        ("a program without a GPU beside the server", {"spec containers 1": container("work")}),
    ),
    *table(
        POD_TYPE,
        GPU_POD,
        (
            "a GPU for training that is stated",
            {"spec containers 0": {**container("work"), "resources": resources(**GPU)}},
        ),
        config=_TRAINING,
    ),
    *table(
        POD_TYPE,
        POD,
        ("a device that is stated", {"spec containers 0 resources": resources(**{"rdma/shared_a": "1"})}),
        (
            "another one than is stated",
            {"spec containers 0 resources": resources(**{"rdma/shared_b": "1"})},
            "is 'rdma/shared_b', which is a resource of no pool",
        ),
        config={"extendedResources": _STATED},
    ),
    *table(
        POD_TYPE,
        POD,
        (
            "a device that is stated without a reason",
            {"spec containers 0 resources": resources(**{"rdma/shared_a": "1"})},
            "is 'rdma/shared_a', which is a resource of no pool",
        ),
        config={"extendedResources": [{"name": "rdma/shared_a"}]},
    ),
    *table(
        POD_TYPE,
        POD,
        *(
            (
                f"a device {name}",
                {"spec containers 0 resources": resources(**{name: "1"})},
                f"selects no nvidia.com/gpu.product for {name}",
                "does not tolerate",
            )
            for name in _DEVICES
        ),
        *(
            (
                f"a device that nobody has named, {name}",
                {"spec containers 0 resources": resources(**{name: "1"})},
                f"resources.requests: is {name!r}, which is a resource of no pool: state it in extendedResources",
            )
            for name in ("example.com/dongle", "volcano.sh/vgpu-number", "rdma/shared_a", "squat.ai/fuse", "x.org/gpu")
        ),
        ("no device", {"spec containers 0 resources": resources(**{"example.com/dongle": "0"})}),
        (
            "memory and pages of the node itself",
            {"spec containers 0 resources": resources(**{"hugepages-2Mi": "64Mi", "ephemeral-storage": "1Gi"})},
        ),
        (
            "to nodes of another vendor",
            {"spec nodeSelector": {"amd.com/gpu.product": "MI300X"}},
            "selects amd.com/gpu.pr",
        ),
        ("tolerated for another vendor", {"spec tolerations": [{"key": "amd.com/gpu"}]}, "tolerates amd.com/gpu"),
        (
            "by a class of runtimes",
            {"spec runtimeClassName": "nvidia-cdi"},
            "is 'nvidia-cdi': images of CUDA get every GPU",
        ),
        ("another class of runtimes", {"spec runtimeClassName": "gvisor"}),
        ("before every pod", {"spec priorityClassName": "system-node-critical"}, "it takes nodes from everybody else"),
        (
            "before every pod of the cluster",
            {"spec priorityClassName": "system-cluster-critical"},
            "from everybody else",
        ),
        ("before some pods", {"spec priorityClassName": "kitchen-prod"}),
        ("before what is not known", {"spec priorityClassName": UNKNOWN_VALUE}, f"priorityClassName: is {_NOT_KNOWN}"),
        ("a class that is not known", {"spec runtimeClassName": UNKNOWN_VALUE}, f"runtimeClassName: is {_NOT_KNOWN}"),
        config=_TRAINING,
    ),
    *table(POD_TYPE, GPU_POD, ("a class of runtimes for a GPU", {"spec runtimeClassName": "nvidia"})),
    *table(
        POD_TYPE,
        POD,
        (
            "a pool of another vendor",
            {
                "spec containers": [{**container(), "resources": resources(**{"amd.com/gpu": "1"})}],
                "spec nodeSelector": {"nvidia.com/gpu.product": "MI300X"},
                "spec tolerations": [{"key": "amd.com/gpu", "operator": "Exists"}],
            },
        ),
        world=_AMD,
        config=_TRAINING,
    ),
)
_FIGURES = table(
    POD_TYPE,
    POD,
    ("less than nothing", {"spec containers 0 resources requests cpu": "-1"}, "requests.cpu: is '-1'"),
    ("very little", {"spec containers 0 resources requests cpu": "1m"}),
)

SAMPLES: dict[str, tuple[Sample, ...]] = {"gpu-placement": _PLACES, "pods-state-resources": _FIGURES}
