"""How a settings file names an adapter: by its reference, or in parts, with a canary of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, kw_only=True)
class AdapterCanary:
    """Another version of an adapter in the same servers, which takes `weight` percent of the adapter's calls."""

    name: str
    version: str
    weight: int

    @property
    def ref(self) -> str:
        """Its reference in the catalog."""
        return f"{self.name}/{self.version}"

    @property
    def served_name(self) -> str:
        """The name by which servers know it; callers do not: theirs is the adapter's."""
        return f"{self.name}--{self.version}"


def ref_of(entry: str | Mapping[str, Any]) -> str:
    """The reference of an entry in either form, its canary aside."""
    return entry if isinstance(entry, str) else f"{entry['name']}/{entry['version']}"


def canary_of(entry: str | Mapping[str, Any]) -> AdapterCanary | None:
    """The canary that an entry states."""
    if isinstance(entry, str) or "canary" not in entry:
        return None
    said = entry["canary"]
    return AdapterCanary(name=entry["name"], version=said["version"], weight=said["weight"])


def refs_in(entry: object) -> list[str]:
    """Every reference in an entry of a file that nobody has checked; what has no form that is known has none."""
    if isinstance(entry, str):
        return [entry]
    if not isinstance(entry, dict):
        return []
    canary = entry.get("canary")
    versions = [entry.get("version"), canary.get("version") if isinstance(canary, dict) else None]
    return [f"{entry.get('name')}/{version}" for version in versions if version is not None]
