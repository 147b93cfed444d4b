"""Settings of one environment as frozen values. Defaults live here and nowhere else."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

from infra.adapter_refs import AdapterCanary
from infra.entry_settings import Access, EntrySettings, FairShare, Inputs, RecordContents
from infra.monitoring_settings import MonitoringSettings
from infra.policy_settings import Exemption, Signer, StatedKind
from infra.price_settings import PriceSettings
from infra.runtime_settings import Runtime


@dataclass(frozen=True, kw_only=True)
class GpuPool:
    """A kind of GPU node. `memory_gib` is of one GPU, `gpus` of the whole pool, `gpus_per_node` of one node."""

    name: str
    product: str
    memory_gib: int
    gpus: int
    gpus_per_node: int | None = None
    resource: str = "nvidia.com/gpu"
    taint: str = "nvidia.com/gpu"


@dataclass(frozen=True, kw_only=True)
class Routes:
    """Routes without OpenShift AI: domain of their hosts, and the networks that may call."""

    domain: str
    allowed_sources: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Cluster:
    """The kind of cluster, and what of it the kitchens use."""

    kind: str
    openshift_ai: bool = False
    routes: Routes | None = None
    monitoring: bool = False


@dataclass(frozen=True, kw_only=True)
class Priority:
    """Priority of the servers' pods; `preempt` lets them displace pods of a lower one."""

    value: int = 1000
    preempt: bool = False


@dataclass(frozen=True, kw_only=True)
class StoreNetwork:
    """Where the object store's pods are; `port` is theirs where it is not the endpoint's."""

    namespace: str | None = None
    cidrs: tuple[str, ...] = ()
    port: int | None = None


@dataclass(frozen=True, kw_only=True)
class SecretText:
    """A secret setting. `value` is None where it is not known: the engine alone can read it."""

    value: str | None = field(repr=False)


@dataclass(frozen=True, kw_only=True)
class StoreServer:
    """MinIO in the cluster. `size_gib` is of one drive; `issuer` or `tls_secret` gives its certificate."""

    owner: str
    cost_centre: str
    storage_class: str
    size_gib: int
    namespace: str = "object-store"
    replicas: int = 1
    drives_per_replica: int = 1
    issuer: str | None = None
    tls_secret: str | None = None
    cpu: int = 2
    memory_gib: int = 8
    image: str = "minio"


@dataclass(frozen=True, kw_only=True)
class StoreLimits:
    """The most of one request in MiB, of one object in GiB, and of the parts of an object; by default those of S3."""

    put_mib: int = 5120
    object_gib: int = 5120
    parts: int = 10_000


@dataclass(frozen=True, kw_only=True)
class ObjectStore:
    """The S3-compatible store. `ca_bundle` names a ConfigMap, made where `certificates` hold its PEM; 0 days is off."""

    endpoint: str
    kind: str = "minio"
    region: str = "us-east-1"
    bucket_prefix: str = ""
    ca_bundle: str | None = None
    certificates: str | None = None
    network: StoreNetwork = field(default_factory=StoreNetwork)
    object_lock_days: int = 0
    expire_noncurrent_days: int = 0
    existing_secret: str | None = None
    abilities: tuple[str, ...] | None = None
    limits: StoreLimits = field(default_factory=StoreLimits)
    quota_gib: Mapping[str, int] = field(default_factory=dict)
    key_generation: int = 1
    adopt: tuple[str, ...] = ()
    deploy: StoreServer | None = None

    @property
    def has_users(self) -> bool:
        """Whether the program makes a user for each consumer; else all of them share the key of `existing_secret`."""
        return self.kind == "minio"


@dataclass(frozen=True, kw_only=True)
class Storage:
    """Persistent volumes of base models; `source_claim` holds the files where they do not come from the bucket."""

    class_name: str
    access_mode: str = "ReadWriteMany"
    keep_versions: int = 2
    source_claim: str | None = None


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
    base_models: tuple[str, ...] = ()
    groups: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    record_contents: RecordContents | None = None


@dataclass(frozen=True, kw_only=True)
class Autoscaling:
    """Server pods by a metric of vLLM; `target` is its value for one pod."""

    max_replicas: int
    metric: str
    target: int
    min_replicas: int = 1
    prometheus: str | None = None
    scale_to_zero: bool = False
    wake_query: str | None = None


@dataclass(frozen=True, kw_only=True)
class GatewayApi:
    """The Gateway that routes attach to, and the domain of their host names."""

    gateway: str
    namespace: str
    domain: str


@dataclass(frozen=True, kw_only=True)
class Kitchen:
    """A serving unit: base model, adapters, GPU pool and tenant.

    A canary is a kitchen of its own: `canary_of` names the one whose calls it takes `canary_weight` percent of.
    `adapters` are all that its servers hold, those of `adapter_canaries` last. `task` is one of TASKS.
    """

    name: str
    tenant: str
    base_model: str
    pool: str
    adapters: tuple[str, ...] = ()
    replicas: int = 1
    rollout: str = "surge"
    task: str = "generate"
    lora_mode: str = "static"
    adapter_space_gib: int = 10
    runtime: Runtime = field(default_factory=Runtime)
    api: str = "InferenceService"
    autoscaling: Autoscaling | None = None
    canary_of: str | None = None
    canary_weight: int = 0
    access: tuple[Access, ...] = ()
    adapter_canaries: tuple[AdapterCanary, ...] = ()
    inputs: Inputs = field(default_factory=Inputs)
    fair_share: FairShare = field(default_factory=FairShare)

    @property
    def public_adapters(self) -> tuple[str, ...]:
        """References of the adapters that callers know by their names."""
        return self.adapters[: len(self.adapters) - len(self.adapter_canaries)]

    def served_name(self, ref: str) -> str:
        """The name by which the kitchen's servers know an adapter of theirs."""
        return next((one.served_name for one in self.adapter_canaries if one.ref == ref), ref.split("/", maxsplit=1)[0])

    @property
    def hot(self) -> bool:
        """Whether adapters come and go without a new pod."""
        return self.lora_mode == "hot"

    @property
    def peak_replicas(self) -> int:
        """Pods at most: what the autoscaler may reach, and during a `surge` rollout one more.

        The controller of LLMInferenceService takes Kubernetes' own strategy, which adds a quarter.
        """
        most = self.replicas if self.autoscaling is None else self.autoscaling.max_replicas
        more = -(-most // 4) if self.api == "LLMInferenceService" else 1
        return most + (more if self.rollout == "surge" else 0)

    @property
    def peak_gpus(self) -> int:
        """GPUs at most, those of a rollout included."""
        return self.peak_replicas * self.runtime.tensor_parallel_size


@dataclass(frozen=True, kw_only=True)
class Settings:
    """Everything that an environment's file says."""

    environment: str
    phase: int
    platform: Cluster
    registry: str
    cluster_identifier: str
    cluster_context: str | None
    gpu_pools: Mapping[str, GpuPool]
    object_store: ObjectStore
    storage: Storage
    tenants: Mapping[str, Tenant]
    kitchens: Mapping[str, Kitchen]
    groups: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    priority: Priority = field(default_factory=Priority)
    pull_secret: str | None = None
    registry_holds: tuple[str, ...] | None = None
    registry_credentials: SecretText | None = None
    protect: bool = False
    render_to: str | None = None
    gateway_api: GatewayApi | None = None
    keda: bool = False
    prometheus: str | None = None
    llm_inference_service: bool = False
    exemptions: tuple[Exemption, ...] = ()
    stated_kinds: tuple[StatedKind, ...] = ()
    bundle_signatures: int = 1
    signers: tuple[Signer, ...] = ()
    entry: EntrySettings | None = None
    prices: PriceSettings = field(default_factory=PriceSettings)
    monitoring: MonitoringSettings = field(default_factory=MonitoringSettings)

    def held(self, tenant: str) -> list[str]:
        """Base models on a tenant's volumes: those of its kitchens, and those it holds ready beside them."""
        used = [kitchen.base_model for kitchen in self.kitchens_of(tenant)]
        return list(dict.fromkeys([*used, *self.tenants[tenant].base_models]))

    def kitchens_of(self, tenant: str) -> Sequence[Kitchen]:
        """A tenant's kitchens, canaries among them, as the settings order them."""
        return self._by_tenant.get(tenant, ())

    def canary(self, kitchen: str) -> Kitchen | None:
        """The canary of a kitchen."""
        return self._canaries.get(kitchen)

    # Made once: to look through all kitchens for each tenant takes time that grows with the square of their number.
    @cached_property
    def _by_tenant(self) -> dict[str, list[Kitchen]]:
        found: dict[str, list[Kitchen]] = {}
        for kitchen in self.kitchens.values():
            found.setdefault(kitchen.tenant, []).append(kitchen)
        return found

    @cached_property
    def _canaries(self) -> dict[str, Kitchen]:
        canaries = [kitchen for kitchen in self.kitchens.values() if kitchen.canary_of is not None]
        # The first one counts, as the settings order them.
        return {str(kitchen.canary_of): kitchen for kitchen in reversed(canaries)}
