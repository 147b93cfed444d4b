"""New catalog entries: what can be read from an artifact's files is read, the rest a person says."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from infra.catalog.modules import compact
from ops.catalog.kinds import Kind
from ops.checks.adapter import WEIGHTS
from ops.checks.adapter_config import FILE
from ops.checks.adapter_tensors import by_module
from ops.checks.adopted import origin_of
from ops.checks.files import Content
from ops.checks.model_config import quantization
from ops.checks.model_numbers import CONFIG, said_config, stated_dtype
from ops.checks.module_sizes import module_sizes

_GIB = 1024**3
_SPARE = 1.2
"""A volume is a fifth larger than its files: file systems keep some of it."""

_DECIMALS = 6
"""Of the billions of parameters: to the thousand, so that a model of a test has some, too."""


def new_entry(kind: Kind, content: Content, said: Mapping[str, Any], sums: Mapping[str, str]) -> dict[str, Any]:
    """The candidate's entry of an artifact without faults, with the `sums` of its files.

    `said` is what a person stated: licence, origin, owner.
    """
    described = _adapter(content) if kind.word == "adapter" else _base_model(content)
    files = {name: {"sha256": sums[name], "sizeBytes": size} for name, size in sorted(content.sizes.items())}
    return {"state": "candidate"} | described | dict(said) | {"files": files}


def new_image(said: Mapping[str, Any], *, imported: bool) -> dict[str, Any]:
    """The candidate's entry of an image: all of it is stated."""
    keys = ("repository", "digest", "upstream", "version", "owner")
    return {key: said[key] for key in keys} | {"state": "candidate", "imported": imported}


def _adapter(content: Content) -> dict[str, Any]:
    config = content.parsed[FILE]
    words = by_module(content.tensors[WEIGHTS]).words
    found = {"baseModel": config["base_model_name_or_path"], "rank": config["r"], "targetModules": sorted(words)}
    origin = origin_of(content)
    return found | ({"adopted": origin} if origin else {})


def _base_model(content: Content) -> dict[str, Any]:
    config = content.parsed[CONFIG]
    parameters = sum(tensor.elements for tensors in content.tensors.values() for tensor in tensors.values())
    method = quantization(config)
    return {
        "dtype": stated_dtype(config) or "bfloat16",
        **({} if method is None else {"quantization": method}),
        "parametersBillion": round(parameters / 10**9, _DECIMALS),
        "sizeGiB": max(1, math.ceil(sum(content.sizes.values()) * _SPARE / _GIB)),
        "config": said_config(content),
        "modules": modules(content),
        **({"templates": templates(content)} if content.templates else {}),
    }


def templates(content: Content) -> dict[str, dict[str, Any]]:
    """The chat templates of a base model as its entry has them: their text, and what of it is accepted."""
    return {
        template.place: {"text": template.text, **({"accepted": list(template.accepted)} if template.accepted else {})}
        for template in content.templates
    }


def modules(content: Content) -> dict[str, str]:
    """The modules that a base model's weights name, as its entry has them."""
    config = content.parsed.get(CONFIG)
    method = quantization(config) if isinstance(config, dict) else None
    return compact(module_sizes(content.tensors.values(), method))
