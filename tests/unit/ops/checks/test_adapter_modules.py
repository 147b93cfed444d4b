"""Adapters against base models of many kinds: the base's own names and sizes decide, by what vLLM makes of both."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from infra.catalog import BaseModel, load_catalog
from infra.catalog.modules import Modules
from infra.catalog.serves import serves
from ops.checks.adapter_modules import Compared, module_faults, notes_of
from ops.checks.adapter_tensors import by_module
from ops.checks.module_sizes import module_sizes
from ops.checks.safetensors_header import Tensor
from tools.fixtures import BASE_MODELS

RANK = 8
LAYERS = "model.layers.{0-1}"
PREFIX = "base_model.model."


def attention(start: str) -> dict[str, str]:
    return {f"{start}.self_attn.{name}": "64x64" for name in ("q_proj", "k_proj", "v_proj", "o_proj")}


def dense(start: str) -> dict[str, str]:
    return {f"{start}.mlp.gate_proj": "128x64", f"{start}.mlp.up_proj": "128x64", f"{start}.mlp.down_proj": "64x128"}


ENDS = {"lm_head": "320x64", "model.embed_tokens": "320x64"}
BASES: dict[str, tuple[str, dict[str, str]]] = {
    "llama": ("LlamaForCausalLM", attention(LAYERS) | dense(LAYERS) | ENDS),
    "phi": (
        "Phi3ForCausalLM",
        {f"{LAYERS}.self_attn.qkv_proj": "192x64", f"{LAYERS}.mlp.gate_up_proj": "256x64"} | ENDS,
    ),
    "deepseek": (
        "DeepseekV2ForCausalLM",
        {
            f"{LAYERS}.self_attn.q_proj": "3072x2048",
            f"{LAYERS}.self_attn.kv_a_proj_with_mqa": "576x2048",
            f"{LAYERS}.self_attn.kv_b_proj": "4096x512",
            f"{LAYERS}.self_attn.o_proj": "2048x2048",
        }
        | ENDS,
    ),
    "qwen moe": (
        "Qwen3MoeForCausalLM",
        attention(LAYERS)
        | {f"{LAYERS}.mlp.gate": "4x64"}
        | {f"{LAYERS}.mlp.experts.{{0-3}}.{name}": "32x64" for name in ("gate_proj", "up_proj")}
        | {f"{LAYERS}.mlp.experts.{{0-3}}.down_proj": "64x32"}
        | ENDS,
    ),
    "gpt-oss": (
        "GptOssForCausalLM",
        attention(LAYERS)
        | {f"{LAYERS}.mlp.experts.gate_up_proj": "4x64x64", f"{LAYERS}.mlp.experts.down_proj": "4x32x64"}
        | {f"{LAYERS}.mlp.router": "4x64"}
        | ENDS,
    ),
    "hybrid": (
        "Qwen3NextForCausalLM",
        attention("model.layers.{1}") | {"model.layers.{0}.linear_attn.in_proj_qkvz": "256x64"} | ENDS,
    ),
    "qwen picture": (
        "Qwen2_5_VLForConditionalGeneration",
        attention(LAYERS) | {"visual.blocks.{0-1}.attn.qkv": "192x64"} | ENDS,
    ),
    "gemma picture": (
        "Gemma3ForConditionalGeneration",
        attention("language_model.model.layers.{0-1}") | {"vision_tower.vision_model.post_proj": "64x64"},
    ),
    "gemma 4 picture": (
        "Gemma4ForConditionalGeneration",
        attention("model.language_model.layers.{0-1}") | attention("model.vision_tower.encoder.layers.{0-1}"),
    ),
    "quantized": ("LlamaForCausalLM", {f"{LAYERS}.self_attn.q_proj": "64x?"} | ENDS),
    "no sizes": ("MadeUpForCausalLM", attention(LAYERS)),
}


def base_model(name: str) -> BaseModel:
    architecture, patterns = BASES[name]
    model = load_catalog().base_models[BASE_MODELS[0]]
    return replace(model, ref="tiny/v1", architecture=architecture, modules=Modules(patterns=patterns))


def linear(module: str, inputs: int, outputs: int) -> dict[str, tuple[int, ...]]:
    return {f"{PREFIX}{module}.lora_A.weight": (RANK, inputs), f"{PREFIX}{module}.lora_B.weight": (outputs, RANK)}


def both(module: str, inputs: int, outputs: int) -> dict[str, tuple[int, ...]]:
    """The module of the two layers, at `{}`."""
    return linear(module.format(0), inputs, outputs) | linear(module.format(1), inputs, outputs)


def experts(*left_out: str) -> dict[str, tuple[int, ...]]:
    """All experts of layer 0, one by one."""
    sizes = {"gate_proj": (64, 32), "up_proj": (64, 32), "down_proj": (32, 64)}
    found: dict[str, tuple[int, ...]] = {}
    for number in range(4):
        for name, size in sizes.items():
            found |= linear(f"model.layers.0.mlp.experts.{number}.{name}", *size)
    return {name: shape for name, shape in found.items() if not any(word in name for word in left_out)}


def stacked(**sizes: tuple[int, int]) -> dict[str, tuple[int, ...]]:
    """All experts of layer 0 in one pair of tensors a weight, as PEFT's target_parameters makes them."""
    found: dict[str, tuple[int, ...]] = {}
    for part, (inputs, outputs) in sizes.items():
        stem = f"{PREFIX}model.layers.0.mlp.experts{'.base_layer' if part == 'gate_up_proj' else ''}"
        found |= {f"{stem}.lora_A.weight": (4 * RANK, inputs), f"{stem}.lora_B.weight": (outputs, 4 * RANK)}
    return found


def embedding(rows: int, size: int) -> dict[str, tuple[int, ...]]:
    stem = f"{PREFIX}model.embed_tokens.lora_embedding_"
    return {f"{stem}A": (RANK, rows), f"{stem}B": (size, RANK)}


WHOLE = stacked(gate_up_proj=(64, 64), down_proj=(32, 64))
LANGUAGE = "model.language_model.layers.{}.self_attn.q_proj"
CASES: list[tuple[str, dict[str, tuple[int, ...]], str]] = [
    ("llama", both("model.layers.{}.self_attn.q_proj", 64, 64), ""),
    ("llama", linear("lm_head", 64, 320), ""),
    ("llama", embedding(320, 64), ""),
    ("llama", embedding(320, 64) | {f"{PREFIX}model.embed_tokens.base_layer.weight": (320, 64)}, ""),
    ("llama", {f"{PREFIX}model.embed_tokens.base_layer.weight": (400, 64)}, "has in another size"),
    ("llama", embedding(400, 64), "embed_tokens of tiny/v1 has 320 inputs"),
    ("llama", linear("model.embed_tokens", 64, 320), "matrices of embed_tokens are called lora_embedding_A"),
    ("llama", both(LANGUAGE, 64, 64), "expected: base_model.model.model.layers.{0-1}.self_attn.q_proj"),
    ("llama", both("layers.{}.self_attn.q_proj", 64, 64), "meets no module of tiny/v1"),
    ("llama", linear("model.layers.2.self_attn.q_proj", 64, 64), "lacks this layer or expert"),
    ("llama", linear("model.layers.01.self_attn.q_proj", 64, 64), "meets no module of tiny/v1"),
    ("llama", both("model.layers.{}.self_attn.qkv_proj", 64, 192), "meets no module of tiny/v1"),
    ("llama", both("model.layers.{}.self_attn.q_proj", 65, 64), "q_proj of tiny/v1 has 64 inputs, by its files"),
    ("phi", both("model.layers.{}.self_attn.qkv_proj", 64, 192), ""),
    ("phi", both("model.layers.{}.mlp.gate_up_proj", 64, 256), ""),
    ("phi", both("model.layers.{}.self_attn.q_proj", 64, 64), "meets no module of tiny/v1"),
    ("phi", both("model.layers.{}.self_attn.qkv_proj", 64, 128), "qkv_proj of tiny/v1 has 192 outputs"),
    ("deepseek", both("model.layers.{}.self_attn.q_proj", 2048, 3072), ""),
    ("deepseek", both("model.layers.{}.self_attn.o_proj", 2048, 2048), ""),
    ("deepseek", both("model.layers.{}.self_attn.kv_a_proj_with_mqa", 2048, 576), ""),
    ("deepseek", both("model.layers.{}.self_attn.kv_b_proj", 512, 4096), ""),
    ("deepseek", both("model.layers.{}.self_attn.q_proj", 2048, 2048), "q_proj of tiny/v1 has 3072 outputs"),
    ("deepseek", linear("lm_head", 64, 320), "takes no adapter of it in DeepseekV2ForCausalLM"),
    ("qwen moe", experts(), ""),
    ("qwen moe", both("model.layers.{}.mlp.gate", 64, 4), ""),
    ("qwen moe", experts("experts.3."), "vLLM takes the experts of a layer all together"),
    ("qwen moe", experts("up_proj"), "vLLM takes the experts of a layer all together"),
    ("qwen moe", linear("model.layers.0.mlp.experts.4.up_proj", 64, 32), "lacks this layer or expert"),
    ("qwen moe", WHOLE, "tiny/v1 has its experts one by one"),
    ("gpt-oss", WHOLE, ""),
    ("gpt-oss", both("model.layers.{}.self_attn.q_proj", 64, 64), ""),
    ("gpt-oss", stacked(gate_up_proj=(64, 64)), "vLLM takes both weights of the experts together"),
    ("gpt-oss", stacked(gate_up_proj=(64, 63), down_proj=(32, 64)), "gate_up_proj of tiny/v1 has 64 outputs"),
    ("gpt-oss", experts(), "meets no module of tiny/v1"),
    ("hybrid", linear("model.layers.0.linear_attn.in_proj_qkvz", 64, 256), ""),
    ("hybrid", linear("model.layers.0.self_attn.q_proj", 64, 64), "lacks this layer or expert"),
    ("qwen picture", both("model.layers.{}.self_attn.q_proj", 64, 64), ""),
    ("qwen picture", both(LANGUAGE, 64, 64), ""),
    ("qwen picture", linear("visual.blocks.0.attn.qkv", 64, 192), "applies adapters to the language model alone"),
    ("gemma picture", both(LANGUAGE, 64, 64), ""),
    ("gemma picture", both("language_model.model.layers.{}.self_attn.q_proj", 64, 64), ""),
    ("gemma picture", both("model.layers.{}.self_attn.q_proj", 64, 64), "meets no module of tiny/v1"),
    ("gemma 4 picture", both(LANGUAGE, 64, 64), ""),
    (
        "gemma 4 picture",
        both("model.vision_tower.encoder.layers.{}.self_attn.q_proj", 64, 64),
        "applies adapters to the language model alone",
    ),
    ("quantized", both("model.layers.{}.self_attn.q_proj", 99, 64), ""),
    ("quantized", both("model.layers.{}.self_attn.q_proj", 64, 99), "q_proj of tiny/v1 has 64 outputs"),
    ("no sizes", both("model.layers.{}.self_attn.q_proj", 64, 64), ""),
]


def compared(base: BaseModel, **changes: Any) -> Compared:
    return Compared(**({"base": base, "serves": serves("0.27.1"), "sizes": True} | changes))


def tensors(shapes: dict[str, tuple[int, ...]]) -> dict[str, Tensor]:
    return {name: Tensor(name=name, dtype="F16", shape=shape, begin=0, end=0) for name, shape in shapes.items()}


@pytest.mark.parametrize(("base", "shapes", "message"), CASES, ids=[f"{n} {c[0]}" for n, c in enumerate(CASES)])
def test_the_base_model_decides(base: str, shapes: dict[str, tuple[int, ...]], message: str) -> None:
    told = [told[1] for told in module_faults(by_module(tensors(shapes)), compared(base_model(base)))]
    assert bool(told) is bool(message), told
    assert message in " ".join(told)


def test_a_module_under_two_names_is_refused() -> None:
    shapes = linear(LANGUAGE.format(0), 64, 64) | linear("language_model.model.layers.0.self_attn.q_proj", 64, 64)
    (told,) = module_faults(by_module(tensors(shapes)), compared(base_model("gemma picture")))
    assert "stands twice: vLLM gives both names to one module" in told[1]


def test_a_module_with_and_without_its_prefix_stands_twice() -> None:
    shapes = linear("model.layers.0.self_attn.q_proj", 64, 64) | embedding(320, 64)
    shapes |= {f"{PREFIX}model.embed_tokens.base_layer.weight": (320, 64)}
    bare = {name.removeprefix(PREFIX): shape for name, shape in shapes.items()}
    assert by_module(tensors(shapes)).twice == ()
    assert by_module(tensors(shapes | bare)).twice == tuple(bare)


def test_a_layer_that_is_a_draft_is_refused() -> None:
    """Files may hold more layers than the configuration counts: what follows the last one predicts further tokens."""
    base = base_model("llama")
    base = replace(base, stand_in=False, shape=replace(base.shape, layers=1))
    (told,) = module_faults(by_module(tensors(both("model.layers.{}.self_attn.q_proj", 64, 64))), compared(base))
    assert told[:2] == ("model.layers.1.self_attn.q_proj", "tiny/v1 has 1 layers, counted from 0")


@pytest.mark.parametrize(
    ("architecture", "module"),
    [
        ("HYV3ForCausalLM", "mlp.router.gate"),
        ("GraniteMoeForCausalLM", "block_sparse_moe.router.layer"),
        ("GraniteMoeHybridForCausalLM", "block_sparse_moe.router.layer"),
        ("HunYuanMoEV1ForCausalLM", "mlp.gate.wg"),
        ("Param2MoEForCausalLM", "attention.query_key_value"),
        ("Param2MoEForCausalLM", "attention.dense"),
        ("AfmoeForCausalLM", "mlp.router.gate"),
        ("DeepseekV32ForCausalLM", "self_attn.indexer.wk"),
        ("GlmMoeDsaForCausalLM", "self_attn.indexer.weights_proj"),
        ("LongcatFlashForCausalLM", "self_attn.q_a_proj"),
    ],
)
def test_a_name_that_the_files_alone_have_is_refused(architecture: str, module: str) -> None:
    """vLLM gives these weights other names on loading, and those of an adapter it does not."""
    patterns = Modules(patterns=attention(LAYERS) | {f"{LAYERS}.{module}": "64x64"})
    base = replace(base_model("llama"), architecture=architecture, modules=patterns)
    named = by_module(tensors(both(f"model.layers.{{}}.{module}", 64, 64)))
    assert {name for name, *_ in module_faults(named, compared(base))} == set(named.pairs)
    plain = by_module(tensors(both("model.layers.{}.self_attn.q_proj", 64, 64)))
    assert list(module_faults(plain, compared(base))) == []


@pytest.mark.parametrize(
    ("architecture", "outputs", "message"),
    [
        ("LlamaForCausalLM", 320, ""),
        ("LlamaForCausalLM", 321, "lm_head of tiny/v1 has 320 outputs"),
        ("Qwen2ForCausalLM", 320, "meets no module of tiny/v1"),
    ],
)
def test_an_output_layer_that_shares_the_embeddings_takes_adapters_where_vllm_has_it(
    architecture: str, outputs: int, message: str
) -> None:
    patterns = Modules(patterns=attention(LAYERS) | {"model.embed_tokens": "320x64"})
    base = replace(base_model("llama"), architecture=architecture, modules=patterns)
    told = [told[1] for told in module_faults(by_module(tensors(linear("lm_head", 64, outputs))), compared(base))]
    assert bool(told) is bool(message), told
    assert message in " ".join(told)


def test_a_pair_for_all_experts_of_a_model_that_has_them_one_by_one_is_told_so() -> None:
    """What PEFT writes for `target_parameters`, and for `all-linear` on mixtures of experts."""
    shapes = linear("model.layers.0.mlp.experts", 32, 64) | linear("model.layers.0.mlp.experts.base_layer", 64, 64)
    told = [told[1] for told in module_faults(by_module(tensors(shapes)), compared(base_model("qwen moe")))]
    assert len(told) == 2
    assert all("has its experts one by one" in rule and "train without target_parameters" in rule for rule in told)


def test_a_name_that_vllm_gives_to_another_module_is_told_so() -> None:
    """gpt-oss calls its embeddings otherwise, and an adapter's name of them meets none."""
    (told,) = module_faults(by_module(tensors(embedding(320, 64))), compared(base_model("gpt-oss")))
    assert "to a module of another" in told[1]


def test_a_router_of_experts_without_a_gate_is_left_out() -> None:
    start = "backbone.layers.{0-1}.mixer"
    patterns = Modules(patterns={f"{start}.gate": "4x64", f"{start}.q_proj": "64x64"})
    base = replace(base_model("llama"), architecture="NemotronHForCausalLM", modules=patterns)
    for word, outputs, fine in (("gate", 4, False), ("q_proj", 64, True)):
        named = by_module(tensors(both(f"backbone.layers.{{}}.mixer.{word}", 64, outputs)))
        assert (list(module_faults(named, compared(base))) == []) is fine


@pytest.mark.parametrize(
    ("architecture", "head"),
    [("InternLM2ForCausalLM", "output"), ("ChatGLMModel", "transformer.output_layer"), ("MadeUpForCausalLM", "output")],
)
def test_an_output_layer_by_another_name_is_one(architecture: str, head: str) -> None:
    """Output layers are no linear layers of vLLM's: it ends at adapters of those that it does not name."""
    patterns = Modules(patterns={f"{LAYERS}.attention.output": "64x64", head: "320x64"})
    base = replace(base_model("llama"), architecture=architecture, modules=patterns)
    told = [told[1] for told in module_faults(by_module(tensors(linear(head, 64, 320))), compared(base))]
    assert told == ([] if "MadeUp" in architecture else [f"vLLM 0.27.1 takes no adapter of it in {architecture}"])
    within = by_module(tensors(both("model.layers.{}.attention.output", 64, 64)))
    assert list(module_faults(within, compared(base))) == []


def test_files_without_model_before_their_names_have_its_modules() -> None:
    """vLLM's modules are `model.layers...`; of a model of embeddings it takes adapters without it as well."""
    bare = {name.removeprefix("model."): size for name, size in attention(LAYERS).items()}
    base = replace(base_model("llama"), architecture="Qwen3ForCausalLM", modules=Modules(patterns=bare))
    whole = both("model.layers.{}.self_attn.q_proj", 64, 64)
    short = both("layers.{}.self_attn.q_proj", 64, 64)
    for shapes in (whole, short):
        assert list(module_faults(by_module(tensors(shapes)), compared(base))) == []
    told = [told[1] for told in module_faults(by_module(tensors(whole | short)), compared(base))]
    assert all("stands twice" in rule for rule in told)
    assert len(told) == 2
    assert list(module_faults(by_module(tensors(short)), compared(base_model("llama")))) != []


def test_half_an_adapter_is_refused_for_its_other_half() -> None:
    shapes = linear("model.layers.0.self_attn.q_proj", 64, 64) | linear(LANGUAGE.format(1), 64, 64)
    (told,) = module_faults(by_module(tensors(shapes)), compared(base_model("llama")))
    assert told[0] == LANGUAGE.format(1)


@pytest.mark.parametrize("wraps", [0, 1, 2, 3])
def test_a_model_that_was_wrapped_more_than_once_has_its_modules(wraps: int) -> None:
    """vLLM takes each `base_model.model.` out of a name that begins with one (parse_fine_tuned_lora_name)."""
    shapes = both("model.layers.{}.self_attn.q_proj", 64, 64)
    named = by_module(tensors({PREFIX * wraps + name.removeprefix(PREFIX): shape for name, shape in shapes.items()}))
    assert list(module_faults(named, compared(base_model("llama")))) == []


def test_one_module_wrapped_once_and_twice_stands_twice() -> None:
    shapes = linear("model.layers.0.self_attn.q_proj", 64, 64)
    again = {f"{PREFIX}{name}": shape for name, shape in shapes.items()}
    assert by_module(tensors(shapes | again)).twice == tuple(again)


def test_a_prefix_within_a_name_that_does_not_begin_with_it_stays() -> None:
    named = by_module(tensors(linear(f"model.{PREFIX}model.layers.0.self_attn.q_proj", 64, 64)))
    shapes = linear(f"x.{PREFIX}y", 64, 64)
    bare = by_module(tensors({name.removeprefix(PREFIX): shape for name, shape in shapes.items()}))
    assert list(named.pairs) == ["model.model.layers.0.self_attn.q_proj"]
    assert list(bare.pairs) == [f"x.{PREFIX}y"]


def test_a_copy_that_vllm_does_not_know_as_one_is_refused() -> None:
    """Without anything before it, `lm_head.base_layer.weight` ends vLLM's load: "unsupported LoRA weight"."""
    shapes = both("model.layers.{}.self_attn.q_proj", 64, 64)
    copy = "lm_head.base_layer.weight"
    assert by_module(tensors(shapes | {f"{PREFIX}{copy}": (320, 64)})).others == ()
    assert by_module(tensors(shapes | {copy: (320, 64)})).others == (copy,)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"modules": None}, "has no `modules`"),
        ({"architecture": ""}, "has no architecture"),
        ({"architecture": "MadeUpForCausalLM"}, "serves no adapters of MadeUpForCausalLM"),
    ],
)
def test_what_is_not_compared_is_said(changes: dict[str, Any], said: str) -> None:
    named = by_module(tensors(both("model.layers.{}.self_attn.q_proj", 64, 64)))
    (note,) = notes_of(named, compared(replace(base_model("llama"), **changes)))
    assert note.startswith("not compared: ")
    assert said in note


def test_a_version_that_is_not_known_is_judged_as_an_older_one_and_said_so() -> None:
    newer = serves("0.99.0")
    assert (newer.version, newer.asked) == ("0.27.1", "0.99.0")
    named = by_module(tensors(both("model.layers.{}.self_attn.q_proj", 64, 64)))
    (note,) = notes_of(named, compared(base_model("llama"), serves=newer))
    assert note == "what vLLM 0.99.0 does with adapters is not known; judged as 0.27.1"
    assert serves("0.10.0+cpu").version == "0.27.1"


def test_names_that_are_of_another_version_are_used_and_said_to_be() -> None:
    """The two files of a version are made apart: what the older list of names knows is not forgotten meanwhile."""
    newer = replace(serves("0.27.1"), version="0.33.0", asked="0.33.0")
    base = base_model("gemma 4 picture")
    named = by_module(tensors(both("model.vision_tower.encoder.layers.{}.self_attn.q_proj", 64, 64)))
    assert list(module_faults(named, compared(base, serves=newer))) != []
    (note,) = notes_of(named, compared(base, serves=newer))
    assert note.startswith("names of modules are judged as vLLM 0.27.1 takes them: its list is not of 0.33.0")


def test_without_modules_only_plain_names_pass() -> None:
    base = replace(base_model("llama"), modules=None, stand_in=False)
    for name, fine in (("model.layers.{}.x.anything", True), (LANGUAGE, False), ("_orig_mod.model.layers.{}.a", False)):
        told = list(module_faults(by_module(tensors(both(name, 64, 64))), compared(base, sizes=False)))
        assert (told == []) is fine, name
    far = by_module(tensors(linear("model.layers.99.self_attn.q_proj", 64, 64)))
    assert "32 layers, counted from 0" in next(iter(module_faults(far, compared(base, sizes=False))))[1]


@pytest.mark.parametrize(
    ("architecture", "module", "message"),
    [
        ("Qwen2ForCausalLM", "lm_head", "takes no adapter of it in Qwen2ForCausalLM"),
        ("LlamaForCausalLM", "lm_head", ""),
        ("Phi3ForCausalLM", "model.layers.{}.self_attn.q_proj", "has qkv_proj in its place"),
        ("Phi3ForCausalLM", "model.layers.{}.mlp.up_proj", "has gate_up_proj in its place"),
        ("Phi3ForCausalLM", "model.layers.{}.self_attn.qkv_proj", ""),
        ("LlamaForCausalLM", "model.layers.{}.self_attn.qkv_proj", "takes it in its parts: q_proj, k_proj, v_proj"),
        ("LlamaForCausalLM", "model.layers.{}.self_attn.q_proj", ""),
        ("MadeUpForCausalLM", "model.layers.{}.self_attn.qkv_proj", ""),
    ],
)
def test_without_modules_the_architecture_decides(architecture: str, module: str, message: str) -> None:
    base = replace(base_model("llama"), modules=None, architecture=architecture)
    found = module_faults(by_module(tensors(both(module, 64, 64))), compared(base, sizes=False))
    told = [told[1] for told in found]
    assert bool(told) is bool(message), told
    assert message in " ".join(told)


@pytest.mark.parametrize(
    ("module", "numbers", "told"),
    [
        ("model.layers.{}.self_attn.q_proj", {}, "q_proj of tiny/v1 has 4096 inputs, by its files"),
        ("model.layers.{}.mlp.down_proj", {}, "down_proj of tiny/v1 has 11008 inputs, by its files"),
        ("model.layers.{}.self_attn.o_proj", {"kv_latent": 512}, ""),
        ("model.layers.{}.mlp.down_proj", {"experts": 8}, ""),
        ("model.layers.{}.self_attn.unknown", {}, ""),
    ],
)
def test_without_modules_sizes_are_those_of_the_numbers(module: str, numbers: dict[str, int], told: str) -> None:
    """Latent attention and experts have others, which the numbers do not make."""
    base = base_model("llama")
    shape = replace(base.shape, hidden_size=4096, intermediate_size=11008, **numbers)
    base = replace(base, modules=None, architecture="", shape=shape)
    found = [one[1] for one in module_faults(by_module(tensors(both(module, 63, 63))), compared(base))]
    assert bool(found) is bool(told), found
    assert told in " ".join(found)


def test_sizes_of_packed_weights_are_taken_from_what_says_them() -> None:
    def tensor(name: str, dtype: str, *shape: int) -> tuple[str, Tensor]:
        return name, Tensor(name=name, dtype=dtype, shape=shape, begin=0, end=0)

    stem = "model.layers.0.self_attn.q_proj"
    found = {
        "plain": ([tensor(f"{stem}.weight", "F8_E4M3", 64, 32)], None, (64, 32)),
        "awq": ([tensor(f"{stem}.qweight", "I32", 32, 8), tensor(f"{stem}.scales", "F16", 1, 64)], "awq", (64, 32)),
        "gptq": (
            [
                tensor(f"{stem}.qweight", "I32", 4, 64),
                tensor(f"{stem}.scales", "F16", 1, 64),
                tensor(f"{stem}.g_idx", "I32", 32),
            ],
            "gptq",
            (64, 32),
        ),
        "nvfp4": ([tensor(f"{stem}.weight", "U8", 64, 16)], None, (64, 32)),
        "bitsandbytes": ([tensor(f"{stem}.weight", "U8", 1024, 1)], None, (0, 0)),
        "compressed": ([tensor(f"{stem}.weight_packed", "I32", 64, 4)], None, (64, 0)),
        "norm": ([tensor(f"{stem}.weight", "F16", 64)], None, None),
    }
    for name, (given, method, size) in found.items():
        assert module_sizes([dict(given)], method) == ({} if size is None else {stem: size}), name
    blocks = dict([tensor("model.layers.0.mlp.experts.down_proj_blocks", "U8", 4, 64, 2, 16)])
    assert module_sizes([blocks], "mxfp4") == {"model.layers.0.mlp.experts.down_proj": (4, 64, 64)}
