"""The pinned toolchain: provided once a user, found again in milliseconds.

Sources of a tool family, in this order: a compatible version on PATH, files that the mirror file names with their sums,
official files whose sums are on public record, a build from pinned Go modules.
"""

from __future__ import annotations

from collections.abc import Sequence

from tools.progress import note, say
from tools.toolchain import install
from tools.toolchain import plan as planning
from tools.toolchain.engine import environment
from tools.toolchain.errors import ToolchainError
from tools.toolchain.families import BUNDLES, CLUSTER, ENTRY, FAMILIES, MONITORING, PREVIEW, STORES
from tools.toolchain.found import Provided, binary, damaged, data, family_of, look_up
from tools.toolchain.plan import Plan

__all__ = [
    "BUNDLES",
    "CLUSTER",
    "ENTRY",
    "FAMILIES",
    "MONITORING",
    "PREVIEW",
    "STORES",
    "Plan",
    "Provided",
    "ToolchainError",
    "binary",
    "data",
    "ensure",
    "environment",
    "look_up",
    "make_plan",
    "provide",
]


def make_plan(names: Sequence[str], *, repair: bool = False) -> Plan:
    """Say where each named family that is missing will come from; an empty plan if none is.

    A damaged family is a ToolchainError, or with `repair` one that is missing: nobody waits for a build unasked.
    """
    missing = []
    for family in [family_of(name) for name in names]:
        found = look_up(family.name)
        if found is not None and found.damage and not repair:
            raise damaged(family.name, found.damage)
        if found is not None and found.damage:
            note(f"{family.name}: {found.damage}; it is installed anew")
        if found is None or found.damage:
            missing.append(family)
    return planning.make(missing)


def provide(plan: Plan) -> None:
    """Do what the plan says, with progress on standard error; raise ToolchainError if a family cannot be provided."""
    for text in plan.notes:
        note(f"toolchain: {text}")
    install.run(plan)


def ensure(names: Sequence[str], *, repair: bool = False) -> None:
    """Provide each named family, with the wait and the progress on standard error.

    Raises ToolchainError if one cannot be provided, or is damaged and `repair` does not ask for a new one.
    With `repair` the sums of what an earlier release installed are recorded too.
    """
    plan = make_plan(names, repair=repair)
    if plan.choices:
        say(f"toolchain: {plan.headline}")
        provide(plan)
    if repair:
        install.adopt([family_of(name) for name in names])
