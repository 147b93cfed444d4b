"""What a bundle is to hold: a list that a person writes, or what an environment's settings need of the catalog."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from infra.catalog import FETCH_IMAGE, FILES, Catalog, FileSum, load_catalog
from infra.days import day_rule
from infra.documents import DocumentError, read
from infra.entry_settings import COUNTER_IMAGES
from infra.faults import MISSING, Fault, FaultsError
from infra.load import settings_from_file
from infra.settings import Settings
from infra.validate import schema_faults
from ops.bundle.wanted import (
    ADAPTER,
    BASE_MODEL,
    IMAGE,
    ImageOrigin,
    Wanted,
    new_word_faults,
    wanted_faults,
    wanted_from,
)


@dataclass(frozen=True, kw_only=True)
class Asked:
    """The artifacts to bring, and by their folders the files that they must have; any where there are none.

    `registry_holds`: abilities of the closed registry (`ops.bundle.image_parts`), None where nobody has stated them.
    """

    wanted: tuple[Wanted, ...]
    files: Mapping[str, tuple[FileSum, ...]] = field(default_factory=dict)
    registry_holds: frozenset[str] | None = None


def from_list(path: Path) -> Asked:
    """Read a bring-in list (YAML or JSON); raise FaultsError with every fault."""
    try:
        data = read(path)
    except DocumentError as error:
        fault = Fault(path="--list", value=str(path), rule=f"must be readable YAML: {error}", example="bring-in.yaml")
        raise FaultsError(path.name, [fault]) from error
    faults = schema_faults("bring-in", data)
    if faults:
        raise FaultsError(path.name, faults)
    wanted = tuple(wanted_from(entry) for entry in data["artifacts"])
    faults = [*wanted_faults(wanted, "list"), *new_word_faults(wanted, "list")]
    if faults:
        raise FaultsError(path.name, faults)
    return Asked(wanted=wanted, registry_holds=_holds(data.get("registryHolds")))


def from_settings(path: Path, on: str | None, catalog_folder: Path) -> Asked:
    """Return all images, base models and adapters that an environment needs, with the catalog's sums.

    `on` is the day that they were had at their origin. Raise FaultsError.
    """
    catalog = load_catalog(catalog_folder)
    settings = settings_from_file(path, catalog)
    day = _day(on)
    raw: dict[str, Any] = {}
    for name in FILES:
        raw |= read(catalog_folder / name)
    files: dict[str, tuple[FileSum, ...]] = {}
    wanted = [_image(name, raw["images"][name], day) for name in _images(settings)]
    for kind, refs, key in (
        (BASE_MODEL, [ref for tenant in settings.tenants for ref in settings.held(tenant)], "baseModels"),
        (ADAPTER, [ref for kitchen in settings.kitchens.values() for ref in kitchen.adapters], "adapters"),
    ):
        for ref in dict.fromkeys(refs):
            entry = _model(kind, ref, raw[key][ref], day)
            wanted.append(entry)
            files[entry.folder] = _sums(catalog, ref)
    return Asked(wanted=tuple(wanted), files=files, registry_holds=_holds(settings.registry_holds))


def _holds(stated: Sequence[str] | None) -> frozenset[str] | None:
    return None if stated is None else frozenset(stated)


def _day(on: str | None) -> str:
    broken = "is missing" if on is None else day_rule(on, done=True)
    if on is not None and broken is None:
        return on
    rule = f"with --settings, the day that the artifacts were had at their origin: {broken}"
    shown = MISSING if on is None else on
    raise FaultsError("bundle", [Fault(path="--on", value=shown, rule=rule, example="--on 2026-02-03")])


def _images(settings: Settings) -> list[str]:
    """Names of all images that pods of the environment run: of servers, of its store, of the entry and its counter."""
    names = [kitchen.runtime.image for kitchen in settings.kitchens.values()]
    if settings.object_store.deploy is not None:
        names.append(settings.object_store.deploy.image)
    if settings.entry is not None:
        names += [settings.entry.image, *(COUNTER_IMAGES if settings.entry.counter == "shared" else ())]
    return sorted({*names, FETCH_IMAGE})


def _image(name: str, entry: Mapping[str, Any], day: str) -> Wanted:
    """The catalog knows no licence of an image: its labels and its files hold it."""
    return Wanted(
        kind=IMAGE,
        name=name,
        version=entry["version"],
        licence="as stated in the image",
        origin=f"docker://{entry['upstream']}@{entry['digest']}",
        date=day,
        image=ImageOrigin(repository=entry["repository"], digest=entry["digest"], upstream=entry["upstream"]),
    )


def _model(kind: str, ref: str, entry: Mapping[str, Any], day: str) -> Wanted:
    name, version = ref.split("/")
    return Wanted(
        kind=kind,
        name=name,
        version=version,
        licence=entry["licence"],
        origin=entry["origin"],
        date=day,
        base_model=entry.get("baseModel"),
        data_classes=tuple(entry.get("access", {}).get("dataClasses", ())),
    )


def _sums(catalog: Catalog, ref: str) -> tuple[FileSum, ...]:
    return catalog.adapters[ref].files if ref in catalog.adapters else catalog.base_models[ref].files
