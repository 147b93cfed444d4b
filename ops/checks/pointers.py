"""What a base model's JSON files point to outside themselves: code, other models, paths and addresses.

A served model is the files of its catalog entry and nothing else. vLLM 0.27.1 follows `speculators_config` to another
model and serves that one, Ultravox `text_model_id` and `audio_model_id`, and transformers `auto_map` to code. So any
text that leads to a file, a repository or an address is a fault, unless its key is one that nothing here reads.
"""

from __future__ import annotations

import re
import unicodedata
from collections import deque
from collections.abc import Iterator, Mapping
from typing import Any

from infra.faults import Fault
from ops.checks.ways import Way, steps, written

_CODE = ("auto_map", "custom_pipelines", "trust_remote_code", "custom_generate", "custom_code")
_MODELS = (
    *("speculators_config", "speculative_config", "draft_model", "draft_model_config", "assistant_model", "verifier"),
    *("base_model_name_or_path", "base_model", "adapter_path", "peft_config", "text_model_id", "audio_model_id"),
    *("lora_modules", "medusa_model", "vision_tower", "mm_vision_tower", "speech_encoder", "text_encoder"),
)
"""Keys that name another model, whatever stands there."""

_ORIGINS = (
    *("_name_or_path", "name_or_path", "model_name_or_path", "tokenizer_file", "special_tokens_map_file"),
    *("vision_model_name", "model_name", "source", "license", "license_link", "homepage", "repo_url", "citation"),
    *("original_model", "parent_model", "trained_from", "teacher_model", "dataset"),
)
"""Keys that say where something came from: servers set or leave them, and none follows them (vLLM 0.27.1)."""

_PLAIN_ORIGINS = frozenset(origin.strip("_") for origin in _ORIGINS)
_FILES = ("vocab_file", "merges_file", "tokenizer_object", "tokenizer_path", "spm_file", "sp_model_file")
"""Keys whose file lies beside, by its plain name."""

_NAMING = frozenset(
    (
        *("draft", "drafter", "assistant", "speculator", "speculators", "speculative", "verifier", "medusa", "eagle"),
        *("adapter", "adapters", "lora", "pretrained", "checkpoint", "tower", "repo", "hub"),
    )
)
_ENDS = (
    "_model",
    "name_or_path",
    "model_id",
    "model_path",
    "model_file",
    "tokenizer_name",
    "tokenizer_path",
    "config_path",
)
"""Words of a key, and ends of one, by which a text is the name of a model, also without a slash (`gpt2`)."""

_NO_NAMES = frozenset(
    (
        "type",
        "act",
        "activation",
        "dtype",
        "method",
        "token",
        "mode",
        "init",
        "implementation",
        "format",
        "version",
        "class",
    )
)
"""Last words of a key whose text is no name of a model, such as `adapter_hidden_act`."""

_LONGEST_NAME = 200
_PLAIN = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,127}")
_ADDRESS = re.compile(r"(?i)[a-z][a-z0-9+.-]*:/?/\S|//\S|data:\S|(?:localhost|\S+\.\S+):[0-9]{2,5}(?:/\S*)?$")
_ROOTED = re.compile(r"/(?!/)[^\s/<>]+/|~\S|\.{1,2}(?:/|$)|[A-Za-z]:\\|\\\\|file:|\$[A-Za-z{]")
_REPOSITORY = re.compile(
    r"[A-Za-z0-9][\w.-]{0,95}/[^\s/<>]\S*|\S+--\w+(?:\.\w+)+|[A-Za-z0-9][\w.-]*\\[A-Za-z0-9][\w.-]*"
)
_SOURCE = re.compile(r"(?i)[^\s<>]+\.(?:py|pyc|so|sh|js)")
_MEDIA = re.compile(r"(?:application|audio|font|image|model|text|video)/[a-z0-9.+-]+")
_TEXTS = ("content", "chat_template", "chat_templates", "default_chat_template", "template", "system_prompt", "prompt")
"""Keys whose texts are a token's or a conversation's."""

_NO_SETTINGS = ("tokenizer.json", "vocab.json", "added_tokens.json", "special_tokens_map.json", "tekken.json")
"""Files of vocabularies: any text may stand there, and any key that has a number."""

_INDEX = ".index.json"
_NESTED = "text_config"
_KNOWN = frozenset((*_CODE, *_MODELS, _NESTED))
_TOLD = 5


def pointer_faults(parsed: Mapping[str, Any], notes: list[str]) -> Iterator[Fault]:
    """Every pointer in the parsed files; `notes` get those that say where the model came from and are not followed."""
    for name, content in sorted(parsed.items()):
        origins: list[str] = []
        texts = not (name.lower() in _NO_SETTINGS or name.lower().endswith(_INDEX))
        faults = list(_walk(name, content, origins, texts=texts))
        yield from faults[:_TOLD]
        if len(faults) > _TOLD:
            rule = f"{len(faults) - _TOLD} more keys lead to code, to other models or out of the folder"
            yield Fault(path=name, value=f"{len(faults)} in all", rule=rule, example="a model without them")
        if origins:
            notes.append(f"{name}: says where it came from, which no server follows: {', '.join(origins[:3])}")


def _walk(name: str, content: Any, origins: list[str], *, texts: bool) -> Iterator[Fault]:
    """Every key at any depth, in lists too; the text decides how deep it goes, so no call is made for a level.

    `texts`: whether what keys hold is judged, too.
    """
    open_: deque[tuple[Way, str, Any]] = deque(((None, "", content),))
    while open_:
        way, key, value = open_.popleft()
        if isinstance(value, dict):
            for below, inner in value.items():
                here = (way, below)
                fault = None if type(inner) is int else _named(name, here, inner)
                if fault is not None:
                    yield fault
                elif isinstance(inner, dict | list) or (texts and below not in _TEXTS):
                    open_.append((here, below, inner))
        elif isinstance(value, list):
            parts = ((number, inner) for number, inner in enumerate(value) if isinstance(inner, dict | list | str))
            open_.extend(((way, number), key, inner) for number, inner in parts if texts or type(inner) is not str)
        elif isinstance(value, str) and texts and key not in _TEXTS:
            yield from _text(f"{name}: {_shown(way)}", key, value, origins)


def _named(name: str, here: tuple[Way, str], value: Any) -> Fault | None:
    """A key that is refused whatever it has; null, false and nothing are none."""
    way, key = here
    plain = _snake(key)
    asked = plain in _KNOWN or (isinstance(value, str) and _names_a_model(plain, value))
    if not value or not asked:
        return None
    path = f"{name}: {_shown(here)}"
    if plain in _CODE:
        rule = "names code to run: servers never run with trust_remote_code, take a model that vLLM knows"
        return Fault(path=path, value=_short(value), rule=rule, example="a model without it")
    if plain != _NESTED:
        rule = "names another model: a server would load or serve that one, and the catalog knows these files only"
        return Fault(path=path, value=_short(value), rule=rule, example="a model without it; drafts are the kitchen's")
    if _NESTED in (_snake(step) for step in steps(way) if isinstance(step, str)):
        rule = "stands within another text_config: readers take one or the other"
        return Fault(path=path, value=_short(value), rule=rule, example='"text_config": {"hidden_size": 4096}')
    if not isinstance(value, dict):
        rule = "must be a JSON object: readers would take the numbers beside it, or none"
        return Fault(path=path, value=_short(value), rule=rule, example='"text_config": {"hidden_size": 4096}')
    return None


def _snake(key: str) -> str:
    """A key as it is compared: `autoMap`, `AUTO-MAP` and `auto_map ` are one."""
    apart = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", unicodedata.normalize("NFKC", key[:200])).lower()
    return re.sub(r"[^a-z0-9]+", "_", apart).strip("_")


def _names_a_model(key: str, text: str) -> bool:
    words = key.split("_")
    if len(text) > _LONGEST_NAME or text != "".join(text.split()):
        return False
    if key in _PLAIN_ORIGINS or words[-1] in _NO_NAMES:
        return False
    return key.endswith(_ENDS) or not _NAMING.isdisjoint(words)


def _text(path: str, key: str, text: str, origins: list[str]) -> Iterator[Fault]:
    leads = _leads(unicodedata.normalize("NFKC", text).strip())
    if key in _FILES and not leads and not _PLAIN.fullmatch(text):
        leads = "a path"
    if leads is None:
        return
    if key in _ORIGINS or (key == "uri" and ".meta." in path):  # of what has quantized it
        origins.append(f"{key} {text[:60]!a}")
        return
    rule = f"is {leads}: a model is its own files, and nothing is fetched or read from elsewhere"
    yield Fault(path=path, value=_short(text), rule=rule, example="null, or the name of a file beside it")


def _leads(text: str) -> str | None:
    """Where a text leads to, None where it is no pointer."""
    if len(text) > 1024 or "\n" in text:
        return None
    if _ADDRESS.match(text):
        return "an address"
    if _ROOTED.match(text):
        return "a path"
    if any(unicodedata.category(sign) == "Cf" for sign in text):
        return "a text with characters that no reader sees"
    if _SOURCE.fullmatch(text):
        return "a file of code"
    return "the name of a repository" if _REPOSITORY.fullmatch(text) and not _MEDIA.fullmatch(text) else None


def _shown(way: Way) -> str:
    return ascii(written(way)[:120])[1:-1]


def _short(value: Any) -> Any:
    return value if isinstance(value, bool | int | str) and len(str(value)) <= 80 else f"{str(value)[:80]}..."
