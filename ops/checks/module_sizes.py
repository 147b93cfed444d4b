"""Modules of a base model with their sizes, out of the headers of its safetensors files.

A weight that is packed by a quantization does not have the module's size; what its neighbours say is taken, and the
rest is not known (0). Biases, norms, scales and one-dimensional weights are no modules that an adapter can change.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping

from infra.catalog.modules import Size
from ops.checks.safetensors_header import Tensor

_WHOLE = ("F64", "F32", "F16", "BF16", "F8_E5M2", "F8_E4M3", "I8")
"""Types of weights with one element a number."""

_EXPERTS = re.compile(r".+\.experts\.[a-z_]+")
_BLOCK = 32
"""Numbers that share a scale in MXFP4: two in each of the 16 bytes of a block."""


def module_sizes(files: Iterable[Mapping[str, Tensor]], method: str | None) -> dict[str, Size]:
    """Sizes of the modules by name, outputs before inputs; `method` is how the files are quantized."""
    tensors = {name: tensor for found in files for name, tensor in found.items()}
    sizes: dict[str, Size] = {}
    for name, tensor in tensors.items():
        sizes.update(_module(name, tensor, tensors, method))
    return dict(sorted(sizes.items(), key=lambda item: _order(item[0])))


def _module(name: str, tensor: Tensor, tensors: Mapping[str, Tensor], method: str | None) -> Iterator[tuple[str, Size]]:
    stem, _, kind = name.rpartition(".")
    shape = tensor.shape
    if kind == "weight" and len(shape) == 2:
        if tensor.dtype in _WHOLE:
            yield stem, (shape[0], shape[1])
        elif tensor.dtype == "U8":
            # bitsandbytes flattens the weight into one column; NVFP4 keeps two numbers a byte.
            yield stem, (0, 0) if shape[1] == 1 else (shape[0], 2 * shape[1])
    elif kind == "weight_packed" and len(shape) == 2:
        yield stem, (shape[0], 0)
    elif kind == "qweight" and len(shape) == 2:
        scales, order = tensors.get(f"{stem}.scales"), tensors.get(f"{stem}.g_idx")
        outputs = scales.shape[-1] if scales and scales.shape else 0
        inputs = shape[0] if method == "awq" else order.shape[0] if order and order.shape else 0
        yield stem, (outputs, inputs)
    elif len(shape) == 3 and tensor.dtype in _WHOLE and _EXPERTS.fullmatch(name):
        yield name, (shape[0], shape[1], shape[2])
    elif kind.endswith("_blocks") and len(shape) == 4 and _EXPERTS.fullmatch(name):
        yield name.removesuffix("_blocks"), (shape[0], shape[1], shape[2] * _BLOCK)


def _order(name: str) -> list[tuple[int, str]]:
    return [(int(part), "") if part.isdigit() and len(part) <= 6 else (-1, part) for part in name.split(".")]
