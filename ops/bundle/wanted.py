"""What is brought in: kind, name, version, licence and origin of each artifact."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from infra.days import day_rule
from infra.faults import MISSING, Fault
from ops.catalog.kinds import KINDS, Kind

ADAPTER = "adapter"
BASE_MODEL = "base-model"
IMAGE = "image"

_FOLDERS = {ADAPTER: "lora", BASE_MODEL: "base", IMAGE: "images"}
_IMAGE_KEYS = ("repository", "digest", "upstream")
_KINDS = {ADAPTER: KINDS["adapter"], BASE_MODEL: KINDS["model"], IMAGE: KINDS["image"]}


@dataclass(frozen=True, kw_only=True)
class ImageOrigin:
    """Repository below the organisation's registry, digest, and the repository that it is copied from."""

    repository: str
    digest: str
    upstream: str


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """One artifact. `origin` is a URL or a text, `date` the day it was had there (YYYY-MM-DD).

    `data_classes` are those of the catalog's entry: what it was trained on decides who may call it, everywhere.
    """

    kind: str
    name: str
    version: str
    licence: str
    origin: str
    date: str
    base_model: str | None = None
    image: ImageOrigin | None = None
    data_classes: tuple[str, ...] = ()

    @property
    def catalog_kind(self) -> Kind:
        """The kind of its catalog entry."""
        return _KINDS[self.kind]

    @property
    def ref(self) -> str:
        """The catalog's key: `<name>/<version>`, of an image its name."""
        return self.name if self.kind == IMAGE else f"{self.name}/{self.version}"

    @property
    def folder(self) -> str:
        """Its folder in the bundle."""
        return f"{_FOLDERS[self.kind]}/{self.ref}"

    @property
    def label(self) -> str:
        """What people are told."""
        return f"{self.kind} {self.ref}"

    def encoded(self) -> dict[str, Any]:
        """Return it as it stands in a manifest or list."""
        data: dict[str, Any] = {"kind": self.kind, "name": self.name, "version": self.version}
        data |= {"licence": self.licence, "origin": {"from": self.origin, "date": self.date}}
        if self.base_model is not None:
            data["baseModel"] = self.base_model
        if self.data_classes:
            data["dataClasses"] = list(self.data_classes)
        if self.image is not None:
            data["image"] = {
                "repository": self.image.repository,
                "digest": self.image.digest,
                "upstream": self.image.upstream,
            }
        return data


def wanted_from(data: Mapping[str, Any]) -> Wanted:
    """Read an entry that the schema has passed."""
    image = data.get("image")
    return Wanted(
        kind=data["kind"],
        name=data["name"],
        version=data["version"],
        licence=data["licence"],
        origin=data["origin"]["from"],
        date=data["origin"]["date"],
        base_model=data.get("baseModel"),
        data_classes=tuple(data.get("dataClasses", ())),
        image=None if image is None else ImageOrigin(**{key: image[key] for key in _IMAGE_KEYS}),
    )


def wanted_faults(entries: Sequence[Wanted], where: str) -> list[Fault]:
    """Return what a schema cannot say: names by kind, keys by kind, nothing twice."""
    faults = []
    seen = set()
    for index, entry in enumerate(entries):
        path = f"{where}: artifacts.{index}"
        kind = entry.catalog_kind
        if broken := kind.rule_broken(entry.ref):
            rule = f"name and version of this kind: {broken}"
            faults.append(Fault(path=path, value=entry.ref, rule=rule, example=kind.example))
        if entry.folder in seen:
            faults.append(Fault(path=path, value=entry.ref, rule="an artifact stands once", example="another version"))
        seen.add(entry.folder)
        for key, only, value, right in (
            ("baseModel", ADAPTER, entry.base_model, "tsuzumi-7b-instruct/v1"),
            ("image", IMAGE, entry.image, "{repository: vllm/vllm-openai, digest: 'sha256:...', upstream: ...}"),
        ):
            if (value is not None) != (entry.kind == only):
                rule = f"this key must stand with kind {only}, and with no other"
                shown = MISSING if value is None else entry.kind
                faults.append(Fault(path=f"{path}.{key}", value=shown, rule=rule, example=f"{key}: {right}"))
        if broken := day_rule(entry.date):
            faults.append(Fault(path=f"{path}.origin.date", value=entry.date, rule=broken, example="2026-02-03"))
        if entry.data_classes and entry.kind == IMAGE:
            rule = "classes are of the data that a model was trained on: an image has none"
            said = list(entry.data_classes)
            faults.append(Fault(path=f"{path}.dataClasses", value=said, rule=rule, example="the key left out"))
    return faults


def new_word_faults(entries: Sequence[Wanted], where: str) -> list[Fault]:
    """What a list and the catalog demand beyond that, and a bundle of before may lack: plain words, days that were.

    A bundle that was made before shows them escaped; they are not taken into a catalog.
    """
    faults = []
    for index, entry in enumerate(entries):
        path = f"{where}: artifacts.{index}"
        for key, text in (("version", entry.version), ("licence", entry.licence), ("origin.from", entry.origin)):
            if not text.isprintable():
                rule = "must be on one line, without characters that cannot be seen"
                faults.append(Fault(path=f"{path}.{key}", value=text, rule=rule, example="Apache-2.0"))
        if (broken := day_rule(entry.date, done=True)) and not day_rule(entry.date):
            faults.append(Fault(path=f"{path}.origin.date", value=entry.date, rule=broken, example="2026-02-03"))
    return faults
