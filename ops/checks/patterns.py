"""Regular expressions of strangers that a server runs over what people say: those that may take for ever.

A tokenizer's patterns run on every request, those of a quantization (`re:...`) on every module's name. The usual way to
make one endless is a repetition within a repetition without a bound, as in `(a+)+`: a text of 40 letters then takes
years. Public tokenizers have none. What is not found here: repetitions one behind the other, which take a power.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from infra.faults import Fault
from ops.checks.ways import Way, written

_KEYS = ("Regex", "pat_str", "regex")
_FILES_WITH_PATTERNS = ("tekken.json",)
MOST_CHARACTERS = 10_000
_TOLD = 5


def pattern_faults(parsed: Mapping[str, Any]) -> Iterator[Fault]:
    """Every such expression in the parsed files."""
    for name, content in sorted(parsed.items()):
        found = [
            Fault(path=f"{name}: {way[:120]}", value=text[:80], rule=rule, example=r"\p{L}+")
            for way, text in _patterns(name, content)
            if (rule := _rule(text))
        ]
        yield from found[:_TOLD]


def _rule(text: str) -> str | None:
    if len(text) > MOST_CHARACTERS:
        return f"an expression has at most {MOST_CHARACTERS} characters"
    if repeats_within(text):
        return "repeats something that repeats itself without a bound: a short text may take years"
    return None


def _patterns(name: str, content: Any) -> Iterator[tuple[str, str]]:
    open_: list[tuple[Way, str, Any]] = [(None, "", content)]
    while open_:
        way, key, value = open_.pop()
        if isinstance(value, dict):
            for below, inner in value.items():
                if isinstance(inner, dict | list | str):
                    open_.append(((way, below), below, inner))
        elif isinstance(value, list):
            open_ += [((way, at), key, part) for at, part in enumerate(value) if isinstance(part, dict | list | str)]
        elif isinstance(value, str):
            known = key in _KEYS or (key == "pattern" and name.lower() in _FILES_WITH_PATTERNS)
            if known or (value.startswith("re:") and name.lower() == "config.json"):
                yield ascii(written(way))[1:-1], value.removeprefix("re:")


def repeats_within(text: str) -> bool:
    """Whether a group that has an unbounded repetition in it is itself repeated without a bound."""
    groups, at, last = [False], 0, False
    while at < len(text):
        sign = text[at]
        if sign == "\\":
            at, last = at + 2, False
        elif sign == "[":
            at, last = _class_end(text, at), False
        elif sign == "(":
            groups.append(False)
            at, last = at + 1, False
        elif sign == ")":
            last = len(groups) > 1 and groups.pop()
            groups[-1] = groups[-1] or last
            at += 1
        else:
            length, unbounded = _repetition(text, at)
            if unbounded:
                if last:
                    return True
                groups[-1] = True
            at, last = at + max(1, length), False
    return False


def _class_end(text: str, at: int) -> int:
    """The place behind a class of characters, in which `]` may stand first and classes may stand within."""
    at += 2 if text[at + 1 : at + 2] == "^" else 1
    at, depth = (at + 1 if text[at : at + 1] == "]" else at), 1
    while at < len(text) and depth:
        if text[at] == "\\":
            at += 1
        elif text[at] == "[":
            depth += 1
        elif text[at] == "]":
            depth -= 1
        at += 1
    return at


def _repetition(text: str, at: int) -> tuple[int, bool]:
    """The length of a repetition's sign, 0 for none, and whether it has no bound, or one that is as good as none."""
    if text[at] in "*+":
        possessive = text[at + 1 : at + 2] == "+"
        return 1 + (text[at + 1 : at + 2] in ("?", "+")), not possessive
    if text[at] != "{":
        return 0, False
    inner, end, _ = text[at + 1 :].partition("}")
    least, comma, most = inner.partition(",")
    numbers = all(part.isdigit() or not part for part in (least, most)) and bool(end) and bool(least or most)
    if not numbers:
        return 0, False
    return len(inner) + 2, bool(comma) and (not most or int(most[:9]) > 10)
