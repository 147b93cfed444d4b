"""Settings of one environment as frozen values. Defaults live here and nowhere else."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, kw_only=True)
class GpuPool:
    """A kind of GPU node. `memory_gib` is of one GPU, `gpus` of the whole pool."""

    name: str
    product: str
    memory_gib: int
    gpus: int
    resource: str = "nvidia.com/gpu"
    taint: str = "nvidia.com/gpu"


@dataclass(frozen=True, kw_only=True)
class ObjectStore:
    """The S3-compatible store. `ca_bundle` names a ConfigMap; 0 days means off."""

    endpoint: str
    kind: str = "minio"
    region: str = "us-east-1"
    bucket_prefix: str = ""
    ca_bundle: str | None = None
    object_lock_days: int = 0
    expire_noncurrent_days: int = 0
    existing_secret: str | None = None


@dataclass(frozen=True, kw_only=True)
class Storage:
    """Persistent volumes of base models."""

    class_name: str
    access_mode: str = "ReadWriteMany"


@dataclass(frozen=True, kw_only=True)
class Quota:
    """What a tenant's namespace may use at most: GPUs, CPU cores, GiB of memory and of volumes."""

    gpus: int
    cpu: int = 64
    memory_gib: int = 256
    storage_gib: int = 500


@dataclass(frozen=True, kw_only=True)
class Tenant:
    """A department and use case."""

    name: str
    owner: str
    cost_centre: str
    quota: Quota


@dataclass(frozen=True, kw_only=True)
class Runtime:
    """Options of the vLLM server; the names are those of its flags."""

    max_loras: int = 2
    max_lora_rank: int = 16
    max_cpu_loras: int | None = None
    max_model_len: int = 8192
    concurrency: int = 32
    gpu_memory_utilization: float = 0.9
    tensor_parallel_size: int = 1
    dtype: str = "auto"
    image: str = "vllm"


@dataclass(frozen=True, kw_only=True)
class Kitchen:
    """A serving unit: base model, adapters, GPU pool and tenant."""

    name: str
    tenant: str
    base_model: str
    pool: str
    adapters: tuple[str, ...] = ()
    replicas: int = 1
    rollout: str = "surge"
    lora_mode: str = "static"
    adapter_space_gib: int = 10
    runtime: Runtime = field(default_factory=Runtime)

    @property
    def hot(self) -> bool:
        """Whether adapters come and go without a new pod."""
        return self.lora_mode == "hot"

    @property
    def peak_replicas(self) -> int:
        """Pods at most: during a `surge` rollout one more than `replicas`."""
        return self.replicas + (1 if self.rollout == "surge" else 0)

    @property
    def peak_gpus(self) -> int:
        """GPUs at most, those of a rollout included."""
        return self.peak_replicas * self.runtime.tensor_parallel_size


@dataclass(frozen=True, kw_only=True)
class Settings:
    """Everything that an environment's file says."""

    environment: str
    phase: int
    platform: str
    registry: str
    cluster_identifier: str
    cluster_context: str | None
    gpu_pools: Mapping[str, GpuPool]
    object_store: ObjectStore
    storage: Storage
    tenants: Mapping[str, Tenant]
    kitchens: Mapping[str, Kitchen]
    protect: bool = False
    render_to: str | None = None
