"""What a base model's JSON files point to outside themselves: code, other models, paths and addresses.

A served model is the files of its catalog entry and nothing else. vLLM 0.27.1 follows `speculators_config` to another
model and serves that one, Ultravox `text_model_id` and `audio_model_id`, and transformers `auto_map` to code. So any
text that leads to a file, a repository or an address is a fault, unless its key is one that nothing here reads.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from infra.faults import Fault

_CODE = ("auto_map", "custom_pipelines", "trust_remote_code", "custom_generate", "custom_code")
_MODELS = (
    *("speculators_config", "speculative_config", "draft_model", "draft_model_config", "assistant_model", "verifier"),
    *("base_model_name_or_path", "base_model", "adapter_path", "peft_config", "text_model_id", "audio_model_id"),
)
"""Keys that name another model, whatever stands there."""

_ORIGINS = (
    *("_name_or_path", "name_or_path", "model_name_or_path", "tokenizer_file", "special_tokens_map_file"),
    *("vision_model_name", "model_name", "source", "license", "license_link", "homepage", "repo_url", "citation"),
    *("original_model", "parent_model", "trained_from", "teacher_model"),
)
"""Keys that say where something came from: servers set or leave them, and none follows them (vLLM 0.27.1)."""

_FILES = ("vocab_file", "merges_file", "tokenizer_object", "tokenizer_path", "spm_file", "sp_model_file")
"""Keys whose file lies beside, by its plain name."""

_PLAIN = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,127}")
_ADDRESS = re.compile(r"(?i)[a-z][a-z0-9+.-]*:/?/\S")
_ROOTED = re.compile(r"(?:/(?!/)[^\s/<>]+/|~/|\.{1,2}/|[A-Za-z]:\\|\\\\|file:)")
_REPOSITORY = re.compile(r"[A-Za-z0-9][\w.-]{0,95}/[A-Za-z0-9][\w.-]{0,95}(?:--\S+)?")
_TEXTS = ("content", "chat_template", "chat_templates", "default_chat_template", "template", "system_prompt", "prompt")
"""Keys whose texts are a token's or a conversation's."""

_NO_SETTINGS = ("tokenizer.json", "vocab.json", "added_tokens.json", "special_tokens_map.json", "tekken.json")
"""Files of vocabularies: any key and any text may stand there."""

_INDEX = ".index.json"
_NESTED = "text_config"
_TOLD = 5


def pointer_faults(parsed: Mapping[str, Any], notes: list[str]) -> Iterator[Fault]:
    """Every pointer in the parsed files; `notes` get those that say where the model came from and are not followed."""
    for name, content in sorted(parsed.items()):
        if name.lower() in _NO_SETTINGS or name.endswith(_INDEX):
            continue
        origins: list[str] = []
        faults = list(_walk(name, content, origins))
        yield from faults[:_TOLD]
        if len(faults) > _TOLD:
            rule = f"{len(faults) - _TOLD} more keys lead to code, to other models or out of the folder"
            yield Fault(path=name, value=f"{len(faults)} in all", rule=rule, example="a model without them")
        if origins:
            notes.append(f"{name}: says where it came from, which no server follows: {', '.join(origins[:3])}")


def _walk(name: str, content: Any, origins: list[str]) -> Iterator[Fault]:
    """Every key at any depth, in lists too; the text decides how deep it goes, so no call is made for a level."""
    open_: list[tuple[str, str, Any]] = [("", "", content)]
    while open_:
        way, key, value = open_.pop(0)
        if isinstance(value, dict):
            for below, inner in value.items():
                path = f"{way}.{below}" if way else str(below)
                fault = _named(f"{name}: {_shown(path)}", way, below, inner)
                if fault is not None:
                    yield fault
                elif below not in _TEXTS:
                    open_.append((path, below, inner))
        elif isinstance(value, list):
            open_ += [(f"{way}[{number}]", key, inner) for number, inner in enumerate(value)]
        elif isinstance(value, str):
            yield from _text(f"{name}: {_shown(way)}", key, value, origins)


def _named(path: str, way: str, key: str, value: Any) -> Fault | None:
    """A key that is refused whatever it has; null, false and nothing are none."""
    if not value:
        return None
    if key in _CODE:
        rule = "names code to run: servers never run with trust_remote_code, take a model that vLLM knows"
        return Fault(path=path, value=_short(value), rule=rule, example="a model without it")
    if key in _MODELS:
        rule = "names another model: a server would load or serve that one, and the catalog knows these files only"
        return Fault(path=path, value=_short(value), rule=rule, example="a model without it; drafts are the kitchen's")
    if key == _NESTED and way.rpartition(".")[2] == _NESTED:
        rule = "stands within another text_config: readers take one or the other"
        return Fault(path=path, value=_short(value), rule=rule, example='"text_config": {"hidden_size": 4096}')
    return None


def _text(path: str, key: str, text: str, origins: list[str]) -> Iterator[Fault]:
    leads = _leads(text)
    if key in _FILES and not leads and not _PLAIN.fullmatch(text):
        leads = "a path"
    if leads is None:
        return
    if key in _ORIGINS:
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
    return "the name of a repository" if _REPOSITORY.fullmatch(text) else None


def _shown(way: str) -> str:
    return ascii(way[:120])[1:-1]


def _short(value: Any) -> Any:
    return value if isinstance(value, bool | int | str) and len(str(value)) <= 80 else f"{str(value)[:80]}..."
