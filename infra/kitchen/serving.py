"""Phases 2 and 3: one kitchen's runtime, key to its adapters, and service."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pulumi

from components import naming
from components.gpu import Placement
from components.gpu.memory import compute_dtype
from components.object_store import BucketAccess
from components.ports import LLM_PORT
from components.serving import (
    AdapterFetch,
    AdapterFile,
    AdapterSource,
    HotLora,
    LlmService,
    LlmServiceArgs,
    LoraOptions,
    MultiLoraService,
    MultiLoraServiceArgs,
    VllmOptions,
    VllmRuntime,
    VllmRuntimeArgs,
)
from components.serving.adapters import SCRIPTS as FETCH_SCRIPTS
from components.serving.hot_lora import SCRIPTS as HOT_SCRIPTS
from components.serving.runtime_spec import runtime_sha256
from infra.catalog import FETCH_IMAGE, Adapter
from infra.kitchen.context import Context
from infra.kitchen.features import features, read_settings
from infra.kitchen.models import content
from infra.kitchen.platform import address, surroundings
from infra.kitchen.scaling import autoscaling
from infra.kitchen.store import reader
from infra.memory import fit_of, spare_lora_gib
from infra.policy_settings import ADAPTERS
from infra.settings import Kitchen
from infra.signers import signers_of


def serve(context: Context, kitchen: Kitchen) -> Mapping[str, Any]:
    """Declare a kitchen; return its part of the stack's outputs."""
    for index, setting in read_settings(kitchen):
        where = f"kitchens.{kitchen.name}.runtime"
        pulumi.log.warn(f"{where}.extraArgs[{index}] is read as runtime.{setting}: write the setting in its place")
    needs: list[pulumi.Resource] = [
        context.tenants[kitchen.tenant],
        context.volumes[kitchen.tenant, kitchen.base_model],
    ]
    if kitchen.api == "InferenceService":
        needs.append(VllmRuntime(kitchen.name, runtime_args(context, kitchen), context.in_tenant(kitchen.tenant)))
    needs.append(context.loads[kitchen.tenant, kitchen.base_model])
    if kitchen.adapters:
        needs.append(_access(context, kitchen))
    if kitchen.api == "LLMInferenceService":
        service = LlmService(kitchen.name, llm_args(context, kitchen), context.after(*needs))
        context.services[kitchen.name] = service
    else:
        args = service_args(context, kitchen)
        context.services[kitchen.name] = MultiLoraService(kitchen.name, args, context.after(*needs))
    surroundings(context, kitchen)
    return _output(context, kitchen)


def service_args(context: Context, kitchen: Kitchen) -> MultiLoraServiceArgs:
    """The kitchen's service."""
    pool = context.settings.gpu_pools[kitchen.pool]
    said, model = kitchen.runtime, context.catalog.base_models[kitchen.base_model]
    return MultiLoraServiceArgs(
        namespace=context.namespace(kitchen.tenant),
        kitchen=kitchen.name,
        runtime=naming.runtime(kitchen.name),
        runtime_sha256=runtime_sha256(runtime_args(context, kitchen)),
        storage_uri=naming.base_model_uri(kitchen.base_model),
        labels=context.labels(kitchen.tenant, kitchen.name),
        platform=context.platform,
        placement=Placement(
            product=pool.product, resource=pool.resource, taint=pool.taint, count=said.tensor_parallel_size
        ),
        model_gib=model.size_gib,
        spare_lora_gib=spare_lora_gib(kitchen, model),
        replicas=kitchen.replicas,
        surge=kitchen.rollout == "surge",
        lora=LoraOptions(max_loras=said.max_loras, max_lora_rank=said.max_lora_rank, max_cpu_loras=said.max_cpu_loras),
        fetch=_fetch(context, kitchen) if kitchen.adapters and not kitchen.hot else None,
        hot=_hot(context, kitchen) if kitchen.hot else None,
        base_model=content(context, kitchen.base_model),
        drain_seconds=said.drain_seconds,
        autoscaling=autoscaling(context, kitchen),
        priority_class=naming.priority_class(context.settings.environment),
        pull_secrets=context.pull_secrets,
        entry_namespace=naming.entry_namespace(context.settings.environment) if context.settings.entry else None,
    )


def llm_args(context: Context, kitchen: Kitchen) -> LlmServiceArgs:
    """The kitchen's service as an LLMInferenceService."""
    service, runtime = service_args(context, kitchen), runtime_args(context, kitchen)
    return LlmServiceArgs(service=service, runtime=runtime, gateway=_gateway(context))


def _output(context: Context, kitchen: Kitchen) -> Mapping[str, Any]:
    namespace = context.namespace(kitchen.tenant)
    model = context.catalog.base_models[kitchen.base_model]
    return {
        "namespace": namespace,
        "pool": kitchen.pool,
        "replicas": kitchen.replicas,
        "baseModel": kitchen.base_model,
        "adapters": list(kitchen.adapters),
        "models": [model.name, *(context.catalog.adapters[ref].name for ref in kitchen.adapters)],
        "url": _url(context, kitchen),
        "gpuMemory": _gpu_memory(context, kitchen),
    }


def _url(context: Context, kitchen: Kitchen) -> str:
    if kitchen.api == "LLMInferenceService":
        return f"http://{naming.llm_workload(kitchen.name)}.{context.namespace(kitchen.tenant)}.svc:{LLM_PORT}/v1"
    return address(context, kitchen)


def _gpu_memory(context: Context, kitchen: Kitchen) -> Mapping[str, float]:
    fit = fit_of(kitchen, context.settings.gpu_pools[kitchen.pool], context.catalog)
    parts = {"weightsGiB": fit.weights, "loraGiB": fit.loras, "kvCacheGiB": fit.kv_cache, "otherGiB": fit.overhead}
    return {key: round(value, 2) for key, value in {**parts, "ofGiB": fit.budget, "percent": fit.percent}.items()}


def _gateway(context: Context) -> tuple[str, str] | None:
    gateway = context.settings.gateway_api
    return None if gateway is None or context.settings.entry is not None else (gateway.namespace, gateway.gateway)


def runtime_args(context: Context, kitchen: Kitchen) -> VllmRuntimeArgs:
    """The kitchen's runtime."""
    said = kitchen.runtime
    model = context.catalog.base_models[kitchen.base_model]
    return VllmRuntimeArgs(
        namespace=context.namespace(kitchen.tenant),
        kitchen=kitchen.name,
        image=context.image(said.image),
        labels=context.labels(kitchen.tenant, kitchen.name),
        platform=context.platform,
        options=VllmOptions(
            served_model_name=model.name,
            max_model_len=said.max_model_len,
            max_num_seqs=said.concurrency,
            gpu_memory_utilization=said.gpu_memory_utilization,
            tensor_parallel_size=said.tensor_parallel_size,
            dtype=said.dtype,
            quantization=said.quantization,
            shutdown_timeout=said.drain_seconds,
            features=features(kitchen),
            extra=said.further_args,
            entry_name=(kitchen.canary_of or kitchen.name) if context.settings.entry else None,
        ),
        model_gib=model.size_gib,
    )


def _access(context: Context, kitchen: Kitchen) -> BucketAccess:
    args = reader(
        context,
        bucket="lora",
        prefixes=[f"{ref}/" for ref in kitchen.adapters],
        tenant=kitchen.tenant,
        secret_name=naming.reader_secret(kitchen.name),
        user=naming.reader_user(kitchen.name, kitchen.tenant, context.settings.environment),
        instance=kitchen.name,
    )
    needs: list[pulumi.Resource] = [context.tenants[kitchen.tenant]]
    if context.buckets:
        needs.append(context.buckets["lora"])
    return BucketAccess(kitchen.name, args, context.after(*needs))


def _fetch(context: Context, kitchen: Kitchen) -> AdapterFetch:
    store = context.settings.object_store
    secret = None if store.has_users else store.existing_secret
    return AdapterFetch(
        image=context.image(FETCH_IMAGE),
        scripts={name: context.payload[name] for name in FETCH_SCRIPTS},
        bucket=naming.bucket(store.bucket_prefix, "lora"),
        endpoint=store.endpoint,
        region=store.region,
        secret=secret or naming.reader_secret(kitchen.name),
        ca_bundle=store.ca_bundle,
        adapters=[_source(kitchen, context.catalog.adapters[ref]) for ref in kitchen.adapters],
        dtype=compute_dtype(kitchen.runtime.dtype, context.catalog.base_models[kitchen.base_model].dtype),
        signers=[signer.as_pods_read_it() for signer in signers_of(context.settings, ADAPTERS)],
    )


def _hot(context: Context, kitchen: Kitchen) -> HotLora:
    scripts = {name: context.payload[name] for name in HOT_SCRIPTS}
    return HotLora(
        fetch=_fetch(context, kitchen),
        scripts=scripts,
        space_gib=kitchen.adapter_space_gib,
        prefix_caching=kitchen.runtime.prefix_caching or False,
    )


def _source(kitchen: Kitchen, adapter: Adapter) -> AdapterSource:
    files = [AdapterFile(path=file.path, sha256=file.sha256, size_bytes=file.size_bytes) for file in adapter.files]
    served = kitchen.served_name(adapter.ref)
    other = None if served == adapter.name else served
    return AdapterSource(name=adapter.name, version=adapter.version, files=files, served=other)
