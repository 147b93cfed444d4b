"""Flags of `extraArgs` that a setting of its own says by now: files from before are read as if they said the setting.

Only what reads in one way is taken over. Where the setting stands too, or where the value is not understood, the flag
stays where it is, and a rule names the setting.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from infra.flag_words import WORD, FlagWord, flag_word
from infra.rules.flag_values import value_fault
from infra.runtime_settings import StructuredOutputs
from infra.strict_json import parse

MODELS = "/mnt/models/"

Reader = Callable[[FlagWord], Any]
"""What a flag says, as the setting's value; ValueError where it cannot be said so."""


def _switch(word: FlagWord) -> bool:
    if word.value is not None:
        raise ValueError
    return not word.negated


def _text(word: FlagWord) -> str:
    return _plain(word)


def _whole(word: FlagWord) -> int:
    return int(_plain(word))


def _template(word: FlagWord) -> str:
    value = _plain(word)
    if not value.startswith(MODELS):
        raise ValueError
    return value.removeprefix(MODELS)


def _multimodal(word: FlagWord) -> dict[str, int]:
    value = parse(_plain(word))
    if not isinstance(value, dict) or not all(isinstance(count, int) for count in value.values()):
        raise ValueError
    return value


def _structured(word: FlagWord) -> StructuredOutputs:
    if word.key == "backend" and word.value:
        return StructuredOutputs(backend=word.value)
    value = parse(word.value or "") if not word.key else None
    if not isinstance(value, dict) or set(value) != {"backend"}:
        raise ValueError
    return StructuredOutputs(backend=value["backend"])


def _plain(word: FlagWord) -> str:
    if word.key or word.value is None or word.negated:
        raise ValueError
    return word.value


READERS: Mapping[str, tuple[str, Reader]] = {
    "enable-prefix-caching": ("prefix_caching", _switch),
    "kv-cache-dtype": ("kv_cache_dtype", _text),
    "enable-chunked-prefill": ("chunked_prefill", _switch),
    "max-num-batched-tokens": ("batched_tokens", _whole),
    "tool-call-parser": ("tool_call_parser", _text),
    "reasoning-parser": ("reasoning_parser", _text),
    "chat-template": ("chat_template", _template),
    "structured-outputs-config": ("structured_outputs", _structured),
    "limit-mm-per-prompt": ("multimodal", _multimodal),
    "fully-sharded-loras": ("fully_sharded_loras", _switch),
    "enable-expert-parallel": ("expert_parallel", _switch),
}
"""The flags that are read, each with its setting as a field of Runtime."""

_BESIDE = {"enable-auto-tool-choice": "tool_call_parser"}
"""Flags that say nothing without another one, which the setting of that one says too."""


def read_flags(entries: Sequence[str], stated: Mapping[str, Any]) -> dict[str, Any]:
    """Fields of Runtime out of its `extra_args`, with `read_args`; `stated` are the fields that the file states."""
    words = [flag_word(index, entry) for index, entry in enumerate(entries) if WORD.fullmatch(entry)]
    found: dict[str, Any] = {}
    places: dict[int, str] = {}
    for word in words:
        field, reader = READERS.get(word.name, ("", _switch))
        if not field or field in stated or not (word.whole or word.short):
            continue
        if word.value is not None and value_fault(word.name, word.key, word.value):
            continue
        try:
            found[field] = reader(word)
        except ValueError:
            continue
        places[word.index] = field
    for word in words:
        beside = _BESIDE.get(word.name)
        if beside in found and word.whole and not word.negated and word.value is None:
            places[word.index] = str(beside)
    return {**found, "read_args": places}
