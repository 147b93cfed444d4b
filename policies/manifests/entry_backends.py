"""What an entry leads to: a model server, or something else, as far as one object tells."""

from __future__ import annotations

from collections.abc import Iterator
from enum import Enum
from fnmatch import fnmatchcase

from policies.judging.rule import Case
from policies.judging.subject import entries
from policies.judging.values import UNKNOWN, JsonValue
from policies.manifests.endpoints import OF_SERVERS
from policies.manifests.fields import at
from policies.manifests.insides import is_of_a_tenant, namespace_of
from policies.manifests.statements import names

_Service = tuple[JsonValue, JsonValue]
"""Namespace and name."""


class Towards(Enum):
    """What lies behind an entry.

    Servers are all that lies in a namespace of a tenant or is called like a server of KServe; where the settings name
    no tenants, or a name is not known, that is everything. What the rule's configuration states is none.
    """

    SERVERS = "model servers"
    OTHERS = "other Services"
    STATED = "Services that are stated to be no model servers"


def of_ingress(case: Case, backend: JsonValue) -> Towards:
    """What a backend of an Ingress, or the Service of a Route, is."""
    name = at(backend, "service", "name") or at(backend, "serviceName") or at(backend, "name")
    return _towards(case, [(case.subject.namespace, name)])


def of_route(case: Case, rule: JsonValue) -> Towards:
    """What the backends of a rule of the Gateway API are."""
    if at(rule, "backendRefs") is UNKNOWN:
        return Towards.SERVERS
    return _towards(case, list(_references(case, entries(at(rule, "backendRefs")))))


def of_mesh(case: Case, route: JsonValue) -> Towards:
    """What the destinations of a route of the mesh are."""
    if at(route, "route") is UNKNOWN:
        return Towards.SERVERS
    hosts = [at(entry, "destination", "host") for entry in entries(at(route, "route"))]
    return _towards(case, [_of_host(case, host) for host in hosts])


def _references(case: Case, backends: list[JsonValue]) -> Iterator[_Service]:
    for backend in backends:
        is_service = backend is not UNKNOWN and at(backend, "kind") in (None, "Service")
        yield at(backend, "namespace") or case.subject.namespace, at(backend, "name") if is_service else UNKNOWN


def _of_host(case: Case, host: JsonValue) -> _Service:
    if not isinstance(host, str):
        return None, UNKNOWN
    name, point, _ = host.partition(".")
    return (namespace_of(case, host.lower()) or None) if point else case.subject.namespace, name


def _towards(case: Case, services: list[_Service]) -> Towards:
    stated, _ = names(case.config.get("otherServices"))
    left = [
        (namespace, name)
        for namespace, name in services
        if not any(fnmatchcase(f"{namespace}/{name}", pattern) for pattern in stated)
    ]
    if services and not left:
        return Towards.STATED
    if not left or not case.world.settings.get("tenants"):
        return Towards.SERVERS
    return Towards.OTHERS if not any(_may_serve(case, *entry) for entry in left) else Towards.SERVERS


def _may_serve(case: Case, namespace: JsonValue, name: JsonValue) -> bool:
    if not isinstance(namespace, str) or not isinstance(name, str) or not name:
        return True
    return is_of_a_tenant(case, namespace) or name.endswith(OF_SERVERS)
