"""Rule: GPU pods go to the GPUs of a pool, all others stay off GPU nodes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from pulumi_policy import Severity

from policies.judging.rule import Case, Rule
from policies.judging.subject import entries, mapping
from policies.judging.values import UNKNOWN, JsonValue
from policies.manifests.fields import (
    NOT_KNOWN,
    Fault,
    at,
    environment,
    judged_pods,
    listed,
    shown,
    titles,
    titles_schema,
)
from policies.manifests.pods import Pod
from policies.manifests.quantities import quantity
from policies.manifests.servers import containers_of
from policies.manifests.stated import stated, stated_schema

VENDORS = (
    *("nvidia.com/", "amd.com/", "gpu.intel.com/", "habana.ai/", "google.com/tpu", "aws.amazon.com/neuron"),
    "huawei.com/",
)
"""Beginnings of the names of GPUs and the like, and of the labels of their nodes."""

PRODUCT = "nvidia.com/gpu.product"
TAINT = RESOURCE = "nvidia.com/gpu"
DEVICES = "NVIDIA_VISIBLE_DEVICES"
"""Variable by which NVIDIA's container runtime hands out devices, past the scheduler and its counts."""

_STATED, _PROGRAMS = "extendedResources", "gpuPrograms"
_TERMS = ("affinity", "nodeAffinity", "requiredDuringSchedulingIgnoredDuringExecution", "nodeSelectorTerms")
_EXAMPLE = (
    "nodeSelector: {nvidia.com/gpu.product: NVIDIA-L40S}, tolerations: [{key: nvidia.com/gpu, operator: Exists, effect:"
    " NoSchedule}]"
)


@dataclass(frozen=True, kw_only=True)
class Pool:
    """A kind of GPU node of the settings."""

    product: JsonValue
    resource: JsonValue
    taint: JsonValue


def judge(case: Case) -> Iterator[str]:
    """Yield one message for each thing that leads a pod to the wrong nodes."""
    pools = tuple(_pools(case.world.settings.get("gpuPools")))
    allowed = titles(case.config, "allowedOnGpuNodes", case.subject.title)
    rule = "pods that ask for a GPU select the product of a pool and tolerate its taint, all others stay off GPU nodes"

    def faults(pod: Pod) -> Iterator[Fault]:
        yield from _evasions(pod)
        yield from _strange(pod, {*stated(case.config, _STATED), *(pool.resource for pool in pools)})
        resources = list(_devices(pod, pools))
        unknown = [path for path, name in resources if name is UNKNOWN]
        yield from (Fault(path=path, text=NOT_KNOWN) for path in unknown)
        asked = dict.fromkeys(name for _, name in resources if name is not UNKNOWN)
        if asked:
            yield from _misplaced(pod, list(asked), pools)
            if not titles(case.config, _PROGRAMS, case.subject.title):
                yield from _strangers(case, pod, pools)
        elif not unknown and not allowed:
            yield from _stray(pod, pools)

    return judged_pods(case, rule, _EXAMPLE, faults)


def _strangers(case: Case, pod: Pod, pools: tuple[Pool, ...]) -> Iterator[Fault]:
    """Programs with a GPU that are no model server that is known: they may serve whatever weights they find."""
    for server in containers_of(case, pod):
        if server.is_vllm or server.is_of_kserve:
            continue
        figures = at(server.container.spec, "resources", "limits")
        asks = [name for name, value in mapping(figures).items() if _is_gpu(name, pools) and quantity(value) != 0]
        if asks:
            text = (
                f"asks for {asks[0]}, and its image is no model server's of the catalog: whatever it serves, nobody"
                f" has approved; state it in {_PROGRAMS} of this rule's configuration"
            )
            yield Fault(path=f"{server.container.path}.resources.limits", text=text)


def _pools(settings: JsonValue) -> Iterator[Pool]:
    for pool in settings.values() if isinstance(settings, Mapping) else ():
        if isinstance(pool, Mapping):
            yield Pool(
                product=pool.get("product"),
                resource=pool.get("resource", RESOURCE),
                taint=pool.get("taint", TAINT),
            )


def _devices(pod: Pod, pools: tuple[Pool, ...]) -> Iterator[tuple[str, JsonValue]]:
    """Path and name of each GPU resource that is asked for; UNKNOWN where it cannot be seen."""
    for container in pod.containers():
        for part in ("requests", "limits"):
            path = f"{container.path}.resources.{part}"
            figures = at(container.spec, "resources", part)
            if figures is UNKNOWN:
                yield path, UNKNOWN
            for name, value in mapping(figures).items():
                if _is_gpu(name, pools) and quantity(value) != 0:
                    yield f"{path}.{name}", name


def _strange(pod: Pod, known: set[JsonValue]) -> Iterator[Fault]:
    """Devices of plugins that nobody has named: a part of a GPU, a network card, a file of the node."""
    for container in pod.containers():
        told = {*known}
        for part in ("requests", "limits"):
            for name, value in mapping(at(container.spec, "resources", part)).items():
                if "/" in name and name not in told and not name.startswith(VENDORS) and quantity(value) != 0:
                    told.add(name)
                    text = f"is {name!r}, which is a resource of no pool: state it in {_STATED} with a reason"
                    yield Fault(path=f"{container.path}.resources.{part}", text=text)


def _is_gpu(resource: str, pools: tuple[Pool, ...]) -> bool:
    return resource.startswith(VENDORS) or resource in [pool.resource for pool in pools]


def _evasions(pod: Pod) -> Iterator[Fault]:
    """What reaches any node or any device, past what is asked for."""
    name = at(pod.spec, "nodeName")
    if name not in (None, ""):
        yield Fault(path=f"{pod.path}.nodeName", text=f"{shown(name)}: it goes past the scheduler")
    priority = at(pod.spec, "priorityClassName")
    if priority is UNKNOWN or str(priority).startswith("system-"):
        yield Fault(path=f"{pod.path}.priorityClassName", text=f"{shown(priority)}: it takes nodes from everybody else")
    if at(pod.spec, "resourceClaims") not in (None, []):
        yield Fault(path=f"{pod.path}.resourceClaims", text="claims devices, whose place cannot be judged here")
    for container in pod.containers():
        devices = environment(container).get(DEVICES, "")
        if devices not in ("", "none", "void"):
            yield Fault(path=f"{container.path}.env", text=f"{DEVICES} {shown(devices)}: devices nobody has asked for")
    for path, toleration in listed(at(pod.spec, "tolerations"), f"{pod.path}.tolerations"):
        key = at(toleration, "key")
        if key is UNKNOWN:
            yield Fault(path=path, text=NOT_KNOWN)
        elif key in (None, ""):
            yield Fault(path=path, text="tolerates every taint")


def _misplaced(pod: Pod, asked: list[JsonValue], pools: tuple[Pool, ...]) -> Iterator[Fault]:
    products = list(_products(pod))
    if UNKNOWN in products:
        yield Fault(path=f"{pod.path}.nodeSelector", text=NOT_KNOWN)
        return
    if not products:
        yield Fault(path=f"{pod.path}.nodeSelector", text=f"selects no {PRODUCT} for {asked[0]}")
    fitting = [pool for pool in pools if pool.product in products and set(asked) <= {pool.resource}]
    for product in products:
        if pools and not any(pool.product == product for pool in fitting):
            text = f"{product!r} is the product of no pool with {', '.join(map(str, asked))}"
            yield Fault(path=f"{pod.path}.nodeSelector", text=text)
    for taint in sorted({str(pool.taint) for pool in fitting} or {TAINT}):
        if not any(_tolerates(entry, taint) for entry in entries(at(pod.spec, "tolerations"))):
            yield Fault(path=f"{pod.path}.tolerations", text=f"does not tolerate the taint {taint}")


def _products(pod: Pod) -> Iterator[JsonValue]:
    """Products that the pod may land on; none where it may land on any."""
    selector = at(pod.spec, "nodeSelector")
    chosen = at(selector, PRODUCT)
    if chosen is not None:
        yield chosen
        return
    terms = at(pod.spec, *_TERMS)
    if UNKNOWN in (terms, *entries(terms)):
        yield UNKNOWN
        return
    found = [list(_term_products(term)) for term in entries(terms)]
    if all(found):
        yield from dict.fromkeys(product for products in found for product in products)


def _term_products(term: JsonValue) -> Iterator[JsonValue]:
    for _, expression in listed(at(term, "matchExpressions"), ""):
        if expression is UNKNOWN or UNKNOWN in (at(expression, "key"), at(expression, "values")):
            yield UNKNOWN
        elif at(expression, "key") == PRODUCT and at(expression, "operator") == "In":
            yield from (
                value for value in entries(at(expression, "values")) if isinstance(value, str) or value is UNKNOWN
            )


def _tolerates(toleration: JsonValue, taint: str) -> bool:
    return at(toleration, "key") == taint and at(toleration, "effect") in (None, "", "NoSchedule")


def _stray(pod: Pod, pools: tuple[Pool, ...]) -> Iterator[Fault]:
    """What leads a pod without a GPU to a GPU node."""
    taints = {pool.taint for pool in pools}
    for path, toleration in listed(at(pod.spec, "tolerations"), f"{pod.path}.tolerations"):
        key = at(toleration, "key")
        if isinstance(key, str) and (key.startswith(VENDORS) or key in taints):
            yield Fault(path=path, text=f"tolerates {key}, and the pod asks for no GPU")
    runtime = at(pod.spec, "runtimeClassName")
    if runtime is UNKNOWN or "nvidia" in str(runtime):
        yield Fault(path=f"{pod.path}.runtimeClassName", text=f"{shown(runtime)}: images of CUDA get every GPU by it")
    selector = at(pod.spec, "nodeSelector")
    if selector is UNKNOWN:
        yield Fault(path=f"{pod.path}.nodeSelector", text=NOT_KNOWN)
    for key in mapping(selector):
        if key.startswith(VENDORS):
            yield Fault(path=f"{pod.path}.nodeSelector", text=f"selects {key}, and the pod asks for no GPU")
    where = f"{pod.path}.{'.'.join(_TERMS)}"
    for path, term in listed(at(pod.spec, *_TERMS), where):
        for _, expression in listed(at(term, "matchExpressions"), path):
            key = at(expression, "key")
            if key is UNKNOWN:
                yield Fault(path=path, text=NOT_KNOWN)
            elif str(key).startswith(VENDORS) and at(expression, "operator") not in ("NotIn", "DoesNotExist"):
                yield Fault(path=path, text=f"selects {key}, and the pod asks for no GPU")


RULE = Rule(
    id="gpu-placement",
    title="Pods that ask for a GPU are placed on the product of a pool; all others stay off GPU nodes.",
    severity=Severity.HIGH,
    reason="On a wrong product a model does not fit or costs too much; other pods on GPU nodes keep GPUs idle.",
    remedy="Select a pool's product and tolerate its taint where a GPU is asked for, and nowhere else.",
    reference="https://kubernetes.io/docs/tasks/manage-gpus/scheduling-gpus/",
    judge=judge,
    config_schema={
        _STATED: stated_schema(
            "Resources of device plugins that pods may ask for beside those of the settings' GPU pools, such as network"
            " cards, each with the reason why it opens nothing."
        ),
        _PROGRAMS: titles_schema(
            "Objects whose containers ask for a GPU and are no model servers, such as training, as"
            " `<kind> <namespace>/<name>`; `*` is any text."
        ),
        "allowedOnGpuNodes": titles_schema(
            "Objects whose pods run on GPU nodes without asking for a GPU, such as exporters of GPU metrics, as"
            " `<kind> <namespace>/<name>`; `*` is any text."
        ),
    },
)
