"""What the pack knows beside the resource: the environment's settings, the catalog's data, today's date.

The engine hands the stack's configuration to the pack as it does to the program. A stack that says no environment is
judged as prod: what is not known is never the easier case.
"""

from __future__ import annotations

import datetime
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

from policies.judging.exemptions import Exemption, exemptions
from policies.reading.own import json_document, yaml_document

ENVIRONMENTS = ("dev", "prod")
CATALOG = Path(__file__).resolve().parents[2] / "infra" / "catalog"


@dataclass(frozen=True, kw_only=True)
class World:
    """What rules may ask.

    `settings` is the stack's configuration of the project, decoded (`registry`, `gpuPools`, `tenants` ...);
    `images`, `base_models`, `adapters` are the catalog's entries; `today` decides whether an exemption has expired.
    Of malformed exemptions none holds, and `exemptions_fault` says what is wrong: a rule tells it.
    """

    environment: str = "prod"
    phase: int | None = None
    settings: Mapping[str, Any] = field(default_factory=dict)
    images: Mapping[str, Any] = field(default_factory=dict)
    base_models: Mapping[str, Any] = field(default_factory=dict)
    adapters: Mapping[str, Any] = field(default_factory=dict)
    exemptions: tuple[Exemption, ...] = ()
    exemptions_fault: str | None = None
    today: datetime.date = datetime.date.max

    @property
    def registry(self) -> str | None:
        """The approved registry, with its path if it has one."""
        registry = self.settings.get("registry")
        return registry if isinstance(registry, str) else None


@cache
def world() -> World:
    """The world of this process: the stack's settings as far as the engine has told them, and the catalog's files."""
    told = _TOLD.get("settings")
    settings = decoded(os.environ.get("PULUMI_CONFIG", "{}")) if told is None else told
    return world_from(settings, datetime.datetime.now(datetime.UTC).date())


_TOLD: dict[str, dict[str, Any]] = {}


def learn(config: Mapping[str, str]) -> World:
    """Take the stack's configuration, keys with their prefix, and return the world that rules see from now on."""
    _TOLD["settings"] = settings_of(config)
    world.cache_clear()
    return world()


def world_from(settings: Mapping[str, Any], today: datetime.date, catalog: Path = CATALOG) -> World:
    """Build a world from settings (without the `kitchen:` prefix)."""
    granted, fault = _exemptions(settings.get("exemptions", []))
    environment = settings.get("environment")
    phase = settings.get("phase")
    return World(
        environment=environment if environment in ENVIRONMENTS else "prod",
        phase=phase if isinstance(phase, int) else None,
        settings=settings,
        images=_entries(catalog / "images.yaml", "images"),
        base_models=_entries(catalog / "base-models.yaml", "baseModels"),
        adapters=_entries(catalog / "adapters.yaml", "adapters"),
        exemptions=granted,
        exemptions_fault=fault,
        today=today,
    )


def _exemptions(entries: object) -> tuple[tuple[Exemption, ...], str | None]:
    try:
        return exemptions(entries), None
    except ValueError as error:
        return (), str(error)


def decoded(text: str) -> dict[str, Any]:
    """The project's settings out of the engine's JSON: values come as text, objects as JSON in it."""
    return settings_of(json_document(text or "{}"))


def settings_of(config: Mapping[str, Any]) -> dict[str, Any]:
    """The project's settings among the configuration's entries."""
    settings: dict[str, Any] = {}
    for key, value in config.items():
        prefix, _, name = key.partition(":")
        if prefix == "kitchen":
            settings[name] = _value(value)
    return settings


def _value(text: object) -> object:
    if not isinstance(text, str):
        return text
    try:
        return json_document(text)
    except ValueError:
        return text


def _entries(path: Path, key: str) -> dict[str, Any]:
    if not path.exists():
        return {}
    content = yaml_document(path.read_text(encoding="utf-8"))
    found: dict[str, Any] = content.get(key, {}) if isinstance(content, dict) else {}
    return found
