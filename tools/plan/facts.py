"""What settings and catalog of each side say, and where they differ: out of Git, where no secret is in clear text."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field, fields, is_dataclass
from pathlib import Path
from typing import Any

from infra.catalog import FILES, Catalog, load_catalog
from infra.documents import read
from infra.keys import camel
from infra.load import NAMESPACE, read_stack_file, settings_from_file
from infra.secret_settings import KEYS
from infra.settings import SecretText, Settings
from tools.pipeline.stack_file import ENCRYPTION
from tools.plan.git import settings_file
from tools.plan.planned import sum_of

_LONGEST = 48
"""Characters of a value that is shown."""

_APART = frozenset({"tenants", "kitchens", "gpuPools", "groups", "exemptions"})
"""Parts of the settings that have a section of their own."""

LONG = "(another text)"
OTHER = "other configuration: "
"""How a line begins on what configures the engine and its providers, and no setting of ours."""


@dataclass(frozen=True, kw_only=True)
class Facts:
    """The checked settings of an environment and the catalog that they are about.

    `sealed` are sums of what stands encrypted in the settings file, by setting; `beside` are those of all that stands
    there beside the settings: who can decrypt them, and what configures the engine. `entries` are sums of all that the
    catalog says of an entry, by its file's key and its name: the program does not read all of it.
    """

    settings: Settings
    catalog: Catalog
    sealed: Mapping[str, str] = field(default_factory=dict)
    beside: Mapping[str, str] = field(default_factory=dict)
    entries: Mapping[tuple[str, str], str] = field(default_factory=dict)


def facts(project: Path, stack: str) -> Facts:
    """Read them; raise FaultsError with every fault."""
    folder, file = project / "infra" / "catalog", project / settings_file(stack)
    catalog = load_catalog(folder)
    settings, said = settings_from_file(file, catalog), read_stack_file(file)
    sealed = {key: sum_of(said[key]) for key in KEYS if key in said}
    return Facts(settings=settings, catalog=catalog, sealed=sealed, beside=dict(_beside(read(file))),
                 entries=dict(_entries(folder)))  # fmt: skip


def _entries(folder: Path) -> Iterator[tuple[tuple[str, str], str]]:
    for file, key in FILES.items():
        said = read(folder / file)[key]
        for name, entry in (said if isinstance(said, Mapping) else dict.fromkeys(said)).items():
            yield (key, str(name)), sum_of(json.dumps(entry, sort_keys=True, default=str))


def _beside(content: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """What is no setting of ours, by its key; keys of the engine's configuration have their namespace."""
    for key, value in {
        **content.get("config", {}),
        **{key: content[key] for key in content if key != "config"},
    }.items():
        if not str(key).startswith(NAMESPACE):
            yield str(key), sum_of(repr(value))


def resealed(before: Facts, after: Facts) -> dict[str, str]:
    """Encrypted settings that are other texts, with the sums of the new ones; an empty one where one is gone."""
    return _others(before.sealed, after.sealed)


def unseen(before: Facts | None, after: Facts) -> dict[str, str]:
    """What differs in the settings file, with sums of the new texts, and may change what is done without any object."""
    old = before.entries if before else {}
    entries = {f"{key}: {name}": after.entries.get((key, name), "") for key, name in _other_entries(old, after.entries)}
    if before is None:
        return {**after.sealed, **after.beside, **entries}
    return {**resealed(before, after), **_others(before.beside, after.beside), **entries}


def _other_entries(old: Mapping[tuple[str, str], str], new: Mapping[tuple[str, str], str]) -> set[tuple[str, str]]:
    return {key for key in {*old, *new} if old.get(key) != new.get(key)}


def _others(old: Mapping[str, str], new: Mapping[str, str]) -> dict[str, str]:
    return {key: new.get(key, "") for key in sorted({*old, *new}) if old.get(key) != new.get(key)}


def flat(value: Any, path: str = "") -> dict[str, str]:
    """Settings by path, as they are shown; a secret is none, and a long text is there without its words."""
    return dict(_flat(value, path))


def changed(before: Any, after: Any) -> list[str]:
    """Each setting that differs, such as `replicas 1 -> 2`; `before` and `after` are values of one kind."""
    old, new = flat(before), flat(after)
    return [
        _told(path, old.get(path, ""), new.get(path, "")) for path in {**old, **new} if old.get(path) != new.get(path)
    ]


def of_environment(before: Facts, after: Facts) -> list[str]:
    """What differs of an environment beside its tenants, kitchens, pools, roles and exemptions."""
    sides = [{name: value for name, value in _fields(side.settings) if name not in _APART} for side in (before, after)]
    beside = (
        f"{'' if key in ENCRYPTION else OTHER}{key}: {_word(key in before.beside, key in after.beside)}"
        for key in _others(before.beside, after.beside)
    )
    return [*changed(*sides), *(f"{key}: another encrypted text" for key in resealed(before, after)), *beside]


def _word(had: bool, has: bool) -> str:
    return "another text" if had and has else "new" if has else "gone"


def of_catalog(before: Facts, after: Facts, told: Collection[str] = ()) -> list[str]:
    """Entries of the catalog that come, go or are other ones; images that are `told` elsewhere are left out."""
    lines = []
    others = _other_entries(before.entries, after.entries)
    for (key, had), (_, has) in zip(_fields(before.catalog), _fields(after.catalog), strict=True):
        old, new = (side if isinstance(side, Mapping) else dict.fromkeys(side, "") for side in (had, has))
        for name in sorted({*old, *new}):
            is_other = old.get(name) != new.get(name) or (key, name) in others
            if is_other and not (key == "images" and name in told):
                word = "comes" if name not in old else "goes" if name not in new else "is another entry"
                lines.append(f"catalog.{key}: {name} {word}")
    return lines


def _told(path: str, old: str, new: str) -> str:
    if LONG in (old.partition(" #")[0], new.partition(" #")[0]):
        return f"{path}: another text" if old and new else f"{path}: {'new' if new else 'gone'}"
    return f"{path} {old or '(none)'} -> {new or '(none)'}"


def _fields(value: Any) -> Iterator[tuple[str, Any]]:
    for one in fields(value):
        yield camel(one.name), getattr(value, one.name)


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


def _part(value: Any) -> str:
    """In quotes where it could be taken for several."""
    return json.dumps(value) if "," in str(value) else str(value)


def _shown(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    text = ", ".join(map(_part, value)) if isinstance(value, tuple | list) else str(value)
    if len(text) <= _LONGEST and text.isprintable():
        return text
    return f"{LONG} #{hash(text)}"
