"""A server's command line, as its parser reads it."""

from __future__ import annotations

import json
import shlex
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from policies.judging.subject import Subject
from policies.judging.values import UNKNOWN, JsonValue
from policies.manifests.fields import command_line
from policies.manifests.pod_finder import pods
from policies.manifests.pods import Container

LORA_FLAGS = ("enable-lora", "max-loras", "max-lora-rank", "max-cpu-loras", "lora-modules")


@dataclass(frozen=True, kw_only=True)
class Flags:
    """Values of each flag, one list for each time that it is given; `unknown` where a word is not known."""

    given: dict[str, list[list[str]]] = field(default_factory=dict)
    unknown: bool = False

    @property
    def has_lora(self) -> bool:
        """Whether any of vLLM's LoRA flags is given."""
        return any(flag in self.given for flag in LORA_FLAGS)

    def last(self, flag: str) -> list[str] | None:
        """Values of the last time, which is the one that counts; None where it is not given."""
        found = self.given.get(flag)
        return found[-1] if found else None


def flags_of(container: Container) -> Flags:
    """Read command and arguments; vLLM takes `_` for `-` in the name of a flag, and a shell takes many words in one."""
    words = command_line(container)
    given: dict[str, list[list[str]]] = {}
    current: list[str] = []
    for word in _split(words):
        if word.startswith("--"):
            name, equals, value = word[2:].partition("=")
            current = [value] if equals else []
            given.setdefault(name.replace("_", "-"), []).append(current)
        else:
            current.append(word)
    return Flags(given=given, unknown=UNKNOWN in words)


def lora_containers(subject: Subject) -> Iterator[tuple[Container, Flags]]:
    """Containers that are given a LoRA flag, with their command line."""
    for pod in pods(subject):
        for container in pod.containers():
            flags = flags_of(container)
            if flags.has_lora:
                yield container, flags


@dataclass(frozen=True, kw_only=True)
class Module:
    """One value of `--lora-modules`; `name` is None where it cannot be read."""

    text: str
    name: str | None


def modules(flags: Flags) -> Iterator[Module]:
    """Adapters that a server starts with: `name=path`, or JSON with the key `name`."""
    for values in flags.given.get("lora-modules", []):
        for text in values:
            yield Module(text=text, name=_json_name(text) if text.startswith("{") else text.partition("=")[0] or None)


def _json_name(text: str) -> str | None:
    try:
        found = json.loads(text)
    except ValueError:
        return None
    name = found.get("name") if isinstance(found, dict) else None
    return name if isinstance(name, str) else None


def _split(words: Sequence[JsonValue]) -> Iterator[str]:
    for word in words:
        if not isinstance(word, str):
            continue
        if " --" in word and not word.startswith("{"):
            try:
                yield from shlex.split(word)
            except ValueError:
                yield from word.split()
        else:
            yield word
