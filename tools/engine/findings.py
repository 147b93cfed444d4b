"""What a run found wrong: violations, errors and warnings, each once, with the object and the way out."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

from tools.engine.outcome import Message, Outcome, Violation
from tools.engine.restarts import is_restart
from tools.engine.words import counted, wrapped

_EMPTY = ("error: update failed", "error: preview failed", "update failed", "preview failed",
          "resource operations failed")  # fmt: skip
"""Last words of the engine that say no more than its exit status."""


def errors(outcome: Outcome) -> list[str]:
    """Each error once, with its resource and its full text."""
    lines: list[str] = []
    for message in _once(outcome.errors()):
        if message.text.strip().lower() not in _EMPTY:
            lines += _block("error", message, _named(outcome))
    return lines


def warnings(outcome: Outcome) -> list[str]:
    """Each warning once; restarts of pods are told with their kitchen."""
    said = (message for message in outcome.messages if message.severity == "warning" and not is_restart(message.text))
    names = _named(outcome)
    return [line for message in _once(said) for line in _block("warning", message, names)]


def policies(outcome: Outcome, *, checked: bool) -> list[str]:
    """Every violation with its policy, object, message and remedy; then one line with their number."""
    found = sorted(set(outcome.violations), key=lambda one: (one.level != "mandatory", one.policy, one.urn, one.text))
    lines = [line for violation in found for line in _violation(violation)]
    return [*lines, _verdict(outcome, found)] if checked or found else lines


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


def _violation(violation: Violation) -> list[str]:
    """The engine puts the policy's own description before the message that is about the object."""
    word = "denied" if violation.level == "mandatory" else "advice"
    general, _, message = violation.text.partition("\n")
    lines = wrapped(f"{word}: {violation.policy}: {message.strip() or general}")
    return lines + (wrapped(general, "  ", "  ") if message.strip() else [])


def _named(outcome: Outcome) -> dict[str, str]:
    """What each resource is called; the stack is not called anything."""
    return {change.urn: str(change) for change in outcome.started if change.kind != "Stack"}


def _block(word: str, message: Message, names: Mapping[str, str]) -> list[str]:
    """A text of one line is wrapped; one that has lines of its own keeps them."""
    about = f"{names[message.urn]}: " if message.urn in names else ""
    first, *rest = message.text.strip().splitlines()
    if not rest:
        return wrapped(f"{word}: {about}{first}")
    return [f"{word}: {about}{first}", *(f"  {line}" for line in rest)]


def _once(messages: Iterable[Message]) -> list[Message]:
    """Without those whose text is part of another one about the same resource."""
    every = list(dict.fromkeys(messages))
    return [
        one for one in every
        if not any(one != other and one.text in other.text and other.urn in ("", one.urn) for other in every)
    ]  # fmt: skip
