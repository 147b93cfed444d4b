"""Kinds that the environment's settings state (`kitchen:policy.kinds`), as far as a rule beside `kinds-known` asks."""

from __future__ import annotations

from collections.abc import Mapping

from policies.judging.subject import entries
from policies.judging.world import World


def stated_kinds(world: World) -> set[tuple[str, str]]:
    """Group and kind of each statement that gives a reason."""
    policy = world.settings.get("policy")
    said = entries(policy.get("kinds")) if isinstance(policy, Mapping) else []
    return {
        (str(entry["group"]), str(entry["kind"]))
        for entry in said
        if isinstance(entry, Mapping) and {"group", "kind", "reason"} <= set(entry) and entry["reason"]
    }
