"""Whether an update may do without the engine's checkpoints: decided from its preview (docs/adr/0025).

The engine writes the whole state before and after each change of a resource, so that the time for it grows with the
square of their number. Without these checkpoints it writes the state once, when the update closes: also after an error
and after an interruption, but not when it is killed.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from tools.engine.outcome import CREATE, SAME, UPDATE, Outcome

VARIABLE = "PULUMI_SKIP_CHECKPOINTS"
"""The engine's own switch. `PULUMI_EXPERIMENTAL` is not needed for it, and would also make plans strict."""

ALWAYS = "KITCHEN_CHECKPOINTS"
"""Environment variable; with any value every update has its checkpoints."""

WITHOUT = {VARIABLE: "true"}

WORTH = 5_000
"""Changes times resources from which on the checkpoints are felt: about half a second (55 microseconds each)."""

_SAFE = (CREATE, UPDATE)


@dataclass(frozen=True, kw_only=True)
class Verdict:
    """Whether an update does without checkpoints, and why (or why not), in words for a person."""

    skip: bool
    reason: str

    @property
    def variables(self) -> dict[str, str]:
        """The engine's environment for this update; it overrides what the user's own says."""
        return {VARIABLE: "true" if self.skip else "false"}


def may_skip(preview: Outcome) -> Verdict:
    """Judge by the preview of the very same update: only creations and updates in place, told completely, and many."""
    if os.environ.get(ALWAYS):
        return Verdict(skip=False, reason=f"{ALWAYS} is set")
    if why := next(_doubts(preview), ""):
        return Verdict(skip=False, reason=why)
    changes = sum(preview.counts.get(operation, 0) for operation in _SAFE)
    if not changes:
        return Verdict(skip=False, reason="nothing changes")
    if changes * sum(preview.counts.values()) < WORTH:
        return Verdict(skip=False, reason=f"{changes} changes: checkpoints take no time that is felt")
    return Verdict(skip=True, reason=f"{changes} creations and updates in place, nothing is deleted or replaced")


def _doubts(preview: Outcome) -> Iterator[str]:
    """Reasons against: what is deleted or replaced, and whatever makes the preview less than the whole truth."""
    if preview.status != 0 or preview.failed or not preview.is_complete:
        yield "the preview did not come to its end"
    if other := sorted(operation for operation in _operations(preview) if operation not in (*_SAFE, SAME)):
        yield f"the preview shows what is more than a creation or an update in place: {', '.join(other)}"
    if any("unreachable" in message.text for message in preview.messages):
        yield "the preview did not reach the cluster"
    told = preview.by_operation()  # the engine's own default providers too, which it does not count
    if any(preview.counts.get(operation, 0) > told[operation] for operation in _SAFE):
        yield "the preview does not name everything that it counts"


def _operations(preview: Outcome) -> set[str]:
    counted: Mapping[str, int] = preview.counts
    return {operation for operation, count in counted.items() if count} | set(preview.by_operation())
