"""What a call may ask for: every parameter of the API that is understood, each with its bounds; the rest is refused.

The parameters are those of vLLM 0.27.1 (vllm/entrypoints/openai/*/protocol.py). Closed are those that change the
engine's state or somebody else's turn, run a template of the caller, or reach what another call has left behind.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from .call_body import Refused

Bounds = Mapping[str, Any]
"""A kitchen's bounds, by the names of DEFAULTS."""

DEFAULTS: dict[str, Any] = {
    "maxTokens": 8192,
    "maxChoices": 4,
    "maxLogprobs": 20,
    "maxMessages": 512,
    "maxCharacters": 400_000,
    "maxTools": 64,
    "maxSchemaCharacters": 65_536,
    "maxPatternCharacters": 1024,
    "imageHosts": [],
}
Check = Callable[[Any, Bounds], "str | None"]
"""What is wrong with a value, or None."""

_INTEGER_LIMIT = 2**63


def _is_integer(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def flag(value: Any, _bounds: Bounds) -> str | None:
    """True or false."""
    return None if isinstance(value, bool) else "must be true or false"


def _number(least: float, most: float) -> Check:
    def check(value: Any, _bounds: Bounds) -> str | None:
        if isinstance(value, bool) or not isinstance(value, (int, float)) or not least <= value <= most:
            return f"must be a number from {least:g} to {most:g}"
        return None

    return check


def _integer(least: int, most: int | str) -> Check:
    """A whole number; `most` may be the name of a bound."""

    def check(value: Any, bounds: Bounds) -> str | None:
        upper = bounds[most] if isinstance(most, str) else most
        if not _is_integer(value) or not least <= value <= upper:
            return f"must be a whole number from {least} to {upper}"
        return None

    return check


def _text(most: int) -> Check:
    def check(value: Any, _bounds: Bounds) -> str | None:
        return None if isinstance(value, str) and len(value) <= most else f"must be a text of {most} characters at most"

    return check


def _one_of(*allowed: str) -> Check:
    def check(value: Any, _bounds: Bounds) -> str | None:
        return None if value in allowed and isinstance(value, str) else f"must be one of {', '.join(allowed)}"

    return check


def _list_of(entry: Check, most: int | str) -> Check:
    def check(value: Any, bounds: Bounds) -> str | None:
        upper = bounds[most] if isinstance(most, str) else most
        if not isinstance(value, list) or len(value) > upper:
            return f"must be a list of {upper} entries at most"
        return next((f"has an entry that {wrong}" for one in value if (wrong := entry(one, bounds))), None)

    return check


def _either(*checks: Check) -> Check:
    def check(value: Any, bounds: Bounds) -> str | None:
        wrong = [found for one in checks if (found := one(value, bounds))]
        return None if len(wrong) < len(checks) else " or ".join(wrong)

    return check


def _map_to(entry: Check, most: int) -> Check:
    def check(value: Any, bounds: Bounds) -> str | None:
        if not isinstance(value, dict) or len(value) > most:
            return f"must be an object of {most} entries at most"
        return next((f"has a value that {wrong}" for one in value.values() if (wrong := entry(one, bounds))), None)

    return check


def _schema(value: Any, bounds: Bounds) -> str | None:
    """A structured output's pattern or a tool's description: bounded, because a grammar is compiled for it."""
    if not isinstance(value, (dict, list)):
        return "must be an object or a list"
    if len(json.dumps(value)) > bounds["maxSchemaCharacters"]:
        return f"may have {bounds['maxSchemaCharacters']} characters as JSON"
    if any(len(pattern) > bounds["maxPatternCharacters"] for pattern in _patterns(value)):
        return f"has a pattern of more than {bounds['maxPatternCharacters']} characters"
    return None


def _patterns(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        for key, entry in value.items():
            if key in ("pattern", "regex", "grammar") and isinstance(entry, str):
                yield entry
            yield from _patterns(entry)
    elif isinstance(value, list):
        for entry in value:
            yield from _patterns(entry)


def _tools(value: Any, bounds: Bounds) -> str | None:
    if not isinstance(value, list) or len(value) > bounds["maxTools"]:
        return f"must be a list of {bounds['maxTools']} tools at most"
    if any(not isinstance(tool, dict) or tool.get("type") != "function" for tool in value):
        return "may hold functions alone: {type: function, ...}"
    return _schema(value, bounds)


def _stream_options(value: Any, bounds: Bounds) -> str | None:
    known = {"include_usage", "continuous_usage_stats"}
    if not isinstance(value, dict) or not set(value) <= known:
        return f"may have {', '.join(sorted(known))} alone"
    return next((wrong for one in value.values() if (wrong := flag(one, bounds))), None)


def _content(value: Any, bounds: Bounds) -> str | None:
    """What the model is given: texts and parts that are understood, and no address that a server would fetch."""
    length = 0
    for part in _parts(value):
        if isinstance(part, str):
            length += len(part)
            continue
        url = part.get("url")
        if not isinstance(url, str) or not _may_be_fetched(url, bounds):
            hosts = ", ".join(bounds["imageHosts"]) or "none"
            return f"names an address that the server would fetch; allowed are data: and the hosts {hosts}"
    if length > bounds["maxCharacters"]:
        return f"has {length} characters; {bounds['maxCharacters']} are allowed"
    return None


_FETCHED = ("image_url", "audio_url", "video_url", "file_url")
_URL = re.compile(r"https://([a-z0-9.-]+)(:443)?(/[^\s\\]*)?")


def _parts(value: Any) -> Iterator[Any]:
    """Every text below it, and of every address that is fetched a mapping with its `url`."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, list):
        for entry in value:
            yield from _parts(entry)
    elif isinstance(value, dict):
        for key, entry in value.items():
            if key in _FETCHED:
                yield entry if isinstance(entry, dict) else {"url": entry}
            else:
                yield from _parts(entry)


def _may_be_fetched(url: str, bounds: Bounds) -> bool:
    if url.startswith("data:"):
        return True
    found = _URL.fullmatch(url)
    return found is not None and found.group(1) in bounds["imageHosts"]


_ROLES = ("system", "developer", "user", "assistant", "tool", "function")
_MESSAGE = {"role", "content", "name", "tool_calls", "tool_call_id", "refusal", "reasoning", "reasoning_content"}
_PARTS = {"text", "refusal", "image_url", "input_audio", "input_text", "output_text", "thinking"}


def _messages(value: Any, bounds: Bounds) -> str | None:
    if not isinstance(value, list) or not 1 <= len(value) <= bounds["maxMessages"]:
        return f"must be a list of 1 to {bounds['maxMessages']} messages"
    for message in value:
        if not isinstance(message, dict) or not set(message) <= _MESSAGE or message.get("role") not in _ROLES:
            keys = ", ".join(sorted(_MESSAGE))
            return f"has a message that is not understood: a role of {', '.join(_ROLES)}, and {keys}"
        parts = message.get("content")
        for part in parts if isinstance(parts, list) else ():
            if not isinstance(part, (dict, str)) or (isinstance(part, dict) and part.get("type", "text") not in _PARTS):
                return f"has a part that is not understood: a type of {', '.join(sorted(_PARTS))}"
    return _content(value, bounds)


_TOKENS = _integer(1, "maxTokens")
_SAMPLING: dict[str, Check] = {
    "frequency_penalty": _number(-2, 2),
    "presence_penalty": _number(-2, 2),
    "repetition_penalty": _number(0.01, 10),
    "logit_bias": _map_to(_number(-100, 100), 1024),
    "seed": _integer(-_INTEGER_LIMIT, _INTEGER_LIMIT - 1),
    "stop": _either(_text(1024), _list_of(_text(1024), 16)),
    "stop_token_ids": _list_of(_integer(0, 2**31), 64),
    "bad_words": _list_of(_text(256), 64),
    "stream": flag,
    "stream_options": _stream_options,
    "stream_interval": _integer(1, 1024),
    "temperature": _number(0, 2),
    "top_p": _number(0, 1),
    "top_k": _integer(-1, 100_000),
    "min_p": _number(0, 1),
    "min_tokens": _integer(0, "maxTokens"),
    "user": _text(256),
    "response_format": _schema,
    "structured_outputs": _schema,
    **dict.fromkeys(("include_stop_str_in_output", "ignore_eos", "skip_special_tokens"), flag),
    **dict.fromkeys(("spaces_between_special_tokens", "add_special_tokens", "echo"), flag),
    **dict.fromkeys(("return_tokens_as_token_ids", "return_token_ids"), flag),
    "truncate_prompt_tokens": _integer(-1, 2**31),
    "truncation_side": _one_of("left", "right"),
    "thinking_token_budget": _integer(0, "maxTokens"),
    "cache_salt": _text(256),
}
_CHAT: dict[str, Check] = {
    **_SAMPLING,
    "messages": _messages,
    "logprobs": flag,
    "top_logprobs": _integer(0, "maxLogprobs"),
    "max_tokens": _TOKENS,
    "max_completion_tokens": _TOKENS,
    "n": _integer(1, "maxChoices"),
    "tools": _tools,
    "tool_choice": _either(_one_of("none", "auto", "required"), _schema),
    "parallel_tool_calls": flag,
    "reasoning_effort": _one_of("none", "minimal", "low", "medium", "high", "xhigh", "max"),
    "include_reasoning": flag,
    "add_generation_prompt": flag,
    "continue_final_message": flag,
    "chat_template_kwargs": _map_to(_either(flag, _text(64)), 16),
}
_COMPLETION: dict[str, Check] = {
    **_SAMPLING,
    "prompt": _either(_list_of(_text(10**9), 16), _text(10**9)),
    "logprobs": _integer(0, "maxLogprobs"),
    "max_tokens": _TOKENS,
    "n": _integer(1, "maxChoices"),
    "suffix": _text(10_000),
}
_EMBEDDING: dict[str, Check] = {
    "input": _either(_list_of(_text(10**9), 2048), _text(10**9)),
    "encoding_format": _one_of("float", "base64"),
    "dimensions": _integer(1, 65_536),
    "user": _text(256),
    "truncate_prompt_tokens": _integer(-1, 2**31),
}
PARAMETERS: dict[str, dict[str, Check]] = {
    "/v1/chat/completions": _CHAT,
    "/v1/completions": _COMPLETION,
    "/v1/embeddings": _EMBEDDING,
}
"""By path: each parameter that is understood beside `model`, and what it may be. null is as if it were not there."""

REQUIRED = {"/v1/chat/completions": "messages", "/v1/completions": "prompt", "/v1/embeddings": "input"}
_GIVEN = ("prompt", "input")


def check(path: str, body: Mapping[str, Any], bounds: Bounds) -> None:
    """Raise Refused at the first parameter that is not understood or over its bound."""
    known = PARAMETERS[path]
    if body.get(REQUIRED[path]) is None:
        raise Refused(f"{REQUIRED[path]} is missing", REQUIRED[path], "missing_parameter")
    for name, value in body.items():
        if name == "model" or value is None:
            continue
        if name not in known:
            raise Refused(f"{name[:64]} is not a parameter that is open here", name[:64], "unknown_parameter")
        wrong = known[name](value, bounds) or (_content(value, bounds) if name in _GIVEN else None)
        if wrong:
            raise Refused(f"{name} {wrong}", name, "out_of_bounds")
