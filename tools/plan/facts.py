"""What settings and catalog of each side say, and where they differ: out of Git, where no secret is in clear text."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields, is_dataclass
from pathlib import Path
from typing import Any

from infra.catalog import Catalog, load_catalog
from infra.keys import camel
from infra.load import settings_from_file
from infra.settings import SecretText, Settings
from tools.plan.git import settings_file

_LONGEST = 48
"""Characters of a value that is shown."""

_APART = frozenset({"tenants", "kitchens", "gpuPools", "groups", "exemptions"})
"""Parts of the settings that have a section of their own."""

LONG = "(another text)"


@dataclass(frozen=True, kw_only=True)
class Facts:
    """The checked settings of an environment and the catalog that they are about."""

    settings: Settings
    catalog: Catalog


def facts(project: Path, stack: str) -> Facts:
    """Read them; raise FaultsError with every fault."""
    catalog = load_catalog(project / "infra" / "catalog")
    return Facts(settings=settings_from_file(project / settings_file(stack), catalog), catalog=catalog)


def flat(value: Any, path: str = "") -> dict[str, str]:
    """Settings by path, as they are shown; a secret is none, and a long text is there without its words."""
    return dict(_flat(value, path))


def changed(before: Any, after: Any) -> list[str]:
    """Each setting that differs, such as `replicas 1 -> 2`; `before` and `after` are values of one kind."""
    old, new = flat(before), flat(after)
    return [
        _told(path, old.get(path, ""), new.get(path, "")) for path in {**old, **new} if old.get(path) != new.get(path)
    ]


def of_environment(before: Settings, after: Settings) -> list[str]:
    """What differs of an environment beside its tenants, kitchens, pools, roles and exemptions."""
    sides = [{name: value for name, value in _fields(side) if name not in _APART} for side in (before, after)]
    return changed(*sides)


def _told(path: str, old: str, new: str) -> str:
    if LONG in (old.partition(" #")[0], new.partition(" #")[0]):
        return f"{path}: another text" if old and new else f"{path}: {'new' if new else 'gone'}"
    return f"{path} {old or '(none)'} -> {new or '(none)'}"


def _fields(value: Any) -> Iterator[tuple[str, Any]]:
    for entry in fields(value):
        yield camel(entry.name), getattr(value, entry.name)


def _flat(value: Any, path: str) -> Iterator[tuple[str, str]]:
    if isinstance(value, SecretText) or value is None:
        return
    if is_dataclass(value):
        value = dict(_fields(value))
    if isinstance(value, Mapping):
        for key, part in value.items():
            yield from _flat(part, f"{path}.{key}" if path else str(key))
    elif isinstance(value, tuple | list) and any(is_dataclass(part) or isinstance(part, Mapping) for part in value):
        for index, part in enumerate(value):
            name = getattr(part, "name", None) or index
            yield from _flat(part, f"{path}.{name}" if path else str(name))
    elif value not in ((), []):
        yield path, _shown(value)


def _shown(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    text = ", ".join(map(str, value)) if isinstance(value, tuple | list) else str(value)
    if len(text) <= _LONGEST and text.isprintable():
        return text
    return f"{LONG} #{hash(text)}"
