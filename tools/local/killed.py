"""What becomes of what a killed update has left in the cluster and in no state (docs/adr/0025)."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from tools.engine.journal import Stack
from tools.engine.leftovers import Kubectl, UnseenError
from tools.local.errors import LocalError
from tools.progress import note


def look_after(
    stack: Stack, environment: Mapping[str, str], look: Callable[[Stack, Kubectl], list[str]], again: str
) -> bool:
    """Say what became of what a killed update has left, and return whether there was anything.

    kubectl runs with `environment`. Raises LocalError, with `again` as what to run once more, where it cannot be told.
    """
    try:
        told = look(stack, Kubectl(environment=dict(environment)))
    except UnseenError as error:
        raise LocalError(f"what a killed update left cannot be looked for: {error}; run {again} again") from None
    for line in told:
        note(f"left by a killed update: {line}")
    return bool(told)
