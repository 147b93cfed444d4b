"""Names of modules: what is written shortly is what was there, and nothing else is found in it."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from infra.catalog.modules import Modules, Size, compact

NAMES = st.from_regex(r"(model|visual)\.(layers\.[0-9]{1,2}\.)?(mlp\.experts\.[0-9]\.)?[a-c]_proj", fullmatch=True)
CANONICAL = NAMES.map(lambda name: ".".join(str(int(part)) if part.isdigit() else part for part in name.split(".")))


@settings(max_examples=300, deadline=None)
@given(st.dictionaries(CANONICAL, st.sampled_from([(4, 8), (8, 4), (2, 4, 8), (0, 8)]), max_size=40), CANONICAL)
def test_nothing_is_lost_and_nothing_added(modules: dict[str, Size], other: str) -> None:
    made = Modules(patterns=compact(modules))
    assert {name: made.size(name) for name in made.names()} == modules
    assert made.size(other) == modules.get(other)


def test_many_layers_are_one_line() -> None:
    modules: dict[str, Size] = {f"model.layers.{n}.self_attn.q_proj": (4096, 4096) for n in range(32)}
    modules |= {f"model.layers.{n}.mlp.gate_proj": (8, 4) for n in range(3)}
    for layer in range(3, 32):
        modules |= {f"model.layers.{layer}.mlp.experts.{n}.up_proj": (4, 8) for n in range(128)}
    modules |= {f"model.layers.{n}.linear_attn.in_proj": (0, 8) for n in range(32) if n % 4 != 3}
    assert compact(modules | {"lm_head": (32000, 4096)}) == {
        "model.layers.{0-31}.self_attn.q_proj": "4096x4096",
        "model.layers.{0-2}.mlp.gate_proj": "8x4",
        "model.layers.{3-31}.mlp.experts.{0-127}.up_proj": "4x8",
        "model.layers.{0-2,4-6,8-10,12-14,16-18,20-22,24-26,28-30}.linear_attn.in_proj": "?x8",
        "lm_head": "32000x4096",
    }


def test_a_layer_that_is_missing_is_told_apart_from_a_module_that_is() -> None:
    made = Modules(patterns={"model.layers.{0-1}.self_attn.q_proj": "4x4", "lm_head": "8x4"})
    assert made.knows_but_for_numbers("model.layers.2.self_attn.q_proj") == ["model.layers.{0-1}.self_attn.q_proj"]
    assert made.knows_but_for_numbers("model.layers.0.self_attn.k_proj") == []
    assert made.alike("model.model.layers.0.self_attn.q_proj") == ["model.layers.{0-1}.self_attn.q_proj"]
    assert made.alike("x.k_proj") == ["model.layers.{0-1}.self_attn.q_proj", "lm_head"]


def test_a_number_with_a_zero_before_it_is_another_name() -> None:
    made = Modules(patterns={"model.layers.{0-1}.self_attn.q_proj": "4x4"})
    assert made.size("model.layers.1.self_attn.q_proj") == (4, 4)
    assert made.size("model.layers.01.self_attn.q_proj") is None
    assert made.size("model.layers.00.self_attn.q_proj") is None
