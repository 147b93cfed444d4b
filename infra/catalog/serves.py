"""What a version of vLLM does with adapters, as data: serves.yaml (configurations) and adapter-names.json (names).

A new image changes the data and no code. Where a version or an architecture is not there, that is said and nothing is
guessed: `Serves.version` is the one that the judgement rests on.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

from infra.documents import read

_FOLDER = Path(__file__).resolve().parent
_RULES, _NAMES = _FOLDER / "serves.yaml", _FOLDER / "adapter-names.json"
_MARK = ".lora_A.weight"


@dataclass(frozen=True, kw_only=True)
class Architecture:
    """How vLLM takes adapters of one architecture.

    `packed` are the modules that it keeps as one, by their name there; `embeddings` those that take adapters beside
    linear layers; `language` the beginning of those that do in a model of several parts. `experts_3d`: adapters of
    experts are one pair of tensors for all of them.
    """

    names: Mapping[str, Mapping[str, str | None]] = field(default_factory=dict)
    packed: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    embeddings: tuple[str, ...] = ()
    language: str = ""
    experts_3d: bool = False
    skipped: tuple[str, ...] = ()

    def module(self, name: str) -> str | None:
        """vLLM's name of the module that an adapter calls `name`; None where its weights are dropped.

        The rules are applied as vllm/model_executor/models/utils.py has it (WeightsMapper): to the tensor's name.
        """
        found = self._mapped(f"{name}{_MARK}")
        return None if found is None else found.removesuffix(_MARK)

    def weight(self, name: str) -> str | None:
        """vLLM's name of the module whose weight the base model's files call `name`.weight."""
        found = self._mapped(f"{name}.weight")
        return None if found is None else found.removesuffix(".weight")

    def _mapped(self, name: str) -> str | None:
        for kind in ("regex", "substr", "prefix", "suffix"):
            for old, new in self.names.get(kind, {}).items():
                if not _applies(kind, old, name):
                    continue
                if new is None:
                    return None
                name = _applied(kind, old, new, name)
        return name


@dataclass(frozen=True, kw_only=True)
class Serves:
    """One version of vLLM. `asked` is the image's; `architectures` are as vLLM `listed` has them.

    `understood` are keys that it takes as PEFT means them, beside those of every version. `renamed` are ends of names
    that files have and the server does not, by architecture. `tied_head` are architectures whose output layer takes
    adapters though the files have none.
    """

    version: str
    asked: str
    off: Mapping[str, tuple[str, str]]
    wrong_scale: Mapping[str, tuple[str, str]]
    rslora_on_experts: str
    reads_tokenizer: bool
    notes: Mapping[str, str]
    renamed: Mapping[str, tuple[str, ...]]
    tied_head: tuple[str, ...]
    architectures: Mapping[str, Architecture]
    listed: str
    understood: tuple[str, ...] = ()


def serves(version: str) -> Serves:
    """What vLLM of that version does, or the newest one known that is older; the oldest where none is."""
    rules = _rules()
    known = sorted(rules, key=_order)
    older = [entry for entry in known if _order(entry) <= _order(version)]
    chosen = (older or known[:1])[-1]
    said = rules[chosen]
    listed, architectures = _architectures()
    return Serves(
        version=chosen,
        asked=version,
        off={key: (entry["reason"], entry["example"]) for key, entry in said["mustBeOff"].items()},
        wrong_scale={key: (entry["value"], entry["reason"]) for key, entry in said["wrongScale"].items()},
        rslora_on_experts=said.get("rsloraOnExperts", ""),
        reads_tokenizer=said["readsTokenizer"],
        notes=said.get("notes", {}),
        renamed={name: tuple(ends) for name, ends in said.get("renamed", {}).items()},
        tied_head=tuple(said.get("tiedHead", ())),
        architectures=architectures,
        listed=listed,
        understood=tuple(said.get("understood", ())),
    )


def _applies(kind: str, old: str, name: str) -> bool:
    if kind == "regex":
        return re.search(old, name) is not None
    return {"substr": old in name, "prefix": name.startswith(old), "suffix": name.endswith(old)}[kind]


def _applied(kind: str, old: str, new: str, name: str) -> str:
    if kind == "regex":
        return re.sub(old, new, name)
    return name.removesuffix(old) + new if kind == "suffix" else name.replace(old, new, 1)


def _order(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in re.findall(r"[0-9]+", version.partition("+")[0])[:3])


@cache
def _rules() -> dict[str, Any]:
    found: dict[str, Any] = read(_RULES)["serves"]
    return found


@cache
def _architectures() -> tuple[str, dict[str, Architecture]]:
    data = json.loads(_NAMES.read_text(encoding="utf-8"))
    found = {
        name: Architecture(
            names=said.get("names", {}),
            packed={key: tuple(parts) for key, parts in said.get("packed", {}).items()},
            embeddings=tuple(said.get("embeddings", ())),
            language=said.get("language", ""),
            experts_3d=said.get("experts3d", False),
            skipped=tuple(said.get("skipped", ())),
        )
        for name, said in data["architectures"].items()
    }
    return data["version"], found
