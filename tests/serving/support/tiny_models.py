"""Tiny base models of several kinds, and adapters of theirs: real files, random numbers that are always the same."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import yaml
from safetensors.numpy import save

from infra.catalog import Catalog, load_catalog
from ops.catalog.entries import new_entry
from ops.catalog.kinds import KINDS
from ops.checks import read_artifact
from tests.support.artifacts import catalog_folder, write
from tools.fixtures.tokenizer import tokenizer_files

HIDDEN, INNER, VOCABULARY, LAYERS, HEADS, HEAD_DIM, RANK = 64, 128, 320, 2, 2, 32, 8
PREFIX = "base_model.model."

COMMON = {
    "bos_token_id": 256,
    "eos_token_id": 257,
    "hidden_act": "silu",
    "hidden_size": HIDDEN,
    "intermediate_size": INNER,
    "max_position_embeddings": 2048,
    "num_attention_heads": HEADS,
    "num_hidden_layers": LAYERS,
    "num_key_value_heads": HEADS,
    "rms_norm_eps": 1e-05,
    "tie_word_embeddings": False,
    "torch_dtype": "bfloat16",
    "vocab_size": VOCABULARY,
}
MLA = {
    "kv_lora_rank": 16,
    "q_lora_rank": 24,
    "qk_nope_head_dim": 16,
    "qk_rope_head_dim": 16,
    "v_head_dim": 32,
    "first_k_dense_replace": LAYERS,
    "moe_layer_freq": 1,
    "moe_intermediate_size": INNER,
    "n_routed_experts": 4,
    "n_shared_experts": 1,
    "n_group": 1,
    "num_experts_per_tok": 2,
    "routed_scaling_factor": 1.0,
    "scoring_func": "softmax",
    "topk_group": 1,
    "topk_method": "greedy",
    "norm_topk_prob": False,
}


@dataclass(frozen=True, kw_only=True)
class Kind:
    """A kind of base model: its config.json beside what all have, the modules of a layer, and its norms."""

    name: str
    config: Mapping[str, Any]
    modules: Mapping[str, tuple[int, int]]
    norms: Mapping[str, int]

    def files(self) -> dict[str, bytes]:
        """The files of the base model."""
        tensors = {f"{name}.weight": numbers(self.name, name, *size, 0.05) for name, size in self.sizes().items()}
        for layer in range(LAYERS):
            for norm, size in self.norms.items():
                tensors[f"model.layers.{layer}.{norm}.weight"] = np.ones(size, dtype=np.float32)
        tensors["model.norm.weight"] = np.ones(HIDDEN, dtype=np.float32)
        return {
            "config.json": json.dumps(COMMON | dict(self.config), indent=2).encode(),
            "model.safetensors": save(tensors, metadata={"format": "pt"}),
            **tokenizer_files(VOCABULARY),
        }

    def sizes(self) -> dict[str, tuple[int, int]]:
        """Outputs and inputs of every module."""
        found = {"model.embed_tokens": (VOCABULARY, HIDDEN), "lm_head": (VOCABULARY, HIDDEN)}
        for layer in range(LAYERS):
            found |= {f"model.layers.{layer}.{name}": size for name, size in self.modules.items()}
        return found


ATTENTION = {f"self_attn.{name}_proj": (HIDDEN, HIDDEN) for name in "qkvo"}
DOWN = {"mlp.down_proj": (HIDDEN, INNER)}
DENSE = DOWN | {"mlp.gate_proj": (INNER, HIDDEN), "mlp.up_proj": (INNER, HIDDEN)}
NORMS = {"input_layernorm": HIDDEN, "post_attention_layernorm": HIDDEN}

LLAMA = Kind(
    name="llama",
    config={"architectures": ["LlamaForCausalLM"], "model_type": "llama", "head_dim": HEAD_DIM},
    modules=ATTENTION | DENSE,
    norms=NORMS,
)
PHI3 = Kind(
    name="phi3",
    config={"architectures": ["Phi3ForCausalLM"], "model_type": "phi3", "pad_token_id": 258},
    modules={"self_attn.qkv_proj": (3 * HIDDEN, HIDDEN), "self_attn.o_proj": (HIDDEN, HIDDEN)}
    | DOWN
    | {"mlp.gate_up_proj": (2 * INNER, HIDDEN)},
    norms=NORMS,
)
DEEPSEEK = Kind(
    name="deepseek",
    config={"architectures": ["DeepseekV2ForCausalLM"], "model_type": "deepseek_v2", **MLA},
    modules={
        "self_attn.q_a_proj": (24, HIDDEN),
        "self_attn.q_b_proj": (HEADS * 32, 24),
        "self_attn.kv_a_proj_with_mqa": (32, HIDDEN),
        "self_attn.kv_b_proj": (HEADS * 48, 16),
        "self_attn.o_proj": (HIDDEN, HEADS * 32),
        **DENSE,
    },
    norms=NORMS | {"self_attn.q_a_layernorm": 24, "self_attn.kv_a_layernorm": 16},
)


def numbers(seed: str, name: str, rows: int, columns: int, scale: float) -> Any:
    """Numbers in [-scale, scale) out of a hash of the name."""
    stream = hashlib.shake_256(f"{seed}:{name}".encode()).digest(2 * rows * columns)
    whole = np.frombuffer(stream, dtype="<u2").astype(np.float32) / np.float32(32768.0) - np.float32(1.0)
    return (whole * np.float32(scale)).reshape(rows, columns)


def adapter(folder: Path, kind: Kind, words: tuple[str, ...], **config: Any) -> Path:
    """An adapter of every module whose name ends in one of the words, as PEFT names its tensors."""
    tensors: dict[str, Any] = {}
    for name, size in kind.sizes().items():
        if not name.endswith(words):
            continue
        first, second, ends = ".lora_A.weight", ".lora_B.weight", size
        if name.endswith("embed_tokens"):  # an embedding is read by rows: they are its inputs
            first, second, ends = ".lora_embedding_A", ".lora_embedding_B", (size[1], size[0])
        tensors[f"{PREFIX}{name}{first}"] = numbers(folder.name, f"{name}A", RANK, ends[1], 0.5)
        tensors[f"{PREFIX}{name}{second}"] = numbers(folder.name, f"{name}B", ends[0], RANK, 0.5)
    return put(folder, kind, tensors, **({"target_modules": [word.split(".")[-1] for word in words]} | config))


def put(folder: Path, kind: Kind, tensors: Mapping[str, Any], **config: Any) -> Path:
    """Write an adapter with these tensors."""
    said = {"peft_type": "LORA", "r": RANK, "lora_alpha": 2 * RANK, "bias": "none", "task_type": "CAUSAL_LM"}
    said |= {"base_model_name_or_path": f"{kind.name}/v1", "lora_dropout": None, "inference_mode": True}
    files = {
        "adapter_config.json": json.dumps(said | config, indent=2).encode(),
        "adapter_model.safetensors": save(dict(tensors), metadata={"format": "pt"}),
    }
    return write(folder, files)


def catalog_with(folder: Path, kind: Kind, model: Path) -> Catalog:
    """A catalog with the base model's entry, as `kitchen model publish` writes it."""
    made = catalog_folder(folder)
    ref = f"{kind.name}/v1"
    content, faults = read_artifact("base-model", ref, model, load_catalog(made))
    assert faults == [], faults
    said = {"licence": "MIT", "origin": "https://models.example.com/tiny", "owner": "support-team"}
    entry = new_entry(KINDS["model"], content, said, content.sums.of_all(content.sizes))
    with (made / "base-models.yaml").open("a") as file:
        file.write("".join(f"  {line}\n" for line in yaml.safe_dump({ref: entry}).splitlines()))
    return load_catalog(made)
