"""What a model is given: messages, items and texts of the kinds that are understood, with no address to fetch."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from .call_checks import Bounds, Check, both, by, either, fields, list_of, one_of, text

_URL = re.compile(r"https://([a-z0-9.-]+)(:443)?(/[^\s\\]*)?")
_IMAGE = re.compile(r"data:image/[a-z0-9.+-]{1,32};base64,[A-Za-z0-9+/=]*")


def address(value: Any, bounds: Bounds) -> str | None:
    """An image in itself, or of a host that the settings name: the server would fetch it."""
    if isinstance(value, str):
        found = _URL.fullmatch(value)
        if _IMAGE.fullmatch(value) or (found is not None and found.group(1) in bounds["imageHosts"]):
            return None
    hosts = ", ".join(bounds["imageHosts"]) or "none"
    return f"is an address that the server would fetch; allowed are data:image/...;base64, and the hosts {hosts}"


_ID, _WORD, _TEXT = text(256), text(64), text("maxCharacters")
_DETAIL = one_of("auto", "low", "high")
_LIST_OF_NONE = list_of(text(0), 0)


def _part(key: str, check: Check = _TEXT, **more: Check) -> Check:
    return fields({"type": _WORD, key: check, **more}, key)


_AUDIO = fields({"data": text(2**31), "format": _WORD}, "data", "format")
PARTS: dict[str, Check] = {
    "text": _part("text"),
    "input_text": _part("text"),
    "output_text": _part("text", annotations=_LIST_OF_NONE, logprobs=_LIST_OF_NONE),
    "refusal": _part("refusal"),
    "thinking": _part("thinking"),
    "image_url": _part("image_url", either(address, fields({"url": address, "detail": _DETAIL}, "url"))),
    "input_image": _part("image_url", address, detail=_DETAIL),
    "input_audio": _part("input_audio", _AUDIO),
}
"""Parts of a content by their type, which must be told: without one vLLM goes by whatever key is there."""

_CONTENT = either(_TEXT, list_of(either(_TEXT, by("type", PARTS)), 4096))
_TEXTS = either(_TEXT, list_of(by("type", {kind: PARTS[kind] for kind in ("input_text", "output_text")}), 4096))
_CALL = fields(
    {
        "id": _ID,
        "type": one_of("function"),
        "function": fields({"name": text(128), "arguments": _TEXT}, "name"),
    },
    "function",
)
_MESSAGE: dict[str, Check] = {
    "role": _WORD,
    "content": _CONTENT,
    "name": text(128),
    "tool_calls": list_of(_CALL, 128),
    "tool_call_id": _ID,
    "refusal": _TEXT,
    "reasoning": _TEXT,
    "reasoning_content": _TEXT,
}
_ROLES = ("system", "developer", "user", "assistant", "tool", "function")

_ITEM: dict[str, Check] = {"type": _WORD, "id": _ID, "status": one_of("in_progress", "completed", "incomplete")}
_CALLED = {"call_id": _ID, "name": text(128), "arguments": _TEXT}
_THOUGHT = list_of(fields({"type": one_of("reasoning_text", "summary_text"), "text": _TEXT}, "text"), 128)
_ITEMS: dict[str, Check] = {
    "message": fields({**_ITEM, "role": one_of(*_ROLES[:4]), "content": _CONTENT}, "role", "content"),
    "function_call": fields({**_ITEM, **_CALLED}, "call_id", "name", "arguments"),
    "function_call_output": fields({**_ITEM, "call_id": _ID, "output": _TEXTS}, "call_id", "output"),
    "reasoning": fields({**_ITEM, "summary": _THOUGHT, "content": _THOUGHT}),
}


def characters(value: Any, bounds: Bounds) -> str | None:
    """All texts together, keys left out; what lies in an image or a sound is bounded by the body."""
    length = sum(len(part) for part in _texts(value))
    if length > bounds["maxCharacters"]:
        return f"has {length} characters; {bounds['maxCharacters']} are allowed"
    return None


_MEDIA = ("url", "image_url", "data")


def _texts(value: Any, key: str = "") -> Iterator[str]:
    if isinstance(value, str) and key not in _MEDIA:
        yield value
    elif isinstance(value, list):
        for entry in value:
            yield from _texts(entry)
    elif isinstance(value, dict):
        for name, entry in value.items():
            yield from _texts(entry, name)


messages = both(list_of(by("role", dict.fromkeys(_ROLES, fields(_MESSAGE))), "maxMessages", 1), characters)
"""Of a chat."""

items = both(either(_TEXT, list_of(by("type", _ITEMS, "message"), "maxMessages", 1)), characters)
"""`input` of /v1/responses."""

prompts = both(either(_TEXT, list_of(_TEXT, 16, 1)), characters)
"""Of a completion: texts; numbers of tokens would pass by the template and every bound of characters."""

inputs = both(either(_TEXT, list_of(_TEXT, "maxInputs", 1)), characters)
"""Of the pooling interfaces: texts."""
