"""The pack as the engine loads it."""

from __future__ import annotations

from pulumi_policy import EnforcementLevel, PolicyPack

from policies.pace import read_each_resource_once
from policies.pack import RULES

read_each_resource_once()
PolicyPack(
    name="kitchen",
    enforcement_level=EnforcementLevel.MANDATORY,
    policies=[rule.policy() for rule in RULES],
)
