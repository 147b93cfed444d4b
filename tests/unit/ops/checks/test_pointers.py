"""A base model is its own files: what leads to code, to other models or out of the folder has a line."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from infra.catalog import Catalog
from ops.checks import read_artifact


def told(folder: Path, catalog: Catalog) -> tuple[list[str], list[str]]:
    content, faults = read_artifact("base-model", "", folder, catalog)
    return [str(fault) for fault in faults], content.notes


def changed(folder: Path, name: str, values: dict[str, Any]) -> None:
    path = folder / name
    before = json.loads(path.read_text()) if path.exists() else {}
    path.write_text(json.dumps(before | values))


CODE = "names code to run"
MODEL = "names another model"
LEADS = {"a path": "is a path: ", "an address": "is an address: ", "a repository": "is the name of a repository: "}
SPEC = {"verifier": {"name_or_path": "other/model"}, "proposal_methods": [{}], "algorithm": "eagle3"}
POINTERS: list[tuple[str, dict[str, Any], str, str]] = [
    ("config.json", {"auto_map": {"AutoModel": "x.X"}}, "auto_map", CODE),
    ("config.json", {"parts": [{"auto_map": {"AutoModel": "x.X"}}]}, "parts[0].auto_map", CODE),
    ("config.json", {"parts": [[{"inner": {"auto_map": ["x"]}}]]}, "parts[0][0].inner.auto_map", CODE),
    ("preprocessor_config.json", {"auto_map": {"AutoProcessor": "x--y.Z"}}, "auto_map", CODE),
    ("my_own.json", {"a": {"custom_pipelines": {"x": {"impl": "x.X"}}}}, "a.custom_pipelines", CODE),
    ("generation_config.json", {"trust_remote_code": True}, "trust_remote_code", CODE),
    ("config.json", {"speculators_config": SPEC}, "speculators_config", MODEL),
    ("config.json", {"text_part": {"speculators_config": SPEC}}, "text_part.speculators_config", MODEL),
    ("config.json", {"speculative_config": {"model": "x"}}, "speculative_config", MODEL),
    ("config.json", {"draft_model": "small"}, "draft_model", MODEL),
    ("config.json", {"base_model_name_or_path": "small"}, "base_model_name_or_path", MODEL),
    ("config.json", {"text_model_id": "small"}, "text_model_id", MODEL),
    ("config.json", {"vision_part": "openai/clip-vit-large"}, "vision_part", LEADS["a repository"]),
    ("config.json", {"vision_part": "/data/models/clip"}, "vision_part", LEADS["a path"]),
    (
        "config.json",
        {"quantization_config": {"scale_path": "../x.json"}},
        "quantization_config.scale_path",
        LEADS["a path"],
    ),
    ("config.json", {"anything": ["https://example.com/x"]}, "anything[0]", LEADS["an address"]),
    ("config.json", {"anything": "s3://bucket/x"}, "anything", LEADS["an address"]),
    ("config.json", {"anything": "file:/etc/passwd"}, "anything", LEADS["an address"]),
    ("config.json", {"anything": "~/x"}, "anything", LEADS["a path"]),
    ("config.json", {"anything": "C:\\models\\x"}, "anything", LEADS["a path"]),
    ("config.json", {"anything": "someone/model--module.Class"}, "anything", LEADS["a repository"]),
    ("tokenizer_config.json", {"vocab_file": "sub/vocab.json"}, "vocab_file", LEADS["a repository"]),
    # the same keys in other spellings, and names of models without a slash
    *(
        ("config.json", {key: {"AutoModel": "x.Y"}}, key.strip(), CODE)
        for key in ("AUTO_MAP", "autoMap", "auto-map", "Auto_Map")
    ),
    *(
        ("config.json", {key: "gpt2"}, key, MODEL)
        for key in (
            *(
                "speculators-config",
                "draftModelName",
                "assistant_model_name",
                "lora_path",
                "spec_model",
                "vision_tower",
            ),
            *("pretrained_model_name_or_path", "tokenizer_name_or_path", "encoder_model_id", "hfModel", "hub_id"),
        )
    ),
    ("config.json", {"content": {"auto_map": {"A": "x.Y"}}}, "content.auto_map", CODE),
    ("config.json", {"system_prompt": [{"base_model": "x"}]}, "system_prompt[0].base_model", MODEL),
    ("tokenizer.json", {"auto_map": {"A": "x.Y"}}, "auto_map", CODE),
    ("added_tokens.json", {"auto_map": {"A": "x.Y"}}, "auto_map", CODE),
    ("x.index.json", {"metadata": {"auto_map": {"A": "x.Y"}}}, "metadata.auto_map", CODE),
    # texts that lead away, in other forms
    *(
        ("config.json", {"anything": text}, "anything", LEADS["a repository"])
        for text in (
            *("some/model@main", "some/model:tag", "a/b/c", " some/model", "some/model\n", "some\\model"),
            *("some\uff0fmodel", "gpt2--module.Class"),
        )
    ),
    *(("config.json", {"anything": text}, "anything", LEADS["a path"]) for text in ("..", "~root", "$HOME/x", "${X}")),
    *(
        ("config.json", {"anything": text}, "anything", LEADS["an address"])
        for text in ("//host/x", "data:text/plain,x", "127.0.0.1:8000", "localhost:8000/x")
    ),
    ("config.json", {"anything": "module.py"}, "anything", "is a file of code: "),
    ("config.json", {"anything": "gpt\u200b2"}, "anything", "is a text with characters that no reader sees: "),
    ("tokenizer_config.json", {"merges_file": "a b"}, "merges_file", LEADS["a path"]),
]


@pytest.mark.parametrize("case", POINTERS, ids=[f"{name}: {way}" for name, _, way, _ in POINTERS])
def test_a_pointer_is_refused(case: tuple[str, dict[str, Any], str, str], folder: Path, catalog: Catalog) -> None:
    name, values, way, message = case
    changed(folder, name, values)
    lines, _ = told(folder, catalog)
    (line,) = lines
    assert line.startswith(f"{name}: {way}: ")
    assert message in line


@pytest.mark.parametrize(
    "values", [{"auto_map": None}, {"auto_map": {}}, {"speculators_config": None}, {"draft_model": ""}]
)
def test_what_is_off_passes(values: dict[str, Any], folder: Path, catalog: Catalog) -> None:
    changed(folder, "config.json", values)
    assert told(folder, catalog)[0] == []


@pytest.mark.parametrize(
    ("name", "values"),
    [
        ("config.json", {"_name_or_path": "/mnt/workspace/model"}),
        ("config.json", {"_name_or_path": "meta-llama/Llama-3-8B"}),
        ("config.json", {"vision_part": {"_name_or_path": "openai/clip"}}),
        ("tokenizer_config.json", {"name_or_path": "someone/model", "special_tokens_map_file": "/root/x.json"}),
    ],
)
def test_where_a_model_came_from_is_a_note(name: str, values: dict[str, Any], folder: Path, catalog: Catalog) -> None:
    changed(folder, name, values)
    lines, notes = told(folder, catalog)
    assert lines == []
    assert any(note.startswith(f"{name}: says where it came from, which no server follows: ") for note in notes)


def test_what_public_models_have_passes(folder: Path, catalog: Catalog) -> None:
    tokens = {"0": {"content": "</s>", "special": True}, "1": {"content": "/no_think/x"}, "2": {"content": "a/b"}}
    values = {
        "model_max_length": 1000000000000000019884624838656,
        "added_tokens_decoder": tokens,
        "bos_token": "<s>",
        "vocab_file": "vocab.json",
        "extra_special_tokens": {"image_token": "<image>"},
        "tokenizer_class": "LlamaTokenizerFast",
        "additional_special_tokens": ["[/INST]", "</think>", "<|x|>", "/no_think"],
    }
    quantized = {
        "quant_method": "gptq",
        "checkpoint_format": "gptq",
        "meta": {"quantizer": ["gptqmodel:4.0.0"], "uri": "https://github.com/modelcloud/gptqmodel"},
        "dataset": "NeelNanda/pile-10k",
        "modules_to_not_convert": ["lm_head", "model.layers.*", r"re:.*\.mlp\.gate$"],
        "packing_format": "auto_round:auto_gptq",
    }
    changed(folder, "processor_config.json", {"quantization": quantized, "media": "image/jpeg", "hidden_act": "silu"})
    changed(folder, "preprocessor_config.json", {"adapter_hidden_act": "gelu", "vision_lora": {"r": 256}})
    changed(folder, "tokenizer_config.json", values)
    changed(folder, "vocab.json", {"auto_map": 1, "/data/x/": 2, "http://x": 3})
    lines, notes = told(folder, catalog)
    assert lines == []
    assert [note for note in notes if not note.startswith("processor_config.json: says where it came from")] == []


def test_many_pointers_are_told_in_few_lines(folder: Path, catalog: Catalog) -> None:
    changed(folder, "preprocessor_config.json", {f"key{number}": "/a/b" for number in range(400)})
    lines, _ = told(folder, catalog)
    assert len(lines) == 6
    assert any("395 more keys lead to code" in line for line in lines)


def test_a_list_of_many_parts_is_walked_at_once(folder: Path, catalog: Catalog) -> None:
    """A queue that is emptied from its head by moving the rest takes the square: hours."""
    (folder / "preprocessor_config.json").write_text('{"a": [' + "[]," * 400_000 + '{"auto_map": "x"}]}')
    (line,) = told(folder, catalog)[0]
    assert line.startswith("preprocessor_config.json: a[400000].auto_map: ")


def test_a_long_key_is_not_copied_to_each_part(folder: Path, catalog: Catalog) -> None:
    """A megabyte for each of 400,000 parts would be more than any machine has."""
    long = "k" * 1_000_000
    (folder / "preprocessor_config.json").write_text(f'{{"{long}": [' + "[]," * 400_000 + '{"auto_map": "x"}]}')
    (line,) = told(folder, catalog)[0]
    assert line.startswith(f"preprocessor_config.json: {'k' * 80}[400000].auto_map: ")


@pytest.mark.parametrize(
    ("value", "rule"),
    [
        ([{"hidden_size": 64}], "must be a JSON object"),
        ({"part": {"text_config": {"hidden_size": 64}}}, "stands within another text_config"),
    ],
)
def test_there_is_one_text_part(value: Any, rule: str, folder: Path, catalog: Catalog) -> None:
    changed(folder, "config.json", {"text_config": value})
    assert any(rule in line for line in told(folder, catalog)[0])


def test_a_text_part_within_a_text_part_is_refused(folder: Path, catalog: Catalog) -> None:
    changed(folder, "config.json", {"text_config": {"text_config": {"hidden_size": 64}}})
    assert any("stands within another text_config" in line for line in told(folder, catalog)[0])
