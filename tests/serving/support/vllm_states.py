"""Run by the Python that has vLLM: what layers with a state keep, by its own model classes, and the config they read.

Writes `{model type: {config, conv, state, layers}}` for the hybrids that transformers has a config class for, each
with the defaults of that class: `conv` and `state` are values of one layer, `layers` how many of them have a state.
"""

from __future__ import annotations

import importlib
import json
import math
from types import SimpleNamespace
from typing import Any

from transformers import CONFIG_MAPPING

CLASSES = {
    "qwen3_next": ("qwen3_next", "Qwen3NextForCausalLM"),
    "qwen3_5_text": ("qwen3_5", "Qwen3_5ForCausalLM"),
    "granitemoehybrid": ("granitemoehybrid", "GraniteMoeHybridForCausalLM"),
    "nemotron_h": ("nemotron_h", "NemotronHForCausalLM"),
    "falcon_h1": ("falcon_h1", "FalconH1ForCausalLM"),
    "jamba": ("jamba", "JambaForCausalLM"),
    "zamba2": ("zamba2", "Zamba2ForCausalLM"),
    "lfm2": ("lfm2", "Lfm2ForCausalLM"),
    "olmo_hybrid": ("olmo_hybrid", "OlmoHybridForCausalLM"),
}
"""vLLM's module and class of each model type."""

STATES = ("linear_attention", "mamba", "mamba2", "conv", "hybrid")


def states(kind: str, config: Any) -> tuple[int, int]:
    """Values of one layer's convolution and state."""
    module, name = CLASSES[kind]
    model = getattr(importlib.import_module(f"vllm.model_executor.models.{module}"), name)
    said = SimpleNamespace(
        model_config=SimpleNamespace(hf_config=config, hf_text_config=config),
        parallel_config=SimpleNamespace(tensor_parallel_size=1),
        cache_config=SimpleNamespace(use_replayssm=False),
        speculative_config=None,
        num_speculative_tokens=0,
    )
    shapes = model.get_mamba_state_shape_from_config(said)
    conv, state = shapes if len(shapes) == 2 else (shapes[0], (0,))
    return math.prod(conv), math.prod(state)


def main() -> None:
    """Write what each says."""
    found = {}
    for kind in CLASSES:
        config = CONFIG_MAPPING[kind]()
        if kind == "lfm2":
            # Its class has no defaults for these; published files have both.
            config.conv_dim = config.hidden_size
            config.layer_types = ["conv", "full_attention"] * (config.num_hidden_layers // 2)
        conv, state = states(kind, config)
        names = getattr(config, "layer_types", None) or config.layers_block_type
        layers = config.num_hidden_layers if kind == "falcon_h1" else sum(name in STATES for name in names)
        plain = json.loads(config.to_json_string(use_diff=False)) | {"num_hidden_layers": len(names)}
        found[kind] = {"config": plain, "conv": conv, "state": state, "layers": layers}
    print("\n" + json.dumps(found))


if __name__ == "__main__":
    main()
