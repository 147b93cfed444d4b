"""The shape of a model out of a catalog entry's `config`, and what in that must stand together."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from components.gpu import ModelShape
from components.gpu.memory_shape import AttentionLayers, RecurrentLayers, RopeScaling, Vision
from infra.architectures import said_of
from infra.faults import MISSING, Fault


def shape_of(config: Mapping[str, Any]) -> ModelShape:
    """The shape of a model whose entry has this `config`."""
    named = config.get("architecture", "")
    return ModelShape(
        hidden_size=config["hiddenSize"],
        intermediate_size=config["intermediateSize"],
        layers=config["numHiddenLayers"],
        attention_heads=config["numAttentionHeads"],
        kv_heads=config["numKeyValueHeads"],
        head_dim=config.get("headDim") or config["hiddenSize"] // config["numAttentionHeads"],
        vocabulary=config["vocabSize"],
        max_position_embeddings=config["maxPositionEmbeddings"],
        tied_embeddings=config.get("tieWordEmbeddings", False),
        attention_bias=config.get("attentionBias", False),
        experts=config.get("numLocalExperts", 0),
        experts_per_token=config.get("expertsPerToken", 0),
        sliding_window=config.get("slidingWindow"),
        sliding_window_layers=config.get("slidingWindowLayers"),
        kv_latent=config.get("kvLoraRank", 0) + config.get("qkRopeHeadDim", 0),
        index_head_dim=config.get("indexHeadDim", 0),
        draft_bytes=config.get("draftBytes", 0),
        attention=tuple(_attention(part) for part in config.get("attentionLayers", ())),
        recurrent=_recurrent(config.get("recurrentLayers"), named),
        vision=_vision(config.get("vision")),
        rope=_rope(config.get("ropeScaling")),
        quantized_bits=config.get("quantizedBits"),
        architecture=named,
        uncounted=tuple(config.get("notCounted", ())) + _missing_parts(config, named),
    )


def config_faults(path: str, config: Mapping[str, Any]) -> Iterator[Fault]:
    """Keys that say something together must stand together."""
    for key, other, example in (
        ("slidingWindowLayers", "slidingWindow", 4096),
        ("kvLoraRank", "qkRopeHeadDim", 64),
        ("qkRopeHeadDim", "kvLoraRank", 512),
        ("indexHeadDim", "kvLoraRank", 512),
    ):
        if key in config and other not in config:
            rule = f"must stand beside {key}: the two say together what the KV cache keeps"
            yield Fault(path=f"{path}.{other}", value=MISSING, rule=rule, example=f"{other}: {example}")
    layers = config["numHiddenLayers"]
    if config.get("slidingWindowLayers", 0) > layers:
        rule = f"the model has {layers} layers"
        value = config["slidingWindowLayers"]
        yield Fault(path=f"{path}.slidingWindowLayers", value=value, rule=rule, example=str(layers))
    keeping = sum(part["layers"] for part in config.get("attentionLayers", ()))
    states = config.get("recurrentLayers", {}).get("layers", 0)
    for key, value in (("attentionLayers", keeping), ("recurrentLayers", states)):
        if value > layers:
            rule = f"the model has {layers} layers, these are {value}"
            yield Fault(path=f"{path}.{key}", value=value, rule=rule, example=str(layers))


def _missing_parts(config: Mapping[str, Any], named: str) -> tuple[str, ...]:
    """Parts that the architecture has and the entry does not describe."""
    said = said_of(named)
    told = " ".join(config.get("notCounted", ()))
    missing = []
    if said & {"hybrid", "stateOnly"} and "recurrentLayers" not in config and "state" not in told:
        missing.append("the state of layers without attention")
    if "media" in said and "vision" not in config and "encoder" not in told:
        missing.append("encoder of pictures or sound")
    return tuple(missing)


def _attention(part: Mapping[str, Any]) -> AttentionLayers:
    return AttentionLayers(
        layers=part["layers"], kv_heads=part["kvHeads"], head_dim=part["headDim"], window=part.get("window")
    )


def _recurrent(part: Mapping[str, Any] | None, named: str) -> RecurrentLayers | None:
    if part is None:
        return None
    return RecurrentLayers(
        layers=part["layers"],
        conv_values=part["convValues"],
        state_values=part["stateValues"],
        inner_size=part["innerSize"],
        state_type=part.get("stateType", "auto"),
        every_block="blockStates" in said_of(named),
    )


def _vision(part: Mapping[str, Any] | None) -> Vision | None:
    if part is None:
        return None
    return Vision(
        hidden_size=part["hiddenSize"],
        patches_per_token=part["patchesPerToken"],
        item_tokens=part["itemTokens"],
        video=part.get("video", 0),
    )


def _rope(part: Mapping[str, Any] | None) -> RopeScaling | None:
    return (
        None
        if part is None
        else RopeScaling(type=part["type"], factor=part["factor"], original=part.get("original", 0))
    )
