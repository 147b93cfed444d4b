"""Rules about where what is seen lies: a namespace that nobody else has, labels that are nobody's, ports that exist."""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import urlsplit

from components import naming
from components.labels import DOMAIN, Ownership
from infra.faults import Fault
from infra.settings import Settings

_OWNED = frozenset(Ownership(environment="", tenant="", owner="", cost_centre="").labels(""))
_LAST_PORT = 65535


def place_faults(settings: Settings) -> Iterator[Fault]:
    """Faults of the namespace of rules, of the namespaces of scraped parts, of labels, and of the pages' address."""
    yield from _own_namespace(settings)
    yield from _scraped_namespaces(settings)
    for key, value in settings.monitoring.labels.items():
        if key in _OWNED or key.partition("/")[0] == DOMAIN:
            rule = "says whose an object is, and the program writes it"
            example = "release: kube-prometheus-stack"
            yield Fault(path=f"monitoring.labels.{key}", value=value, rule=rule, example=example)
    yield from port_faults("monitoring.runbook", settings.monitoring.runbook, "https://docs.kitchen.example:8443")


def port_faults(path: str, address: str, example: str) -> Iterator[Fault]:
    """A port of an address is one of TCP's."""
    _, mark, port = urlsplit(address if "://" in address else f"//{address}").netloc.rpartition(":")
    if mark and not 0 < int(port) <= _LAST_PORT:
        yield Fault(path=path, value=address, rule=f"the port must be 1 to {_LAST_PORT}", example=example)


def _own_namespace(settings: Settings) -> Iterator[Fault]:
    """Rules have a namespace to themselves: in it no pod may run, so it must be none of somebody else's."""
    said, environment = settings.monitoring.namespace, settings.environment
    name = said or naming.monitoring_namespace(environment)
    taken = _taken(settings)
    if name in taken and (said is not None or settings.platform.monitoring):
        rule = f"is the namespace of {taken[name]}, and rules have one to themselves, in which no pod may run"
    elif said is not None and not said.endswith(f"-{environment}"):
        rule = f"must end in -{environment}: this program makes the namespace, closes it, and lets no pod run in it"
    elif said is not None and said.startswith(("kube-", "openshift-")):
        rule = "is a name of the cluster's own namespaces, and rules have one to themselves, in which no pod may run"
    else:
        return
    yield Fault(path="monitoring.namespace", value=name, rule=rule, example=f"kitchen-alerts-{environment}")


def _scraped_namespaces(settings: Settings) -> Iterator[Fault]:
    """What a part of the platform tells is believed: no tenant's pods may be in its place."""
    taken = {name: owner for name, owner in _taken(settings).items() if not owner.startswith("monitoring.scrapes.")}
    for part, said in settings.monitoring.scrapes.items():
        if said.namespace is not None and said.namespace in taken:
            rule = f"is the namespace of {taken[said.namespace]}, and no part of the platform is there"
            path = f"monitoring.scrapes.{part}.namespace"
            yield Fault(path=path, value=said.namespace, rule=rule, example=f"(where {part} is)")


def _taken(settings: Settings) -> dict[str, str]:
    """Owners of namespaces, by these."""
    environment = settings.environment
    taken = {naming.namespace(tenant, environment): f"tenants.{tenant}" for tenant in settings.tenants}
    if settings.entry is not None:
        taken[naming.entry_namespace(environment)] = "the entry"
    if settings.object_store.deploy is not None:
        taken[settings.object_store.deploy.namespace] = "objectStore.deploy"
    scraped = settings.monitoring.scrapes.items()
    return {one.namespace: f"monitoring.scrapes.{part}" for part, one in scraped if one.namespace} | taken
