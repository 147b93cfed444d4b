"""The house's one reader of YAML: what PyYAML, the engine's reader and kubectl's read alike, and at once.

One document; keys are texts, each once; no tags, no directives; plain words are texts, null, true, false, and numbers
as JSON writes them. A word that one reader takes for a date, a truth value or another number, and the next one for a
text, is refused: quotes make it a text. Aliases and `<<` count as if they were written out, so that a few lines cannot
stand for billions. Files that people write stay far below the limits: MAX_BYTES, MAX_DEPTH and MAX_VALUES.

libyaml gives the events; no value is built before its limits are known, and the reading ends at the first refusal.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from typing import Any, NoReturn

import yaml

from infra.faults import HIDDEN, Fault, printable

MAX_BYTES = 8 * 1024**2
"""Most bytes of a text: a catalog of 3,000 adapters has about 7 MB."""

MAX_DEPTH = 64
"""Most levels of a value; settings have 9."""

MAX_VALUES = 400_000
"""Most keys and values of a text with its aliases written out: a catalog of 3,000 adapters has about 250,000."""

_WEIGHT = 100
"""Characters of a text that count as one value more, for an alias may repeat it."""

_MAX_DIGITS, _MAX_FLOAT_CHARACTERS = 20, 40
_LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_MERGE, _END, _PREFIX = "<<", "\n", "kitchen:"
_SHOWN, _PARTS = 80, 8
_ODD = re.compile(r"^%(?:TAG|YAML)\b|[\x00\x85\u2028\u2029]|\r(?!\n)", re.M)
"""What is looked for before the reading: a text of nothing but directives would take the square of its length. And ends
of lines that YAML knows and people do not see: behind one, what looks like a remark is a key."""

_NULLS = frozenset({"", "~", "null", "Null", "NULL"})
_BOOLEANS = {"true": True, "True": True, "TRUE": True, "false": False, "False": False, "FALSE": False}
_INTEGER = re.compile(r"0|-?[1-9][0-9]*")
_FLOAT = re.compile(r"-?(?:0|[1-9][0-9]*)\.[0-9]+(?:[eE][-+][0-9]+)?")
_FIRST = frozenset("+-.0123456789yYnNoO<=")
_FOR_SOME = (
    (re.compile(r"y|n|yes|no|on|off", re.I), "is a truth value", "true, or 'yes' as a text"),
    (re.compile(r"<<|="), "is more than a text", "'=' as a text"),
    (re.compile(r"[0-9]{4}-[0-9]{1,2}-[0-9]{1,2}(?:[Tt \t].*)?"), "is a date", "'2026-12-31'"),
    (
        re.compile(
            r"""[-+]?(?:
                [0-9][0-9_]*(?:\.[0-9_]*)?(?:[eE][-+]?[0-9_]+)?  # 007, 1_000, +1, 5., 1e5, 1.5e3, too many digits
              | \.[0-9_]+(?:[eE][-+]?[0-9_]+)?                   # .5
              | 0[xX][0-9a-fA-F_]+ | 0[oO][0-7_]+ | 0[bB][01_]+
              | [0-9][0-9_]*(?::[0-5]?[0-9])+(?:\.[0-9_]*)?      # 1:30, minutes and seconds for YAML 1.1
              | \.(?:inf|Inf|INF) ) | \.(?:nan|NaN|NAN)""",
            re.X,
        ),
        "is this number",
        "10, 0.5, or '007' as a text",
    ),
)
"""Plain words on which readers differ: what each is, as the words of a rule, and a right form."""


class YamlError(ValueError):
    """Why a text is not read: `str()` is one line with the line, the place, the rule and a right form."""


def parse(content: bytes | str) -> Any:
    """Return the value of a text, None for one without any; raise YamlError."""
    if len(content) > MAX_BYTES:
        raise YamlError(f"is too long; rule: at most {MAX_BYTES} bytes; example: several files")
    text = _text(content)
    if odd := _ODD.search(text):
        line = text.count(_END, 0, odd.start()) + 1
        what = "a directive (%)" if odd[0].startswith("%") else f"the character U+{ord(odd[0]):04X}"
        raise YamlError(f"line {line}: has {what}; rule: no directives, and lines end as files do; example: key: value")
    parser = _LOADER(text)
    try:
        return _Builder(parser).document()
    except yaml.reader.ReaderError as error:
        line = text.count(_END, 0, error.position) + 1
        rule = f"U+{error.character:04X}; rule: characters that YAML has"
        raise YamlError(f"line {line}: holds the character {rule}; example: key: value") from None
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        said = " ".join(", ".join(part for part in (error.context, error.problem) if part).split())
        raise YamlError(printable(f"line {mark.line + 1 if mark else 1}: is no YAML: {said}")) from None
    finally:
        parser.dispose()


def dump(value: Any) -> str:
    """Return the YAML of plain data in block style, as this reader and every other one gives it back."""
    text: str = yaml.dump(
        value, Dumper=_Dumper, sort_keys=False, default_flow_style=False, allow_unicode=True, width=10_000
    )
    return text


class _Dumper(yaml.SafeDumper):
    """PyYAML's safe one, which leaves texts without quotes that other readers take for something else."""

    def ignore_aliases(self, data: Any) -> bool:
        """Write what stands twice twice."""
        del data
        return True


def _represented(dumper: _Dumper, text: str) -> yaml.ScalarNode:
    style = None if text.isprintable() else '"'
    if "\n" in text and text.replace("\n", "").isprintable():
        style = "|"  # line by line, where YAML can: a reviewer reads the lines that differ
    if any(pattern.fullmatch(text) or pattern.fullmatch(text.replace("_", "")) for pattern, _, _ in _FOR_SOME):
        style = "'"
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style)


_Dumper.add_representer(str, _represented)


def _text(content: bytes | str) -> str:
    if isinstance(content, bytes):
        if content.startswith((b"\xff\xfe", b"\xfe\xff")):
            raise YamlError("is UTF-16; rule: UTF-8; example: iconv -f UTF-16 -t UTF-8")
        try:
            content = content.decode("utf-8")
        except UnicodeDecodeError as error:
            raise YamlError(f"is not UTF-8 at byte {error.start}; rule: UTF-8; example: iconv -t UTF-8") from None
    if content.startswith("\ufeff"):
        raise YamlError("begins with a byte order mark; rule: UTF-8 without one; example: sed -i '1s/^.//' FILE")
    return content


@dataclass
class _Anchored:
    """What an anchor names: its value, how many values that is, and how many levels; open while it is being read."""

    value: Any = None
    size: int = 1
    height: int = 0
    is_open: bool = True


class _Builder:
    """Builds the one document; the keys down to the place are known, for messages."""

    def __init__(self, parser: Any) -> None:
        self._next = parser.get_event
        self._anchors: dict[str, _Anchored] = {}
        self._path: list[str] = []
        self._values = 0
        self._deepest = 0

    def document(self) -> Any:
        self._next()
        if type(self._next()) is yaml.StreamEndEvent:
            return None
        value = self._value(self._next(), 0)
        self._next()
        if type(event := self._next()) is not yaml.StreamEndEvent:
            self._refuse(event, "a file is one document: no line of --- further down", "two files", "a second document")
        return value

    def _value(self, event: Any, depth: int) -> Any:
        kind, before = type(event), self._values
        if kind is yaml.AliasEvent:
            return self._alias(event, depth)
        self._count(1 + len(event.value) // _WEIGHT if kind is yaml.ScalarEvent else 1, event)
        if event.tag is not None:
            self._refuse(event, "no tags: readers understand different ones", "the value alone", event.tag)
        around, anchored = self._deepest, None
        if event.anchor:
            anchored = self._anchors[event.anchor] = _Anchored()
            self._deepest = depth
        if kind is yaml.ScalarEvent:
            value = self._scalar(event) if event.implicit[0] else event.value
        else:
            self._reach(depth + 1, event)
            value = self._mapping(depth + 1) if kind is yaml.MappingStartEvent else self._list(depth + 1)
        if anchored is not None:
            anchored.value, anchored.size, anchored.is_open = value, self._values - before, False
            anchored.height = self._deepest - depth
            self._deepest = max(self._deepest, around)
        return value

    def _alias(self, event: Any, depth: int) -> Any:
        anchored, name = self._anchors.get(event.anchor), f"*{event.anchor}"
        if anchored is None:
            self._refuse(event, "an alias names an anchor above it", "the value written out", name)
        if anchored.is_open:
            self._refuse(event, "a value does not hold itself", "the value written out", name)
        self._count(anchored.size, event)
        self._reach(depth + anchored.height, event)
        return anchored.value

    def _list(self, depth: int) -> list[Any]:
        found: list[Any] = []
        self._path.append("")
        while type(event := self._next()) is not yaml.SequenceEndEvent:
            self._path[-1] = str(len(found))
            found.append(self._value(event, depth))
        self._path.pop()
        return found

    def _mapping(self, depth: int) -> dict[str, Any]:
        found: dict[str, Any] = {}
        merged: dict[str, Any] | None = None
        self._path.append("")
        while type(event := self._next()) is not yaml.MappingEndEvent:
            self._path[-1] = ""
            if _is_merge(event):
                if found or merged is not None:
                    self._refuse(event, "stands first in its mapping, and once", "<<: *common, then keys", _MERGE)
                merged = self._merged(depth)
                continue
            key = self._key(event)
            self._path[-1] = key
            if key in found:
                self._refuse(event, "a key stands once in its mapping", "one of the two", "stands twice")
            found[key] = self._value(self._next(), depth)
        self._path.pop()
        return {**merged, **found} if merged else found

    def _merged(self, depth: int) -> dict[str, Any]:
        """What `<<` names; of several mappings the first that has a key counts, as all readers say."""
        event = self._next()
        value = self._value(event, depth)
        sources = value[::-1] if isinstance(value, list) else [value]
        if not all(isinstance(source, dict) for source in sources):
            self._refuse(event, "names mappings", "<<: *common", _MERGE)
        return {key: entry for source in sources for key, entry in source.items()}

    def _key(self, event: Any) -> str:
        if type(event) is not yaml.ScalarEvent or event.tag is not None or event.anchor is not None:
            self._refuse(event, "keys are texts: no lists, mappings, aliases, tags or anchors", "key: value", "a key")
        self._count(1 + len(event.value) // _WEIGHT, event)
        text: str = event.value
        self._path[-1] = text
        if event.implicit[0] and not isinstance(self._scalar(event), str):
            self._refuse(event, "keys are texts: this one stands in quotes", "'1': value", text)
        return text

    def _scalar(self, event: Any) -> Any:
        """What a plain word is for every reader; refused where readers differ."""
        text: str = event.value
        if text in _NULLS:
            return None
        if text in _BOOLEANS:
            return _BOOLEANS[text]
        if text[0] not in _FIRST:
            return text
        if _INTEGER.fullmatch(text) and len(text) <= _MAX_DIGITS:
            return int(text)
        if len(text) <= _MAX_FLOAT_CHARACTERS and _FLOAT.fullmatch(text) and math.isfinite(float(text)):
            return float(text)
        for pattern, what, example in _FOR_SOME:
            if pattern.fullmatch(text) or pattern.fullmatch(text.replace("_", "")):
                self._refuse(event, f"{what} for some readers, and not for others", example, text)
        return text

    def _count(self, values: int, event: Any) -> None:
        self._values += values
        if self._values > MAX_VALUES:
            rule = f"at most {MAX_VALUES} keys and values, aliases written out; a long text counts as several"
            self._refuse(event, rule, "fewer aliases, or several files", "too many")

    def _reach(self, depth: int, event: Any) -> None:
        self._deepest = max(self._deepest, depth)
        if depth > MAX_DEPTH:
            self._refuse(event, f"at most {MAX_DEPTH} levels", "fewer levels", "nested too deeply")

    def _refuse(self, event: Any, rule: str, example: str, value: object = HIDDEN) -> NoReturn:
        """Raise; what may be a secret is not shown, as in every fault."""
        parts = [part.removeprefix(_PREFIX)[:_SHOWN] for part in self._path if part]
        path = ".".join([*parts[:_PARTS], *(["..."] if len(parts) > _PARTS else [])]) or "(document)"
        raise YamlError(
            f"line {event.start_mark.line + 1}: {Fault(path=path, value=value, rule=rule, example=example)}"
        )


def _is_merge(event: Any) -> bool:
    return type(event) is yaml.ScalarEvent and event.value == _MERGE and event.implicit[0] and event.tag is None
