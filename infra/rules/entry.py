"""Rules about the entry: public names, callers of models that exist, keys that are keys, limits that can be counted."""

from __future__ import annotations

from collections.abc import Iterator

from infra.catalog import Catalog
from infra.entry_settings import BASE, COUNTER_IMAGES, CallLimits, EntrySettings
from infra.faults import Fault
from infra.grants import models, models_of, tenants_of_groups
from infra.rules.common import known, state_faults
from infra.rules.issuers import issuers_faults, member_faults
from infra.rules.namespaces import whole_namespace_faults
from infra.settings import Kitchen, Settings


def entry_faults(settings: Settings, catalog: Catalog) -> Iterator[Fault]:
    """What the entry needs to decide; without an entry a kitchen's `access` and `inputs` would hold for nothing."""
    entry = settings.entry
    if entry is None:
        yield from _without_entry(settings)
        return
    if settings.platform.openshift_ai:
        rule = "OpenShift AI checks calls with a proxy of its own in each server's pod: choose one of them"
        yield Fault(
            path="entry", value=entry.host, rule=rule, example="platform: {kind: openshift} without openshiftAI"
        )
    yield from _image(settings, catalog, "entry.image", entry.image)
    for image in COUNTER_IMAGES if entry.counter == "shared" else ():
        yield from _image(settings, catalog, "entry.counter", image)
    yield from issuers_faults(entry)
    yield from _limits("entry.limits", entry, entry.limits)
    yield from _twins(settings)
    tenants = tenants_of_groups(settings)
    for kitchen in settings.kitchens.values():
        if kitchen.canary_of is None:
            yield from _access(kitchen, entry)
            yield from whole_namespace_faults(kitchen, tenants)
    for name, groups in entry.clearances.items():
        for index, group in enumerate(groups):
            yield from member_faults(f"entry.clearances.{name}[{index}]", entry, group)


def _image(settings: Settings, catalog: Catalog, path: str, name: str) -> Iterator[Fault]:
    yield from known(path, name, catalog.images, "an image of the catalog")
    if name in catalog.images:
        yield from state_faults(settings, path, f"image {name}", catalog.images[name].state)


def _without_entry(settings: Settings) -> Iterator[Fault]:
    for kitchen in settings.kitchens.values():
        if kitchen.access:
            rule = "nobody decides by it: this file states no entry"
            example = "entry: {host: ai.kitchen.example, ...}"
            yield Fault(path=f"kitchens.{kitchen.name}.access", value=len(kitchen.access), rule=rule, example=example)


def _limits(path: str, entry: EntrySettings, limits: CallLimits) -> Iterator[Fault]:
    tokens = {"tokensPerMinute": limits.tokens_per_minute, "tokensPerMonth": limits.tokens_per_month}
    for key, amount in tokens.items():
        if amount is not None and entry.counter != "shared":
            rule = f"tokens are counted for all replicas together: entry.counter is {entry.counter}"
            yield Fault(path=f"{path}.{key}", value=amount, rule=rule, example="entry: {counter: shared, ...}")
    if limits.requests_per_minute is not None and entry.counter == "none":
        rule = "nobody counts: entry.counter is none"
        example = "entry: {counter: local, ...}"
        yield Fault(path=f"{path}.requestsPerMinute", value=limits.requests_per_minute, rule=rule, example=example)


def _twins(settings: Settings) -> Iterator[Fault]:
    """A public name means one model."""
    first: dict[str, str] = {}
    for model in models(settings):
        path = f"kitchens.{model.kitchen}" if model.adapter is None else f"kitchens.{model.kitchen}.adapters"
        if first.setdefault(model.name, path) != path:
            rule = f"is a model of {first[model.name]} too: callers name a model alone, so a name means one"
            yield Fault(
                path=path, value=model.name, rule=rule, example="serve it in one kitchen, or give it another name"
            )


def _access(kitchen: Kitchen, entry: EntrySettings) -> Iterator[Fault]:
    served = {BASE if model.adapter is None else model.name: model.name for model in models_of(kitchen)}
    for index, said in enumerate(kitchen.access):
        path = f"kitchens.{kitchen.name}.access[{index}]"
        for model in said.models:
            yield from known(f"{path}.models", model, served, f"an adapter of the kitchen, or {BASE}")
        for group in said.groups:
            yield from member_faults(f"{path}.groups", entry, group)
        yield from _limits(path, entry, said.limits)
