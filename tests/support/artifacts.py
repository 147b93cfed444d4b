"""Artifacts for tests of the way in: right ones that a test then spoils, and a catalog that knows their base model."""

from __future__ import annotations

import json
import shutil
import struct
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

from infra.catalog import FILES, FOLDER
from tools.fixtures import AdapterFixture, adapter_files, base_model_files, sums

MODEL = "tiny/v1"
ADAPTER = "menu/v2026-06-01"
RANK = 8
CONFIG, WEIGHTS = "adapter_config.json", "adapter_model.safetensors"
TINY: dict[str, Any] = {
    "architecture": "LlamaForCausalLM",
    "hiddenSize": 64,
    "intermediateSize": 128,
    "numHiddenLayers": 2,
    "numAttentionHeads": 4,
    "numKeyValueHeads": 4,
    "vocabSize": 320,
    "maxPositionEmbeddings": 2048,
}
TINY_MODULES = {
    "lm_head": "320x64",
    "model.embed_tokens": "320x64",
    **{f"model.layers.{{0-1}}.mlp.{name}_proj": size for name, size in (("down", "64x128"), ("gate", "128x64"))},
    "model.layers.{0-1}.mlp.up_proj": "128x64",
    **{f"model.layers.{{0-1}}.self_attn.{name}_proj": "64x64" for name in "kqvo"},
}


def catalog_folder(folder: Path) -> Path:
    """The catalog of Git, and in it `tiny/v1`: a base model whose numbers are those of its own files."""
    folder.mkdir(parents=True)
    for name in FILES:
        shutil.copy(FOLDER / name, folder / name)
    entry = {
        "state": "approved",
        "licence": "Apache-2.0",
        "origin": "https://models.example.com/tiny",
        "dtype": "float32",
        "parametersBillion": 0.001,
        "sizeGiB": 1,
        "config": TINY,
        "modules": TINY_MODULES,
        "files": sums(base_model_files(MODEL)),
        "approvals": [{"by": "model-board", "on": "2026-01-20", "evaluation": "evaluations/tiny/2026-01-20"}],
    }
    with (folder / "base-models.yaml").open("a") as file:
        file.write("".join(f"  {line}\n" for line in yaml.safe_dump({MODEL: entry}).splitlines()))
    return folder


def write_adapter(folder: Path, ref: str = ADAPTER, rank: int = RANK) -> Path:
    """A right adapter of `tiny/v1`; its weights depend on `ref`."""
    return write(folder, adapter_files(AdapterFixture(ref=ref, base_model=MODEL, rank=rank)))


def write(folder: Path, files: Mapping[str, bytes]) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    for name, content in files.items():
        (folder / name).write_bytes(content)
    return folder


def change_config(folder: Path, **values: Any) -> None:
    path = folder / CONFIG
    path.write_text(json.dumps(json.loads(path.read_text()) | values, indent=2))


def safetensors(header: object, data: bytes = b"", *, size: int | None = None) -> bytes:
    """A file with any header, a text or what becomes JSON; `size` is what it says of its length."""
    text = header if isinstance(header, bytes) else json.dumps(header).encode()
    return struct.pack("<Q", len(text) if size is None else size) + text + data


def header_of(content: bytes) -> tuple[dict[str, Any], bytes]:
    """The header of a right file, and its data."""
    (length,) = struct.unpack("<Q", content[:8])
    return json.loads(content[8 : 8 + length]), content[8 + length :]
