"""Hostile and broken adapters, each made by code from a right one: (name, what spoils it, what is said of it).

Nothing here does harm: a pickle names `print` or a module that does not exist.
"""

from __future__ import annotations

import json
import os
import pickle
from collections.abc import Callable
from pathlib import Path

from tests.support.artifacts import CONFIG, WEIGHTS, safetensors
from tests.support.values import SPOILT
from tests.unit.support.spoiling import (
    LooksDangerous,
    Spoil,
    config,
    hole,
    overlap,
    raw_config,
    rebuilt,
    set_first,
    swapped,
    tensors,
    text,
    weights,
    zip_bomb,
    zip_in_last_tensor,
    zipped,
)

FILES: list[tuple[str, Spoil, str]] = [
    ("backslash", text("..\\..\\evil.json", "{}"), "is a path: an artifact is one flat folder"),
    ("control character", text("a\x1b[2Jb.json", "{}"), "has a control character"),
    ("line break", text("a\nb.json", "{}"), "has a control character"),
    ("dot file", text(".hidden", "x"), "begins with a dot"),
    ("long name", text("a" * 200 + ".json", "{}"), "letters, digits and _.- only, at most 128"),
    ("no UTF-8 name", lambda folder: Path(os.fsdecode(os.fsencode(folder) + b"/\xff.json")).touch(), "is not UTF-8"),
    ("right-to-left", text("a\u202ejson.md", "x"), "has characters that a plain name does not"),
    ("case", text("ADAPTER_CONFIG.JSON", "{}"), "where letter case does not count"),
    ("folder", lambda folder: (folder / "sub").mkdir(), '"a folder"; rule: must be a regular file'),
    ("pipe", lambda folder: os.mkfifo(folder / "notes.txt"), '"a pipe"; rule: must be a regular file'),
    (
        "symbolic link",
        lambda folder: (folder / "README.md").symlink_to("/etc/hostname"),
        '"a symbolic link"; rule: must be a regular file',
    ),
    ("unknown kind", text("notes.docx", "x"), "must be a known kind of file"),
    ("code", text("modeling.py", "x = 1"), "code is refused: servers never run an artifact's code"),
    ("script", text("README.md", "#!/bin/sh\ntrue\n"), "must be what its name says; this is a script"),
    ("program", text("tokenizer.model", b"\x7fELF" + bytes(60)), "this is a program (ELF)"),
    ("empty", text(CONFIG, ""), "adapter_config.json: 0; rule: is empty"),
    ("empty weights", text(WEIGHTS, ""), "adapter_model.safetensors: 0; rule: is empty"),
    ("config missing", lambda folder: (folder / CONFIG).unlink(), "adapter_config.json: missing; rule: an adapter is"),
    ("weights missing", lambda folder: (folder / WEIGHTS).unlink(), "adapter_model.safetensors: missing; rule: an ad"),
    ("second weights", text("more.safetensors", safetensors({})), "an adapter has one file of weights"),
    (
        "tokenizer",
        text("tokenizer.json", "{}"),
        "changes how prompts are read where it was trained, and vLLM 0.27.1 never reads it",
    ),
    (
        "chat template",
        text("chat_template.jinja", "{{ x }}"),
        "changes how prompts are read where it was trained, and vLLM 0.27.1 never reads it",
    ),
    ("sentencepiece", text("spiece.model", "x"), '"1 bytes"; rule: changes how prompts are read'),
    ("template by another name", text("my.jinja", "{{ xy }}"), '"8 bytes"; rule: changes how prompts are read'),
    ("tokenizer in capitals", text("Tokenizer.json", "{}"), "Tokenizer.json: "),
    (
        "added tokens",
        text("added_tokens.json", '{"<x>": 9}'),
        "changes how prompts are read where it was trained, and vLLM 0.27.1 never reads it",
    ),
    ("swapped", swapped, "adapter_model.safetensors"),
]

PICKLES: list[tuple[str, Spoil, str]] = [
    *(
        (
            f"suffix {suffix}",
            text(f"adapter_model{suffix}", pickle.dumps(LooksDangerous())),
            "convert it to safetensors",
        )
        for suffix in (".bin", ".pt", ".pth", ".ckpt", ".pkl", ".pickle", ".npy", ".npz", ".joblib", ".BIN")
    ),
    *(
        (
            f"protocol {number} as weights",
            text(WEIGHTS, pickle.dumps(LooksDangerous(), number)),
            "this is a pickle; picklescan: ",
        )
        for number in range(6)
    ),
    ("as config", text(CONFIG, pickle.dumps({"r": 8})), "this is a pickle; picklescan: 0 dangerous"),
    (
        "import",
        text(WEIGHTS, b"cno_such_module\nno_such_name\n(tR."),
        "1 dangerous, 0 suspicious imports (no_such_module.no_such_name)",
    ),
    ("pickle as notes", text("README.md", pickle.dumps([1])), "this is a pickle; picklescan: 0 dangerous"),
    ("zip as weights", text(WEIGHTS, zipped()), "this is a ZIP archive; picklescan: "),
    (
        "zip bomb",
        lambda folder: (folder / WEIGHTS).write_bytes(zip_bomb()),
        "picklescan was not run: more than 67108864",
    ),
    ("zip as config", text(CONFIG, zipped()), "this is a ZIP archive; picklescan: "),
    ("zip in the last tensor", zip_in_last_tensor, "this is a ZIP archive behind other data; picklescan: "),
    ("gzip", text(WEIGHTS, b"\x1f\x8b\x08" + bytes(30)), "this is a gzip file"),
    ("tar", text(WEIGHTS, bytes(257) + b"ustar" + bytes(300)), "this is a tar archive"),
    ("GGUF", text(WEIGHTS, b"GGUF\x03" + bytes(60)), "this is a GGUF file"),
    ("NumPy", text(WEIGHTS, b"\x93NUMPY\x01\x00" + bytes(60)), "this is a NumPy file"),
]

HEADERS: list[tuple[str, Spoil, str]] = [
    ("few bytes", text(WEIGHTS, b"\x01\x02"), "has 2 bytes, fewer than the 8 of a header's size"),
    ("size 2^63", weights(size=2**63), "says that its header has 9223372036854775808 bytes, at most 100000000"),
    ("size 100 MB", weights(size=100_000_001), "says that its header has 100000001 bytes, at most 100000000"),
    ("size beyond the file", weights(size=90_000_000), "says that its header has 90000000 bytes, the file has"),
    ("not JSON", weights(header=lambda _: b"{nonsense"), "has a header that is not JSON"),
    ("leading space", weights(header=lambda right: b" " + json.dumps(right).encode()), "does not begin with {"),
    ("list", weights(header=lambda _: b"[]"), "has a header that does not begin with {"),
    ("no UTF-8", weights(header=lambda _: b'{"\xff": 1}'), "has a header that is not UTF-8 at byte 2"),
    ("twice", weights(header=lambda _: b'{"a": 1, "a": 2}'), 'has a header that has the key "a" twice'),
    (
        "twice within a tensor",
        weights(header=lambda _: b'{"a": {"dtype": "F32", "dtype": "F16"}}'),
        'has the key "dtype" twice',
    ),
    ("deep", weights(header=lambda _: b'{"a": ' + b"[" * 90 + b"]" * 90 + b"}"), "is nested deeper than 64 levels"),
    ("very deep", weights(header=lambda _: b'{"a": ' + b"[" * 10**6), "is nested deeper than 64 levels"),
    ("metadata", weights(header=lambda right: right | {"__metadata__": {"a": 1}}), "__metadata__ must map texts"),
    ("unknown key", tensors(set_first("extra", 1)), "must have dtype, shape and data_offsets, and nothing else"),
    ("dtype", tensors(set_first("dtype", "F31")), "unknown data type 'F31'"),
    ("negative shape", tensors(set_first("shape", [-8, -64])), "must be whole numbers from 0 on"),
    ("true as a number", tensors(set_first("shape", [True, 64])), "must be whole numbers from 0 on"),
    ("overflow", tensors(set_first("shape", [2**62, 8, 0])), "its shape overflows 64 bits"),
    ("sizes", tensors(set_first("shape", [8, 63])), "bytes, its shape and type 2016"),
    ("overlap", tensors(overlap), "overlaps the one before"),
    ("hole", tensors(hole), "has a hole of 4 bytes before tensor"),
    ("trailing bytes", weights(data=lambda data: data + b"more"), "has 4 bytes behind its last tensor"),
    ("cut off", weights(data=lambda data: data[:-7]), "is cut off: its tensors end at byte"),
]

CONFIGS: list[tuple[str, Spoil, str]] = [
    ("no object", text(CONFIG, "[]"), "adapter_config.json: []; rule: must be a JSON object"),
    ("no UTF-8", text(CONFIG, b'{"r": "\xff"}'), "is not UTF-8 at byte 7"),
    ("byte order mark", text(CONFIG, "\ufeff{}"), "begins with a byte order mark"),
    ("twice", raw_config('"r": 8', '"r": 8, "r": 64'), 'has the key "r" twice'),
    ("NaN rank", raw_config('"r": 8', '"r": NaN'), "has NaN, which is no JSON number"),
    ("infinite alpha", raw_config('"lora_alpha": 16', '"lora_alpha": Infinity'), "has Infinity, which is no JSON"),
    ("alpha overflows", raw_config('"lora_alpha": 16', '"lora_alpha": 1e999'), "too large for 64 bits"),
    ("huge number", raw_config('"r": 8', '"r": ' + "9" * 5000), "has a number of 5000 digits"),
    ("half a character", raw_config('"LORA"', '"LORA\\ud800"'), "has half of a surrogate pair"),
    ("deep", raw_config('"r": 8', '"r": ' + "[" * 70 + "]" * 70), "is nested deeper than 64 levels"),
    ("very deep", raw_config('"r": 8', '"r": ' + "[" * 10**6), "is nested deeper than 64 levels"),
    ("rank as text", config(r="8"), 'r: "8"; rule: must be a whole number from 1 to 512'),
    ("rank 0", config(r=0), "r: 0; rule: must be a whole number from 1 to 512"),
    ("rank over the limit", config(r=513), "r: 513; rule: must be a whole number from 1 to 512"),
    ("rank true", config(r=True), "r: true; rule: must be a whole number from 1 to 512"),
    ("rank of other tensors", config(r=16), "its rank is not the r of adapter_config.json, 16"),
    ("alpha 0", config(lora_alpha=0), "lora_alpha: 0; rule: must be a finite number from 1e-06"),
    ("alpha as text", config(lora_alpha="16"), "must be a finite number from 1e-06"),
    ("another method", config(peft_type="LOHA"), 'peft_type: "LOHA"; rule: must be LORA'),
    ("empty pattern of modules", config(target_modules=""), "must list the modules by name"),
    ("modules that are numbers", config(target_modules=[1]), "must list the modules by name"),
    ("no modules", config(target_modules=[]), "must list the modules by name"),
    ("whole modules", config(modules_to_save=["lm_head"]), "must be off: vLLM refuses adapters that bring whole mod"),
    ("DoRA", config(use_dora=True), "use_dora: true; rule: must be off: vLLM refuses DoRA"),
    ("biases", config(bias="all"), "must be none: vLLM refuses biases"),
    ("ranks by module", config(rank_pattern={"q_proj": 64}), 'rank_pattern: {"q_proj": 64}; rule: must be off'),
    ("new tokens", config(trainable_token_indices=[1]), "must be off: vLLM ignores it: these are new embeddings"),
    ("mapping as text", config(auto_mapping="os"), 'auto_mapping: "os"; rule: must be an object or null'),
    ("transposed as text", config(fan_in_fan_out="no"), "must be true or false"),
    ("parameters as text", config(target_parameters="mlp.experts"), "must be a list of texts or null"),
    ("alphas by module", config(alpha_pattern={"q_proj": 64}), "must be off, or repeat lora_alpha"),
    ("alpha beyond reason", config(lora_alpha=1e308), "must be a finite number from 1e-06 to 1000000"),
    ("another task", config(task_type="SEQ_CLS"), "must be CAUSAL_LM or null: what other tasks train besides"),
    ("dropout as text", config(lora_dropout="x"), "must be a number from 0 to 1"),
    ("revision as a number", config(revision=3), "revision: 3; rule: must be a text or null"),
    ("version true", config(peft_version=True), "peft_version: true; rule: must be a text or null"),
    ("start as a list", config(init_lora_weights=[1]), "must be true, false or the name of a start"),
    ("start's settings", config(eva_config="x"), "must be an object or null"),
    ("excluded numbers", config(exclude_modules=[1]), "must be a text, a list of texts or null"),
    ("layers as text", config(layers_to_transform="0"), "must be null, a layer's number, or a list of them"),
    ("other layers", config(layers_to_transform=[0, 9]), "the tensors change layers 0, 1: both must name the same"),
    ("gradient start", config(init_lora_weights="lora_ga"), "this start changed the base model's weights: save it"),
    ("rsLoRA as text", config(use_rslora="yes"), 'use_rslora: "yes"; rule: must be true or false'),
    ("changed base", config(init_lora_weights="pissa_niter_4"), "this start changed the base model's weights"),
    ("unknown key", config(shadow="on"), "is no key of PEFT's LoRA that is known here"),
    ("tensors without module", config(target_modules=["q_proj"]), "the tensors change v_proj too: PEFT would not load"),
    (
        "base unknown",
        config(base_model_name_or_path="meta/tiny"),
        "must be a base model of the catalog with its version",
    ),
    ("alpha next to nothing", config(lora_alpha=1e-9), "lora_alpha: 1e-09; rule: must be a finite number from"),
]

WRONG_PREFIXES = (
    "base_model.model.model.language_model.",
    "base_model.model.model.model.",
    "base_model.model.",
    "base_model.model._orig_mod.model.",
    "base_model.model.mtp.",
    "base_model.model.base_model.model.",
    "model.model.",
)
"""Beginnings that vLLM takes without a word, and drops."""


def prefix(new: str) -> Spoil:
    return rebuilt(lambda name, shape: (name.replace("base_model.model.model.", new), shape))


def spoilt_values(change: Callable[[bytes], bytes]) -> Spoil:
    return lambda folder: (folder / WEIGHTS).write_bytes(change((folder / WEIGHTS).read_bytes()))


def _as_output(name: str, shape: list[int]) -> tuple[str, list[int]] | None:
    if "layers.0.self_attn.q_proj" not in name:
        return None
    half = name[-len("A.weight") :]
    return f"base_model.model.lm_head.lora_{half}", shape if half.startswith("A") else [320, shape[1]]


def _as_embedding(name: str, shape: list[int]) -> tuple[str, list[int]] | None:
    if "layers.0.self_attn.q_proj" not in name:
        return None
    half = name[-len("A.weight")]
    return f"base_model.model.model.embed_tokens.lora_embedding_{half}", [8, 320] if half == "A" else shape


TENSORS: list[tuple[str, Spoil, str]] = [
    (
        "layer",
        rebuilt(lambda name, shape: (name.replace("layers.1", "layers.2"), shape)),
        "tiny/v1 lacks this layer or expert",
    ),
    (
        "module",
        rebuilt(lambda name, shape: (name.replace("v_proj", "z_proj"), shape)),
        'self_attn.z_proj"; rule: meets no module of tiny/v1',
    ),
    (
        "block",
        rebuilt(lambda name, shape: (name.replace("self_attn", "mlp"), shape)),
        'mlp.q_proj"; rule: meets no module of tiny/v1',
    ),
    (
        "inputs",
        rebuilt(lambda name, shape: (name, [shape[0], 65] if "lora_A" in name else shape)),
        "65; rule: q_proj of tiny/v1 has 64 inputs, by its files",
    ),
    (
        "outputs",
        rebuilt(lambda name, shape: (name, [65, shape[1]] if "lora_B" in name else shape)),
        "65; rule: q_proj of tiny/v1 has 64 outputs, by its files",
    ),
    ("dimensions", rebuilt(lambda name, shape: (name, [*shape, 1])), "must have two dimensions"),
    (
        "half a pair",
        rebuilt(lambda name, shape: None if "layers.0.self_attn.q_proj.lora_A" in name else (name, shape)),
        "lora_A and lora_B come in pairs",
    ),
    (
        "embeddings",
        rebuilt(
            lambda name, shape: (
                "base_model.model.lm_head.weight" if "0.self_attn.q_proj.lora_A" in name else name,
                shape,
            )
        ),
        "no whole modules, no biases, no DoRA vectors",
    ),
    ("no tensor", text(WEIGHTS, safetensors({})), "the tensors change nothing"),
    *((f"prefix {new}", prefix(new), "meets no module of tiny/v1") for new in WRONG_PREFIXES),
    (
        "half under another prefix",
        rebuilt(lambda name, shape: (name.replace("model.layers.1", "model.language_model.layers.1"), shape)),
        "expected: base_model.model.model.layers.{0-1}.self_attn.q_proj",
    ),
    *((f"values: {name}", spoilt_values(spoil), said) for name, (spoil, said) in SPOILT.items()),
]

ACCEPTED: list[tuple[str, Spoil]] = [
    ("automatic mapping", config(auto_mapping={"base_model_class": "LlamaForCausalLM", "unsloth_fixed": True})),
    ("no task", config(task_type=None, auto_mapping={"base_model_class": "X", "parent_library": "transformers.x"})),
    ("expression", config(target_modules="(?:.*?(?:language|text).*?(?:q_proj|v_proj))|(?:model\\.layers\\.[\\d]+)")),
    ("expression that never ends", config(target_modules="(a+)+$")),
    ("union", config(target_modules=["q_proj", "v_proj", "c_attn", "query_key_value"])),
    ("excluded", config(target_modules=["q_proj", "k_proj", "v_proj"], exclude_modules=["k_proj"])),
    ("excluded by expression", config(exclude_modules=".*vision.*")),
    ("numbered", config(target_modules=["0.self_attn.q_proj", "1.self_attn.q_proj", "self_attn.v_proj"])),
    ("all linear", config(target_modules="all-linear")),
    ("no dropout", config(lora_dropout=None)),
    ("ranks that repeat r", config(rank_pattern={"q_proj": 8, "v_proj": 8}, alpha_pattern={"q_proj": 16})),
    ("transposed base", config(fan_in_fan_out=True)),
    ("more layers", config(layers_to_transform=[0, 1, 2, 3])),
    ("without PEFT's prefix", rebuilt(lambda name, shape: (name.removeprefix("base_model.model."), shape))),
    (
        "output",
        lambda folder: [
            rebuilt(_as_output)(folder),
            config(target_modules=["lm_head"])(folder),
        ],
    ),
    (
        "embeddings",
        lambda folder: [
            rebuilt(_as_embedding)(folder),
            config(target_modules=["embed_tokens"])(folder),
        ],
    ),
]
"""What people have, and vLLM serves as it was trained."""
