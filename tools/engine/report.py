"""A run of the engine as people read it: what changes, what is dangerous, what is wrong, what is not shown."""

from __future__ import annotations

from collections.abc import Sequence

from tools.engine.change import CREATE
from tools.engine.findings import errors, policies, warnings
from tools.engine.outcome import Outcome
from tools.engine.refused import refused
from tools.engine.sentences import dangers, headline, kinds, sentences
from tools.engine.words import counted, wrapped

__all__ = ["changed", "failure", "memory", "planned", "warnings", "wrong"]

_LAST = 5
"""Lines of the engine on stderr that are shown where no event tells why."""
_MEMORY = "GPU memory, GiB of one GPU:"


def planned(outcome: Outcome, *, everything: str) -> list[str]:
    """Lines of a preview. `everything` says where the rest is, such as `make preview VERBOSE=1`."""
    lines = []
    if outcome.object_changes() or outcome.status == 0:
        if outcome.errors():
            lines.append("this is not all of it, as the run failed:")
        lines += [headline(outcome, planned=True), *sentences(outcome, planned=True), *dangers(outcome, planned=True)]
        lines += _folded(outcome, everything)
    if outcome.status == 0 and (table := memory(outcome)):
        lines += ["", *table]
    return [*lines, *_separated(wrong(outcome, checked=True))]


def changed(outcome: Outcome, before: Outcome | None = None) -> list[str]:
    """Lines of an update, the first of them for itself. `before` is its preview, which knows of pods that restart."""
    return [
        headline(outcome, planned=False),
        *sentences(outcome, planned=False, before=before),
        *dangers(outcome, planned=False),
    ]


def failure(outcome: Outcome) -> list[str]:
    """Why a run failed: denials, errors in full with their objects, and what was not done."""
    denied = policies(outcome, checked=False)
    lines = [*denied, *errors(outcome), *refused(outcome)]
    if not lines:
        lines = [line for line in outcome.last_words if line.strip()][-_LAST:]
    return lines or [f"the engine ended with status {outcome.status}, without a word"]


def wrong(outcome: Outcome, *, checked: bool) -> list[str]:
    """Warnings, violations and errors of a run, all of them."""
    return [*warnings(outcome), *policies(outcome, checked=checked), *errors(outcome), *refused(outcome)]


def memory(outcome: Outcome) -> list[str]:
    """The table of GPU memory that the program tells."""
    found = next((m.text for m in outcome.messages if m.severity == "info" and m.text.startswith(_MEMORY)), "")
    return found.splitlines()


def _folded(outcome: Outcome, everything: str) -> Sequence[str]:
    """How many objects are not named, of which kinds, and where they are."""
    made = [change for change in outcome.object_changes() if change.operation == CREATE]
    if not made:
        return []
    return wrapped(f"not listed here: {counted(len(made), 'new object')} ({kinds(made)}); listed by: {everything}")


def _separated(lines: list[str]) -> list[str]:
    return ["", *lines] if lines else []
