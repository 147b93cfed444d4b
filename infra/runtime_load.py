"""Reads the options of a kitchen's server out of what the schema has passed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from infra.keys import fields
from infra.runtime_settings import Pooling, Runtime, Speculation, StructuredOutputs
from infra.typed_flags import read_flags

_APART = ("extraArgs", "structuredOutputs", "speculation", "pooling")


def runtime_settings(data: Mapping[str, Any]) -> Runtime:
    """The options; flags of `extraArgs` that a setting says by now are read into it."""
    stated = fields({key: value for key, value in data.items() if key not in _APART})
    if "structuredOutputs" in data:
        stated["structured_outputs"] = StructuredOutputs(**fields(data["structuredOutputs"]))
    if "speculation" in data:
        stated["speculation"] = Speculation(**fields(data["speculation"]))
    if "pooling" in data:
        stated["pooling"] = Pooling(**fields(data["pooling"]))
    entries = tuple(data.get("extraArgs", ()))
    return Runtime(**read_flags(entries, stated), **stated, extra_args=entries)
