"""Adapters of experts on a GPU: vLLM's CPU backend starts no mixture of experts with adapters (0.27.1).

`KITCHEN_SERVING_PYTHON=<a Python with vLLM for the GPU> python -m tests.serving.support.experts_on_gpu` makes a tiny
mixture of experts and adapters of its attention, its router and its experts one by one, and says of each whether it
changes the answer, and whether `kitchen adapter lint` takes it. `--model DIR --adapter DIR...` does so with a model and
adapters that are there, such as gpt-oss with experts in one tensor. Ends with 1 where an accepted one changes nothing,
or a refused one is served and does.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path

from infra.catalog import load_catalog
from ops.checks import check_artifact
from tests.serving.support.tiny_models import ATTENTION, HIDDEN, NORMS, Kind, adapter, catalog_with
from tests.serving.support.tiny_server import BASE, TinyServer
from tests.support.artifacts import write

EXPERTS, INNER = 4, 64
PROMPT = list(range(32, 96))
ON_A_GPU = ("--gpu-memory-utilization=0.5",)

QWEN_MOE = Kind(
    name="qwen-moe",
    config={
        **{"architectures": ["Qwen3MoeForCausalLM"], "model_type": "qwen3_moe", "head_dim": 32},
        **{"num_experts": EXPERTS, "num_experts_per_tok": 2, "moe_intermediate_size": INNER, "decoder_sparse_step": 1},
        **{"mlp_only_layers": [], "norm_topk_prob": True, "attention_bias": False},
    },
    modules=ATTENTION
    | {"mlp.gate": (EXPERTS, HIDDEN)}
    | {
        f"mlp.experts.{number}.{name}": size
        for number in range(EXPERTS)
        for name, size in (
            ("gate_proj", (INNER, HIDDEN)),
            ("up_proj", (INNER, HIDDEN)),
            ("down_proj", (HIDDEN, INNER)),
        )
    },
    norms=NORMS | {"self_attn.q_norm": 32, "self_attn.k_norm": 32},
)
WORDS = {
    "attention": ("q_proj", "v_proj"),
    "router": ("mlp.gate",),
    "experts": tuple(
        f"experts.{number}.{name}" for number in range(EXPERTS) for name in ("gate_proj", "up_proj", "down_proj")
    ),
}


def tried(folder: Path, model: Path, adapters: dict[str, Path], faults: dict[str, list[str]]) -> int:
    """Print a line for each adapter; 1 where lint and server do not agree."""
    with TinyServer(folder, model, adapters, *ON_A_GPU) as server:
        base = server.answer(BASE, PROMPT)
        wrong = 0
        for name in adapters:
            changes, fine = server.answer(name, PROMPT) != base, not faults[name]
            wrong += changes is not fine
            print(f"{name}: {'changes' if changes else 'does not change'} the answer; lint: {faults[name] or 'fine'}")
    return 1 if wrong else 0


def main() -> int:
    """Try the tiny model, or the model that was named."""
    parser = argparse.ArgumentParser(description="adapters of experts on a GPU")
    parser.add_argument("--model", type=Path, metavar="DIR", help="a base model that is there")
    parser.add_argument("--adapter", type=Path, nargs="+", default=[], metavar="DIR", help="its adapters")
    said = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        if said.model is not None:
            adapters, catalog = {path.name: path for path in said.adapter}, load_catalog()
            model = said.model
        else:
            model = write(folder / "model", QWEN_MOE.files())
            adapters = {short: adapter(folder / short, QWEN_MOE, words) for short, words in WORDS.items()}
            catalog = catalog_with(folder / "catalog", QWEN_MOE, model)
        faults = {
            short: list(map(str, check_artifact("adapter", "", path, catalog))) for short, path in adapters.items()
        }
        return tried(folder, model, adapters, faults)


if __name__ == "__main__":
    sys.exit(main())
