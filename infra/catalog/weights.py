"""What the files of a base model must have, by architecture, as data: weights.yaml.

A new architecture changes the data and no code. Of one that is not there nothing is demanded.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from components.gpu import ModelShape
from infra.catalog.modules import Size
from infra.documents import read

_FILE = Path(__file__).resolve().parent / "weights.yaml"


@dataclass(frozen=True, kw_only=True)
class Needed:
    """What every layer has, by names below the layer; `tied`: what holds where config.json does not say.

    `sizes` are the parts of a layer whose sizes follow from the numbers of config.json.
    """

    layer: tuple[str, ...]
    tied: bool
    sizes: tuple[str, ...]


def needed(architecture: str) -> Needed | None:
    """What an architecture's files must have; None where that is not known."""
    said = _data()["architectures"].get(architecture)
    if said is None:
        return None
    layer = tuple(_data()["layers"][said["layer"]])
    return Needed(layer=layer, tied=said["tied"], sizes=tuple(said["sizes"]))


def sizes_by_numbers(shape: ModelShape) -> dict[str, Size]:
    """Sizes of linear layers and embeddings, outputs before inputs, as a Llama-like model with these numbers has them.

    What stands in a layer is named below it. They hold where heads are those of the shape in every layer, `self_attn`
    keeps no latent vector and `mlp` has no experts: that is for the caller to know.
    """
    hidden, inner, ends = shape.hidden_size, shape.intermediate_size, (shape.vocabulary, shape.hidden_size)
    heads, groups = shape.attention_heads * shape.head_dim, shape.kv_heads * shape.head_dim
    return {
        "lm_head": ends,
        "model.embed_tokens": ends,
        "self_attn.q_proj": (heads, hidden),
        "self_attn.k_proj": (groups, hidden),
        "self_attn.v_proj": (groups, hidden),
        "self_attn.o_proj": (hidden, heads),
        "self_attn.qkv_proj": (heads + 2 * groups, hidden),
        "mlp.gate_proj": (inner, hidden),
        "mlp.up_proj": (inner, hidden),
        "mlp.gate_up_proj": (2 * inner, hidden),
        "mlp.down_proj": (hidden, inner),
    }


@cache
def _data() -> dict[str, Any]:
    found: dict[str, Any] = read(_FILE)
    return found
