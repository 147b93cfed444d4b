"""Statuses of a commit: what a plan says, what became of a delivery; and those alone that one account has set."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from ops.forge.things import FAILURE, SUCCESS, Forge, Status
from ops.plan.report import DENIED, FAILED, Environment

_DIGEST = re.compile(r"plan (sha256:[0-9a-f]{64})$")
_LONGEST = 140
"""Characters of a description that GitHub takes."""


def plan_context(environment: str) -> str:
    """Name of the status that says what a plan found."""
    return f"kitchen/plan ({environment})"


def deliver_context(environment: str) -> str:
    """Name of the status that says what became of a delivery."""
    return f"kitchen/deliver ({environment})"


def of_plan(environment: Environment, url: str = "") -> Status:
    """The status of one environment; its description ends in the digest that a delivery compares."""
    counts = ", ".join(f"{count} {word}" for word, count in environment.counts.items() if count and word != "same")
    verdict = environment.verdict
    if environment.approvals and verdict not in (DENIED, FAILED):
        verdict = f"{verdict} of {', '.join(environment.approvals)}"
    tail = f"; plan {environment.digest}" if environment.digest else ""
    said = verdict if not counts else f"{verdict}: {counts}"
    room = _LONGEST - len(tail)
    return Status(
        context=plan_context(environment.name),
        state=FAILURE if environment.verdict in (DENIED, FAILED) else SUCCESS,
        description=(said if len(said) <= room else f"{said[: room - 3]}...") + tail,
        url=url,
    )


def put(forge: Forge, commit: str, statuses: Sequence[Status]) -> None:
    """Set each of them; raise ForgeError."""
    for status in statuses:
        forge.set_status(commit, status)


def own(forge: Forge, commit: str, account: str = "") -> Mapping[str, Status]:
    """By its name the newest status of each that `account` has set, or else our own. Raise ForgeError."""
    account = account or forge.account
    found: dict[str, Status] = {}
    for status in forge.statuses(commit):
        if status.author == account:
            found.setdefault(status.context, status)
    return found


def digest_in(status: Status) -> str | None:
    """The digest of a plan's status; None where it has none."""
    found = _DIGEST.search(status.description)
    return found[1] if found else None
