"""What a kitchen's settings ask of the server beside its sizes."""

from __future__ import annotations

from typing import Any

from components.serving import Features
from components.serving.vllm import MODEL_PATH
from infra.keys import camel
from infra.runtime_settings import Pooling, Speculation, StructuredOutputs
from infra.settings import Kitchen


def features(kitchen: Kitchen) -> Features:
    """The settings in vLLM's own words. In hot mode prefix caching is said beside the adapters."""
    said = kitchen.runtime
    return Features(
        task=kitchen.task,
        prefix_caching=None if kitchen.hot else said.prefix_caching,
        kv_cache_dtype=said.kv_cache_dtype,
        chunked_prefill=said.chunked_prefill,
        batched_tokens=said.batched_tokens,
        tool_call_parser=said.tool_call_parser,
        reasoning_parser=said.reasoning_parser,
        chat_template=None if said.chat_template is None else f"{MODEL_PATH}/{said.chat_template}",
        structured_outputs=None if said.structured_outputs is None else _structured(said.structured_outputs),
        speculation=None if said.speculation is None else _speculation(said.speculation),
        multimodal=said.multimodal,
        pooling=None if said.pooling is None else _pooling(said.pooling),
        fully_sharded_loras=said.fully_sharded_loras,
        expert_parallel=said.expert_parallel,
    )


def read_settings(kitchen: Kitchen) -> list[tuple[int, str]]:
    """Places in `extraArgs` of flags that are read as a setting, with its name."""
    return [(index, camel(field)) for index, field in sorted(kitchen.runtime.read_args.items())]


def _structured(said: StructuredOutputs) -> dict[str, Any]:
    stated = {
        "backend": said.backend,
        "disable_any_whitespace": None if said.any_whitespace is None else not said.any_whitespace,
        "disable_additional_properties": None if said.additional_properties is None else not said.additional_properties,
        "enable_in_reasoning": said.in_reasoning,
    }
    return {key: value for key, value in stated.items() if value is not None}


def _speculation(said: Speculation) -> dict[str, Any]:
    stated = {
        "method": said.method,
        "num_speculative_tokens": said.tokens,
        "prompt_lookup_max": said.prompt_lookup_max,
        "prompt_lookup_min": said.prompt_lookup_min,
    }
    return {key: value for key, value in stated.items() if value is not None}


def _pooling(said: Pooling) -> dict[str, Any]:
    stated = {"seq_pooling_type": said.type, "dimensions": said.dimensions, "use_activation": said.activation}
    return {key: value for key, value in stated.items() if value is not None}
