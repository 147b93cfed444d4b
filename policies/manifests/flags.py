"""A server's command line, as vLLM's parser reads it.

vLLM reads with argparse: the unique beginning of a flag's name is the flag, values follow behind `=` or as further
words, and a later time replaces an earlier one. vLLM itself adds that `_` is `-` in a name, and that `--name.key` is a
part of a JSON value.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from policies.judging.pace import once
from policies.judging.subject import Subject
from policies.judging.values import UNKNOWN, JsonValue
from policies.manifests.pod_finder import pods
from policies.manifests.pods import Container
from policies.manifests.server_flags import ServerFlag, meant_by, short_flags
from policies.manifests.starts import starts
from policies.reading.own import json_of_python

LORA_FLAGS = ("enable-lora", "max-loras", "max-lora-rank", "max-cpu-loras", "lora-modules", "default-mm-loras")
_NUMBER = re.compile(r"-\d+|-\d*\.\d+")


@dataclass(kw_only=True)
class Flags:
    """Values of each flag by its whole name, one list for each time that it is given.

    `parts` are those that `--name.key` gives, with their keys; they stand in `given` too.
    `unknown` where a word is not known. `models` are the words that stand for no flag: vLLM takes the first as the
    model. `strangers` are flags that vLLM does not have; `unread` what of the container cannot be read; `starts_vllm`
    whether these are words of a server that is known to start. `variables`, `assigned` and `folders` are what the words
    before it change, as `starts` tells it.
    """

    given: dict[str, list[list[str]]] = field(default_factory=dict)
    parts: dict[str, list[tuple[str, str]]] = field(default_factory=dict)
    unknown: bool = False
    models: list[str] = field(default_factory=list)
    strangers: list[str] = field(default_factory=list)
    unread: tuple[str, ...] = ()
    starts_vllm: bool = False
    variables: tuple[tuple[str, JsonValue], ...] = ()
    assigned: tuple[tuple[str, JsonValue], ...] = ()
    folders: tuple[JsonValue, ...] = ()

    @property
    def has_lora(self) -> bool:
        """Whether any of vLLM's LoRA flags is given."""
        return any(flag in self.given for flag in LORA_FLAGS)

    def last(self, flag: str) -> list[str] | None:
        """Values of the last time, which is the one that counts; None where it is not given."""
        found = self.given.get(flag)
        return found[-1] if found else None


def flags_of(container: Container, *, runs_vllm: bool = False) -> Flags:
    """Read command and arguments; `runs_vllm` says that the container's image starts the server by itself."""
    found: Flags = _flags_of(container.spec, runs_vllm)
    return found


@once
def _flags_of(spec: dict[str, JsonValue], runs_vllm: bool) -> Flags:
    """The same by the container's content, which all rules of a request share."""
    found = Flags()
    read = starts(Container(path="", group="", spec=spec), runs_vllm=runs_vllm)
    for words in read.servers:
        _Reader(found, list(words), strict=True).read()
    for words in read.others:
        _Reader(found, list(_split(words)), strict=False).read()
    found.unread = tuple(dict.fromkeys(read.unread))
    found.starts_vllm = bool(read.servers)
    found.variables, found.assigned = tuple(read.variables), tuple(read.assigned)
    found.folders = tuple(read.folders)
    return found


def lora_containers(subject: Subject) -> tuple[tuple[Container, Flags], ...]:
    """Containers that are given a LoRA flag, with their command line."""
    found: tuple[tuple[Container, Flags], ...] = _lora_containers(subject)
    return found


@once
def _lora_containers(subject: Subject) -> tuple[tuple[Container, Flags], ...]:
    read = [(container, flags_of(container, runs_vllm=True)) for pod in pods(subject) for container in pod.containers()]
    return tuple((container, flags) for container, flags in read if flags.has_lora)


@dataclass
class _Reader:
    """Reads words into flags; `strict` where vLLM itself reads them, so that what it does not have is a stranger."""

    found: Flags
    words: list[JsonValue]
    strict: bool
    at: int = 0

    def read(self) -> None:
        parts = self._take_parts()
        self._read_rest()
        # vLLM adds them behind all others, so that they are what counts.
        for name, key, value in parts:
            meant = self._meant(name) if name.startswith("--") else self._meant_short(name)
            self.found.unknown = self.found.unknown or value is UNKNOWN
            if self.strict and any(flag.takes == "0" for flag in meant):
                # The object stands behind a flag that takes no value: vLLM would take it for the model.
                self.found.strangers.append(f"{name.removeprefix('--')}.{key}")
            self._give(meant, name.removeprefix("--"), value if isinstance(value, str) else "", key=key)

    def _take_parts(self) -> list[tuple[str, str, JsonValue]]:
        """Take out `--name.key value` with whatever word follows, as vLLM does before argparse sees the words."""
        rest: list[JsonValue] = []
        found: list[tuple[str, str, JsonValue]] = []
        words = iter(self.words)
        for word in words:
            written, equals, value = word.partition("=") if isinstance(word, str) else ("", "", "")
            if not written.startswith("-") or "." not in written or written.startswith("-O"):
                rest.append(word)
                continue
            name, _, key = written.partition(".")
            following = value if equals else next(words, "")
            found.append((name.replace("_", "-"), key, following))
        self.words = rest
        return found

    def _read_rest(self) -> None:
        while self.at < len(self.words):
            word = self.words[self.at]
            self.at += 1
            if not isinstance(word, str):
                self.found.unknown = self.found.unknown or word is UNKNOWN
            elif word == "--":
                rest = self.words[self.at :]
                self.found.models += [entry for entry in rest if isinstance(entry, str)]
                self.found.unknown = self.found.unknown or UNKNOWN in rest
                return
            elif word.startswith("--"):
                self._long(word)
            elif word.startswith("-") and len(word) > 1 and not _NUMBER.fullmatch(word):
                self._short(word)
            elif self.strict:
                self.found.models.append(word)

    def _long(self, word: str) -> None:
        name, equals, value = word.partition("=")
        name = name.replace("_", "-")
        self._give(self._meant(name), name.removeprefix("--"), value if equals else None)

    def _meant(self, written: str) -> tuple[ServerFlag, ...]:
        name = written.removeprefix("--")
        meant = meant_by(name)
        if not self.strict and not (len(meant) == 1 and (meant[0].name == name or "lora" in meant[0].name)):
            # Of a program that is not known only what names a flag whole, or can be no other than one of adapters.
            return ()
        return meant

    def _short(self, word: str) -> None:
        name, equals, value = word.partition("=")
        known = short_flags()
        if name not in known and word[:2] in known:
            self._give((known[word[:2]],), name, word[2:].removeprefix("="))
        else:
            self._give(self._meant_short(name), name, value if equals else None)

    def _meant_short(self, name: str) -> tuple[ServerFlag, ...]:
        known = short_flags()
        if name in known:
            return (known[name],)
        # Of a program that is not known the beginning of a short name says nothing.
        return tuple(flag for short, flag in known.items() if short.startswith(name)) if self.strict else ()

    def _give(self, meant: tuple[ServerFlag, ...], name: str, value: str | None, *, key: str = "") -> None:
        if not meant and self.strict:
            self.found.strangers.append(name)
        takes = "1" if key else meant[0].takes if meant else "+"
        if value is not None:
            values = [value]
        elif takes == "1":
            values = self._following(most=1, any_word=True)
        else:
            values = self._following(most={"0": 0, "?": 1}.get(takes, len(self.words)), any_word=False)
        for flag in [entry.name for entry in meant] or [name]:
            self.found.given.setdefault(flag, []).append(values)
            if key:
                self.found.parts.setdefault(flag, []).extend((key, text) for text in values)

    def _following(self, most: int, *, any_word: bool) -> list[str]:
        """The words behind a flag that are its values; a single one may begin with a dash, it is taken as it stands."""
        values: list[str] = []
        while self.at < len(self.words) and len(values) < most:
            word = self.words[self.at]
            if word is UNKNOWN:
                self.found.unknown = True
            elif isinstance(word, str) and word.startswith("-") and (not any_word or word.startswith("--")):
                break
            self.at += 1
            if isinstance(word, str):
                values.append(word)
            elif most == 1:
                break
        return values


@dataclass(frozen=True, kw_only=True)
class Module:
    """One value of `--lora-modules`; `name` and `path` are None where they cannot be read."""

    text: str
    name: str | None
    path: str | None


def modules(flags: Flags) -> Iterator[Module]:
    """Adapters that a server starts with: `name=path`, or JSON with `name` and `path`."""
    for values in flags.given.get("lora-modules", []):
        # vLLM passes over an empty one.
        yield from (_module(text) for text in values if text)


def _module(text: str) -> Module:
    if "=" in text and "," not in text and not text.lstrip().startswith("{"):
        name, _, path = text.partition("=")
        return Module(text=text, name=name or None, path=path)
    try:
        found = json_of_python(text)
    except ValueError:
        name = text.partition("=")[0]
        return Module(text=text, name=name or None, path=None)
    entry = found if isinstance(found, dict) else {}
    said = {key: value for key, value in entry.items() if isinstance(value, str)}
    return Module(text=text, name=said.get("name"), path=said.get("path"))


def _split(words: Sequence[JsonValue]) -> Iterator[JsonValue]:
    """Words of a program that is not known: one that holds flags is split, as a shell would."""
    for word in words:
        if isinstance(word, str) and " --" in word and not word.startswith("{"):
            try:
                yield from shlex.split(word)
            except ValueError:
                yield from word.split()
        else:
            yield word
