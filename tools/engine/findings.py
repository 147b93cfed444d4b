"""What a run found wrong: violations, errors and warnings, each once, with the object and the way out."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence

from tools.engine.outcome import Message, Outcome, Violation
from tools.engine.restarts import is_restart
from tools.engine.words import counted, some, wrapped

_ITSELF = re.compile(r'resource "urn:pulumi:[^"]*" ')
"""How the provider names the resource whose name stands before its message already."""
_EMPTY = ("error: update failed", "error: preview failed", "update failed", "preview failed",
          "resource operations failed")  # fmt: skip
"""Last words of the engine that say no more than its exit status."""


def errors(outcome: Outcome) -> list[str]:
    """Each error once, in full, with the resources that it is about."""
    said = (message for message in outcome.errors() if message.text.strip().lower() not in _EMPTY)
    return _blocks("error", said, _named(outcome))


def warnings(outcome: Outcome) -> list[str]:
    """Each warning once, with the resources that it is about; restarts of pods are told with their kitchen."""
    said = (message for message in outcome.messages if message.severity == "warning" and not is_restart(message.text))
    return _blocks("warning", said, _named(outcome))


def policies(outcome: Outcome, *, checked: bool) -> list[str]:
    """Every violation with its policy, object, message and example; then one line with their number.

    What a policy says of itself, and a rule and example that several violations share, are told once.
    """
    found = sorted(set(outcome.violations), key=lambda one: (one.level != "mandatory", one.policy, one.urn, one.text))
    groups: dict[tuple[str, str, str], dict[str, list[str]]] = defaultdict(lambda: defaultdict(list))
    for violation in found:
        general, _, message = violation.text.partition("\n")
        about, _, rule = (message.strip() or general).partition("; rule: ")
        groups[violation.level, violation.policy, general if message.strip() else ""][rule].append(about)
    lines = [
        line for (level, policy, general), rules in groups.items() for line in _group(level, policy, general, rules)
    ]
    return [*lines, _verdict(outcome, found)] if checked or found else lines


def _group(level: str, policy: str, general: str, rules: Mapping[str, Sequence[str]]) -> list[str]:
    word = "denied" if level == "mandatory" else "advice"
    lines = wrapped(f"{word}: {policy}: {general}".removesuffix(": "))
    for rule, abouts in rules.items():
        lines += [line for about in abouts for line in wrapped(about, "  ")]
        lines += wrapped(f"rule: {rule}", "    ") if rule else []
    return lines


def _verdict(outcome: Outcome, found: Sequence[Violation]) -> str:
    level = Counter(violation.level for violation in found)
    advice = f", {level['advisory']} to consider" if level["advisory"] else ""
    if level["mandatory"]:
        return f"policies: DENIED: {counted(level['mandatory'], 'violation')}{advice}; each rule: docs/policies.md"
    if outcome.status:
        return "policies: no verdict, as the run failed before its end"
    if not outcome.packs:
        return "policies: NONE RAN"
    return f"policies: passed, {len(outcome.rules)} of them{advice} ({', '.join(outcome.packs)})"


def _named(outcome: Outcome) -> dict[str, str]:
    """What each resource is called; the stack is not called anything."""
    return {change.urn: str(change) for change in outcome.started if change.kind != "Stack"}


def _blocks(word: str, messages: Iterable[Message], names: Mapping[str, str]) -> list[str]:
    """The whole texts, in the lines that they have: what one searches for or copies is not cut."""
    groups: dict[str, list[str]] = defaultdict(list)
    for message in _once(messages):
        groups[_ITSELF.sub("", message.text.strip().removeprefix("error: "))].append(names.get(message.urn, ""))
    lines = []
    for text, about in groups.items():
        first, *rest = text.splitlines()
        lines += [": ".join(filter(None, (word, some(filter(None, about)), first))), *(f"  {line}" for line in rest)]
    return lines


def _once(messages: Iterable[Message]) -> list[Message]:
    """Without those whose text is part of another one about the same resource."""
    every = list(dict.fromkeys(messages))
    return [
        one for one in every
        if not any(one != other and one.text in other.text and other.urn in ("", one.urn) for other in every)
    ]  # fmt: skip
