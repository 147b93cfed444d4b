"""Rules about canaries, autoscaling and the API that serves a kitchen."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace

from components import naming
from components.gpu.sizing import startup_minutes
from infra.catalog import Catalog
from infra.faults import Fault
from infra.settings import Autoscaling, Kitchen, Settings

_OPERATIONS = 4


def scaling_faults(settings: Settings, catalog: Catalog) -> Iterator[Fault]:
    """Autoscaling needs KEDA, a Prometheus, phase 4, and bounds that mean what they say."""
    for kitchen in settings.kitchens.values():
        said, path = kitchen.autoscaling, f"kitchens.{kitchen.name}.autoscaling"
        if said is None:
            continue
        if not settings.keda:
            rule = "KEDA scales the pods: say that the cluster has it"
            yield Fault(path=path, value=said.metric, rule=rule, example="platform: {keda: true}")
        if settings.phase < _OPERATIONS:
            yield _too_early(path, "autoscaling", settings)
        if said.prometheus is None and settings.prometheus is None:
            rule = "KEDA reads the metric from a Prometheus: its address is stated nowhere"
            example = "platform: {prometheus: http://prometheus.monitoring.svc:9090}"
            yield Fault(path=f"{path}.prometheus", value=None, rule=rule, example=example)
        if kitchen.replicas != 1:
            rule = "autoscaling decides how many pods there are"
            example = f"minReplicas: {kitchen.replicas}, and no replicas"
            yield Fault(path=f"kitchens.{kitchen.name}.replicas", value=kitchen.replicas, rule=rule, example=example)
        if kitchen.api != "InferenceService":
            yield Fault(path=path, value=kitchen.api, rule="api InferenceService only", example="api: InferenceService")
        yield from _bound_faults(path, said)
        yield from _zero_faults(path, said, kitchen, catalog)


def _bound_faults(path: str, said: Autoscaling) -> Iterator[Fault]:
    if said.max_replicas < max(said.min_replicas, 1):
        rule = f"must be at least minReplicas ({said.min_replicas})"
        example = f"maxReplicas: {said.min_replicas}"
        yield Fault(path=f"{path}.maxReplicas", value=said.max_replicas, rule=rule, example=example)
    if said.metric == "kvCache" and said.target > 95:
        rule = "kvCache is in percent: a full cache has made callers wait already"
        yield Fault(path=f"{path}.target", value=said.target, rule=rule, example="target: 80")


def _zero_faults(path: str, said: Autoscaling, kitchen: Kitchen, catalog: Catalog) -> Iterator[Fault]:
    model = catalog.base_models.get(kitchen.base_model)
    minutes = startup_minutes(0 if model is None else model.size_gib)
    cold = f"the first caller after a pause waits for a start, up to {minutes} minutes"
    if said.min_replicas == 0 and not said.scale_to_zero:
        example = "minReplicas: 1, or scaleToZero: true where that may be"
        yield Fault(path=f"{path}.minReplicas", value=0, rule=f"without pods {cold}", example=example)
    if said.scale_to_zero and said.min_replicas > 0:
        rule = f"minReplicas is {said.min_replicas}: it would never be used"
        yield Fault(path=f"{path}.scaleToZero", value=True, rule=rule, example="minReplicas: 0")
    if said.scale_to_zero and said.wake_query is None:
        rule = f"a server that does not run has no metric that could start it, and {cold}: name one of the gateway"
        example = 'wakeQuery: sum(rate(istio_requests_total{destination_service_name="%s"}[1m]))'
        yield Fault(path=f"{path}.wakeQuery", value=None, rule=rule, example=example % naming.predictor(kitchen.name))
    if said.wake_query is not None and not said.scale_to_zero:
        rule = "wakes a kitchen without pods, and this one always has one"
        yield Fault(path=f"{path}.wakeQuery", value=said.wake_query, rule=rule, example="scaleToZero: true")


def canary_faults(settings: Settings, _catalog: Catalog) -> Iterator[Fault]:
    """A canary needs the Gateway API, phase 4 and a free name; another API needs its controller."""
    for kitchen in settings.kitchens.values():
        path = f"kitchens.{kitchen.name}"
        if kitchen.api == "LLMInferenceService" and not settings.llm_inference_service:
            rule = "the cluster must have it, with its controller"
            yield Fault(
                path=f"{path}.api", value=kitchen.api, rule=rule, example="platform: {llmInferenceService: true}"
            )
        if kitchen.api == "LLMInferenceService" and kitchen.hot:
            yield Fault(path=f"{path}.api", value=kitchen.api, rule="static mode only", example="loraMode: static")
        if kitchen.api == "LLMInferenceService" and kitchen.canary_of is None and kitchen.rollout == "replace":
            rule = "the controller of LLMInferenceService always starts new pods beside the old ones"
            yield Fault(path=f"{path}.rollout", value=kitchen.rollout, rule=rule, example="rollout: surge")
        if kitchen.canary_of is None:
            continue
        if settings.gateway_api is None and settings.entry is None:
            rule = "shares of the calls are weights of a route: state an entry, or say which Gateway takes them"
            example = (
                "platform: {gatewayApi: {gateway: kitchen, namespace: kitchen-gateway, domain: models.kitchen.example}}"
            )
            yield Fault(path=path, value=kitchen.canary_weight, rule=rule, example=example)
        if settings.phase < _OPERATIONS:
            yield _too_early(path, "a canary", settings)
        if kitchen.api != "InferenceService":
            yield Fault(path=path, value=kitchen.api, rule="api InferenceService only", example="api: InferenceService")
        if settings.kitchens[kitchen.canary_of].hot:
            rule = "adapters of a kitchen in hot mode change without new pods: a canary is for static ones"
            yield Fault(path=path, value="hot", rule=rule, example="loraMode: static")
    yield from _taken_faults(settings)


def _taken_faults(settings: Settings) -> Iterator[Fault]:
    for name, kitchen in settings.kitchens.items():
        other = settings.kitchens.get(name.removesuffix("-canary"))
        if other is not None and other is not kitchen and kitchen.canary_of is None:
            rule = f"is the name of a canary of kitchens.{other.name}"
            yield Fault(path=f"kitchens.{name}", value=name, rule=rule, example=f"{other.name}-second")


def _too_early(path: str, what: str, settings: Settings) -> Fault:
    rule = f"{what} belongs to operations: it comes with phase {_OPERATIONS}"
    return Fault(path=path, value=settings.phase, rule=rule, example=f"phase: {_OPERATIONS}")


def placed_where_written(settings: Settings, faults: Iterable[Fault]) -> list[Fault]:
    """Name the faults of a canary where it is written, and only those that its kitchen does not have too."""
    told = list(faults)
    seen = {(fault.path, str(fault.value), fault.rule) for fault in told}
    for canary in [kitchen for kitchen in settings.kitchens.values() if kitchen.canary_of is not None]:
        here, there = f"kitchens.{canary.name}", f"kitchens.{canary.canary_of}"
        ours = [fault for fault in told if fault.path == here or fault.path.startswith(f"{here}.")]
        for fault in ours:
            rest = fault.path.removeprefix(here)
            told.remove(fault)
            if (there + rest, str(fault.value), fault.rule) not in seen:
                told.append(replace(fault, path=f"{there}.canary{rest}"))
    return told
