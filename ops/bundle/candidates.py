"""What a bundle brings against the catalog: what contradicts it, what the checks say, and the entries that are new."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from infra.catalog import Catalog, Image
from infra.faults import MISSING, Fault, FaultsError
from infra.people import name_rule
from ops.bundle.manifest import Artifact
from ops.bundle.signatures import Asked, faults_of, given, is_new
from ops.bundle.wanted import ADAPTER, BASE_MODEL, IMAGE
from ops.catalog.edit import Edit, add_entry, mark_imported
from ops.catalog.entries import new_entry, new_image
from ops.catalog.kinds import Kind
from ops.checks.adapter_config import FILE
from ops.checks.files import Content
from ops.sums import Sums

Checks = Callable[[str, str, Path, Catalog], tuple[Content, list[Fault]]]
"""What a folder's content is checked by: kind, reference, folder, and the catalog with what else is in the bundle."""


@dataclass(frozen=True, kw_only=True)
class Candidate:
    """A new entry of the catalog."""

    kind: Kind
    ref: str
    entry: Mapping[str, Any]


@dataclass(frozen=True, kw_only=True)
class Arrivals:
    """The new entries, and the edit of the catalog with them and with the images that were not marked as imported."""

    candidates: tuple[Candidate, ...]
    plan: Edit


def known(artifact: Artifact, catalog: Catalog) -> bool:
    """Whether the catalog has an entry of this kind and name."""
    return artifact.what.ref in artifact.what.catalog_kind.entries(catalog)


def refuse_contradictions(artifacts: Sequence[Artifact], catalog: Catalog, owner: str) -> None:
    """Raise FaultsError for what the catalog says otherwise, and for new entries that nobody answers for."""
    faults = [fault for artifact in artifacts for fault in _contradictions(artifact, catalog)]
    new = [artifact.what.ref for artifact in artifacts if not known(artifact, catalog)]
    if new and not (owner.strip() and owner.isprintable()):
        rule = f"a new entry has it: who brings it in and answers for it ({', '.join(new)})"
        faults.append(Fault(path="--owner", value=owner or MISSING, rule=rule, example="--owner support-team"))
    elif owner and (broken := name_rule(owner)):
        faults.append(Fault(path="--owner", value=owner, rule=broken, example="--owner support-team"))
    if faults:
        raise FaultsError("catalog", faults)


def arrivals(
    artifacts: Sequence[Artifact],
    root: Path,
    catalog: Catalog,
    *,
    folder: Path,
    owner: str,
    signers: Asked,
    checks: Checks,
) -> tuple[Arrivals, list[Fault]]:
    """Check every artifact below `root` and plan the entries in the catalog of `folder`; with every fault.

    Base models come first, for an adapter may come together with its own.
    """
    plan, candidates, faults = Edit(folder=folder), list[Candidate](), list[Fault]()
    for first in (True, False):
        before, found = plan, list[Candidate]()
        for artifact in (entry for entry in artifacts if (entry.what.kind == BASE_MODEL) is first):
            kind, ref = artifact.what.catalog_kind, artifact.what.ref
            content, wrong = _checked(artifact, root, plan.catalog if plan.after else catalog, signers, checks)
            faults += wrong
            if not wrong:
                plan = given(plan, artifact, catalog)
            if not wrong and not known(artifact, catalog):
                found.append(Candidate(kind=kind, ref=ref, entry=_entry(artifact, kind, content, owner)))
        try:
            for candidate in found:
                plan = add_entry(plan, candidate.kind, candidate.ref, candidate.entry)
            _ = plan.catalog
            candidates += found
        except FaultsError as error:
            faults += error.faults
            plan = before
    for artifact in artifacts:
        image = catalog.images.get(artifact.what.ref) if artifact.what.kind == IMAGE else None
        if image is not None and not image.imported:
            plan = mark_imported(plan, artifact.what.catalog_kind, image.name)
    return Arrivals(candidates=tuple(candidates), plan=plan), faults


def _checked(
    artifact: Artifact, root: Path, catalog: Catalog, signers: Asked, checks: Checks
) -> tuple[Content, list[Fault]]:
    """What was read of an artifact, and its faults: each names the folder, for a bundle has many config.json."""
    what = artifact.what
    if what.kind == IMAGE:
        return Content(sizes={}, parsed={}, tensors={}, sums=Sums(root / what.folder)), []
    content, faults = checks(what.kind, what.ref, root / what.folder, catalog)
    faults = [*faults, *content.withheld]
    faults = [*faults, *faults_of(artifact, root, content, catalog, signers)]
    if what.kind == ADAPTER:
        config = content.parsed.get(FILE)
        stated = config.get("base_model_name_or_path") if isinstance(config, dict) else None
        if stated is not None and stated != what.base_model:
            rule = "bundle.json says for which base model it is, and its own configuration another one"
            path = f"{FILE}: base_model_name_or_path"
            faults.append(Fault(path=path, value=stated, rule=rule, example=str(what.base_model)))
    return content, [replace(fault, path=f"{what.folder}/{fault.path}") for fault in faults]


def _entry(artifact: Artifact, kind: Kind, content: Content, owner: str) -> dict[str, Any]:
    what, owner = artifact.what, owner.strip()
    if what.image is not None:
        return new_image({**vars(what.image), "version": what.version, "owner": owner}, imported=True)
    said: dict[str, Any] = {"licence": what.licence, "origin": what.origin, "owner": owner}
    if what.data_classes:
        said["access"] = {"dataClasses": list(what.data_classes)}
    prefix = f"{what.folder}/"
    return new_entry(kind, content, said, {file.path.removeprefix(prefix): file.sha256 for file in artifact.files})


def _contradictions(artifact: Artifact, catalog: Catalog) -> Iterator[Fault]:
    """Where the catalog has an entry, it has the last word on every point that it states."""
    what = artifact.what
    entry = what.catalog_kind.entries(catalog).get(what.ref)
    if entry is None:
        return
    if isinstance(entry, Image):
        assert what.image is not None  # noqa: S101 - for the type checker; an image has it
        said = {
            "digest": (what.image.digest, entry.digest),
            "repository": (what.image.repository, entry.repository),
            "version": (what.version, entry.version),
        }
        rule = "the catalog has another {} under this name: change the catalog, or bring the image that it names"
    else:
        said = {"licence": (what.licence, entry.licence)}
        if what.base_model is not None:
            said["baseModel"] = (what.base_model, getattr(entry, "base_model", ""))
        if lost := sorted(set(what.data_classes) - set(entry.data_classes)):
            rule = "the catalog's entry lacks data classes of the bundle's: add them in a pull request"
            path, example = f"{what.folder}: dataClasses", f"access: {{dataClasses: [{', '.join(lost)}]}}"
            yield Fault(path=path, value=list(what.data_classes), rule=rule, example=example)
        rule = "the catalog has another {} under this reference: change it in a pull request, or bring a new version"
        stated = {f"{what.folder}/{file.path}": file.sha256 for file in entry.files}
        yield from _other_files(artifact, stated, catalog)
    for key, (ours, theirs) in said.items():
        if ours != theirs:
            path = f"{what.folder}: {key}"
            yield Fault(path=path, value=ours, rule=rule.format(key), example=theirs)


def _other_files(artifact: Artifact, stated: Mapping[str, str], catalog: Catalog) -> Iterator[Fault]:
    found = {file.path: file.sha256 for file in artifact.files if not is_new(artifact, file.path, catalog)}
    rule = "the catalog has other files or sums under this reference: other content takes a new version"
    for path in sorted(stated.keys() | found.keys()):
        if stated.get(path) != found.get(path):
            value, example = found.get(path, "not in the bundle"), stated.get(path, "no such file")
            yield Fault(path=path, value=value, rule=rule, example=example)
