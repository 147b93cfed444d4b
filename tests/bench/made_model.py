"""A base model of any size and number of files that the checks on the way in find right: its numbers are random."""

from __future__ import annotations

import json
import os
from pathlib import Path

from tools import fixtures

_NUMBER = 4
"""Bytes of a float32."""


def write(folder: Path, count: int, size: int) -> list[Path]:
    """Write the files of a model of `count` layers, each in a file of about `size` bytes, and return all of them."""
    files = fixtures.base_model_files(fixtures.BASE_MODELS[0])
    weights = files.pop("model.safetensors")
    head = json.loads(weights[8 : 8 + int.from_bytes(weights[:8], "little")])
    width = max(1, size // (3 * fixtures.HIDDEN_SIZE * _NUMBER))
    config = json.loads(files["config.json"]) | {"num_hidden_layers": count, "intermediate_size": width}
    files["config.json"] = json.dumps(config).encode()
    shapes = {name: entry["shape"] for name, entry in head.items() if name != "__metadata__"}
    shards = [_layer(shapes, number, width) for number in range(count)]
    shards[0] |= {name: shape for name, shape in shapes.items() if ".layers." not in name}
    names = [f"model-{number + 1:05}-of-{count:05}.safetensors" for number in range(count)]
    if count > 1:
        placed = {tensor: name for name, shard in zip(names, shards, strict=True) for tensor in shard}
        files["model.safetensors.index.json"] = json.dumps({"metadata": {}, "weight_map": placed}).encode()
    else:
        names = ["model.safetensors"]
    folder.mkdir(parents=True)
    for name, content in files.items():
        (folder / name).write_bytes(content)
    for name, shard in zip(names, shards, strict=True):
        _write(folder / name, shard)
    return sorted(folder.iterdir())


def _layer(shapes: dict[str, list[int]], number: int, width: int) -> dict[str, list[int]]:
    prefix = "model.layers.0."
    return {
        name.replace(prefix, f"model.layers.{number}."): [
            width if length == fixtures.INTERMEDIATE_SIZE else length for length in shape
        ]
        for name, shape in shapes.items()
        if name.startswith(prefix)
    }


def _write(path: Path, shapes: dict[str, list[int]]) -> None:
    head, position = dict[str, object](), 0
    for name, shape in shapes.items():
        end = position + _NUMBER * shape[0] * (shape[1] if len(shape) > 1 else 1)
        head[name] = {"dtype": "F32", "shape": shape, "data_offsets": [position, end]}
        position = end
    text = json.dumps({"__metadata__": {"format": "pt"}, **head}).encode()
    block = os.urandom(8_000_000)
    with path.open("wb") as file:
        file.write(len(text).to_bytes(8, "little") + text)
        while position > 0:
            file.write(block[:position])
            position -= len(block)
