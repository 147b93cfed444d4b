"""What the policy tests share: digests that are plainly examples, and a run of one rule with the engine's proxies."""

from __future__ import annotations

import dataclasses
from typing import Any

from pulumi_policy import PolicyCustomTimeouts, PolicyResourceOptions, ResourceValidationArgs
from pulumi_policy.proxy import UNKNOWN_STRING_VALUE, unknown_checking_proxy

from policies.rule import Rule, case_of
from policies.world import World

EXAMPLE_DIGEST = "sha256:" + "1" * 64
PINNED = f"registry.kitchen.example/app@{EXAMPLE_DIGEST}"
UNKNOWN_VALUE = UNKNOWN_STRING_VALUE
"""What the engine sends for a value that is not known during a preview."""


def arguments(resource_type: str, inputs: dict[str, Any], config: dict[str, Any] | None = None) -> Any:
    """What the engine hands to a rule, through the SDK's own proxies."""
    options = PolicyResourceOptions(False, [], None, [], PolicyCustomTimeouts(0, 0, 0), [])
    return ResourceValidationArgs(
        resource_type, unknown_checking_proxy(inputs), "urn:pulumi:test", "test", options, None, config or {}
    )


def violations(
    rule: Rule,
    resource_type: str,
    inputs: dict[str, Any],
    *,
    world: World | None = None,
    config: dict[str, Any] | None = None,
) -> list[str]:
    """Judge a resource as the engine does: through the SDK's proxies and, without a world, its policy object."""
    args = arguments(resource_type, inputs, config)
    if world is not None:
        case = case_of(args)
        return [] if case is None else list(rule.messages(dataclasses.replace(case, world=world)))
    found: list[str] = []
    rule.policy().validate(args, lambda message, urn=None: found.append(message))
    return found
