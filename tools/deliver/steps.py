"""What a delivery has done, what it has not, and what to type next: told at its end, however it ends."""

from __future__ import annotations

from dataclasses import dataclass, field

from infra.faults import printable

DONE, FAILED, NOT_DONE = "done", "failed", "not done"
STOPPED, FAILED_AT, BUSY = (
    "stopped before anything was applied",
    "failed",
    "another run is at work; nothing was applied",
)
"""How statuses begin: the first and the last say that nothing was changed."""

STEPS = ("approved plan", "update", "kitchens Ready", "models called", "audit", "status")


@dataclass
class Steps:
    """The steps in their order; those that nobody has reached are `not done`."""

    stack: str
    commit: str = ""
    told: dict[str, tuple[str, list[str]]] = field(default_factory=dict)

    def done(self, step: str, *lines: str) -> None:
        """It is done."""
        self.told[step] = (DONE, list(lines))

    def failed(self, step: str, *lines: str) -> None:
        """It was tried."""
        self.told[step] = (FAILED, list(lines))

    @property
    def next(self) -> str:
        """The first step that is not done."""
        return next((step for step in STEPS if self.told.get(step, ("",))[0] != DONE), STEPS[-1])

    @staticmethod
    def touched(description: str) -> bool:
        """Whether a status that says this may stand for a delivery that has changed something."""
        return not description.startswith((STOPPED, BUSY, f"{FAILED_AT}: {STEPS[0]}"))

    def text(self, after: str) -> str:
        """The report; `after` is what to type next."""
        whole = all(self.told.get(step, ("",))[0] == DONE for step in STEPS)
        head = f"{self.stack}: {'delivered' if whole else 'not delivered'}"
        lines = [f"{head}{self.commit and f', commit {self.commit[:12]}'}"]
        for step in STEPS:
            state, said = self.told.get(step, (NOT_DONE, []))
            lines.append(f"  {state:<8}  {step}{': ' + printable(said[0]) if said else ''}")
            lines += [f"            {printable(line)}" for line in said[1:]]
        return "\n".join([*lines, f"next: {after}"])
