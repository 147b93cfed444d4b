"""The judgement on one template's text."""

from __future__ import annotations

import re
import unicodedata

from jinja2 import nodes

from ops.checks.chat_templates.finding import Finding, shown
from ops.checks.chat_templates.meaning import Meaning
from ops.checks.chat_templates.parsing import TemplateTextError, parse_template
from ops.checks.chat_templates.work import Work

_ADDRESS = re.compile(r"(?i)\b(?:[a-z][a-z0-9+.-]{1,9}://|www\.)[^\s'\"<>]{1,80}")
_SENTENCE = re.compile(r"[^\W\d_]+(?:[ ,.;:'-]{1,3}[^\W\d_]+){3,80}[.!]?")
"""Four words or more in a row."""

_HIDDEN = ("Cc", "Cf", "Co", "Cs", "Cn")
"""Kinds of characters that no reader sees (unicodedata.category)."""


def judge(text: str) -> list[Finding]:
    """Return what a reader must look at in a template, by line; an empty list is a template that is understood."""
    found = [*_hidden(text), *_addresses(text)]
    try:
        template = parse_template(text)
        found += {*Meaning(template).findings, *Work(template).findings}
    except TemplateTextError as error:
        found.append(Finding(line=1, name="text", rule=str(error), refused=True))
    except RecursionError:
        found.append(Finding(line=1, name="text", rule="is nested too deeply to be judged", refused=True))
    return sorted(found)


def sentences(text: str) -> list[str]:
    """Return what a template tells the model of its own, whatever people say: the longest first, each once."""
    try:
        template = parse_template(text)
    except TemplateTextError:
        return []
    told = [node.data for node in template.find_all(nodes.TemplateData)]
    told += [node.value for node in template.find_all(nodes.Const) if isinstance(node.value, str)]
    return sorted({found for part in told for found in _SENTENCE.findall(part)}, key=lambda part: (-len(part), part))


def _hidden(text: str) -> list[Finding]:
    """Characters that a reader of the template does not see, each kind once."""
    found: dict[str, int] = {}
    for number, line in enumerate(text.split("\n"), 1):
        for character in line:
            if not character.isascii() or ord(character) < 32:
                hidden = character in "\u2028\u2029" or unicodedata.category(character) in _HIDDEN
                if hidden and character not in "\t\r":
                    found.setdefault(character, number)
    return [
        Finding(line=number, name=f"character:U+{ord(sign):04X}", rule=f"has {shown(sign)}, which no reader sees")
        for sign, number in found.items()
    ]


def _addresses(text: str) -> list[Finding]:
    return [
        Finding(line=number, name=f"address:{match[0][:60]}", rule=f"has an address in it: {shown(match[0])}")
        for number, line in enumerate(text.split("\n"), 1)
        for match in _ADDRESS.finditer(line)
    ]
