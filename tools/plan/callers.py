"""Who gains or loses which model or role, limits, and weights of canaries: only what differs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from components.facts import CALLER
from infra import grants
from infra.entry_settings import CallLimits
from infra.settings import Settings
from ops.plan.report import Entry

GAINS, LOSES, LIMITS, WEIGHT, ROLE = "gains", "loses", "limits", "weight", "role"
_NO_LIMITS = "no limit"


def access(before: Settings | None, after: Settings) -> list[Entry]:
    """The section `access` of a report."""
    return [*_callers(before, after), *_limits(before, after), *_weights(before, after), *_roles(before, after)]


def widened(before: Settings | None, after: Settings) -> list[Entry]:
    """Of `access` what lets somebody do more, apart from a tenant's own callers and its own models."""
    return [entry for entry in access(before, after) if _is_wider(before, after, entry)]


def narrowed(before: Settings | None, after: Settings) -> list[Entry]:
    """Of `access` what takes something from callers."""
    return [entry for entry in access(before, after) if entry["change"] == LOSES or _is_lower(before, after, entry)]


def tenant_of(settings: Settings, model: str) -> str:
    """The tenant whose kitchen answers under a model's name; empty for one that there is not."""
    return next((one.tenant for one in grants.models(settings) if one.name == model), "")


def _callers(before: Settings | None, after: Settings) -> Iterator[Entry]:
    old, new = grants.callers(before) if before else {}, grants.callers(after)
    for model in sorted({*old, *new}):
        had, has = set(old.get(model, ())), set(new.get(model, ()))
        for group in sorted(has - had):
            yield _entry(GAINS, group, model, "", "may call")
        for group in sorted(had - has):
            yield _entry(LOSES, group, model, "may call", "")


def _limits(before: Settings | None, after: Settings) -> Iterator[Entry]:
    old, new = _by_caller(before), _by_caller(after)
    for group, model in sorted(new):
        had = old.get((group, model))
        if had is not None and had != new[group, model]:
            yield _entry(LIMITS, group, model, _words(had), _words(new[group, model]))


def _by_caller(settings: Settings | None) -> dict[tuple[str, str], CallLimits]:
    """Limits by group and model: the first entry that names a group holds."""
    found: dict[tuple[str, str], CallLimits] = {}
    for grant in grants.granted(settings) if settings else ():
        for group in grant.groups:
            found.setdefault((group, grant.model.name), grant.limits)
    return found


def _words(limits: CallLimits) -> str:
    said = (
        (limits.requests_per_minute, "calls a minute"),
        (limits.tokens_per_minute, "tokens a minute"),
        (limits.tokens_per_month, "tokens a month"),
    )
    return ", ".join(f"{number} {what}" for number, what in said if number is not None) or _NO_LIMITS


def _weights(before: Settings | None, after: Settings) -> Iterator[Entry]:
    old, new = _shares(before), _shares(after)
    for kitchen, what in sorted({*old, *new}):
        had, has = old.get((kitchen, what), ""), new.get((kitchen, what), "")
        if had != has:
            yield _entry(WEIGHT, kitchen, what, had, has)


def _shares(settings: Settings | None) -> dict[tuple[str, str], str]:
    """Parts of the calls that canaries take, by kitchen and canary."""
    found: dict[tuple[str, str], str] = {}
    for name, kitchen in settings.kitchens.items() if settings else ():
        if kitchen.canary_of is not None:
            found[kitchen.canary_of, "canary"] = f"{kitchen.canary_weight} %"
        else:
            found |= {(name, f"canary {one.ref}"): f"{one.weight} %" for one in kitchen.adapter_canaries}
    return found


def _roles(before: Settings | None, after: Settings) -> Iterator[Entry]:
    old, new = _members(before), _members(after)
    for member, what in sorted(new - old):
        yield _entry(ROLE, member, what, "", "has the role")
    for member, what in sorted(old - new):
        yield _entry(ROLE, member, what, "has the role", "")


def _members(settings: Settings | None) -> set[tuple[str, str]]:
    """Members and roles, callers aside: those are told by what they may call."""
    if settings is None:
        return set()
    places: Mapping[str, Mapping[str, tuple[str, ...]]] = {
        "every tenant": settings.groups,
        **{name: tenant.groups for name, tenant in settings.tenants.items()},
    }
    return {
        (member, f"{role} of {place}")
        for place, groups in places.items()
        for role, members in groups.items()
        if role != CALLER
        for member in members
    }


def _is_wider(before: Settings | None, after: Settings, entry: Entry) -> bool:
    if entry["change"] == GAINS:
        return not _is_own(before, after, entry)
    if entry["change"] == ROLE:
        return bool(entry["after"])
    return entry["change"] == LIMITS and _is_higher(before, after, entry)


def _is_own(before: Settings | None, after: Settings, entry: Entry) -> bool:
    """Whether the group was and is among the callers of the tenant that the model is of, and has been if it is old."""
    tenant = tenant_of(after, entry["what"])
    if before is not None and tenant_of(before, entry["what"]) not in ("", tenant):
        return False
    sides = [side.tenants.get(tenant) for side in (before or after, after)]
    return all(side is not None and entry["who"] in side.groups.get(CALLER, ()) for side in sides)


def _is_higher(before: Settings | None, after: Settings, entry: Entry) -> bool:
    key = (entry["who"], entry["what"])
    return _exceeds(_by_caller(after)[key], _by_caller(before)[key])


def _is_lower(before: Settings | None, after: Settings, entry: Entry) -> bool:
    key = (entry["who"], entry["what"])
    return entry["change"] == LIMITS and _exceeds(_by_caller(before)[key], _by_caller(after)[key])


def _exceeds(one: CallLimits, other: CallLimits) -> bool:
    """Whether one lets more through than the other in any of its three numbers; none is no limit."""
    names = ("requests_per_minute", "tokens_per_minute", "tokens_per_month")
    pairs = [(getattr(one, name), getattr(other, name)) for name in names]
    return any(least is not None and (most is None or most > least) for most, least in pairs)


def _entry(change: str, who: str, what: str, before: str, after: str) -> Entry:
    return {"change": change, "who": who, "what": what, "before": before, "after": after}
