"""A base model in one file of any size, written in pieces: a Llama that passes every check, and adapters of it."""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from safetensors.numpy import save

from tools.fixtures.tokenizer import tokenizer_files

FILE = "model.safetensors"
RANK = 8
_MIB = 1024**2
NUMBER_BYTES = {"BF16": 2, "F32": 4}


@dataclass(frozen=True, kw_only=True)
class Shape:
    """The numbers of a model."""

    hidden: int
    intermediate: int
    layers: int
    heads: int
    key_value_heads: int
    vocabulary: int

    @property
    def key_value(self) -> int:
        """Outputs of a layer's keys, and of its values."""
        return self.hidden // self.heads * self.key_value_heads


SMALL = Shape(hidden=1024, intermediate=4096, layers=2, heads=16, key_value_heads=8, vocabulary=8192)
"""97 MB."""
LARGE = Shape(hidden=3072, intermediate=8192, layers=22, heads=24, key_value_heads=8, vocabulary=128256)
"""6.0 GB."""


def write_model(folder: Path, shape: Shape) -> int:
    """Write the files of a base model; the bytes of its weights."""
    folder.mkdir(parents=True)
    (folder / "config.json").write_text(json.dumps(_config(shape), indent=2))
    for name, content in tokenizer_files(shape.vocabulary).items():
        (folder / name).write_bytes(content)
    write_weights(folder / FILE, dict(_tensors(shape)), "BF16")
    return (folder / FILE).stat().st_size


def write_weights(path: Path, shapes: Mapping[str, Sequence[int]], dtype: str) -> None:
    """Write a safetensors file of tensors of one type.

    No block of it is like another, and each is one text many times over: a store that compresses keeps it small, and
    what takes one block for another is noticed. No number is NaN or infinite.
    """
    head, size = _header(shapes, dtype)
    with path.open("wb") as file:
        file.write(len(head).to_bytes(8, "little") + head)
        for number in range(0, size, _MIB):
            block = hashlib.sha256(number.to_bytes(8, "little")).hexdigest().encode() * (_MIB // 64)
            file.write(block[: size - number])


def write_adapter(folder: Path, base_model: str, shape: Shape, seed: int) -> None:
    """Write an adapter of the model; its weights depend on the seed."""
    folder.mkdir(parents=True)
    generator = np.random.default_rng(seed)
    outputs = {"q_proj": shape.hidden, "v_proj": shape.key_value}
    tensors = {
        f"base_model.model.model.layers.{layer}.self_attn.{module}.lora_{half}.weight": generator.normal(
            scale=0.1, size=(RANK, shape.hidden) if half == "A" else (output, RANK)
        ).astype(np.float32)
        for layer in range(shape.layers)
        for module, output in outputs.items()
        for half in "AB"
    }
    config = {
        **{"base_model_name_or_path": base_model, "peft_type": "LORA", "task_type": "CAUSAL_LM", "bias": "none"},
        **{"r": RANK, "lora_alpha": 2 * RANK, "lora_dropout": 0.0, "target_modules": [*outputs]},
        **{"fan_in_fan_out": False, "inference_mode": True, "modules_to_save": None},
    }
    (folder / "adapter_config.json").write_text(json.dumps(config, indent=2))
    (folder / "adapter_model.safetensors").write_bytes(save(tensors, metadata={"format": "pt"}))


def _header(shapes: Mapping[str, Sequence[int]], dtype: str) -> tuple[bytes, int]:
    header: dict[str, Any] = {"__metadata__": {"format": "pt"}}
    end = 0
    for name, sizes in shapes.items():
        begin, end = end, end + math.prod(sizes) * NUMBER_BYTES[dtype]
        header[name] = {"dtype": dtype, "shape": list(sizes), "data_offsets": [begin, end]}
    text = json.dumps(header).encode()
    return text + b" " * (-len(text) % 8), end


def _tensors(shape: Shape) -> Iterator[tuple[str, tuple[int, ...]]]:
    yield "model.embed_tokens.weight", (shape.vocabulary, shape.hidden)
    for layer in range(shape.layers):
        name = f"model.layers.{layer}"
        for part, output in (("q", shape.hidden), ("k", shape.key_value), ("v", shape.key_value)):
            yield f"{name}.self_attn.{part}_proj.weight", (output, shape.hidden)
        yield f"{name}.self_attn.o_proj.weight", (shape.hidden, shape.hidden)
        for part in ("gate", "up"):
            yield f"{name}.mlp.{part}_proj.weight", (shape.intermediate, shape.hidden)
        yield f"{name}.mlp.down_proj.weight", (shape.hidden, shape.intermediate)
        for part in ("input_layernorm", "post_attention_layernorm"):
            yield f"{name}.{part}.weight", (shape.hidden,)
    yield "model.norm.weight", (shape.hidden,)
    yield "lm_head.weight", (shape.vocabulary, shape.hidden)


def _config(shape: Shape) -> dict[str, Any]:
    return {
        **{"architectures": ["LlamaForCausalLM"], "model_type": "llama", "torch_dtype": "bfloat16"},
        **{"hidden_act": "silu", "rms_norm_eps": 1e-05, "rope_theta": 10000.0, "tie_word_embeddings": False},
        **{"bos_token_id": 256, "eos_token_id": 257, "max_position_embeddings": 8192},
        "hidden_size": shape.hidden,
        "intermediate_size": shape.intermediate,
        "num_attention_heads": shape.heads,
        "num_hidden_layers": shape.layers,
        "num_key_value_heads": shape.key_value_heads,
        "vocab_size": shape.vocabulary,
    }
