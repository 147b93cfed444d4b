"""Rules about the server's options that a setting says: choices of the pinned vLLM, and what goes together."""

from __future__ import annotations

import difflib
from collections.abc import Iterator

from infra.architectures import ARCHITECTURES, said_of
from infra.catalog import BaseModel, Catalog
from infra.faults import Fault
from infra.flag_words import ENTRIES, VERSION
from infra.keys import camel
from infra.server_versions import server_version
from infra.settings import Kitchen, Settings

_PARSERS = {"tool_call_parser": "tool-call-parser", "reasoning_parser": "reasoning-parser"}
_OF_TEXTS = ("tool_call_parser", "reasoning_parser", "structured_outputs", "speculation", "chat_template")
"""What only a server that answers with texts has."""

_BACKENDS = {"any_whitespace": ("xgrammar", "guidance"), "additional_properties": ("guidance",)}
"""What only some backends of structured outputs can forbid."""


def server_option_faults(settings: Settings, catalog: Catalog) -> Iterator[Fault]:
    """What vLLM would refuse when it starts, or do otherwise than the settings say."""
    for kitchen in settings.kitchens.values():
        model = catalog.base_models.get(kitchen.base_model)
        yield from _parser_faults(kitchen)
        yield from _batch_faults(kitchen)
        yield from _structured_faults(kitchen)
        yield from _speculation_faults(kitchen)
        yield from _task_faults(kitchen)
        if model is not None:
            yield from _template_faults(kitchen, model)
            yield from _media_faults(kitchen, model)
            yield from _sharing_faults(kitchen, model, catalog)


def _path(kitchen: Kitchen, field: str) -> str:
    return f"kitchens.{kitchen.name}.runtime.{kitchen.runtime.place(field)}"


def _parser_faults(kitchen: Kitchen) -> Iterator[Fault]:
    for field, flag in _PARSERS.items():
        value, choices = getattr(kitchen.runtime, field), ENTRIES[flag]["choices"]
        if value is not None and value not in choices:
            near = difflib.get_close_matches(value, choices, n=1, cutoff=0.5)
            rule = f"must be a parser of vLLM {VERSION}: {', '.join(choices)}"
            example = f"{camel(field)}: {near[0] if near else choices[0]}"
            yield Fault(path=_path(kitchen, field), value=value, rule=rule, example=example)


def _batch_faults(kitchen: Kitchen) -> Iterator[Fault]:
    """The sizes that vLLM compares at start (SchedulerConfig, vllm/config/scheduler.py)."""
    said = kitchen.runtime
    if said.batched_tokens is None:
        return
    whole = said.chunked_prefill is False
    least, why = max(
        (said.concurrency, f"concurrency ({said.concurrency})"),
        (said.max_model_len if whole else 0, f"maxModelLen ({said.max_model_len}), as prefills are not chunked"),
    )
    if said.batched_tokens < least:
        rule = f"must be at least {why}: vLLM refuses to start otherwise"
        path = _path(kitchen, "batched_tokens")
        yield Fault(path=path, value=said.batched_tokens, rule=rule, example=f"batchedTokens: {least}")


def _structured_faults(kitchen: Kitchen) -> Iterator[Fault]:
    """What StructuredOutputsConfig takes of a backend alone (vllm/config/structured_outputs.py)."""
    said = kitchen.runtime.structured_outputs
    if said is None:
        return
    for field, backends in _BACKENDS.items():
        if getattr(said, field) is False and said.backend not in backends:
            rule = f"only {' and '.join(backends)} can forbid it, and backend is {said.backend}: vLLM refuses to start"
            path = f"{_path(kitchen, 'structured_outputs')}.{camel(field)}"
            example = f"{{backend: {backends[0]}, {camel(field)}: false}}"
            yield Fault(path=path, value=False, rule=rule, example=example)


def _speculation_faults(kitchen: Kitchen) -> Iterator[Fault]:
    said = kitchen.runtime.speculation
    if said is None:
        return
    path = _path(kitchen, "speculation")
    least, most = said.prompt_lookup_min, said.prompt_lookup_max
    if said.method != "ngram" and (least is not None or most is not None):
        rule = f"{said.method} guesses by trees: lengths of repetitions are for ngram"
        yield Fault(path=path, value=said.method, rule=rule, example="{method: suffix, tokens: 8}")
    elif least is not None and most is not None and least > most:
        rule = f"must be at most promptLookupMax ({most})"
        yield Fault(path=f"{path}.promptLookupMin", value=least, rule=rule, example=f"promptLookupMin: {most}")


def _task_faults(kitchen: Kitchen) -> Iterator[Fault]:
    if kitchen.task == "generate":
        if kitchen.runtime.pooling is not None:
            rule = "is how a vector is made of a text, and task is generate"
            yield Fault(path=_path(kitchen, "pooling"), value="...", rule=rule, example="task: embed, or without it")
        return
    for field in _OF_TEXTS:
        value = getattr(kitchen.runtime, field)
        if value is not None:
            rule = f"is for answers in words, and task is {kitchen.task}"
            shown = value if isinstance(value, str) else "..."
            yield Fault(path=_path(kitchen, field), value=shown, rule=rule, example="task: generate, or without it")
    if kitchen.autoscaling is not None and kitchen.autoscaling.metric == "kvCache":
        rule = f"task {kitchen.task} answers in one step: its cache says nothing of the load"
        path = f"kitchens.{kitchen.name}.autoscaling.metric"
        yield Fault(path=path, value="kvCache", rule=rule, example="metric: waiting")


def _template_faults(kitchen: Kitchen, model: BaseModel) -> Iterator[Fault]:
    said = kitchen.runtime.chat_template
    templates = [file.path for file in model.files if file.path.endswith(".jinja")]
    if said is not None and said not in templates:
        there = ", ".join(templates) or "none is there"
        rule = f"must be a template (*.jinja) of the base model {model.ref}, whose sum the catalog has: {there}"
        example = (
            f"chatTemplate: {templates[0]}" if templates else "chatTemplate: chat_template.jinja, published with it"
        )
        yield Fault(path=_path(kitchen, "chat_template"), value=said, rule=rule, example=example)


def _media_faults(kitchen: Kitchen, model: BaseModel) -> Iterator[Fault]:
    named = model.shape.architecture
    if kitchen.runtime.multimodal is not None and named in ARCHITECTURES and "media" not in said_of(named):
        rule = f"base model {model.ref} is a {named}, which reads texts alone: vLLM passes the setting over"
        yield Fault(path=_path(kitchen, "multimodal"), value="...", rule=rule, example="without it")


def _sharing_faults(kitchen: Kitchen, model: BaseModel, catalog: Catalog) -> Iterator[Fault]:
    said, experts = kitchen.runtime, model.shape.experts
    if said.fully_sharded_loras and said.tensor_parallel_size == 1:
        rule = "there is nothing to share out: tensorParallelSize is 1"
        yield Fault(path=_path(kitchen, "fully_sharded_loras"), value=True, rule=rule, example="tensorParallelSize: 2")
    if said.expert_parallel and not experts:
        rule = f"base model {model.ref} is no mixture of experts: vLLM refuses to start"
        yield Fault(path=_path(kitchen, "expert_parallel"), value=True, rule=rule, example="without it")
    elif said.expert_parallel and said.tensor_parallel_size == 1:
        rule = "there is nothing to share out: tensorParallelSize is 1"
        yield Fault(path=_path(kitchen, "expert_parallel"), value=True, rule=rule, example="tensorParallelSize: 2")
    image = catalog.images.get(said.image)
    most = server_version(image.version).moe_lora_rank if image is not None else None
    if kitchen.adapters and experts and most is not None and said.max_lora_rank > most and not said.fully_sharded_loras:
        rule = (
            f"a mixture of experts takes ranks up to {most} where adapters are not fully sharded: "
            "the server would end in the first step with one (vllm#55158)"
        )
        path = f"kitchens.{kitchen.name}.runtime.maxLoraRank"
        example = f"maxLoraRank: {most}, or fullyShardedLoras: true with tensorParallelSize: 2"
        yield Fault(path=path, value=said.max_lora_rank, rule=rule, example=example)
