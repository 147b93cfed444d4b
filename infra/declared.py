"""What Git declares of each kitchen, object by object, without the engine: for whoever compares it with what is there.

Made by the very functions that the program is made of, so that a setting means the same to both.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pulumi

from components import naming
from components.labels import SERVICE_LABEL
from components.model_store.volume import load_job
from components.serving.adapters import MANIFEST
from components.serving.llm_service import llm_spec
from components.serving.predictor import predictor
from components.serving.runtime_spec import runtime_spec
from components.serving.vllm import MODEL_PATH
from infra.catalog import Adapter, BaseModel, Catalog
from infra.kitchen.context import Context, scripts
from infra.kitchen.models import content, load_args
from infra.kitchen.platform import platform
from infra.kitchen.serving import llm_args, runtime_args, service_args
from infra.settings import Kitchen, Settings

POD_FIELDS = ("serviceAccountName", "securityContext", "hostAliases", "dnsConfig")
"""By whose rights a pod runs, and where its names lead: fields of a pod beside its containers and volumes."""

_MODEL_VOLUME = "kserve-pvc-source"
_MERGED = ("args", "env", "volumeMounts")


@dataclass(frozen=True, kw_only=True)
class DeclaredObject:
    """An object of the Kubernetes API; `content` is what stands beside its metadata, such as `spec` or `data`."""

    kind: str
    namespace: str
    name: str
    content: Mapping[str, Any]


@dataclass(frozen=True, kw_only=True)
class DeclaredKitchen:
    """A kitchen and its objects; `containers` are those of its pods by name, init containers included, with `volumes`.

    `pod` is what the pods say beside these of `POD_FIELDS`.
    `pod_label` is key and value of the label that they carry. `adapter_list` is the ConfigMap that they mount as the
    volume `list_volume`; None where there is nothing to fetch. `models` are the names by
    which its servers are asked for each model, and `served` all that they tell: with an entry the base model has two.
    `added_by` names who adds to the pods what is not known here; empty where all is known.
    """

    name: str
    namespace: str
    service: DeclaredObject
    runtime: DeclaredObject | None
    adapter_list: DeclaredObject | None
    hot_scripts: DeclaredObject | None
    list_volume: str
    base_manifest: DeclaredObject
    load: DeclaredObject
    pod_label: tuple[str, str]
    containers: Mapping[str, Mapping[str, Any]]
    volumes: Mapping[str, Mapping[str, Any]]
    pod: Mapping[str, Any]
    base_model: BaseModel
    adapters: tuple[Adapter, ...]
    models: tuple[str, ...]
    served: tuple[str, ...]
    added_by: str

    def objects(self) -> list[DeclaredObject]:
        """Every object named here."""
        found = (self.service, self.runtime, self.adapter_list, self.hot_scripts, self.base_manifest, self.load)
        return [entry for entry in found if entry is not None]


@dataclass(frozen=True, kw_only=True)
class Declared:
    """An environment: its kitchens, the namespaces of its tenants, the load Jobs of each, and its buckets."""

    kitchens: tuple[DeclaredKitchen, ...]
    namespaces: tuple[str, ...]
    loads: frozenset[tuple[str, str]]
    buckets: Mapping[str, str]
    base_models_from_bucket: bool


def declared(settings: Settings, catalog: Catalog) -> Declared:
    """Return what checked settings and the catalog declare."""
    context = Context(
        settings=settings,
        catalog=catalog,
        platform=platform(settings),
        on_cluster=pulumi.ResourceOptions(),
        payload=scripts(),
    )
    held = [(tenant, ref) for tenant in settings.tenants for ref in settings.held(tenant)]
    prefix = settings.object_store.bucket_prefix
    return Declared(
        kitchens=tuple(_kitchen(context, kitchen) for kitchen in settings.kitchens.values()),
        namespaces=tuple(context.namespace(tenant) for tenant in settings.tenants),
        loads=frozenset(
            (context.namespace(tenant), load_job(load_args(context, tenant, ref))[0]) for tenant, ref in held
        ),
        buckets={name: naming.bucket(prefix, name) for name in ("lora", "models")},
        base_models_from_bucket=settings.storage.source_claim is None,
    )


def _kitchen(context: Context, kitchen: Kitchen) -> DeclaredKitchen:
    args = service_args(context, kitchen)
    spec = predictor(args)
    namespace, name = args.namespace, kitchen.name

    def made(kind: str, called: str, **fields: Any) -> DeclaredObject:
        return DeclaredObject(kind=kind, namespace=namespace, name=called, content=fields)

    adapter_list = hot_scripts = runtime = None
    if args.fetch is not None:
        called = args.fetch.config_map(name)
        adapter_list = made("ConfigMap", called, data=args.fetch.data(), immutable=True)
    if args.hot is not None:
        manifest = {MANIFEST: args.hot.fetch.manifest()}
        adapter_list = made("ConfigMap", naming.declared_adapters_config_map(name), data=manifest)
        hot_scripts = made("ConfigMap", args.hot.scripts_config_map(name), data=dict(args.hot.scripts), immutable=True)
    model = context.catalog.base_models[kitchen.base_model]
    vllm = runtime_args(context, kitchen)
    base = content(context, kitchen.base_model)
    job, job_spec = load_job(load_args(context, kitchen.tenant, kitchen.base_model))
    if kitchen.api == "LLMInferenceService":
        whole = llm_spec(llm_args(context, kitchen))
        service, pod = made(kitchen.api, name, spec=whole), whole["template"]
        volumes = pod["volumes"]
    else:
        runtime = made("ServingRuntime", args.runtime, spec=runtime_spec(vllm))
        service = made(kitchen.api, name, spec={"predictor": spec})
        server = _merged(runtime.content["spec"]["containers"][0], spec["model"])
        pod = {**spec, "containers": [server, *spec.get("containers", [])]}
        volumes = [*runtime.content["spec"]["volumes"], *spec["volumes"]]
    adapters = tuple(context.catalog.adapters[ref] for ref in kitchen.adapters)
    known = tuple(kitchen.served_name(adapter.ref) for adapter in adapters)
    public = vllm.options.entry_name
    return DeclaredKitchen(
        name=name,
        namespace=namespace,
        service=service,
        runtime=runtime,
        adapter_list=adapter_list,
        hot_scripts=hot_scripts,
        list_volume="declared-adapters" if kitchen.hot else "adapters-manifest",
        base_manifest=made("ConfigMap", base.config_map, data=base.data(), immutable=True),
        load=made("Job", job, spec=job_spec),
        pod_label=(SERVICE_LABEL, name),
        containers={entry["name"]: entry for entry in [*pod.get("initContainers", []), *_with_model(kitchen, pod)]},
        volumes={entry["name"]: entry for entry in [*volumes, _model_volume(kitchen)]},
        pod={key: pod[key] for key in POD_FIELDS if key in pod},
        base_model=model,
        adapters=adapters,
        models=(model.name, *known),
        served=(model.name, *([public] if public else []), *known),
        added_by=_added_by(context, kitchen),
    )


def _added_by(context: Context, kitchen: Kitchen) -> str:
    if kitchen.api == "LLMInferenceService":
        return "the controller of LLMInferenceService"
    return "OpenShift AI" if context.platform.openshift_ai else ""


def _merged(container: Mapping[str, Any], model: Mapping[str, Any]) -> dict[str, Any]:
    """The server's container as KServe makes it out of runtime and service."""
    joined = {key: [*container.get(key, []), *model.get(key, [])] for key in _MERGED}
    own = {key: model[key] for key in ("workingDir", "resources") if key in model}
    return {**container, **joined, **own}


def _with_model(kitchen: Kitchen, pod: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The containers with what KServe adds: the base model's folder in the first one, the service's name in all."""
    folder = {"name": _MODEL_VOLUME, "mountPath": MODEL_PATH, "readOnly": True, "subPath": f"base/{kitchen.base_model}"}
    served = {"name": "INFERENCE_SERVICE_NAME", "value": kitchen.name}
    named = [{**entry, "env": [*entry.get("env", []), served]} for entry in pod["containers"]]
    return [{**named[0], "volumeMounts": [*named[0]["volumeMounts"], folder]}, *named[1:]]


def _model_volume(kitchen: Kitchen) -> dict[str, Any]:
    claim = naming.base_model_claim(kitchen.base_model)
    return {"name": _MODEL_VOLUME, "persistentVolumeClaim": {"claimName": claim}}
