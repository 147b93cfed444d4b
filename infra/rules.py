"""Semantic rules: what a JSON Schema cannot say about an environment's settings."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping

from components import naming, sizing
from infra.catalog import FETCH_IMAGE, Adapter, Catalog
from infra.faults import Fault
from infra.settings import Kitchen, Settings


def semantic_faults(settings: Settings, catalog: Catalog) -> list[Fault]:
    """Return every violation of a semantic rule, or an empty list."""
    faults = [*_environment_faults(settings), *_name_faults(settings), *_capacity_faults(settings, catalog)]
    faults += [*_twin_faults(settings), *_storage_faults(settings)]
    for kitchen in settings.kitchens.values():
        faults += _kitchen_faults(settings, catalog, kitchen)
    return faults


def _environment_faults(settings: Settings) -> Iterator[Fault]:
    store = settings.object_store
    if settings.environment == "prod" and not store.endpoint.startswith("https://"):
        yield Fault(
            path="objectStore.endpoint",
            value=store.endpoint,
            rule="prod reaches the object store over TLS",
            example="https://minio.kitchen.example",
        )
    port = store.endpoint.rpartition(":")[2]
    if port.isdecimal() and not 1 <= int(port) <= 65535:
        yield Fault(
            path="objectStore.endpoint",
            value=store.endpoint,
            rule="a port is a number from 1 to 65535",
            example="https://minio.kitchen.example:9000",
        )
    if store.kind == "s3" and store.existing_secret is None:
        yield Fault(
            path="objectStore.existingSecret",
            value=None,
            rule="kind s3 has no admin API: consumers need a Secret that exists",
            example="existingSecret: kitchen-lora-reader",
        )
    if settings.phase == 1 and settings.kitchens:
        yield Fault(
            path="kitchens",
            value=sorted(settings.kitchens),
            rule="phase 1 builds the foundation only: state kitchens from phase 2 on",
            example="phase: 2",
        )


def _name_faults(settings: Settings) -> Iterator[Fault]:
    for tenant in settings.tenants:
        yield from _too_long(f"tenants.{tenant}", "namespace", naming.namespace(tenant, settings.environment))
    for name, kitchen in settings.kitchens.items():
        host = naming.predictor_host(name, kitchen.tenant, settings.environment)
        composed = {"host name": host, "claim": naming.base_model_claim(kitchen.base_model)}
        for what, text in composed.items():
            yield from _too_long(f"kitchens.{name}", what, text)


def _twin_faults(settings: Settings) -> Iterator[Fault]:
    """Names composed of two others can be equal where none of those is."""
    composed: dict[str, Callable[[Kitchen], str]] = {
        "user of the object store": lambda k: naming.reader_user(k.name, k.tenant, settings.environment),
        "volume": lambda k: f"{k.tenant}-{naming.base_model_claim(k.base_model)}",
    }
    for what, compose in composed.items():
        first: dict[str, Kitchen] = {}
        for kitchen in settings.kitchens.values():
            name = compose(kitchen)
            twin = first.setdefault(name, kitchen)
            if what == "volume" and (twin.tenant, twin.base_model) == (kitchen.tenant, kitchen.base_model):
                continue
            if twin is not kitchen:
                rule = f"its {what} would have the same name as that of kitchens.{twin.name}"
                yield Fault(path=f"kitchens.{kitchen.name}", value=name, rule=rule, example="another name")


def _storage_faults(settings: Settings) -> Iterator[Fault]:
    """A volume that one node alone can mount serves one pod."""
    if settings.storage.access_mode != "ReadWriteOnce":
        return
    pods: Counter[tuple[str, str]] = Counter()
    for kitchen in settings.kitchens.values():
        pods[kitchen.tenant, kitchen.base_model] += kitchen.peak_replicas
    for (tenant, base_model), count in pods.items():
        if count > 1:
            rule = f"up to {count} pods of tenant {tenant} mount {base_model}, on any node (rollout: surge adds one)"
            yield Fault(path="storage.accessMode", value="ReadWriteOnce", rule=rule, example="ReadWriteMany")


def _too_long(path: str, what: str, name: str) -> Iterator[Fault]:
    if not naming.is_label(name):
        rule = f"the {what} composed from it has {len(name)} characters, at most {naming.MAX_LABEL} are allowed"
        yield Fault(path=path, value=name, rule=rule, example="a shorter name, such as support")


def _capacity_faults(settings: Settings, catalog: Catalog) -> Iterator[Fault]:
    for name, pool in settings.gpu_pools.items():
        used = sum(kitchen.peak_gpus for kitchen in settings.kitchens.values() if kitchen.pool == name)
        yield from _exceeded(f"gpuPools.{name}.gpus", pool.gpus, used, "GPUs")
    for name, tenant in settings.tenants.items():
        kitchens = [kitchen for kitchen in settings.kitchens.values() if kitchen.tenant == name]
        quota, path = tenant.quota, f"tenants.{name}.quota"
        yield from _exceeded(f"{path}.gpus", quota.gpus, sum(k.peak_gpus for k in kitchens), "GPUs")
        yield from _exceeded(f"{path}.cpu", quota.cpu, sum(map(_cpu, kitchens)), "CPU cores")
        known = [kitchen for kitchen in kitchens if kitchen.base_model in catalog.base_models]
        sizes = {kitchen.base_model: catalog.base_models[kitchen.base_model].size_gib for kitchen in known}
        memory = sum(k.peak_replicas * sizing.server_memory_gib(sizes[k.base_model]) for k in known)
        yield from _exceeded(f"{path}.memoryGiB", quota.memory_gib, memory, "GiB of memory")
        yield from _exceeded(f"{path}.storageGiB", quota.storage_gib, sum(sizes.values()), "GiB of volumes")


def _cpu(kitchen: Kitchen) -> int:
    return kitchen.peak_replicas * sizing.server_cpu(kitchen.runtime.tensor_parallel_size)


def _exceeded(path: str, allowed: int, used: int, what: str) -> Iterator[Fault]:
    if used > allowed:
        rule = f"its kitchens use {used} {what} at most (rollout: surge adds one pod a kitchen)"
        example = f"{path.rsplit('.', 1)[1]}: {used}, or fewer replicas, or rollout: replace"
        yield Fault(path=path, value=allowed, rule=rule, example=example)


def _kitchen_faults(settings: Settings, catalog: Catalog, kitchen: Kitchen) -> Iterator[Fault]:
    path = f"kitchens.{kitchen.name}"
    yield from _known(f"{path}.tenant", kitchen.tenant, settings.tenants, "a tenant of this file")
    yield from _known(f"{path}.pool", kitchen.pool, settings.gpu_pools, "a GPU pool of this file")
    yield from _known(f"{path}.runtime.image", kitchen.runtime.image, catalog.images, "an image of the catalog")
    yield from _known(f"{path}.baseModel", kitchen.base_model, catalog.base_models, "a base model of the catalog")
    states = {"baseModel": catalog.base_models.get(kitchen.base_model)}
    for key, entry in states.items():
        if entry is not None:
            yield from _state_faults(settings, f"{path}.{key}", entry.ref, entry.state)
    image = catalog.images.get(kitchen.runtime.image)
    if image is not None:
        yield from _state_faults(settings, f"{path}.runtime.image", image.name, image.state)
    if kitchen.adapters:
        fetch = catalog.images.get(FETCH_IMAGE)
        what = "an image of the catalog: it fetches the adapters"
        yield from _known(f"{path}.adapters", FETCH_IMAGE, catalog.images, what)
        if fetch is not None:
            yield from _state_faults(settings, f"{path}.adapters", f"image {fetch.name}", fetch.state)
    yield from _lora_faults(settings, catalog, kitchen)


def _lora_faults(settings: Settings, catalog: Catalog, kitchen: Kitchen) -> Iterator[Fault]:
    path = f"kitchens.{kitchen.name}"
    runtime = kitchen.runtime
    if kitchen.adapters and settings.phase < 3:
        rule = "LoRA adapters are added in phase 3, never together with the first base model"
        yield Fault(path=f"{path}.adapters", value=list(kitchen.adapters), rule=rule, example="phase: 3")
    if runtime.max_cpu_loras is not None and runtime.max_cpu_loras < runtime.max_loras:
        yield Fault(
            path=f"{path}.runtime.maxCpuLoras",
            value=runtime.max_cpu_loras,
            rule=f"must be at least maxLoras ({runtime.max_loras}): vLLM refuses to start otherwise",
            example=f"maxCpuLoras: {runtime.max_loras}",
        )
    names = Counter(ref.split("/")[0] for ref in kitchen.adapters)
    for index, ref in enumerate(kitchen.adapters):
        where = f"{path}.adapters[{index}]"
        if names[ref.split("/")[0]] > 1:
            rule = "one version of an adapter a kitchen: its name is what callers ask for"
            yield Fault(path=where, value=ref, rule=rule, example="a single helpdesk-faq/v2026-02-01")
        yield from _known(where, ref, catalog.adapters, "an adapter of the catalog")
        if ref.split("/")[0] == kitchen.base_model.split("/")[0]:
            rule = "has the base model's name: callers could not ask for it"
            yield Fault(path=where, value=ref, rule=rule, example="helpdesk-faq/v2026-02-01")
        adapter = catalog.adapters.get(ref)
        if adapter is not None:
            yield from _state_faults(settings, where, ref, adapter.state)
            yield from _adapter_faults(where, kitchen, adapter)


def _adapter_faults(where: str, kitchen: Kitchen, adapter: Adapter) -> Iterator[Fault]:
    if adapter.base_model != kitchen.base_model:
        rule = f"was trained on {adapter.base_model}, the kitchen serves {kitchen.base_model}"
        yield Fault(path=where, value=adapter.ref, rule=rule, example="an adapter of the same base model")
    if adapter.rank > kitchen.runtime.max_lora_rank:
        rule = f"has rank {adapter.rank}, above runtime.maxLoraRank {kitchen.runtime.max_lora_rank}"
        example = f"maxLoraRank: {_next_rank(adapter.rank)}"
        yield Fault(path=where, value=adapter.ref, rule=rule, example=example)


def _next_rank(rank: int) -> int:
    """The smallest rank that vLLM can be set to for an adapter (its list, vllm/config/lora.py)."""
    return next(allowed for allowed in (1, 8, 16, 32, 64, 128, 256, 320, 512) if allowed >= rank)


def _known(path: str, value: str, known: Mapping[str, object], what: str) -> Iterator[Fault]:
    if value not in known:
        yield Fault(path=path, value=value, rule=f"must be {what}: {_list(known)}", example=next(iter(known), "-"))


def _state_faults(settings: Settings, path: str, ref: str, state: str) -> Iterator[Fault]:
    if state == "retired":
        yield Fault(path=path, value=ref, rule="is retired in the catalog", example="a newer version")
    elif settings.environment == "prod" and state != "approved":
        rule = f"is {state} in the catalog, prod takes approved entries only"
        yield Fault(path=path, value=ref, rule=rule, example="promote it first, or use an approved version")


def _list(names: Iterable[str]) -> str:
    return ", ".join(sorted(names)) or "(none)"
