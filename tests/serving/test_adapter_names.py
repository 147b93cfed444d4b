"""What is known of vLLM's names is what its own classes say: the kept file, and the rules applied to names."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path

from infra.catalog import FOLDER, SERVER_IMAGE, load_catalog
from infra.catalog.serves import serves
from tests.serving.support.served_kitchen import PYTHON
from tools.local.workspace import REPOSITORY

READER = REPOSITORY / "tests" / "serving" / "support" / "vllm_lora.py"
ARCHITECTURES = (
    *(
        "LlamaForCausalLM",
        "Phi3ForCausalLM",
        "GptOssForCausalLM",
        "NemotronHForCausalLM",
        "Gemma3ForConditionalGeneration",
    ),
    *("Qwen2_5_VLForConditionalGeneration", "Qwen3VLForConditionalGeneration", "AfmoeForCausalLM", "Lfm2ForCausalLM"),
)
NAMES = (
    *(
        "model.layers.0.self_attn.q_proj",
        "model.language_model.layers.1.mlp.down_proj",
        "lm_head",
        "model.embed_tokens",
    ),
    *(
        "language_model.model.layers.0.self_attn.o_proj",
        "model.visual.blocks.0.attn.qkv",
        "backbone.layers.3.mixer.in_proj",
    ),
    *("model.layers.0.mlp.router.gate", "model.layers.2.conv.in_proj", "model.layers.0.mlp.experts.3.up_proj"),
)
MAPPED = """
import json, sys
from vllm.lora.utils import parse_fine_tuned_lora_name
from vllm.model_executor.models.registry import ModelRegistry

asked, found = json.load(sys.stdin), {}
for name in asked["architectures"]:
    mapper = getattr(ModelRegistry.models[name].load_model_cls(), "hf_to_vllm_mapper", None)
    mapper = mapper and mapper.get_unstacked_mapper()
    found[name] = [parse_fine_tuned_lora_name(f"base_model.model.{n}.lora_A.weight", mapper)[0] for n in asked["names"]]
print("\\n" + json.dumps(found))
"""


def run(*words: str, given: str = "") -> str:
    environment = {**os.environ, "HF_HUB_OFFLINE": "1", "VLLM_LOGGING_LEVEL": "ERROR"}
    done = subprocess.run(
        [os.environ[PYTHON], *words], input=given, env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr[-3000:]
    return done.stdout


def test_the_kept_file_is_what_vllm_says(tmp_path: Path) -> None:
    run(str(READER), str(tmp_path / "names.json"))
    kept = json.loads((FOLDER / "adapter-names.json").read_text())
    assert json.loads((tmp_path / "names.json").read_text()) == kept, "make adapter-names"
    assert kept["version"] == load_catalog().images[SERVER_IMAGE].version


def test_names_are_made_as_vllm_makes_them() -> None:
    given = json.dumps({"architectures": ARCHITECTURES, "names": NAMES})
    theirs = json.loads(run("-c", MAPPED, given=given).splitlines()[-1])
    known = serves(load_catalog().images[SERVER_IMAGE].version).architectures
    assert {name: [known[name].module(module) for module in NAMES] for name in ARCHITECTURES} == theirs
