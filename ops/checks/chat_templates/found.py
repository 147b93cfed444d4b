"""Where a model's files have chat templates: Jinja files, and keys of JSON files at any depth.

transformers takes them from chat_template.jinja, chat_template.json, tokenizer_config.json (a text, or a list of named
ones), processor_config.json and the folder additional_chat_templates/, which a flat artifact cannot have; vLLM from
these. Which of several is taken is not asked here: each one is judged.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ops.checks.ways import Way, written

_KEYS = ("chat_template", "chat_templates", "default_chat_template", "jinja_template")
_VOCABULARIES = ("tokenizer.json", "vocab.json", "added_tokens.json")
"""Files whose keys are texts of a vocabulary."""


@dataclass(frozen=True, kw_only=True)
class Template:
    """A template and where it stands: a file, or a file with the way to its key. `text` None: no text stands there."""

    place: str
    text: str | None


def templates_of(folder: Path, names: Mapping[str, int], parsed: Mapping[str, Any]) -> list[Template]:
    """Return every template of the files in `folder`; raise OSError. One that is not UTF-8 has no text."""
    found = [Template(place=name, text=_text(folder / name)) for name in sorted(names) if _is_jinja(name)]
    for name in sorted(parsed):
        if name.lower() not in _VOCABULARIES:
            found += [Template(place=f"{name}: {way}", text=text) for way, text in _keys(parsed[name])]
    return found


def _is_jinja(name: str) -> bool:
    return name.lower().endswith((".jinja", ".jinja2", ".j2"))


def _text(path: Path) -> str | None:
    try:
        return path.read_bytes().decode("utf-8")
    except UnicodeDecodeError:
        return None


def _keys(value: Any) -> Iterator[tuple[str, str | None]]:
    """Templates below a value with the way to each; null is none."""
    level: deque[tuple[Way, Any]] = deque(((None, value),))
    while level:
        here, value = level.popleft()
        if isinstance(value, dict):
            for key, below in value.items():
                if key in _KEYS:
                    yield from _named(written((here, key)), below)
                else:
                    level.append(((here, key), below))
        elif isinstance(value, list):
            parts = ((number, below) for number, below in enumerate(value) if isinstance(below, dict | list))
            level.extend(((here, number), below) for number, below in parts)


def _named(way: str, value: Any) -> Iterator[tuple[str, str | None]]:
    """One template, or several with names: a list of name and template, or a mapping."""
    if value is None:
        return
    if isinstance(value, str):
        yield way, value
    elif isinstance(value, dict) and value and all(isinstance(text, str) for text in value.values()):
        yield from ((f"{way}.{name}", text) for name, text in value.items())
    elif isinstance(value, list) and all(_is_named(entry) for entry in value):
        yield from ((f"{way}.{entry['name']}", entry["template"]) for entry in value)
    else:
        yield way, None


def _is_named(entry: Any) -> bool:
    return isinstance(entry, dict) and isinstance(entry.get("name"), str) and isinstance(entry.get("template"), str)
