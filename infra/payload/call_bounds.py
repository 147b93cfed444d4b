"""What a call may ask for: every parameter of the API that is understood, each with its bounds; the rest is refused.

The parameters are those of vLLM 0.27.1 (vllm/entrypoints/openai/*/protocol.py, vllm/entrypoints/pooling/*/protocol.py).
Closed are those that change the engine's state or somebody else's turn, run a template of the caller, reach what
another call has left behind, or have no bound that is known; CLOSED says so for each.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from .call_body import Refused
from .call_checks import Bounds, Check, either, fields, flag, integer, list_of, map_to, number, one_of, text
from .call_content import inputs, items, messages, prompts
from .call_schemas import (
    flat_tool_choice,
    flat_tools,
    response_format,
    structured_outputs,
    text_config,
    tool_choice,
    tools,
)

DEFAULTS: dict[str, Any] = {
    "maxTokens": 8192,
    "maxChoices": 4,
    "maxLogprobs": 20,
    "maxMessages": 512,
    "maxInputs": 2048,
    "maxCharacters": 400_000,
    "maxTools": 64,
    "maxSchemaCharacters": 65_536,
    "maxPatternCharacters": 1024,
    "imageHosts": [],
}
"""Bounds of a kitchen whose settings say nothing."""

_TOKENS, _INT64 = integer(1, "maxTokens"), 2**63
_TRUNCATION = {"truncate_prompt_tokens": integer(-1, 2**31), "truncation_side": one_of("left", "right")}
_EFFORTS = one_of("none", "minimal", "low", "medium", "high", "xhigh", "max")
_TEMPLATE_KEYS = ("enable_thinking", "thinking", "preserve_thinking", "reasoning_effort", "instruction")
_TEMPLATE = {"chat_template_kwargs": fields(dict.fromkeys(_TEMPLATE_KEYS, either(flag, text(1024))))}
_EVERY: dict[str, Check] = {"user": text(256), "cache_salt": text(256)}

_GENERATING: dict[str, Check] = {
    **_EVERY,
    "frequency_penalty": number(-2, 2),
    "presence_penalty": number(-2, 2),
    "repetition_penalty": number(0.01, 10),
    "logit_bias": map_to(number(-100, 100), 1024),
    "seed": integer(-_INT64, _INT64 - 1),
    "stop": either(text(1024), list_of(text(1024), 16)),
    "stream": flag,
    "temperature": number(0, 2),
    "top_p": number(0, 1),
    "top_k": integer(-1, 100_000),
    "ignore_eos": flag,
    "include_stop_str_in_output": flag,
    "skip_special_tokens": flag,
    "structured_outputs": structured_outputs,
}
_SAMPLING: dict[str, Check] = {
    **_GENERATING,
    **_TRUNCATION,
    "stop_token_ids": list_of(integer(0, 2**31), 64),
    "bad_words": list_of(text(256), 64),
    "stream_options": fields({"include_usage": flag, "continuous_usage_stats": flag}),
    "stream_interval": integer(1, 1024),
    "min_p": number(0, 1),
    "min_tokens": integer(0, "maxTokens"),
    "max_tokens": _TOKENS,
    "n": integer(1, "maxChoices"),
    "response_format": response_format,
    "spaces_between_special_tokens": flag,
    "add_special_tokens": flag,
    "echo": flag,
    "return_tokens_as_token_ids": flag,
    "return_token_ids": flag,
    "thinking_token_budget": integer(-1, "maxTokens"),
}
_CHAT: dict[str, Check] = {
    **_SAMPLING,
    **_TEMPLATE,
    "messages": messages,
    "logprobs": flag,
    "top_logprobs": integer(0, "maxLogprobs"),
    "max_completion_tokens": _TOKENS,
    "tools": tools,
    "tool_choice": tool_choice,
    "parallel_tool_calls": flag,
    "reasoning_effort": _EFFORTS,
    "include_reasoning": flag,
    "add_generation_prompt": flag,
    "continue_final_message": flag,
}
_COMPLETION: dict[str, Check] = {**_SAMPLING, "prompt": prompts, "logprobs": integer(0, "maxLogprobs")}
_RESPONSES: dict[str, Check] = {
    **_GENERATING,
    **_TEMPLATE,
    "input": items,
    "instructions": text("maxCharacters"),
    "include": list_of(one_of("message.output_text.logprobs"), 1),
    "max_output_tokens": _TOKENS,
    "metadata": map_to(text(512), 16),
    "parallel_tool_calls": flag,
    "prompt_cache_key": text(256),
    "reasoning": fields({"effort": _EFFORTS, "summary": one_of("auto", "concise", "detailed")}),
    "include_reasoning": flag,
    "service_tier": one_of("auto", "default"),
    "store": one_of(False),
    "background": one_of(False),
    "text": text_config,
    "tool_choice": flat_tool_choice,
    "tools": flat_tools,
    "top_logprobs": integer(0, "maxLogprobs"),
    "truncation": one_of("auto", "disabled"),
}
_POOLING: dict[str, Check] = {**_EVERY, **_TRUNCATION, "use_activation": flag}
_ENCODING: dict[str, Check] = {"encoding_format": one_of("float", "base64"), "dimensions": integer(1, 65_536)}
_INPUT: dict[str, Check] = {**_POOLING, "input": inputs, "add_special_tokens": flag}
_PAIRS: dict[str, Check] = {
    **_POOLING,
    **_TEMPLATE,
    "max_tokens_per_query": integer(0, 2**31),
    "max_tokens_per_doc": integer(0, 2**31),
    "instruction": text(4096),
}
_SCORE: dict[str, Check] = {**_PAIRS, **dict.fromkeys(("queries", "documents", "text_1", "text_2"), inputs)}
_RERANK: dict[str, Check] = {
    **_PAIRS,
    "query": text("maxCharacters"),
    "documents": inputs,
    "top_n": integer(0, 2**31),
}
_TASKS = one_of("embed", "classify", "token_embed", "token_classify")

PARAMETERS: dict[str, dict[str, Check]] = {
    "/v1/chat/completions": _CHAT,
    "/v1/completions": _COMPLETION,
    "/v1/responses": _RESPONSES,
    "/v1/embeddings": {**_INPUT, **_ENCODING},
    "/pooling": {**_INPUT, **_ENCODING, "task": _TASKS},
    "/classify": _INPUT,
    **dict.fromkeys(("/score", "/v1/score"), _SCORE),
    **dict.fromkeys(("/rerank", "/v1/rerank", "/v2/rerank"), _RERANK),
}
"""By path: each parameter that is understood beside `model`, and what it may be. null is as if it were not there."""

_SCORED = (("queries", "documents"), ("text_1", "text_2"))
NEEDED: dict[str, tuple[tuple[str, ...], ...]] = {
    "/v1/chat/completions": (("messages",),),
    "/v1/completions": (("prompt",),),
    **dict.fromkeys(("/v1/responses", "/v1/embeddings", "/pooling", "/classify"), (("input",),)),
    **dict.fromkeys(("/score", "/v1/score"), _SCORED),
    **dict.fromkeys(("/rerank", "/v1/rerank", "/v2/rerank"), (("query", "documents"),)),
}
"""By path: parameters that a body must have, in one of these ways and no other of them beside it."""

_HANDED = "hands over memory between engines"
_MEDIA = "changes how the server reads images and sound"
_TEMPLATED = "runs or shows the template of prompts"
_OTHER_FORM = "is another form of what is open here"
_OF_MESSAGES = "belongs to messages, which are closed here"
CLOSED: dict[str, str] = {
    "add_generation_prompt": _OF_MESSAGES,
    "allowed_token_ids": "has no bound that is known",
    "chat_template": "is a program that the server would run",
    "chat_template_kwargs": _OF_MESSAGES,
    "continue_final_message": _OF_MESSAGES,
    "data": "is for plugins of the server",
    "data_1": _OTHER_FORM,
    "data_2": _OTHER_FORM,
    "documents": "is text of the prompt that no bound counts",
    "ec_transfer_params": _HANDED,
    "embed_dtype": "has no bound that is known",
    "enable_response_messages": _TEMPLATED,
    "endianness": "has no bound that is known",
    "items": _OTHER_FORM,
    "kv_transfer_params": _HANDED,
    "length_penalty": "is for beam search alone",
    "logprob_token_ids": "has no bound that is known",
    "max_tool_calls": "is for tools that the server would run",
    "media_io_kwargs": _MEDIA,
    "messages": _OTHER_FORM,
    "mm_processor_kwargs": _MEDIA,
    "previous_input_messages": "is text of the prompt that no bound counts",
    "previous_response_id": "reaches what another call has left behind",
    "priority": "takes somebody else's turn",
    "prompt": "names a template that the server keeps",
    "prompt_embeds": "is read into the engine as it is",
    "prompt_logprobs": "takes memory for every token of the prompt",
    "repetition_detection": "has no bound that is known",
    "request_id": "may be that of somebody else's call",
    "return_assistant_tokens_mask": _TEMPLATED,
    "return_prompt_text": _TEMPLATED,
    "return_token_offsets": _TEMPLATED,
    "suffix": "is not supported by the server",
    "use_beam_search": "takes many times the memory of a call",
    "vllm_xargs": "reaches extensions of the engine",
}
"""Parameters that the server knows and that are not open on each path that has them, with the reason."""


def check(path: str, body: Mapping[str, Any], bounds: Bounds) -> None:
    """Raise Refused at the first parameter that is not understood or over its bound."""
    known = PARAMETERS[path]
    for name, value in body.items():
        if name == "model" or (value is None and (name in known or name in CLOSED)):
            continue
        if name not in known:
            reason = f": it {CLOSED[name]}" if name in CLOSED else ""
            raise Refused(f"{name[:64]} is not a parameter that is open here{reason}", name[:64], "unknown_parameter")
        wrong = known[name](value, bounds)
        if wrong:
            raise Refused(f"{name} {wrong}", name, "out_of_bounds")
    _needed(path, {name for name, value in body.items() if value is not None})


def _needed(path: str, given: set[str]) -> None:
    ways = NEEDED[path]
    every = {name for way in ways for name in way}
    if not any(given & every == set(way) for way in ways):
        raise Refused(f"needs {', or '.join(' and '.join(way) for way in ways)}", ways[0][0], "missing_parameter")
