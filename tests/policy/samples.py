"""What the policy tests share: digests that are plainly examples, and a run of one rule with the engine's proxies."""

from __future__ import annotations

from typing import Any

from pulumi_policy import PolicyCustomTimeouts, PolicyResourceOptions, ResourceValidationArgs
from pulumi_policy.proxy import UNKNOWN_STRING_VALUE, unknown_checking_proxy

from policies.rule import Rule

EXAMPLE_DIGEST = "sha256:" + "1" * 64
PINNED = f"registry.kitchen.example/app@{EXAMPLE_DIGEST}"
UNKNOWN_VALUE = UNKNOWN_STRING_VALUE
"""What the engine sends for a value that is not known during a preview."""


def violations(rule: Rule, resource_type: str, inputs: dict[str, Any]) -> list[str]:
    """Run a rule as the engine does: through the SDK's proxies and its policy object."""
    found: list[str] = []
    options = PolicyResourceOptions(False, [], None, [], PolicyCustomTimeouts(0, 0, 0), [])
    proxied = unknown_checking_proxy(inputs)
    args = ResourceValidationArgs(resource_type, proxied, "urn:pulumi:test", "test", options, None, {})
    rule.policy().validate(args, lambda message, urn=None: found.append(message))
    return found
