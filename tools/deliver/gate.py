"""Between a delivery's preview and its update: nothing goes on that no approved plan names."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from ops.plan.report import Entry
from tools.deliver.compare import by_hand, unplanned
from tools.deliver.errors import NotApprovedError
from tools.drift import Drift
from tools.engine.change import CREATE, SAME
from tools.engine.outcome import Outcome
from tools.progress import note

Earlier = Callable[[], tuple[Sequence[Entry], Sequence[str]]]
"""Operations of earlier approved plans that were not delivered, and why others do not count."""

_MOST = 40


@dataclass
class Gate:
    """Asked with each preview (`tools.pipeline.deploy`).

    `accepted` are patterns of objects' names, as a person gave them. `earlier` is asked once, and only where the plan
    does not name everything.
    """

    stack: str
    planned: Sequence[Entry]
    earlier: Earlier
    accepted: Sequence[str] = ()
    passed: bool = False
    _more: tuple[Sequence[Entry], Sequence[str]] | None = field(default=None, repr=False)

    def __call__(self, before: Outcome, found: Drift) -> None:
        """Raise NotApprovedError, with every operation that no approved plan names.

        Once passed, what was found removed by hand is no news: it is then planned to be made again. Who refuses then
        does not say that nothing was done: what an interrupted run or somebody's hand has left may have been tidied.
        """
        known = set(found.gone) if self.passed else set()
        changes = [change for change in before.object_changes() if change.urn not in known]
        lines = unplanned(changes, self.planned, self.accepted)
        lost = [] if self.passed else by_hand(found, self.accepted)
        why: Sequence[str] = ()
        if lines:
            self._more = self._more or self.earlier()
            more, why = self._more
            left = unplanned(changes, [*self.planned, *more], self.accepted)
            if len(left) < len(lines):
                count = len(lines) - len(left)
                note(f"stack {self.stack}: {count} operations of earlier approved plans are delivered too")
            lines = left
        if lines or lost:
            staying = sum(one.is_object and one.operation == SAME for one in before.started)
            raise NotApprovedError(self._told([*lines, *lost], why, staying))
        self.passed = True

    def _told(self, lines: Sequence[str], why: Sequence[str], staying: int) -> str:
        shown = [f"  not in the approved plan: {line}" for line in lines[:_MOST]]
        if len(lines) > _MOST:
            shown.append(f"  and {len(lines) - _MOST} more")
        return "\n".join(
            [
                f"stack {self.stack}: the update would do more than was approved; "
                + ("the update was not begun" if self.passed else "nothing was applied"),
                *shown,
                *(f"  does not count: {line}" for line in why),
                *self._way(lines, staying),
            ]
        )

    def _way(self, lines: Sequence[str], staying: int) -> Sequence[str]:
        """How a person accepts them: by name, or all of them where a stack has next to nothing yet (`staying`)."""
        deliver = f"make deliver STACK={self.stack}"
        if len(lines) > max(_MOST, staying) and all(line.startswith(f"{CREATE} ") for line in lines):
            return (
                f"  so many that are only made: the first delivery of a stack; see them all by make preview "
                f"STACK={self.stack}",
                f"  a person who has looked at them accepts them all: {deliver} ACCEPT='*'",
            )
        name = lines[0].split(": ")[0].split(" ", 1)[1]
        return (f"  a person who has looked at them accepts them by name, * is any text: {deliver} ACCEPT='{name}'",)
