"""What every rule is, whatever it judges: what people and the engine are told of it, its level, its exemptions."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from pulumi_policy import EnforcementLevel, PolicyConfigSchema, Severity

from policies.judging.values import JsonValue
from policies.judging.world import World, world


@dataclass(frozen=True, kw_only=True)
class DescribedRule:
    """A rule without its judge.

    `id` is its name in every report, `title` what it demands, `reason` why, `remedy` what to do, `reference` where the
    demand comes from. `level` holds in prod and wherever the environment is not known, `dev_level` in dev.
    `config_schema` describes what `--policy-pack-config` may say about it (JSON Schema of each property, with default).
    """

    id: str
    title: str
    severity: Severity
    reason: str
    remedy: str
    reference: str
    level: EnforcementLevel = EnforcementLevel.MANDATORY
    dev_level: EnforcementLevel | None = None
    config_schema: Mapping[str, Mapping[str, JsonValue]] = field(default_factory=dict)

    def level_in(self, environment: str) -> EnforcementLevel:
        """The level in an environment."""
        return self.dev_level if environment == "dev" and self.dev_level is not None else self.level

    def exempted(self, here: World, title: str) -> tuple[list[str], str]:
        """Exemptions of an object that hold, and what a violation says of those that have expired."""
        covering = [entry for entry in here.exemptions if entry.covers(self.id, title)]
        ended = "".join(f"; an exemption expired on {entry.expires}" for entry in covering)
        return [str(entry) for entry in covering if entry.expires >= here.today], ended

    def announced(self) -> dict[str, Any]:
        """What the engine is told of it, as keyword arguments of the SDK's policies."""
        properties = {name: dict(schema) for name, schema in self.config_schema.items()}
        return {
            "name": self.id,
            "description": f"{self.title} {self.reason}",
            "enforcement_level": self.level_in(world().environment),
            "severity": self.severity,
            "remediation_steps": self.remedy,
            "url": self.reference,
            "config_schema": PolicyConfigSchema(properties) if properties else None,
        }
