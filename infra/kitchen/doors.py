"""The door before the entry: from its settings to the objects of the platform, and what a mesh guards."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pulumi

from components import naming
from components.entry.doors import Door, DoorArgs, Part, Way
from components.entry.doors.gateway import gateway
from components.entry.doors.ingress import ingress
from components.entry.doors.istio import Guarded, Mesh, guards_of_counter, guards_of_entry, guards_of_tenant, istio
from components.entry.doors.parts import labelled_peers
from components.entry.doors.route import REENCRYPT, route
from components.platform import Platform
from components.tenancy import Tenant
from components.tenancy.network import INGRESS_ROUTERS, of_namespaces
from infra.door_settings import DoorSettings
from infra.kitchen.context import Context
from infra.settings import Settings


def mesh(settings: Settings) -> Mesh | None:
    """The mesh, where the door is Istio's."""
    said = _said(settings)
    if said.kind != "istio":
        return None
    return Mesh(
        selector=said.selector,
        namespace=said.namespace,
        service_account=said.service_account,
        control_namespace=said.control_namespace,
        trust_domain=said.trust_domain,
        revision=said.revision,
    )


def mesh_labels(settings: Settings) -> Mapping[str, str]:
    """Labels of namespaces whose pods are in the mesh; none without one."""
    found = mesh(settings)
    return {} if found is None else found.namespace_labels()


def peers(settings: Settings, platform: Platform) -> Sequence[Mapping[str, Any]]:
    """Who reaches the entry, as peers of a network rule: the door and nothing else."""
    found = mesh(settings)
    if found is not None:
        return found.peers()
    kind = _said(settings).kind
    if kind == "route":
        return [of_namespaces(INGRESS_ROUTERS)]
    return labelled_peers(routers=kind == "none" and platform.kind == "openshift")


def guards(settings: Settings, port: int) -> list[Part]:
    """What a mesh says of the entry's namespace; `port` is that of its pods for callers."""
    found = mesh(settings)
    if found is None:
        return []
    counts = settings.entry is not None and settings.entry.counter == "shared"
    counter = guards_of_counter(found, naming.entry_namespace(settings.environment)) if counts else []
    return [*guards_of_entry(found, port), *counter]


def guard_tenant(context: Context, name: str, made: Tenant, ports: Sequence[int]) -> None:
    """Declare what a mesh says of a tenant's namespace, whose servers listen on `ports`."""
    settings = context.settings
    found = mesh(settings)
    if found is None:
        return
    services = [naming.entry_pods_service(kitchen.name) for kitchen in settings.kitchens_of(name)]
    tenant = Guarded(namespace=context.namespace(name), ports=ports, services=services)
    parts = guards_of_tenant(found, naming.entry_namespace(settings.environment), tenant)
    args = DoorArgs(namespace=tenant.namespace, labels=context.labels(name, name), parts=parts)
    gone_with = pulumi.ResourceOptions(depends_on=[made], deleted_with=made.namespace_object)
    Door(f"{name}-mesh", args, pulumi.ResourceOptions.merge(context.on_cluster, gone_with))


def open_door(context: Context, way: Way, entry: pulumi.Resource) -> None:
    """Declare the door once the entry answers."""
    parts = _parts(context.settings, way)
    if parts:
        Door(
            "door", DoorArgs(namespace=way.namespace, labels=context.shared_labels(), parts=parts), context.after(entry)
        )


def _parts(settings: Settings, way: Way) -> list[Part]:
    said, found = _said(settings), mesh(settings)
    if found is not None:
        return istio(way, found)
    if said.kind == "route":
        return route(way, said.sources, said.authority if said.termination == REENCRYPT else None)
    if said.kind == "ingress":
        return ingress(way, said.class_name, said.sources)
    if said.kind == "gateway" and settings.gateway_api is not None:
        return gateway(way, settings.gateway_api.gateway, settings.gateway_api.namespace, said.authority or "")
    return []


def _said(settings: Settings) -> DoorSettings:
    return DoorSettings() if settings.entry is None else settings.entry.door
