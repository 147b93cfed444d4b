"""`adopt`: makes what a trainer has written into an adapter that may be published.

Guaranteed: the origin's folder is only read; the new folder appears whole, in one rename, and only when every check on
the way in passes; each change is printed. What cannot be made right without a new training is refused with its reason.
"""

from __future__ import annotations

import difflib
import errno
import json
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from infra.catalog import Catalog, load_catalog
from infra.faults import MISSING, Fault, FaultsError
from infra.strict_json import JsonError, parse
from ops.catalog.adopted_weights import Weights, read_weights, regular, write_weights
from ops.checks import read_artifact
from ops.checks.adapter import WEIGHTS
from ops.checks.adapter_config import FILE
from ops.checks.adapter_tensors import by_module
from ops.checks.adopted import ADOPTED
from ops.checks.files import PLAIN
from ops.sums import sha256

KEPT = ("README.md", *PLAIN, *(f"{name}.txt" for name in PLAIN), *(f"{name}.md" for name in PLAIN))
"""Files that are taken as they are: what people read."""

_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
"""What a place says that has no room left for a file."""

_MORE = 3
_EXAMPLE = "kitchen adapter adopt outputs/checkpoint-500 --to menu --base-model tsuzumi-7b-instruct/v1"


@dataclass(frozen=True, kw_only=True)
class _Origin:
    """What was read: the configuration as it is written, and the weights."""

    folder: Path
    text: str
    config: dict[str, Any]
    weights: Weights


def adopt(catalog_folder: Path, folder: Path, target: Path, base_model: str | None) -> None:
    """Make the adapter in `target`, which must not exist yet; raise FaultsError with every fault, OSError."""
    catalog = load_catalog(catalog_folder)
    origin = _read(folder, target)
    config = _adopted_config(origin, catalog, base_model)
    with tempfile.TemporaryDirectory(prefix=f".{target.name}.", dir=target.parent) as made:
        new = Path(made) / target.name
        new.mkdir()
        try:
            _write(origin, config, new)
        except OSError as error:  # copying names the file that it reads, and that one is fine
            if error.errno not in _FULL:
                raise
            raise OSError(error.errno, error.strerror, str(target.parent)) from error
        content, faults = read_artifact("adapter", "", new, catalog)
        if faults or content.withheld:
            raise FaultsError(f"adopt {folder}", [*faults, *content.withheld])
        lines = list(_told(origin, config, new))
        new.rename(target)
    print("\n".join([*lines, *(f"note: {note}" for note in content.notes)]))
    print(f"{target}: fine; next: kitchen adapter publish {target} --name <name>/v<date> ...")


def _read(folder: Path, target: Path) -> _Origin:
    faults: list[Fault] = []
    if not folder.is_dir():
        rule = "must be the folder that a trainer has written"
        raise FaultsError("adopt", [Fault(path="FOLDER", value=str(folder), rule=rule, example=_EXAMPLE)])
    if target.exists() or target.is_symlink() or not target.parent.is_dir():
        rule = "must be a folder that is not there yet, in one that is: nothing is written over"
        faults.append(Fault(path="--to", value=str(target), rule=rule, example="--to menu"))
    if folder.resolve() in target.resolve().parents:
        rule = "must not lie in the origin's folder, which stays as it is"
        faults.append(Fault(path="--to", value=str(target), rule=rule, example="--to ../menu"))
    text, config = "", {}
    try:
        raw = regular(folder / FILE).read_bytes()
        config, text = parse(raw), raw.decode()
        if not isinstance(config, dict):
            faults.append(Fault(path=FILE, value=config, rule="must be a JSON object", example='{"r": 8, ...}'))
    except FileNotFoundError:
        there = ", ".join(sorted(path.parent.name for path in folder.glob(f"*/{FILE}"))[:_MORE])
        rule = f"an adapter has it{f'; there is one in {there}: give that folder' if there else ''}"
        faults.append(Fault(path=FILE, value=MISSING, rule=rule, example=_EXAMPLE))
    except (OSError, JsonError) as error:
        reason = error.strerror if isinstance(error, OSError) else error
        faults.append(Fault(path=FILE, value=FILE, rule=f"must be readable: {reason}", example='{"r": 8, ...}'))
    weights, found = read_weights(folder)
    faults += found
    faults += _other_weights(folder, weights)
    if faults or weights is None:
        raise FaultsError(f"adopt {folder}", faults)
    return _Origin(folder=folder, text=text, config=config, weights=weights)


def _other_weights(folder: Path, weights: Weights | None) -> Iterator[Fault]:
    """Weights beside the adapter's may be a part of what was trained, such as new embeddings: not for us to drop."""
    taken = set(weights.sources) if weights else set()
    for path in sorted(folder.iterdir()):
        if weights and path.suffix == ".safetensors" and path.name not in taken:
            rule = "are weights beside the adapter's: move them away if the adapter does without them"
            yield Fault(path=path.name, value=path.name, rule=rule, example=WEIGHTS)


def _adopted_config(origin: _Origin, catalog: Catalog, base_model: str | None) -> dict[str, Any]:
    """The configuration with the base model's reference and modules by name; raise FaultsError."""
    config = dict(origin.config)
    ref = config.get("base_model_name_or_path") if base_model is None else base_model
    if not isinstance(ref, str) or ref not in catalog.base_models:
        rule = f"says on which base model of the catalog it was trained: {', '.join(catalog.base_models)}"
        example = f"--base-model {next(iter(catalog.base_models), 'tsuzumi-7b-instruct/v1')}"
        raise FaultsError("adopt", [Fault(path="--base-model", value=ref, rule=rule, example=example)])
    config["base_model_name_or_path"] = ref
    if isinstance(config.get("target_modules"), str) and config["target_modules"]:
        tensors = {name: tensor for name, (_, tensor) in origin.weights.tensors.items()}
        words = {pair.module.rsplit(".", 1)[-1] for pair in by_module(tensors).pairs.values()}
        config["target_modules"] = sorted(words)
    return config


def _write(origin: _Origin, config: Mapping[str, Any], new: Path) -> None:
    if config == origin.config:
        (new / FILE).write_text(origin.text, encoding="utf-8")
    else:
        (new / FILE).write_text(json.dumps(config, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
    if origin.weights.as_it_is:
        shutil.copyfile(origin.folder / WEIGHTS, new / WEIGHTS)
    else:
        write_weights(origin.weights, new / WEIGHTS)
    for name in KEPT:
        if _has(origin.folder, name) and (origin.folder / name).stat().st_size:  # an artifact has no empty files
            shutil.copyfile(origin.folder / name, new / name)
    if _has(origin.folder, ADOPTED):
        shutil.copyfile(origin.folder / ADOPTED, new / ADOPTED)
        return
    sums = {name: sha256(origin.folder / name) for name in sorted({FILE, *origin.weights.sources})}
    (new / ADOPTED).write_text(json.dumps(sums, indent=2) + "\n", encoding="utf-8")


def _has(folder: Path, name: str) -> bool:
    return (folder / name).is_file() and not (folder / name).is_symlink()


def _told(origin: _Origin, config: Mapping[str, Any], new: Path) -> Iterator[str]:
    """Every change, file by file."""
    weights = origin.weights
    if config != origin.config:
        before = json.dumps(origin.config, indent=2, ensure_ascii=False).splitlines()
        after = json.dumps(config, indent=2, ensure_ascii=False).splitlines()
        yield from difflib.unified_diff(before, after, f"origin/{FILE}", f"adopted/{FILE}", lineterm="", n=0)
    if weights.as_it_is:
        yield f"{WEIGHTS}: as it was"
    else:
        yield f"{WEIGHTS}: {len(weights.tensors)} tensors of {', '.join(weights.sources)}"
    for what, names in (("renamed", [f"{old} -> {new}" for old, new in sorted(weights.renamed.items())]),
                        ("left out, the base model has it", sorted(weights.dropped))):  # fmt: skip
        yield from (f"{WEIGHTS}: {what}: {name}" for name in names[:_MORE])
        if len(names) > _MORE:
            yield f"{WEIGHTS}: {what}: and {len(names) - _MORE} more"
    kept = {path.name for path in new.iterdir()} | set(weights.sources)
    left = sorted(path.name + "/" * path.is_dir() for path in origin.folder.iterdir() if path.name not in kept)
    if left:
        yield f"left out: {', '.join(ascii(name)[1:-1] for name in left)}"
    again = ", as they were: this folder has been adopted before" if _has(origin.folder, ADOPTED) else ""
    yield f"{ADOPTED}: the origin's sums{again}, which the catalog entry keeps"
