"""A base model of any size and number of files that the checks on the way in find right."""

from __future__ import annotations

import json
from pathlib import Path

from tests.support.made_model import NUMBER_BYTES, write_weights
from tools import fixtures

_TYPE = "F32"


def write(folder: Path, count: int, size: int) -> list[Path]:
    """Write the files of a model of `count` layers, each in a file of about `size` bytes, and return all of them."""
    files = fixtures.base_model_files(fixtures.BASE_MODELS[0])
    weights = files.pop("model.safetensors")
    head = json.loads(weights[8 : 8 + int.from_bytes(weights[:8], "little")])
    width = max(1, size // (3 * fixtures.HIDDEN_SIZE * NUMBER_BYTES[_TYPE]))
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
        write_weights(folder / name, shard, _TYPE)
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
