"""What a deploy does about an earlier update of its stack that was killed (docs/adr/0025)."""

from __future__ import annotations

from collections.abc import Sequence

from tools.engine.checkpoints import WITHOUT
from tools.engine.recovery import recovering, to_recover
from tools.local.screen import Screen
from tools.pipeline.backend import Backend
from tools.pipeline.failed import failed
from tools.progress import note


def recover(backend: Backend, screen: Screen, options: Sequence[str], *, distrust: bool) -> bool:
    """Compare the state with what is there, where it cannot be believed, or with `distrust`; raise LocalError.

    Returns whether it was compared.
    """
    if (journal := to_recover(backend, restored=distrust)) is None:
        return False
    why = "every object is applied again, as was asked" if distrust else "an earlier update was interrupted"
    note(f"stack {backend.stack}: {why}; the state is compared with what is there")
    with recovering(journal, backend, options):
        words = ("--yes", "--skip-preview", "--clear-pending-creates", *options)
        done = screen.engine(backend, "refresh", *words, extra=WITHOUT)
        if done.status != 0:
            raise failed(f"stack {backend.stack}: the state cannot be compared; nothing changed", done, screen)
    return True
