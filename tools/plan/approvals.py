"""Who must approve a change, by a closed table (docs/adr/0051); what is in no row of it is the platform's.

The groups are those of the base: a change cannot name its own approvers.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from infra.settings import Settings
from ops.plan.report import Entry
from tools.engine.change import REPLACE
from tools.engine.words import some
from tools.pipeline.stack_file import ENCRYPTION
from tools.plan import callers, noticed
from tools.plan.code import OF_PROGRAM, OF_SECURITY
from tools.plan.compare import Difference
from tools.plan.facts import Facts, changed

PLATFORM, SECURITY = "platform", "security"

_SECURITY = (
    "signers",
    "bundleSignatures",
    "statedKinds",
    "entry.issuers",
    "entry.clearances",
    "entry.limits",
    "registryCredentials",
    "catalog.licences",
    *ENCRYPTION,
)
"""Settings of an environment that say who and what is trusted."""

_GUARDS = ("NetworkPolicy", "Role", "RoleBinding", "ClusterRole", "ClusterRoleBinding", "Namespace", "ServiceAccount")

_KEY_GENERATION = "objectStore.keyGeneration"
_MOST = 3


@dataclass(frozen=True, kw_only=True)
class Roles:
    """Groups of an environment by their role, and owners of tenants by name."""

    groups: Mapping[str, Sequence[str]]
    owners: Mapping[str, str]


def roles(settings: Settings) -> Roles:
    """Those of checked settings."""
    return Roles(groups=settings.groups, owners={name: one.owner for name, one in settings.tenants.items()})


def stated_roles(said: Mapping[str, Any]) -> Roles | None:
    """Those of settings that today's rules cannot read; None where they are not there either."""
    groups, tenants = said.get("groups"), said.get("tenants")
    if not isinstance(groups, Mapping):
        return None
    named = {str(role): [str(one) for one in many] for role, many in groups.items() if isinstance(many, list)}
    owners = {
        str(name): str(one["owner"])
        for name, one in (tenants.items() if isinstance(tenants, Mapping) else ())
        if isinstance(one, Mapping) and one.get("owner")
    }
    return Roles(groups=named, owners=owners)


def joined(several: Iterable[Roles]) -> Roles:
    """Everybody who has a role anywhere; of a tenant with several owners the last one."""
    groups: dict[str, list[str]] = defaultdict(list)
    owners: dict[str, str] = {}
    for one in several:
        for role, names in one.groups.items():
            groups[role] += [name for name in names if name not in groups[role]]
        owners |= one.owners
    return Roles(groups=groups, owners=owners)


class Asked:
    """Approvals and the reasons for each."""

    def __init__(self, groups: Roles) -> None:
        """`groups` say who has which role."""
        self._roles = groups
        self._reasons: dict[str, list[str]] = defaultdict(list)

    def role(self, role: str, why: str) -> None:
        """Ask the groups that have a role in the whole environment."""
        members = self._roles.groups.get(role, ())
        self._add(", ".join(members) or role, why)

    def owner(self, tenant: str, fallback: Settings, why: str) -> None:
        """Ask the owner of a tenant."""
        found = self._roles.owners.get(tenant) or roles(fallback).owners.get(tenant)
        if found is None:
            self.role(PLATFORM, why)
        else:
            self._add(found, why)

    def _add(self, who: str, why: str) -> None:
        if why not in self._reasons[who]:
            self._reasons[who].append(why)

    @property
    def approvals(self) -> list[str]:
        """Who is asked, sorted."""
        return sorted(self._reasons)

    @property
    def reasons(self) -> list[str]:
        """A line for each of `approvals`."""
        return [f"{who}: {some(self._reasons[who], _MOST)}" for who in self.approvals]


def asked(
    before: Facts | None, after: Facts, found: Sequence[Difference], parts: dict[str, Any], groups: Roles | None = None
) -> Asked:
    """Go through the table; `parts` are the sections of the report, `groups` those of a base without settings."""
    old, new = before.settings if before else None, after.settings
    whom = Asked(groups or roles(old or new))
    _lost(whom, parts["red"])
    _trust(whom, old, new, parts)
    _environment(whom, old, new, parts)
    _kitchens(whom, old or new, new, parts)
    titles = [one.resource.title for one in sorted(found, key=_by_guard) if one.resource.is_object]
    if titles and any(line.startswith(OF_PROGRAM) for line in parts["settings"]):
        whom.role(PLATFORM, f"with that change: {some(titles, _MOST)}")
    elif titles and not whom.approvals and not parts["kitchens"] and not parts["access"] and not parts["settings"]:
        whom.role(PLATFORM, f"objects change for another reason than a kitchen's settings: {some(titles, 2)}")
    return whom


def _by_guard(one: Difference) -> bool:
    """Those first that say who may do or reach what."""
    return one.resource.kind not in _GUARDS


def _lost(whom: Asked, red: Sequence[Entry]) -> None:
    if any(entry["data"] for entry in red):
        whom.role(PLATFORM, "what holds data is deleted, replaced or left behind")
    if any(entry["operation"] == REPLACE and not entry["data"] for entry in red):
        whom.role(SECURITY, "keys are made anew")


def _trust(whom: Asked, old: Settings | None, new: Settings, parts: dict[str, Any]) -> None:
    """What lets somebody or something do more."""
    gained: dict[tuple[str, str], list[str]] = defaultdict(list)
    raised: dict[str, None] = {}
    for entry in callers.widened(old, new):
        who, what = entry["who"], entry["what"]
        tenant = callers.tenant_of(new, what)
        if entry["change"] == callers.GAINS:
            gained[who, tenant].append(what)
        elif entry["change"] == callers.ROLE:
            whom.role(SECURITY, f"{who} gets {what}")
        else:
            raised[who] = None
    if raised:
        whom.role(SECURITY, f"limits rise for {some(raised, 2)}")
    for (who, tenant), models in gained.items():
        why = f"{who} may call {some(models, 1)}"
        whom.role(SECURITY, why)
        whom.owner(tenant, new, why)
    for entry in parts["policy"]["exemptions"]:
        if entry["change"] in ("added", "changed"):
            whom.role(SECURITY, f"exemption of {entry['policy']} until {entry['until']}")
    for name in new.tenants:
        had = old.tenants[name].record_contents if old and name in old.tenants else None
        if new.tenants[name].record_contents not in (None, had):
            whom.role(SECURITY, f"prompts and answers of {name} are recorded")


def _environment(whom: Asked, old: Settings | None, new: Settings, parts: dict[str, Any]) -> None:
    """What holds for a whole environment or tenant."""
    for line in parts["settings"]:
        trusted = line.startswith((*_SECURITY, _KEY_GENERATION, *OF_SECURITY))
        if not line.startswith("prices."):  # no object and no pod knows of them
            whom.role(SECURITY if trusted else PLATFORM, line)
    for name in {**new.tenants, **(old.tenants if old else {})}:
        had, has = old.tenants.get(name) if old else None, new.tenants.get(name)
        if had is None or has is None:
            whom.role(PLATFORM, f"tenant {name} {'comes' if had is None else 'goes'}")
        elif lines := changed((had.quota,), (has.quota,)):
            whom.role(PLATFORM, f"quota of {name}: {some([line.partition('.')[2] for line in lines], 2)}")
        elif lines := changed(*({"owner": one.owner, "costCentre": one.cost_centre, "baseModels": one.base_models}
                                for one in (had, has))):  # fmt: skip
            whom.role(PLATFORM, f"{name}: {some(lines, 2)}")
    for image in parts["images"]:
        whom.role(PLATFORM, f"image {image['name']}")


def _kitchens(whom: Asked, old: Settings, new: Settings, parts: dict[str, Any]) -> None:
    """What the callers or the owner of one tenant notice."""
    for entry in parts["kitchens"]:
        was, now = old.kitchens.get(entry["name"]), new.kitchens.get(entry["name"])
        for why in noticed.of_kitchen(entry, was, now):
            whom.owner(entry["tenant"], new, why)
        for host in noticed.hosts(was, now):
            whom.role(SECURITY, f"{entry['name']}: pictures are fetched from {host}")
        if was is not None and was.tenant != entry["tenant"]:
            whom.owner(was.tenant, new, f"{was.name} goes to {entry['tenant']}")
    _callers(whom, old, new, parts)
    for entry in parts["gpus"]["cost"]:
        if entry["before"] and entry["after"] and Decimal(entry["after"]) > Decimal(entry["before"]):
            for kitchen in parts["kitchens"]:
                whom.owner(kitchen["tenant"], new, f"cost rises to {entry['after']} {entry['currency']} a month")


def _callers(whom: Asked, old: Settings, new: Settings, parts: dict[str, Any]) -> None:
    """What callers gain, lose or get less of; models that come with a kitchen or an adapter are told by these."""
    told = {
        name
        for entry in parts["kitchens"]
        if entry["adapters"] or entry["change"] == "added"
        for name in (entry["name"], *(adapter["name"] for adapter in entry["adapters"]))
    }
    wider = callers.widened(old, new)  # security and the owner are asked already
    lowered = [entry for entry in callers.narrowed(old, new) if entry["change"] == callers.LIMITS]
    for entry in parts["access"]:
        who, what = entry["who"], entry["what"]
        tenant = callers.tenant_of(new, what) or callers.tenant_of(old, what)
        if entry["change"] == callers.WEIGHT:
            kitchen = new.kitchens.get(who) or old.kitchens.get(who)
            whom.owner(kitchen.tenant if kitchen else "", new, f"{what} of {who}: {entry['after'] or 'ends'}")
        elif entry["change"] == callers.GAINS and what not in told and entry not in wider:
            whom.owner(tenant, new, f"{who} may call {what}")
        elif entry["change"] == callers.LOSES:
            whom.owner(callers.tenant_of(old, what), new, f"{who} no longer may call {what}")
        elif entry in lowered:
            whom.owner(tenant, new, f"lower limits of {who}")
        elif entry["change"] == callers.ROLE and not entry["after"]:
            whom.role(SECURITY, f"{who} loses {what}")
