"""What an entry leads to, as far as the objects that are declared with it tell."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from policies.judging.subject import Subject, entries, mapping
from policies.judging.values import JsonValue
from policies.manifests.authorities import Place
from policies.manifests.fields import at
from policies.manifests.models import SERVING

ENTRIES = {
    ("gateway.networking.k8s.io", "HTTPRoute"),
    ("networking.istio.io", "VirtualService"),
    ("networking.k8s.io", "Ingress"),
    ("extensions", "Ingress"),
    ("gateway.networking.k8s.io", "GRPCRoute"),
    ("gateway.networking.k8s.io", "TLSRoute"),
}
"""Entries that say nothing about callers themselves; a Route has an allow-list of its own."""

_ENDS = ("-predictor", "-transformer", "-explainer")


def place_of(entry: Subject, others: Sequence[Subject]) -> Place:
    """The place that an entry or a service of KServe leads to; its pods are known where all of its Services are."""
    if entry.group == SERVING:
        pods: list[Mapping[str, JsonValue]] = [_labels_of_service(entry.object_name or "")]
        return Place(namespace=entry.namespace, kind=entry.kind, name=entry.object_name, pods=tuple(pods))
    services = frozenset(name for name in _services(entry) if name)
    found = [_pods(name, entry.namespace, others) for name in sorted(services)]
    known = [labels for labels in found if labels is not None]
    return Place(
        namespace=entry.namespace,
        kind=entry.kind,
        name=entry.object_name,
        pods=tuple(known) if known and len(known) == len(found) else (),
        services=services,
        gateways=frozenset(_gateways(entry)),
    )


def _labels_of_service(name: str) -> Mapping[str, JsonValue]:
    return {"serving.kserve.io/inferenceservice": name}


def _pods(name: str, namespace: str | None, others: Sequence[Subject]) -> Mapping[str, JsonValue] | None:
    """Labels that every pod behind a Service has, or None where the Service is not declared."""
    for other in others:
        if other.namespace != namespace or not other.is_kubernetes:
            continue
        if (other.group, other.kind, other.object_name) == ("", "Service", name):
            return mapping(at(other.inputs.get("spec"), "selector"))
        if (other.group, other.kind) == (SERVING, "InferenceService"):
            names = {other.object_name, *(f"{other.object_name}{end}" for end in _ENDS)}
            if name in names:
                return _labels_of_service(other.object_name or "")
    return None


def _services(entry: Subject) -> Iterator[str]:
    spec = entry.inputs.get("spec")
    for rule in entries(at(spec, "rules")):
        for path in entries(at(rule, "http", "paths")):
            yield _text(at(path, "backend", "service", "name")) or _text(at(path, "backend", "serviceName"))
        for backend in entries(at(rule, "backendRefs")):
            yield _text(at(backend, "name"))
    for kind in ("http", "tls", "tcp"):
        for route in entries(at(spec, kind)):
            for target in entries(at(route, "route")):
                yield _text(at(target, "destination", "host")).partition(".")[0]


def _gateways(entry: Subject) -> Iterator[str]:
    """Gateways of the entry's own namespace; a policy of another namespace is judged where it is declared."""
    for parent in entries(at(entry.inputs.get("spec"), "parentRefs")):
        if at(parent, "namespace") in (None, entry.namespace) and at(parent, "kind") in (None, "Gateway"):
            yield _text(at(parent, "name"))


def _text(value: JsonValue) -> str:
    return value if isinstance(value, str) else ""
