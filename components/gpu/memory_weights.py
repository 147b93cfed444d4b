"""Weights as a server holds them: by the shape, or by the files, with what kernels pad.

Sources: vllm/model_executor/layers/quantization for bytes a weight, vllm/model_executor/layers/fused_moe/oracle/
mxfp4.py (mxfp4_round_up_hidden_size_and_intermediate_size) for MXFP4's padding. Held against logs of gpt-oss: 65.97
GiB with Marlin and 64.38 with Triton's kernels for files of 60.8 (vllm#23278, #33155), 13.72 for 12.8.
"""

from __future__ import annotations

import math

from components.gpu.memory_shape import ModelShape
from components.gpu.memory_versions import numbers

DTYPE_BYTES = {"bfloat16": 2.0, "float16": 2.0, "float32": 4.0}
_WEIGHT_BYTES = {
    "awq": 0.5625,
    "awq_marlin": 0.5625,
    "gptq": 0.5625,
    "gptq_marlin": 0.5625,
    "moe_wna16": 0.5625,
    "bitsandbytes": 0.5625,
    "mxfp4": 0.53125,
    "modelopt_fp4": 0.5625,
    "fp8": 1.0,
    "experts_int8": 1.0,
    "modelopt": 1.0,
}
"""Bytes a weight of a linear layer: 4 bits with 16 bits each of scale and zero point a group of 64 (0.5 + 0.0625),
MXFP4 with 8 bits a group of 32, NVFP4 with 8 bits a group of 16, or 8 bits."""

_BY_BITS = {4: 0.5625, 8: 1.0}
"""The same where the files only say bits (compressed-tensors, auto-round and others)."""

_HOPPER = ("H100", "H200", "H20", "H800", "GH200")
MXFP4 = ("mxfp4", "gpt_oss_mxfp4")


def linear_bytes(dtype: str, quantization: str | None, bits: int | None) -> float | None:
    """Bytes of one weight of a linear layer; None for a method whose bytes nothing says."""
    if quantization is None:
        return DTYPE_BYTES[dtype]
    if quantization in _WEIGHT_BYTES:
        return _WEIGHT_BYTES[quantization]
    return None if bits is None else _BY_BITS.get(bits)


def weight_bytes(shape: ModelShape, dtype: str, quantization: str | None) -> float:
    """Bytes of all weights by the shape; embeddings, norms and, with MXFP4, what is not an expert are not quantized.

    A method whose bytes nothing says is counted as not quantized.
    """
    plain = DTYPE_BYTES[dtype]
    each = linear_bytes(dtype, quantization, shape.quantized_bits) or plain
    attention = shape.layers * shape.attention_parameters()
    forward = shape.layers * shape.feed_forward_parameters()
    other = shape.parameters() - attention - forward
    return forward * each + attention * (plain if quantization in MXFP4 else each) + other * plain


def padding_bytes(shape: ModelShape, quantization: str | None, gpus: int, product: str, version: str) -> float:
    """Bytes that kernels add to the weights of experts on all GPUs together: MXFP4's are padded to whole tiles.

    The hidden size is padded to 256, an expert's own to 64 by Triton's kernels (Hopper since 0.11) and to 128 by the
    others, each GPU's part for itself.
    """
    if quantization not in MXFP4 or not shape.experts:
        return 0.0
    triton = any(name in product for name in _HOPPER) and numbers(version) >= (0, 11)
    part = shape.intermediate_size / gpus
    hidden, inner = _up(shape.hidden_size, 256), gpus * _up(part, 64 if triton else 128)
    added = hidden * inner - shape.hidden_size * shape.intermediate_size
    return 3.0 * shape.layers * shape.experts * added * _WEIGHT_BYTES["mxfp4"]


def _up(size: float, tile: int) -> int:
    return tile * math.ceil(size / tile)
