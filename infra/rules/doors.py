"""Rules about the door before the entry: keys of its kind, what it stands on, and the authority that it trusts."""

from __future__ import annotations

from collections.abc import Iterator

from infra.catalog import Catalog
from infra.door_settings import OF_KIND, DoorSettings
from infra.faults import MISSING, Fault
from infra.rules.platform import network_faults
from infra.rules.registry import pem_faults
from infra.settings import Settings

_PATH = "entry.door"


def door_faults(settings: Settings, _catalog: Catalog) -> Iterator[Fault]:
    """What is said of a door is of its kind, and what it stands on is there."""
    if settings.entry is None:
        return
    door = settings.entry.door
    yield from _keys(door)
    yield from network_faults(f"{_PATH}.sources", door.sources)
    yield from _authority(door)
    yield from _platform(settings, door)


def _keys(door: DoorSettings) -> Iterator[Fault]:
    fitting = OF_KIND[door.kind]
    for key in door.stated:
        if key not in fitting:
            rule = f"is no part of a door of kind {door.kind}: {', '.join(fitting) or 'it has none'}"
            yield Fault(path=f"{_PATH}.{key}", value="(stated)", rule=rule, example=f"door: {{kind: {door.kind}}}")


def _authority(door: DoorSettings) -> Iterator[Fault]:
    path, example = f"{_PATH}.authority", "authority: |, then the lines of its certificate as PEM"
    needed = door.kind == "gateway" or (door.kind == "route" and door.termination == "reencrypt")
    if needed and door.authority is None:
        rule = "the door checks the entry's certificate, and this says by whose signature"
        yield Fault(path=path, value=MISSING, rule=rule, example=example)
    if door.kind == "route" and not needed and door.authority is not None:
        rule = "with termination: passthrough the router opens no TLS, so that it trusts nobody"
        yield Fault(path=path, value="(stated)", rule=rule, example="termination: reencrypt")
    if door.authority is not None:
        yield from pem_faults(path, door.authority, example)


def _platform(settings: Settings, door: DoorSettings) -> Iterator[Fault]:
    kind, path = settings.platform.kind, f"{_PATH}.kind"
    if door.kind == "route" and kind != "openshift":
        rule = f"Routes are a part of OpenShift, and platform.kind is {kind}"
        yield Fault(path=path, value=door.kind, rule=rule, example="door: {kind: ingress}")
    if door.kind == "gateway" and settings.gateway_api is None:
        rule = "platform.gatewayApi says to which Gateway the route belongs: it is missing"
        example = (
            "platform: {gatewayApi: {gateway: kitchen, namespace: kitchen-gateway, domain: models.kitchen.example}}"
        )
        yield Fault(path=path, value=door.kind, rule=rule, example=example)
    if door.kind == "istio" and settings.platform.monitoring:
        rule = "scrapes of metrics are plain HTTP, which a mesh with mTLS alone does not take: choose one of them"
        yield Fault(path=path, value=door.kind, rule=rule, example="platform: {monitoring: false}, or another door")
