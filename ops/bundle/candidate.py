"""Catalog entries of what was brought in: as candidates, appended as text so that comments and order stay."""

from __future__ import annotations

import json
import math
import re
import struct
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import yaml

from infra.catalog import FILES, Catalog
from infra.faults import Fault, FaultsError
from ops.bundle.manifest import Artifact
from ops.bundle.wanted import ADAPTER, BASE_MODEL, IMAGE
from ops.catalog.edit import catalog_with
from ops.checks.model_config import catalog_config, quantization

_FILE_OF = {IMAGE: "images.yaml", BASE_MODEL: "base-models.yaml", ADAPTER: "adapters.yaml"}
_MAX_HEADER_BYTES = 100_000_000
_GIB = 1024**3


def known(artifact: Artifact, catalog: Catalog) -> bool:
    """Whether the catalog has an entry of this kind and name."""
    entries: Mapping[str, Mapping[str, Any]] = {
        IMAGE: catalog.images,
        BASE_MODEL: catalog.base_models,
        ADAPTER: catalog.adapters,
    }
    return artifact.what.ref in entries[artifact.what.kind]


def entry_of(artifact: Artifact, folder: Path, *, imported: bool) -> dict[str, Any]:
    """Return the catalog entry of an artifact whose files lie in `folder`; raise FaultsError.

    What the files say is taken from them: rank, modules, shape, number of parameters.
    """
    what = artifact.what
    if what.image is not None:
        image = {"repository": what.image.repository, "digest": what.image.digest, "upstream": what.image.upstream}
        return {**image, "version": what.version, "state": "candidate", "imported": imported}
    try:
        entry = _adapter(artifact, folder) if what.kind == ADAPTER else _base_model(artifact, folder)
    except (OSError, ValueError, KeyError, TypeError, AttributeError, struct.error) as error:
        rule = f"its files must say what the catalog needs ({type(error).__name__}: {error})"
        example = "adapter_config.json with r and target_modules; config.json of a Llama"
        raise FaultsError("catalog", [Fault(path=what.folder, value=what.ref, rule=rule, example=example)]) from error
    prefix = f"{what.folder}/"
    entry["files"] = {
        file.path.removeprefix(prefix): {"sha256": file.sha256, "sizeBytes": file.size} for file in artifact.files
    }
    return entry


def with_entries(folder: Path, found: Sequence[tuple[Artifact, dict[str, Any]]]) -> dict[str, str]:
    """Return the catalog files that change, by name, with the entries appended; raise FaultsError for a wrong one."""
    texts: dict[str, str] = {}
    for artifact, entry in found:
        name = _FILE_OF[artifact.what.kind]
        text = texts.get(name) or (folder / name).read_text()
        texts[name] = _append(text, FILES[name], artifact.what.ref, entry)
    catalog_with(folder, texts)
    return texts


def mark_imported(text: str, name: str) -> str:
    """Return the text of images.yaml with `imported: true` in the entry of one image, the rest as it was."""
    pattern = re.compile(rf"^(  {re.escape(name)}:\n(?:    .*\n)*?    imported: )false$", re.MULTILINE)
    return pattern.sub(r"\1true", text, count=1)


def as_text(ref: str, entry: Mapping[str, Any]) -> str:
    """Return an entry as it stands in a catalog file, indented."""
    text = yaml.safe_dump({ref: entry}, sort_keys=False, allow_unicode=True, width=10**6)
    return "".join(f"  {line}\n" for line in text.splitlines())


def _append(text: str, key: str, ref: str, entry: Mapping[str, Any]) -> str:
    text = re.sub(rf"^{key}:[ ]*\{{\}}[ ]*$", f"{key}:", text, flags=re.MULTILINE)
    return text + ("" if text.endswith("\n") else "\n") + as_text(ref, entry)


def _head(artifact: Artifact) -> dict[str, Any]:
    return {"licence": artifact.what.licence, "origin": artifact.what.origin}


def _adapter(artifact: Artifact, folder: Path) -> dict[str, Any]:
    config = json.loads((folder / "adapter_config.json").read_bytes())
    modules = config["target_modules"]
    rank = max([config["r"], *(config.get("rank_pattern") or {}).values()])
    return {
        "state": "candidate",
        "baseModel": artifact.what.base_model,
        "rank": rank,
        "targetModules": [modules] if isinstance(modules, str) else sorted(modules),
        **_head(artifact),
    }


def _base_model(artifact: Artifact, folder: Path) -> dict[str, Any]:
    config = json.loads((folder / "config.json").read_bytes())
    shape, method = catalog_config(config), quantization(config)
    shape.setdefault("numKeyValueHeads", config["num_attention_heads"])
    parameters = sum(_parameters(path) for path in sorted(folder.glob("*.safetensors")))
    return {
        "state": "candidate",
        **_head(artifact),
        "dtype": config.get("torch_dtype") or config["dtype"],
        **({} if method is None else {"quantization": method}),
        "parametersBillion": round(parameters / 1e9, 6),
        "sizeGiB": math.ceil(artifact.size * 1.1 / _GIB),
        "config": shape,
    }


def _parameters(path: Path) -> int:
    """Count the numbers in a safetensors file by its header."""
    with path.open("rb") as tensors:
        (length,) = struct.unpack("<Q", tensors.read(8))
        if length > _MAX_HEADER_BYTES:
            raise ValueError(f"{path.name}: header of {length} bytes")
        header = json.loads(tensors.read(length))
    return sum(math.prod(part["shape"]) for name, part in header.items() if name != "__metadata__")
