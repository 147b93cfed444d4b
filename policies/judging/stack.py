"""Hears the stack's settings: a pack that the language host runs gets them by a call, after it has started.

The engine calls ConfigureStack before it asks for the rules' levels (pulumi v3.259.0, pkg/resource/plugin/
analyzer_plugin.go); the SDK keeps the stack's tags out of that call and drops its configuration
(pulumi_policy/policy.py). PULUMI_CONFIG is set for packs of other runtimes alone.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from pulumi_policy import Policy, policy

from policies.judging.rule import Rule
from policies.judging.stack_rule import StackRule
from policies.judging.world import learn


def hear_the_settings(policies: Sequence[tuple[Rule | StackRule, Policy]]) -> None:
    """Make the SDK hand the stack's configuration to the rules, and set the levels of its environment."""
    servicer: Any = policy._PolicyAnalyzerServicer
    configure = servicer.ConfigureStack

    def configure_stack(self: Any, request: Any, context: Any) -> Any:
        environment = learn(dict(request.config)).environment
        for rule, made in policies:
            made.enforcement_level = rule.level_in(environment)
        return configure(self, request, context)

    servicer.ConfigureStack = configure_stack
