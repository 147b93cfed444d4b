"""The engine's runs on what somebody has removed or changed by hand, and on nothing else."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from tools.drift import Drift
from tools.drift.mend import TAKE_OVER
from tools.engine import report
from tools.engine.journal import Stack
from tools.engine.outcome import Outcome
from tools.engine.recovery import apply_again
from tools.progress import note


class Run(Protocol):
    """Runs the engine on a stack."""

    def __call__(self, command: str, *options: str, variables: Mapping[str, str] | None = None) -> Outcome:
        """Run a command with options and further variables."""


@dataclass(frozen=True, kw_only=True)
class Targeted:
    """The two runs that mending needs (`tools.drift.mend`); what makes one fail is said."""

    run: Run
    stack: Stack

    def refresh(self, targets: Sequence[str]) -> int:
        """Let the engine look at these; it forgets what is gone, and the next update applies the others again."""
        if (status := self._status("refresh", targets)) == 0:
            apply_again(self.stack, targets)
        return status

    def take_over(self, targets: Sequence[str]) -> int:
        """Update these, and take their fields from whoever has them."""
        return self._status("up", targets, TAKE_OVER)

    def _status(self, command: str, targets: Sequence[str], variables: Mapping[str, str] | None = None) -> int:
        words = [word for urn in targets for word in ("--target", urn)]
        outcome = self.run(command, "--yes", "--skip-preview", "--suppress-outputs", *words, variables=variables)
        if outcome.status != 0:
            for line in report.failure(outcome):
                note(line)
        return outcome.status or 0


def spared(found: Drift) -> list[str]:
    """Options of a refresh of everything, so that the next update takes nothing back that was changed by hand."""
    return [word for row in found.taken for word in ("--exclude", row.entry.urn)]
