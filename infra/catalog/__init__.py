"""The catalog: what may run, as data in Git beside this file."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from components.gpu import ModelShape
from components.gpu.memory import compute_dtype
from infra.catalog.approvals import approval_faults, people_faults
from infra.catalog.classes import class_faults
from infra.catalog.modules import Modules
from infra.days import day
from infra.documents import DocumentError, read
from infra.faults import Fault, FaultsError
from infra.shapes import config_faults, shape_of
from infra.validate import schema_faults

FOLDER = Path(__file__).resolve().parent
FETCH_IMAGE = "storage-initializer"
"""Name of the image that runs the fetch script: it has Python and boto3."""

SERVER_IMAGE = "vllm"
"""Name of the image whose version says what servers do with adapters, where no kitchen is looked at."""

FILES = {
    "images.yaml": "images",
    "base-models.yaml": "baseModels",
    "adapters.yaml": "adapters",
    "licences.yaml": "licences",
}
"""The catalog's files and the one key of each."""

_KINDS = ("images", "baseModels", "adapters")


@dataclass(frozen=True, kw_only=True)
class FileSum:
    """A file's sha256 (64 lower-case hexadecimal digits) and size in bytes."""

    path: str
    sha256: str
    size_bytes: int


@dataclass(frozen=True, kw_only=True)
class Approval:
    """Who approved an entry, on which day (YYYY-MM-DD), resting on which evaluation."""

    by: str
    on: str
    evaluation: str


@dataclass(frozen=True, kw_only=True)
class Image:
    """A container image. `imported` says whether an import has compared the digest."""

    name: str
    repository: str
    digest: str
    version: str
    state: str
    imported: bool
    approvals: tuple[Approval, ...] = ()

    def reference(self, registry: str) -> str:
        """The image as a pod names it: `<registry>/<repository>@sha256:...`."""
        return f"{registry}/{self.repository}@{self.digest}"


@dataclass(frozen=True, kw_only=True)
class ChatTemplate:
    """A chat template of a base model: where it stands, its text, and names of what a person has accepted in it."""

    place: str
    text: str
    accepted: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class BaseModel:
    """A base model; `ref` is `<name>/vN`, `size_gib` the size of its volume, `quantization` that of its files.

    `architecture` is the class by which vLLM runs it, empty where the entry does not say it; `modules` are None there,
    and `templates` where the entry is of before they were read.
    """

    ref: str
    state: str
    size_gib: int
    parameters_billion: float
    dtype: str
    shape: ModelShape
    files: tuple[FileSum, ...]
    licence: str
    quantization: str | None = None
    architecture: str = ""
    modules: Modules | None = None
    templates: tuple[ChatTemplate, ...] | None = None
    stand_in: bool = False
    data_classes: tuple[str, ...] = ()
    approvals: tuple[Approval, ...] = ()

    @property
    def name(self) -> str:
        """The name without its version; callers use it as `model`."""
        return self.ref.split("/")[0]

    @property
    def served_dtype(self) -> str:
        """The data type in which vLLM computes it where a kitchen asks for no other."""
        return compute_dtype("auto", self.dtype)


@dataclass(frozen=True, kw_only=True)
class Adapter:
    """A LoRA adapter; `ref` is `<name>/v<date>`, `base_model` the one version that it was evaluated on."""

    ref: str
    state: str
    base_model: str
    rank: int
    target_modules: tuple[str, ...]
    files: tuple[FileSum, ...]
    licence: str
    stand_in: bool = False
    own_tokenizer: bool = False
    data_classes: tuple[str, ...] = ()
    approvals: tuple[Approval, ...] = ()

    @property
    def name(self) -> str:
        """The name that callers use as `model`."""
        return self.ref.split("/")[0]

    @property
    def version(self) -> str:
        """The version: `v<date>`."""
        return self.ref.split("/")[1]


@dataclass(frozen=True, kw_only=True)
class Catalog:
    """Everything that may run, by name or reference."""

    images: Mapping[str, Image]
    base_models: Mapping[str, BaseModel]
    adapters: Mapping[str, Adapter]
    licences: tuple[str, ...]


def load_catalog(folder: Path = FOLDER) -> Catalog:
    """Read and check the catalog's files; raise FaultsError with every fault."""
    data: dict[str, Any] = {}
    for name, key in FILES.items():
        try:
            content = read(folder / name)
        except DocumentError as error:
            rule = f"must be a readable YAML mapping: {error}"
            raise FaultsError(
                "catalog", [Fault(path=name, value=str(folder / name), rule=rule, example=f"{key}: {{}}")]
            ) from error
        if not isinstance(content, dict) or set(content) != {key}:
            found = sorted(map(str, content)) if isinstance(content, dict) else content
            rule = f"must be a mapping with the one key {key}"
            raise FaultsError("catalog", [Fault(path=name, value=found, rule=rule, example=f"{key}: {{}}")])
        data |= content
    faults = schema_faults("catalog", data) or _semantic_faults(data)
    if faults:
        raise FaultsError("catalog", faults)
    return Catalog(
        images={name: _image(name, entry) for name, entry in data["images"].items()},
        base_models={ref: _base_model(ref, entry) for ref, entry in data["baseModels"].items()},
        adapters={ref: _adapter(ref, entry) for ref, entry in data["adapters"].items()},
        licences=tuple(data["licences"]),
    )


def _semantic_faults(data: Mapping[str, Any]) -> list[Fault]:
    faults = []
    for kind in _KINDS:
        for name, entry in data[kind].items():
            faults += approval_faults(f"{kind}.{name}", entry)
            licence = entry.get("licence")
            if licence is not None and licence not in data["licences"]:
                rule = f"must be a licence of infra/catalog/licences.yaml: {', '.join(data['licences'])}"
                example = next(iter(data["licences"]), "Apache-2.0")
                faults.append(Fault(path=f"{kind}.{name}.licence", value=licence, rule=rule, example=example))
    faults += people_faults({kind: data[kind] for kind in _KINDS})
    faults += [
        Fault(path=f"adapters.{ref}", value=ref, rule="its version is v and a day that there is", example="v2026-02-01")
        for ref in data["adapters"]
        if day(ref.partition("/v")[2][:10]) is None
    ]
    for kind in ("baseModels", "adapters"):
        faults += class_faults(kind, data[kind])
    for ref, entry in data["baseModels"].items():
        faults += config_faults(f"baseModels.{ref}.config", entry["config"])
    for ref, entry in data["adapters"].items():
        if entry["baseModel"] not in data["baseModels"]:
            rule = f"must be a base model of the catalog: {', '.join(data['baseModels'])}"
            faults.append(
                Fault(
                    path=f"adapters.{ref}.baseModel",
                    value=entry["baseModel"],
                    rule=rule,
                    example=next(iter(data["baseModels"]), "tsuzumi-7b-instruct/v1"),
                )
            )
    return faults


def _approvals(entry: Mapping[str, Any]) -> tuple[Approval, ...]:
    return tuple(Approval(**approval) for approval in entry.get("approvals", ()))


def _files(entry: Mapping[str, Any]) -> tuple[FileSum, ...]:
    return tuple(
        FileSum(path=path, sha256=info["sha256"], size_bytes=info["sizeBytes"])
        for path, info in sorted(entry["files"].items())
    )


def _image(name: str, entry: Mapping[str, Any]) -> Image:
    return Image(
        name=name,
        repository=entry["repository"],
        digest=entry["digest"],
        version=entry["version"],
        state=entry["state"],
        imported=entry["imported"],
        approvals=_approvals(entry),
    )


def _base_model(ref: str, entry: Mapping[str, Any]) -> BaseModel:
    return BaseModel(
        ref=ref,
        state=entry["state"],
        size_gib=entry["sizeGiB"],
        parameters_billion=entry["parametersBillion"],
        dtype=entry["dtype"],
        quantization=entry.get("quantization"),
        architecture=entry["config"].get("architecture", ""),
        shape=shape_of(entry["config"]),
        modules=Modules(patterns=entry["modules"]) if "modules" in entry else None,
        templates=_templates(entry),
        files=_files(entry),
        licence=entry["licence"],
        stand_in=entry.get("standIn", False),
        data_classes=tuple(entry.get("access", {}).get("dataClasses", ())),
        approvals=_approvals(entry),
    )


def _templates(entry: Mapping[str, Any]) -> tuple[ChatTemplate, ...] | None:
    if "templates" not in entry:
        return None
    return tuple(
        ChatTemplate(place=place, text=said["text"], accepted=tuple(said.get("accepted", ())))
        for place, said in entry["templates"].items()
    )


def _adapter(ref: str, entry: Mapping[str, Any]) -> Adapter:
    return Adapter(
        ref=ref,
        state=entry["state"],
        base_model=entry["baseModel"],
        rank=entry["rank"],
        target_modules=tuple(entry["targetModules"]),
        files=_files(entry),
        licence=entry["licence"],
        stand_in=entry.get("standIn", False),
        data_classes=tuple(entry.get("access", {}).get("dataClasses", ())),
        own_tokenizer=entry.get("ownTokenizer", False),
        approvals=_approvals(entry),
    )
