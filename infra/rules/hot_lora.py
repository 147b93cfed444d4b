"""Rules about kitchens whose adapters come and go without a new pod."""

from __future__ import annotations

from collections.abc import Iterator

from infra.catalog import Catalog
from infra.faults import Fault
from infra.settings import Kitchen, Settings

_GIB = 1024**3
_RESERVED = 64 * 1024**2
"""What the sidecar leaves free of the volume."""


def hot_lora_faults(settings: Settings, catalog: Catalog) -> Iterator[Fault]:
    """Hot mode belongs to phase 3, has something to read, and room to replace every adapter."""
    for kitchen in settings.kitchens.values():
        if kitchen.hot:
            yield from _faults(settings, catalog, kitchen)


def _faults(settings: Settings, catalog: Catalog, kitchen: Kitchen) -> Iterator[Fault]:
    path = f"kitchens.{kitchen.name}"
    if settings.phase < 3:
        rule = "hot mode comes with LoRA adapters in phase 3"
        yield Fault(path=f"{path}.loraMode", value="hot", rule=rule, example="loraMode: static")
    if not kitchen.adapters:
        rule = "hot mode needs one adapter at least: the pods' key reads the folders of declared adapters and no others"
        yield Fault(path=f"{path}.adapters", value=[], rule=rule, example="[helpdesk-faq/v2026-02-01]")
    for index, entry in enumerate(kitchen.runtime.extra_args):
        if entry.partition("=")[0].replace("_", "-") == "--enable-prefix-caching":
            rule = "hot mode turns it off: the cache knows adapters by name, and would answer with a replaced version's"
            where = f"{path}.runtime.extraArgs[{index}]"
            yield Fault(path=where, value=entry, rule=rule, example="without this flag, or loraMode: static")
    known = [catalog.adapters[ref] for ref in kitchen.adapters if ref in catalog.adapters]
    needed = 2 * sum(file.size_bytes for adapter in known for file in adapter.files) + _RESERVED
    if needed > kitchen.adapter_space_gib * _GIB:
        rule = "its adapters must fit twice over: a new version is fetched before the old one goes"
        example = f"adapterSpaceGiB: {-(-needed // _GIB)}"
        yield Fault(path=f"{path}.adapterSpaceGiB", value=kitchen.adapter_space_gib, rule=rule, example=example)
