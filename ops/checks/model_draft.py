"""Tensors of a draft head that lie among a model's weights: vLLM loads them only to speculate."""

from __future__ import annotations

import re
from collections.abc import Mapping

from ops.checks.safetensors_header import Tensor

_HEAD = re.compile(r"(?:model\.)?mtp\.")
"""vllm/model_executor/models/qwen3_5.py and others: `skip_prefixes=["mtp."]`."""

_LAYER = re.compile(r"(?:model\.)?(?:language_model\.)?(?:model\.)?layers\.([0-9]{1,6})\.")
"""vllm/model_executor/models/utils.py, get_spec_layer_idx_from_weight_name: layers behind the last one."""


def draft_bytes(files: Mapping[str, Mapping[str, Tensor]], layers: object) -> int:
    """Bytes of the draft heads in files of weights, of a model of so many layers."""
    last = layers if type(layers) is int and layers > 0 else None
    return sum(
        tensor.end - tensor.begin
        for tensors in files.values()
        for name, tensor in tensors.items()
        if _HEAD.match(name) or (last is not None and (found := _LAYER.match(name)) and int(found[1]) >= last)
    )
