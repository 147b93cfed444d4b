"""What a Kustomization may call things, and whose they may be: names, kinds and labels that come after the judging."""

from __future__ import annotations

import re
from collections.abc import Iterator

from policies.judging.values import UNKNOWN, JsonValue
from policies.manifests.fields import NOT_KNOWN, Fault, at, shown
from policies.manifests.kind_table import EVERY, kinds
from policies.manifests.ownership import DOMAIN, TENANT
from policies.manifests.platform_names import CONFIG_MAPS, SECRETS, is_read_by_a_controller

_ENDS = ("-cm", "-config", "-configmap", "-secret", "-secrets")
"""How the names end of which only the beginning is listed, as `argocd-*`."""

_PART = re.compile(r"[a-z0-9.-]+")
_OPTIONS = ("allowNameChange",)


def renamed(inputs: JsonValue, prefix: str) -> Iterator[Fault]:
    """A beginning or an end that makes the name of a plain ConfigMap one that a controller looks for."""
    for field in ("namePrefix", "nameSuffix"):
        value = at(inputs, field)
        if value is UNKNOWN:
            yield Fault(path=f"{prefix}{field}", text=NOT_KNOWN)
        elif value not in (None, "") and not (isinstance(value, str) and _PART.fullmatch(value)):
            yield Fault(path=f"{prefix}{field}", text=f"{shown(value)}, which is no part of a name")
        elif isinstance(value, str) and value and _completes(value, is_end=field == "nameSuffix"):
            text = f"{shown(value)}, with which names become those from which controllers take their settings"
            yield Fault(path=f"{prefix}{field}", text=text)


def _completes(part: str, *, is_end: bool) -> bool:
    known = [pattern.removesuffix("*") for pattern in (*CONFIG_MAPS, *SECRETS)]
    if is_end:
        return part.endswith(_ENDS) or any(name.endswith(part) for name in (*known, *_ENDS) if not name.endswith("-"))
    return any(name.startswith(part) or (name.endswith("-") and part.startswith(name)) for name in known)


def is_of_a_controller(name: JsonValue) -> bool:
    """Whether a controller looks for a ConfigMap or a Secret of that name."""
    return isinstance(name, str) and any(is_read_by_a_controller(name, secret=secret) for secret in (False, True))


def of_another(name: str, value: JsonValue, place: JsonValue) -> str | None:
    """Why a label may not be given after the judging although its name may: it is another tenant's."""
    if name != TENANT:
        return None
    own = isinstance(value, str) and isinstance(place, str) and (place == value or place.startswith(f"{value}-"))
    return None if own else f"{shown(value)}: whose an object is stands in the object itself"


def is_owners(name: str) -> bool:
    """Whether a label says whose an object is, so that nobody takes it away."""
    return name.startswith(f"{DOMAIN}/")


def strange_options(entry: JsonValue) -> str | None:
    """An option of a patch that lets it change what an object is."""
    options = at(entry, "options")
    if options is UNKNOWN:
        return NOT_KNOWN
    for name, value in options.items() if isinstance(options, dict) else ():
        if value not in (None, False) and name not in _OPTIONS:
            return f"has the option {name}, by which an object becomes another than was judged"
    return None


def another_name(found: JsonValue, entry: JsonValue) -> str | None:
    """Why a merge patch with the option to do so may not give its target another name."""
    name = at(found, "metadata", "name")
    if not at(entry, "options", "allowNameChange") or not (name is UNKNOWN or is_of_a_controller(name)):
        return None
    return f"changes the name of an object to {name!r} after the object was judged"


def another_kind(found: JsonValue, target: JsonValue) -> str | None:
    """Why a merge patch may make its target an object of another group.

    Kustomize keeps the kind of what a patch changes, and takes the group out of the patch.
    """
    version, kind = at(found, "apiVersion"), at(target, "kind")
    if target is None or version is None or (at(target, "group") == _group(version) and _group(version)):
        return None
    if _group(version) is not None and (kind is None or isinstance(kind, str)) and _is_of_one(_group(version), kind):
        return None
    return f"may make {kind or 'what it changes'} an object of {version!r}: name its group in target, or no apiVersion"


def _group(version: JsonValue) -> str | None:
    return version.rpartition("/")[0] if isinstance(version, str) else None


def _is_of_one(group: str | None, kind: str | None) -> bool:
    """Whether the kind stands in that group alone, of all that are known; without a kind every one of the group."""
    mine = {name for where, name in kinds() if where == group and name != EVERY}
    others = {name for where, name in kinds() if where != group}
    return kind in mine - others if kind else bool(mine) and not mine & others
