"""Rules about the kind of cluster, its addresses and its networks."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterator, Sequence

from components import naming
from infra.catalog import Catalog
from infra.faults import MISSING, Fault
from infra.rules.common import too_long
from infra.settings import Settings


def platform_faults(settings: Settings, _catalog: Catalog) -> Iterator[Fault]:
    """OpenShift's parts need OpenShift; a Route without authentication names its networks."""
    platform, routes = settings.platform, settings.platform.routes
    if platform.kind != "openshift":
        for key, value in (("openshiftAI", platform.openshift_ai), ("routes", routes and routes.domain)):
            if value:
                rule = f"is a part of OpenShift, and platform.kind is {platform.kind}"
                yield Fault(path=f"platform.{key}", value=value, rule=rule, example="kind: openshift")
    if routes is None:
        return
    if platform.openshift_ai:
        rule = "OpenShift AI makes the Routes, with a proxy that knows callers before them: state one of both"
        yield Fault(path="platform.routes", value=routes.domain, rule=rule, example="openshiftAI: true, without routes")
    elif not routes.allowed_sources:
        yield Fault(
            path="platform.routes.allowedSources",
            value=MISSING,
            rule="a Route without OpenShift AI has no authentication: name the networks that may call",
            example="allowedSources: [10.20.0.0/16]",
        )
    yield from network_faults("platform.routes.allowedSources", routes.allowed_sources)
    for name, kitchen in settings.kitchens.items():
        host = naming.route_host(name, kitchen.tenant, settings.environment)
        yield from too_long(f"kitchens.{name}", "first part of its Route's host", host)


def route_twin_faults(settings: Settings, _catalog: Catalog) -> Iterator[Fault]:
    """Two Routes cannot have the same host: OpenShift serves the older one in silence."""
    if settings.platform.routes is None:
        return
    first: dict[str, str] = {}
    for name, kitchen in settings.kitchens.items():
        host = naming.route_host(name, kitchen.tenant, settings.environment)
        if first.setdefault(host, name) != name:
            rule = f"its Route would have the same host as that of kitchens.{first[host]}"
            yield Fault(path=f"kitchens.{name}", value=host, rule=rule, example="another name")


def store_network_faults(settings: Settings, _catalog: Catalog) -> Iterator[Fault]:
    """The store is in one place: a namespace of this cluster, or networks."""
    network = settings.object_store.network
    if network.namespace is not None and network.cidrs:
        rule = "the store is in a namespace or in networks: state one of both"
        value = {"namespace": network.namespace, "cidrs": list(network.cidrs)}
        yield Fault(path="objectStore.network", value=value, rule=rule, example="namespace: minio")
    yield from network_faults("objectStore.network.cidrs", network.cidrs)


def network_faults(path: str, cidrs: Sequence[str]) -> Iterator[Fault]:
    """Each entry of a list is a network, and none is every address."""
    for index, cidr in enumerate(cidrs):
        where = f"{path}[{index}]"
        try:
            network = ipaddress.ip_network(cidr)
        except ValueError as error:
            yield Fault(path=where, value=cidr, rule=f"must be a network: {error}", example="10.20.0.0/16")
            continue
        if network.prefixlen == 0:
            yield Fault(path=where, value=cidr, rule="is every address: name networks", example="10.20.0.0/16")
