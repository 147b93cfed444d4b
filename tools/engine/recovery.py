"""From a killed update to a state that can be believed: who finds out, and what is done before the next update.

With checkpoints the state itself says what was begun. Without, the journal does. Either way the state is compared with
what is there (a refresh), and what may have been changed is applied again by the next update (docs/adr/0025).
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from contextlib import contextmanager
from dataclasses import replace

from tools.damaged_error import DamagedError
from tools.engine.checkpoints import Verdict
from tools.engine.distrust import distrust
from tools.engine.journal import Journal, Stack, recorded, time_of
from tools.engine.outcome import Outcome


def to_recover(stack: Stack, *, restored: bool = False) -> Journal | None:
    """What may be there and not recorded, None when the state says it all.

    `restored`: the state is an older copy, so that nothing in it is known to be the newest.
    """
    latest, journal = stack.latest(), stack.journal.read()
    begun = bool(latest.get("pending_operations"))
    if not begun and not restored and not (journal and journal.is_open(latest)):
        return None
    found = Journal.of_pending(latest).after(journal)
    return replace(found, unsure=True, everything=found.everything or restored)


@contextmanager
def recovering(journal: Journal, stack: Stack, spared: Collection[str] = ()) -> Iterator[None]:
    """Frame a refresh of the state: begun once, a recovery that is cut is begun again.

    Afterwards the state holds that these objects are to be applied again, whatever the refresh has seen of them. Where
    that is every object, those of `spared` are left out: what somebody changed by hand would be a conflict.
    """
    stack.journal.write(journal)
    yield
    changed = set(journal.changed)
    if journal.everything:
        changed |= recorded(stack.latest()) - set(spared)
    apply_again(stack, changed)
    stack.journal.write(replace(journal, before=None, unsure=False, everything=False, changed=()))


def apply_again(stack: Stack, urns: Collection[str]) -> None:
    """Let the next update apply these objects whole; a refresh of them takes this away."""
    deployment = stack.exported() if urns else {}
    if distrust(deployment.get("deployment") or {}, urns):
        stack.imported(deployment)


@contextmanager
def recording(planned: Outcome, verdict: Verdict, stack: Stack) -> Iterator[None]:
    """Frame an update; one that has no checkpoints is written down before, until a state is written that says it all.

    The journal stays: what it says was made is looked for after the update (`leftovers`).
    """
    if not verdict.skip:
        yield
        return
    before = time_of(stack.latest())
    stack.journal.write(Journal.of(planned, before).after(stack.journal.read()))
    try:
        yield
    finally:
        if _is_written_since(before, stack) and (journal := stack.journal.read()):
            stack.journal.write(replace(journal, before=None, changed=()))


def _is_written_since(before: str, stack: Stack) -> bool:
    try:
        return time_of(stack.latest()) != before
    except DamagedError:  # the disk ran full: `make recover` goes back to the copy before
        return False
