"""Rules about kitchens whose adapters come and go without a new pod."""

from __future__ import annotations

from collections.abc import Iterator

from infra.catalog import Catalog, Image
from infra.faults import Fault
from infra.server_versions import FILE, caching_versions, server_version
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
    image = catalog.images.get(kitchen.runtime.image)
    if image is not None:
        yield from _image_faults(path, kitchen, image)
    known = [catalog.adapters[ref] for ref in kitchen.adapters if ref in catalog.adapters]
    needed = 2 * sum(file.size_bytes for adapter in known for file in adapter.files) + _RESERVED
    if needed > kitchen.adapter_space_gib * _GIB:
        rule = "its adapters must fit twice over: a new version is fetched before the old one goes"
        example = f"adapterSpaceGiB: {-(-needed // _GIB)}"
        yield Fault(path=f"{path}.adapterSpaceGiB", value=kitchen.adapter_space_gib, rule=rule, example=example)


def _image_faults(path: str, kitchen: Kitchen, image: Image) -> Iterator[Fault]:
    """What the image's vLLM does when adapters come and go; of what nobody knows the worst is taken."""
    known = server_version(image.version)
    if not known.loads:
        why = (
            "answers a request in flight by an adapter that was loaded meanwhile (vllm#47724)"
            if known.loads is False
            else f"is not known to keep requests in flight apart while adapters are loaded ({FILE.name})"
        )
        rule = f"hot mode: vLLM {image.version} {why}"
        where = f"{path}.runtime.image"
        yield Fault(path=where, value=image.name, rule=rule, example="an image of vLLM 0.27.1, or loraMode: static")
    if kitchen.runtime.prefix_caching and not known.caches_by_folder:
        rule = (
            f"hot mode turns it off: the cache of vLLM {image.version} knows adapters by name, and would answer with a "
            f"replaced version's; by name and folder: {', '.join(caching_versions())}"
        )
        where = f"{path}.runtime.{kitchen.runtime.place('prefix_caching')}"
        yield Fault(path=where, value=True, rule=rule, example="without it, or loraMode: static")
