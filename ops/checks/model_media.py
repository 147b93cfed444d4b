"""Pictures and sound in a config.json: encoders whose memory is known, and names of those whose memory is not.

Sources: vllm/model_executor/models of each family, get_mm_max_tokens_per_item, and the preprocessors' own limits.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

_PARTS = {
    "vision_config": "vision encoder",
    "visual": "vision encoder",
    "vision_tower": "vision encoder",
    "audio_config": "audio encoder",
    "speech_config": "audio encoder",
    "encoder_config": "audio encoder",
    "talker_config": "speech generator",
    "token2wav_config": "speech generator",
    "vq_config": "picture tokenizer",
}
"""Keys of config.json that say that a model has such a part."""

_QWEN_PIXELS = {"qwen2_vl": 12845056, "qwen2_5_vl": 12845056}
"""The largest picture of a family in pixels, where its preprocessor_config.json says none."""

_QWEN3 = ("qwen3_vl", "qwen3_vl_moe", "qwen3_5", "qwen3_5_moe")
_QWEN3_PIXELS = 16777216
_LARGEST_VIDEO = 7
"""Largest pictures that the largest video of Qwen2-VL is as much as: 14 frames, two a patch."""


def read_media(config: Mapping[str, Any], preprocessor: Mapping[str, Any]) -> tuple[dict[str, Any] | None, list[str]]:
    """The catalog's `vision`, None where there is none that is known; and names of parts that are not counted."""
    thinker = config.get("thinker_config")
    inner = thinker if isinstance(thinker, Mapping) else config
    parts = {name for key, name in _PARTS.items() if config.get(key) or inner.get(key)}
    vision = inner.get("vision_config")
    known = None
    if isinstance(vision, Mapping):
        known = _vision(str(config.get("model_type")), vision, preprocessor, config)
        if known is not None:
            parts.discard("vision encoder")
    return known, sorted(parts)


def _vision(
    kind: str, vision: Mapping[str, Any], preprocessor: Mapping[str, Any], config: Mapping[str, Any]
) -> dict[str, Any] | None:
    if kind in _QWEN_PIXELS or kind in _QWEN3:
        return _qwen(kind, vision, preprocessor)
    hidden = _whole(vision.get("hidden_size"))
    patch, size = _whole(vision.get("patch_size")), _whole(vision.get("image_size"))
    if kind == "gemma3" and hidden and patch and size:
        tokens = _whole(config.get("mm_tokens_per_image")) or 256
        return _said(hidden, max(1, (size // patch) ** 2 // tokens), tokens)
    if kind in ("gemma4", "gemma4_unified") and hidden:
        pooled = _whole(vision.get("pooling_kernel_size")) or 3
        tokens = _whole(config.get("vision_soft_tokens_per_image")) or 280
        return _said(hidden, pooled**2, tokens)
    if kind in ("mistral3", "pixtral") and hidden and patch and size:
        merge = _whole(config.get("spatial_merge_size")) or 1
        return _said(hidden, merge**2, max(1, (size // (patch * merge)) ** 2))
    return None


def _qwen(kind: str, vision: Mapping[str, Any], preprocessor: Mapping[str, Any]) -> dict[str, Any] | None:
    # Qwen2-VL calls the encoder's width embed_dim, and hidden_size what it hands on.
    hidden = _whole(vision.get("embed_dim")) or _whole(vision.get("hidden_size"))
    patch = _whole(vision.get("patch_size")) or _whole(vision.get("spatial_patch_size"))
    if not hidden or not patch:
        return None
    merge = _whole(vision.get("spatial_merge_size")) or 2
    size = preprocessor.get("size")
    said = _whole(preprocessor.get("max_pixels")) or (
        _whole(size.get("longest_edge")) if isinstance(size, Mapping) else 0
    )
    pixels = said or _QWEN_PIXELS.get(kind, _QWEN3_PIXELS)
    found = _said(hidden, merge**2, max(1, pixels // (patch * merge) ** 2))
    return found if kind in _QWEN3 else found | {"video": _LARGEST_VIDEO}


def _said(hidden: int, patches: int, tokens: int) -> dict[str, Any]:
    return {"hiddenSize": hidden, "patchesPerToken": patches, "itemTokens": tokens}


def _whole(value: object) -> int:
    return value if type(value) is int and value > 0 else 0
