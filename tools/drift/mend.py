"""Says what was found, waits for what is still going, and lets the engine look at what is gone.

The engine then knows that it is gone, and the update that follows makes it again. Fields that somebody has changed
stay as they are unless `take_back` names their objects: an update of these objects alone then takes the fields over.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Protocol

from tools.drift.compare import Drift, Taken
from tools.drift.leaving import Wait
from tools.drift.recorded import holders_of_claim
from tools.drift.report import BY_AN_UPDATE, lines
from tools.kube import Kube

TAKE_OVER = {"PULUMI_K8S_ENABLE_PATCH_FORCE": "true"}
"""Tells the Kubernetes provider to take a field from its other owner; given for updates of named objects alone."""

_ALL = ("yes", "all")


class DriftError(Exception):
    """Something that was removed or changed by hand could not be mended; `str()` says what and what to do."""


class Engine(Protocol):
    """The two runs of the engine that mending needs; each returns the engine's exit status."""

    def refresh(self, targets: Sequence[str]) -> int:
        """Compare the state with what is there, for these URNs alone."""
        ...

    def take_over(self, targets: Sequence[str]) -> int:
        """Update these URNs alone, with TAKE_OVER."""
        ...


@dataclass(frozen=True, kw_only=True)
class Mending:
    """How to mend: `command` is what a person typed; `patience` how long is waited for what is still going."""

    command: str
    patience: float
    say: Callable[[str], None]
    take_back: str = ""


def mend(drift: Drift, kube: Kube, engine: Engine, how: Mending) -> list[str]:
    """Do it, and return sentences on what is left to a person. Raises DriftError, with nothing changed so far.

    What is still going and is no namespace does not hold up the rest of the update: it is told in the end.
    """
    back = chosen(drift.taken, how.take_back)
    for line in lines(replace(drift, stale=()), how.command, back=back):
        how.say(line)
    wait = Wait(kube, how.say, how.patience, drift.stale)
    namespaces = [row for row in drift.leaving if row.entry.kind.kind == "Namespace"]
    if stuck := wait.until_gone(namespaces):
        raise DriftError("\n".join(wait.verdict(row, how.command) for row in stuck))
    others = [row for row in drift.leaving if row not in namespaces]
    held = wait.held(others)
    # A Job whose volume is held by pods has still its work to show; a claim goes only after the pods of its Job.
    stale = [job for job in drift.stale if not any(holders_of_claim([job], row.entry) for row in held)]
    for line in lines(Drift(stale=stale), how.command):
        how.say(line)
    for job in stale:
        kube.delete(job.kind, job.namespace, job.name)
    stuck = [*held, *wait.until_gone([row for row in others if row not in held])]
    kept = {row.entry.urn for row in stuck} | {job.urn for job in drift.stale if job not in stale}
    gone = [urn for urn in drift.gone if urn not in kept]
    urns = [*gone, *(row.entry.urn for row in back)]
    if urns and engine.refresh(urns) != 0:
        raise DriftError("the engine could not look at what was removed or changed by hand: its messages are above")
    if back and engine.take_over([row.entry.urn for row in back]) != 0:
        raise DriftError("what was changed by hand could not be taken back: the engine's messages are above")
    return [wait.verdict(row, how.command) for row in stuck]


def mend_after(drift: Drift, engine: Engine, how: Mending) -> bool:
    """After an update: whether something is gone that was there before, so that one more update is needed.

    An update that finishes a replacement of an interrupted one removes the old object by its name, at its very end.
    When the settings have gone back in between, that is the name of what it has just made. Raises DriftError.
    """
    gone = Drift(missing=drift.missing, store=tuple(row for row in drift.store if row.gone))
    if not gone.gone:
        return False
    for line in lines(gone, how.command, removed=BY_AN_UPDATE):
        how.say(line)
    if engine.refresh(gone.gone) != 0:
        raise DriftError("the engine could not look at what is gone: its messages are above")
    return True


def chosen(taken: Sequence[Taken], take_back: str) -> list[Taken]:
    """What is to be taken back: everything, or what is named as the lines name it. Raises DriftError."""
    if not take_back.strip():
        return []
    names = [name.strip() for name in take_back.split(",") if name.strip()]
    if len(names) == 1 and names[0] in _ALL:
        return list(taken)
    there = {str(row.entry): row for row in taken}
    if unknown := [name for name in names if name not in there]:
        known = ", ".join(f"'{name}'" for name in there) or "nothing: no declared field was changed by hand"
        raise DriftError(f"TAKE_BACK='{unknown[0]}': rule: yes, or one of: {known}; nothing was changed")
    return [there[name] for name in names]
