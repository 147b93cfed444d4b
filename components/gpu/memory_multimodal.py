"""Pictures: what vLLM takes for the largest picture or video that the model may be sent, before it counts the cache.

Sources: vllm/v1/worker/gpu_model_runner.py (profile_run encodes the largest items that fit the budget), vllm/v1/core/
encoder_cache_manager.py (compute_mm_encoder_budget). What an encoder takes for a patch is an estimate: 2.51 GiB for
65,536 patches of width 1,280 (vllm#16570), 2.0 GiB for 65,536 of 1,152 (vllm#52872), more than 16 GiB for 458,752 of
1,280 (vllm#18124).
"""

from __future__ import annotations

from components.gpu.memory_shape import GIB, ModelShape
from components.gpu.memory_versions import Estimate

_WIDTHS_A_PATCH = Estimate(low=9.0, likely=13.5, high=18.0)
"""Tensors as wide as the encoder that are alive at its peak: fused query, key and value with their rotated copies, the
feed-forward part, residuals."""

_VALUE = 2
"""Bytes of a value: encoders compute in 16 bits."""

UNKNOWN_PART = Estimate(low=0.0, likely=1.0, high=4.0) * GIB
"""What a part may take that nothing is known of."""


def item_tokens(shape: ModelShape, max_model_len: int, *, videos: bool = True) -> int:
    """Tokens of the largest item that a request may bring: a picture, or a video as long as the context holds."""
    vision = shape.vision
    if vision is None:
        return 0
    whole_pictures = min(vision.video, max_model_len // vision.item_tokens) if videos else 0
    return vision.item_tokens * max(1, whole_pictures)


def encoder_bytes(shape: ModelShape, batch: int, max_model_len: int, *, videos: bool = True) -> Estimate:
    """Bytes at the encoder's peak: as many of the largest items as the batch has room for, at least one."""
    vision = shape.vision
    if vision is None:
        return Estimate(low=0.0, likely=0.0, high=0.0)
    item = item_tokens(shape, max_model_len, videos=videos)
    tokens = item * max(1, batch // item)
    patches = tokens * vision.patches_per_token
    return _WIDTHS_A_PATCH * (patches * vision.hidden_size * _VALUE)


def encoder_cache_bytes(shape: ModelShape, batch: int, max_model_len: int, *, videos: bool = True) -> float:
    """Bytes of what has been encoded and waits for the model: the budget's tokens, as wide as the model."""
    if shape.vision is None:
        return 0.0
    return max(batch, item_tokens(shape, max_model_len, videos=videos)) * shape.hidden_size * float(_VALUE)
