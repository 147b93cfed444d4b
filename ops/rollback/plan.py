"""What a rollback would write, and everything that is against it."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from infra.adapter_refs import refs_in
from infra.catalog import Catalog, load_catalog
from infra.faults import Fault, FaultsError
from infra.load import settings_from_file
from infra.runtime_settings import Runtime
from infra.strict_yaml import YamlError, parse
from ops.rollback.block import LayoutError, kitchens_in, with_block
from ops.rollback.git import Repository, Revision
from ops.text_file import read_text

_EXAMPLE = "Pulumi.prod.yaml"
_FILES = {"adapters": "adapters.yaml", "baseModels": "base-models.yaml", "images": "images.yaml"}


@dataclass(frozen=True, kw_only=True)
class Plan:
    """The text before and after; `remarks` are for the reader of the change."""

    path: Path
    kitchen: str
    revision: Revision
    before: str
    after: str
    remarks: tuple[str, ...]


def plan(settings: Path, kitchen: str, to: str, *, catalog: Path, force: bool) -> Plan:
    """Plan a kitchen as it was at a revision; raise FaultsError with everything that is against it.

    Guaranteed: nothing but this kitchen's block differs, and a preview would accept the settings with it.
    """
    before = read_text(settings, "rollback", _EXAMPLE)
    repository = Repository(settings)
    revision = repository.revision(to)
    if repository.changed() and not force:
        rule = "has changes that are not committed: commit them, take them back, or give --force"
        raise _faults([Fault(path="--settings", value=str(settings), rule=rule, example=f"git diff {settings.name}")])
    then = repository.text_at(revision, settings)
    if then is None:
        rule = f"{settings.name} was not in {revision.short}"
        raise _faults([Fault(path="--to", value=to, rule=rule, example=f"git log -- {settings.name}")])
    after = _text(settings, kitchen, before, then, revision)
    wanted = kitchens_in(then)[kitchen]
    old, new = _entries(repository, revision, catalog), load_catalog(catalog)
    faults = list(_against(kitchen, wanted, old, new, catalog))
    told = {fault.path for fault in faults}
    faults += [fault for fault in _unusable(settings, after, new) if fault.path not in told]
    if faults:
        raise _faults(faults)
    remarks = tuple(_remarks(wanted, old, new))
    return Plan(path=settings, kitchen=kitchen, revision=revision, before=before, after=after, remarks=remarks)


def _text(settings: Path, kitchen: str, before: str, then: str, revision: Revision) -> str:
    """The settings with the kitchen's block of then."""
    try:
        were, are = kitchens_in(then), kitchens_in(before)
        if kitchen not in were:
            rule = f"no kitchen of {settings.name} at {revision.short}: {', '.join(were) or 'it had none'}"
            raise _faults([Fault(path="KITCHEN", value=kitchen, rule=rule, example=next(iter(were), "support"))])
        if not isinstance(were[kitchen], dict):
            rule = f"was no mapping at {revision.short}"
            raise _faults([Fault(path="KITCHEN", value=kitchen, rule=rule, example="another revision")])
        if are.get(kitchen) == were[kitchen]:
            rule = f"{kitchen} is what it was at {revision.short} ({revision.title}): nothing would change"
            example = f"git log -- {settings.name}"
            raise _faults([Fault(path="--to", value=revision.short, rule=rule, example=example)])
        return with_block(before, kitchen, then)
    except LayoutError as error:
        rule = f"{error}: edit it by hand, `git show {revision.short}:./{settings.name}` tells how it was"
        raise _faults([Fault(path="--settings", value=str(settings), rule=rule, example=_EXAMPLE)]) from None


def _unusable(settings: Path, after: str, catalog: Catalog) -> list[Fault]:
    """Every fault that a preview would tell of the new settings."""
    with tempfile.TemporaryDirectory() as folder:
        trial = Path(folder) / settings.name
        trial.write_text(after, encoding="utf-8", newline="")
        try:
            settings_from_file(trial, catalog)
        except FaultsError as error:
            return list(error.faults)
    return []


def _entries(repository: Repository, revision: Revision, catalog: Path) -> dict[str, Mapping[str, Any]]:
    """The catalog's entries as they were, by key of the catalog; empty where they cannot be read."""
    found: dict[str, Mapping[str, Any]] = {}
    for key, name in _FILES.items():
        try:
            content = parse(repository.text_at(revision, catalog / name) or "{}")
            found[key] = content[key] if isinstance(content[key], dict) else {}
        except (YamlError, KeyError, TypeError):
            found[key] = {}
    return found


def _against(
    name: str, wanted: Mapping[str, Any], old: Mapping[str, Mapping[str, Any]], new: Catalog, catalog: Path
) -> Iterator[Fault]:
    """What the catalog says today of the base model and the adapters of then."""
    path = f"kitchens.{name}"
    adapters = wanted.get("adapters")
    entries = adapters if isinstance(adapters, list) else []
    uses = [
        (f"{path}.adapters[{index}]" if number == 0 else f"{path}.adapters[{index}].canary", "adapters", ref)
        for index, entry in enumerate(entries)
        for number, ref in enumerate(refs_in(entry) or [str(entry)])
    ]
    for where, key, ref in [(f"{path}.baseModel", "baseModels", wanted.get("baseModel")), *uses]:
        known: Mapping[str, Any] = new.adapters if key == "adapters" else new.base_models
        entry = known.get(str(ref))
        if entry is None:
            rule = "is in the catalog no more: bring it in again as a new version (docs/catalog.md) and name that one"
        elif entry.state == "retired":
            rule = f"is retired since{_reason(catalog, key, str(ref))}: name a version that is approved in its place"
        elif _sums(old[key].get(str(ref))) not in (None, {file.path: file.sha256 for file in entry.files}):
            rule = "has other sums in the catalog than then: it is not what ran; bring in what ran as a new version"
        else:
            continue
        yield Fault(path=where, value=ref, rule=rule, example="edit the block by hand, in a pull request")


def _reason(catalog: Path, key: str, ref: str) -> str:
    entry = parse(read_text(catalog / _FILES[key], "catalog", "infra/catalog"))[key][ref]
    said = entry.get("retirement")
    return f" {said['on']} ({said['reason']})" if said else ""


def _sums(entry: Any) -> dict[str, Any] | None:
    try:
        return {path: file["sha256"] for path, file in entry["files"].items()}
    except (TypeError, KeyError, AttributeError):
        return None


def _remarks(wanted: Mapping[str, Any], old: Mapping[str, Mapping[str, Any]], new: Catalog) -> Iterator[str]:
    runtime = wanted.get("runtime")
    name = str((runtime if isinstance(runtime, dict) else {}).get("image", Runtime().image))
    then = old["images"].get(name)
    digest = then.get("digest") if isinstance(then, dict) else None
    if digest is not None and name in new.images and digest != new.images[name].digest:
        yield f"image {name} stands for {new.images[name].digest} today, then for {digest}"
    if not old["adapters"]:
        yield "the catalog of then cannot be read here: that its sums were the same is not known"


def _faults(faults: list[Fault]) -> FaultsError:
    return FaultsError("rollback", faults)
