"""The weights of an adopted adapter: shards joined, names as vLLM reads them, written as one file.

Nothing is computed: every number stays as it was. The same origin gives the same bytes.
"""

from __future__ import annotations

import errno
import json
import re
import stat
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from infra.faults import MISSING, Fault
from infra.strict_json import JsonError, read
from ops.checks.adapter import WEIGHTS
from ops.checks.files import MAX_JSON_BYTES
from ops.checks.safetensors_header import HeaderError, Tensor, read_header

INDEX = f"{WEIGHTS}.index.json"
_SHARD = re.compile(r"adapter_model-[0-9]{5}-of-[0-9]{5}\.safetensors")
_NAMED = re.compile(r"\.(lora_[AB]|lora_embedding_[AB])\.default(?=\.|$)")
_EXAMPLE = "adapter_model-00001-of-00002.safetensors"
_MAP = f'{{"weight_map": {{"<tensor>": "{_EXAMPLE}"}}}}'
_CHUNK = 8 * 1024 * 1024
_ALIGNED = 8


@dataclass(frozen=True, kw_only=True)
class Weights:
    """Tensors by their new names, each with its file and its place there; `sources` are the files' names.

    `renamed` are new names by old ones, `dropped` the old names of what is left out.
    """

    tensors: Mapping[str, tuple[Path, Tensor]]
    sources: tuple[str, ...]
    renamed: Mapping[str, str]
    dropped: tuple[str, ...]

    @property
    def as_it_is(self) -> bool:
        """Whether the origin's one file can be taken as it is."""
        return self.sources == (WEIGHTS,) and not self.renamed and not self.dropped


def read_weights(folder: Path) -> tuple[Weights | None, list[Fault]]:
    """The weights of an origin's folder, or what is wrong with them."""
    files, sources, faults, places = _files(folder)
    found: dict[str, tuple[Path, Tensor]] = {}
    there: dict[str, str] = {}
    renamed: dict[str, str] = {}
    dropped: list[str] = []
    for path in files:
        try:
            tensors = read_header(path)
        except (HeaderError, OSError) as error:
            rule = f"must be a safetensors file that can be read: {error}"
            faults.append(Fault(path=path.name, value=path.name, rule=rule, example=WEIGHTS))
            places = {}
            continue
        for name, tensor in tensors.items():
            there[name] = path.name
            new = _NAMED.sub(r".\1", name).replace("_orig_mod.", "")
            if new.endswith((".embed_tokens.base_layer.weight", ".lm_head.base_layer.weight")):
                dropped.append(name)
                continue
            if new in found:
                rule = "stands twice: which one is meant is not said"
                faults.append(Fault(path=f"{path.name}: {name[:120]}", value=new[:120], rule=rule, example="once"))
            if new != name:
                renamed[name] = new
            found[new] = path, tensor
    faults += _misplaced(there, places)
    if faults:
        return None, faults
    return Weights(tensors=found, sources=sources, renamed=renamed, dropped=tuple(dropped)), []


def write_weights(weights: Weights, target: Path) -> None:
    """Write the one file; raise OSError."""
    header: dict[str, Any] = {"__metadata__": {"format": "pt"}}
    position = 0
    order = sorted(weights.tensors)
    for name in order:
        tensor = weights.tensors[name][1]
        end = position + tensor.end - tensor.begin
        header[name] = {"dtype": tensor.dtype, "shape": list(tensor.shape), "data_offsets": [position, end]}
        position = end
    text = json.dumps(header, separators=(",", ":")).encode()
    text += b" " * (-len(text) % _ALIGNED)
    with target.open("xb") as out:
        out.write(len(text).to_bytes(8, "little") + text)
        for name in order:
            for piece in _data(*weights.tensors[name]):
                out.write(piece)


def _data(path: Path, tensor: Tensor) -> Iterator[bytes]:
    with path.open("rb") as content:
        start = 8 + int.from_bytes(content.read(8), "little")
        content.seek(start + tensor.begin)
        left = tensor.end - tensor.begin
        while left:
            piece = content.read(min(left, _CHUNK))
            if not piece:
                raise OSError(f"{path}: became shorter while it was read")
            left -= len(piece)
            yield piece


def _misplaced(there: Mapping[str, str], places: Mapping[str, str]) -> Iterator[Fault]:
    """An index that the files do not bear out: a part of the adapter may be missing."""
    wrong = sorted(name for name in {*there, *places} if there.get(name) != places.get(name)) if places else []
    if wrong:
        rule = f"{len(wrong)} tensors are not where the index says, such as {ascii(wrong[0][:80])[1:-1]}"
        found, example = there.get(wrong[0], MISSING), places.get(wrong[0], f"named in {INDEX}")
        yield Fault(path=f"{INDEX}: weight_map", value=found, rule=rule, example=example)


def _files(folder: Path) -> tuple[list[Path], tuple[str, ...], list[Fault], Mapping[str, str]]:
    """Files of the weights, the names of what they are told by, faults, and the index's files by tensor."""
    if (folder / WEIGHTS).is_file():
        return [folder / WEIGHTS], (WEIGHTS,), [], {}
    shards = sorted(path.name for path in folder.iterdir() if _SHARD.fullmatch(path.name))
    if not shards and not (folder / INDEX).exists():
        rule = "an adapter has weights as safetensors, one file or several with their index: convert what is a pickle"
        return [], (), [Fault(path=WEIGHTS, value=MISSING, rule=rule, example=WEIGHTS)], {}
    try:
        places = _weight_map(read(regular(folder / INDEX), most=MAX_JSON_BYTES))
    except (OSError, JsonError) as error:
        reason = error.strerror if isinstance(error, OSError) else error
        rule = f"several files of weights need an index with a weight_map: {reason}"
        return [], (), [Fault(path=INDEX, value=shards, rule=rule, example=_MAP)], {}
    if not places:
        rule = "must have a weight_map from each tensor's name to its file"
        return [], (), [Fault(path=INDEX, value=INDEX, rule=rule, example=_MAP)], {}
    named = sorted(set(places.values()))
    faults = [
        Fault(path=f"{INDEX}: weight_map", value=name, rule="names a file that is not there", example=_EXAMPLE)
        for name in named
        if name not in shards or not (folder / name).is_file()
    ]
    faults += [
        Fault(path=name, value=name, rule=f"is not named in {INDEX}", example=_MAP)
        for name in shards
        if name not in named
    ]
    return ([] if faults else [folder / name for name in named]), (*named, INDEX), faults, {} if faults else places


def regular(path: Path) -> Path:
    """The path of a file or of a link to one, as hubs' caches have; raise OSError for what is none, such as a pipe."""
    if not stat.S_ISREG(path.stat().st_mode):
        raise OSError(errno.EINVAL, "it is no regular file", str(path))
    return path


def _weight_map(index: object) -> dict[str, str]:
    """The index's files by tensor; nothing where it says something else."""
    found = index.get("weight_map") if isinstance(index, dict) else None
    right = isinstance(found, dict) and all(isinstance(name, str) for name in found.values())
    return dict(found) if right and isinstance(found, dict) else {}
