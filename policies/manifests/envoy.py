"""What the configuration of an entry's Envoy decides: by tokens of stated issuers, for members and models, recorded."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from policies.judging.subject import entries, mapping
from policies.judging.values import JsonValue
from policies.manifests import (
    envoy_clusters,
    envoy_contents,
    envoy_filters,
    envoy_record,
    envoy_replies,
    envoy_routes,
    envoy_shape,
)
from policies.manifests.envoy_stated import Stated
from policies.manifests.fields import Fault, at
from policies.manifests.forms import same


def faults(config: JsonValue, stated: Stated) -> Iterator[Fault]:
    """What is wrong with a bootstrap configuration, by what the settings state."""
    yield from envoy_shape.unknown(config)
    yield from envoy_clusters.faults(config, stated)
    managers = list(_managers(config))
    if not managers:
        yield Fault(path="static_resources.listeners", text="have no HTTP connection manager for callers")
    for path, manager in managers:
        yield from envoy_filters.faults(f"{path}.http_filters", manager, stated)
        if not entries(at(manager, "access_log")):
            yield Fault(path=f"{path}.access_log", text="is missing: no call is recorded")
        yield from envoy_record.faults(f"{path}.access_log", manager, stated)
        yield from envoy_replies.faults(path, manager)
        yield from envoy_contents.faults(path, manager, stated)
        yield from envoy_routes.faults(f"{path}.route_config", manager, stated, envoy_clusters.namespaces(config))
    for path, manager in _managers(config, metrics=True):
        yield from envoy_contents.metrics(path, manager)
    if not same(at(config, "admin", "address"), envoy_shape.ADMIN):
        yield Fault(path="admin.address", text="opens Envoy's administration beyond the pod, or at another port")


def _managers(config: JsonValue, *, metrics: bool = False) -> Iterator[tuple[str, dict[str, Any]]]:
    """Connection managers of callers, or those of metrics."""
    for index, listener in enumerate(entries(at(config, "static_resources", "listeners"))):
        for chain in entries(at(listener, "filter_chains")):
            for entry in entries(at(chain, "filters")):
                manager = mapping(at(entry, "typed_config"))
                if (at(listener, "name") == "metrics") == metrics:
                    yield f"static_resources.listeners[{index}]", manager
