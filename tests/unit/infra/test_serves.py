"""What is known of vLLM and adapters, against the image that the catalog pins."""

from __future__ import annotations

import pytest

from infra.catalog import SERVER_IMAGE, load_catalog
from infra.catalog.serves import Architecture, serves


def test_the_pinned_image_s_version_is_known() -> None:
    """Else every check says that it judges by another version: add it to serves.yaml and run make adapter-names."""
    version = load_catalog().images[SERVER_IMAGE].version
    known = serves(version)
    assert known.version == known.asked == version
    assert known.architectures["LlamaForCausalLM"].embeddings == ("embed_tokens", "lm_head")
    assert "use_dora" in known.off
    assert "rank_pattern" in known.wrong_scale


def test_a_list_of_another_version_is_not_taken_for_one_that_is_not_known() -> None:
    assert serves("0.27.1").architectures
    assert serves("0.27.1+cpu").architectures


@pytest.mark.parametrize(
    ("rules", "name", "expected"),
    [
        ({"prefix": {"model.": "language_model.model."}}, "model.layers.0.q", "language_model.model.layers.0.q"),
        ({"prefix": {"a.": "b.", "b.": "c."}}, "a.x", "c.x"),
        ({"substr": {".self_attn.": ".attn."}}, "m.self_attn.q", "m.attn.q"),
        ({"substr": {"_quantizer.": None}}, "m.input_quantizer.q", None),
        ({"suffix": {".gate.weight": ".router.weight"}}, "mlp.gate", "mlp.gate"),
        ({"regex": {r"^layers\.(\d+)": r"model.layers.\1"}}, "layers.3.q", "model.layers.3.q"),
        ({}, "model.layers.0.q", "model.layers.0.q"),
    ],
)
def test_rules_are_applied_to_the_tensor_s_name(
    rules: dict[str, dict[str, str | None]], name: str, expected: str | None
) -> None:
    assert Architecture(names=rules).module(name) == expected


def test_weights_of_the_base_model_have_another_end() -> None:
    how = Architecture(names={"suffix": {".gate.weight": ".router.weight"}})
    assert how.weight("mlp.gate") == "mlp.router"
