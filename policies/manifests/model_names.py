"""Names under which models answer: those that a server takes, and what would answer callers in a server's place."""

from __future__ import annotations

import re
from collections.abc import Iterator

from policies.judging.pace import once
from policies.judging.rule import Case
from policies.judging.subject import mapping
from policies.judging.values import UNKNOWN, JsonValue
from policies.judging.world import World
from policies.manifests.fields import NOT_KNOWN, Fault, at, listed, shown
from policies.manifests.models import SERVING
from policies.manifests.pod_finder import pods
from policies.manifests.servers import Server

_PARTS = re.compile(r"[/:@\s]|--")
"""What people put between the name of a model, its maker and its version."""

_INFERENCE = ("inference.networking.x-k8s.io", "inference.networking.k8s.io")
_OF_A_SERVER = re.compile(r"(?:-predictor|-transformer|-explainer)(?:-default|-canary)?$|-kserve(?:-workload-svc)?$")
"""Ends of the names of Services that KServe makes for its own servers."""

_LABELS = ("serving.kserve.io/inferenceservice", "kserve.io/component")
"""Labels by which KServe's Services, and the network policies beside them, find the pods of a server."""


@once
def _catalog(world: World) -> frozenset[str]:
    return frozenset(ref.partition("/")[0].casefold() for ref in (*world.base_models, *world.adapters))


def named(world: World, name: str) -> str | None:
    """The model or adapter of the catalog that a name is taken for, whatever its case, maker and version."""
    return next((part for part in _PARTS.split(name.casefold()) if part in _catalog(world)), None)


def other_names(case: Case, server: Server, model: JsonValue) -> Iterator[str]:
    """Names of other models and adapters of the catalog under which a server would answer."""
    if not isinstance(model, str):
        return
    own = model.partition("/")[0].casefold()
    said: list[JsonValue] = [*server.values("served-model-name"), *server.values("model-name")]
    if case.subject.group == SERVING:
        said.append(at(case.subject.inputs.get("spec"), "model", "name"))
    for name in dict.fromkeys(name for name in said if isinstance(name, str)):
        if named(case.world, name) not in (None, own):
            yield name


def in_a_servers_place(case: Case) -> Iterator[Fault]:
    """Pods and Services that would get the calls of a server of KServe's, and names that lead to another model."""
    subject = case.subject
    spec = subject.inputs.get("spec")
    if subject.group in _INFERENCE and subject.kind == "InferenceModel":
        yield from _led(case, spec)
    elif (subject.group, subject.kind) == ("", "Service"):
        name = subject.object_name or ""
        if _OF_A_SERVER.search(name) or name in mapping(case.world.settings.get("kitchens")):
            text = f"{shown(name)}: KServe makes the Service of that name, and callers of a model would come here"
            yield Fault(path="metadata.name", text=text)
    if subject.group != SERVING:
        for pod in pods(subject):
            for label, value in pod.labels.items():
                kserves = label in _LABELS or (label == "app" and str(value).startswith("isvc."))
                if kserves or (label == "app.kubernetes.io/part-of" and value == "llminferenceservice"):
                    text = f"{label} {shown(value)}: KServe marks its own pods so, and callers of a model come to them"
                    yield Fault(path=f"{pod.path} (labels)", text=text)


def _led(case: Case, spec: JsonValue) -> Iterator[Fault]:
    """A name of the catalog leads to that model itself, in whatever version."""
    asked = at(spec, "modelName")
    targets = list(listed(at(spec, "targetModels"), "spec.targetModels"))
    if not isinstance(asked, str) or spec is UNKNOWN:
        if asked is not None:
            yield Fault(path="spec.modelName", text=NOT_KNOWN)
        return
    own = named(case.world, asked)
    for path, target in targets if own is not None else ():
        name = at(target, "name")
        if not isinstance(name, str) or named(case.world, name) != own:
            yield Fault(path=f"{path}.name", text=f"{shown(name)}, and callers ask for {asked!r}")
