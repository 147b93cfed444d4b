"""Who may call which model, out of the settings: the one table that the entry, its outputs and its rules go by.

A model's public name is an adapter's name, or a kitchen's name for its base model: two kitchens may serve one base
model. The callers of a tenant reach all adapters of its kitchens, and the base model of a kitchen that has none. A
model that a kitchen's `access` names has the callers of these entries alone; the first entry that names a caller's
group gives the limits.

A group is of the tenant that has it among its callers. It is of the kitchen's own tenant where that one is among
several, and where nobody or more than one other tenant has it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from components.accounts import account, names_accounts
from components.facts import CALLER
from infra.entry_settings import BASE, CallLimits
from infra.settings import Kitchen, Settings


@dataclass(frozen=True, kw_only=True)
class Model:
    """A model by its public name; `adapter` is its catalog reference, None for the base model of the kitchen."""

    name: str
    kitchen: str
    tenant: str
    adapter: str | None


@dataclass(frozen=True, kw_only=True)
class Granted:
    """Groups of one tenant that may call a model, with the limits of each caller.

    `name` is unique and says where it is written; where the groups are of another tenant than the kitchen, it ends in
    that tenant's name.
    """

    name: str
    model: Model
    tenant: str
    groups: tuple[str, ...]
    limits: CallLimits


def models(settings: Settings) -> Iterator[Model]:
    """Every model that could be called, canaries aside: they answer under their kitchen's names."""
    for kitchen in settings.kitchens.values():
        if kitchen.canary_of is None:
            yield from models_of(kitchen)


def models_of(kitchen: Kitchen) -> Iterator[Model]:
    """A kitchen's models: its base model by the kitchen's name, and its adapters."""
    yield Model(name=kitchen.name, kitchen=kitchen.name, tenant=kitchen.tenant, adapter=None)
    for ref in kitchen.public_adapters:
        yield Model(name=ref.split("/")[0], kitchen=kitchen.name, tenant=kitchen.tenant, adapter=ref)


def granted(settings: Settings) -> list[Granted]:
    """The table, kitchens in the order of the settings and in each the entries of `access` first."""
    kitchens = [kitchen for kitchen in settings.kitchens.values() if kitchen.canary_of is None]
    tenants = tenants_of_groups(settings)
    return [grant for kitchen in kitchens for grant in _of_kitchen(settings, kitchen, tenants)]


def callers(settings: Settings) -> Mapping[str, Sequence[str]]:
    """Groups by public name, sorted; a model that nobody may call has none."""
    found: dict[str, set[str]] = {model.name: set() for model in models(settings)}
    for grant in granted(settings):
        found[grant.model.name] |= set(grant.groups)
    return {name: sorted(groups) for name, groups in sorted(found.items())}


def spoken_for(groups: Sequence[str]) -> list[str]:
    """Of the groups in a token of an identity provider those that count: it does not speak for ServiceAccounts."""
    return [group for group in groups if not names_accounts(group)]


def reaching(settings: Settings) -> Mapping[str, Sequence[str]]:
    """Tenants by kitchen whose callers reach one of its models, each once; canaries aside."""
    found: dict[str, dict[str, None]] = {}
    for grant in granted(settings):
        found.setdefault(grant.model.kitchen, {})[grant.tenant] = None
    return {kitchen: list(tenants) for kitchen, tenants in found.items()}


def _of_kitchen(settings: Settings, kitchen: Kitchen, tenant_of: Mapping[str, str]) -> Iterator[Granted]:
    named: set[str] = set()
    served = {BASE if model.adapter is None else model.name: model for model in models_of(kitchen)}
    for index, entry in enumerate(kitchen.access):
        for key in entry.models or served:
            if key in served:
                named.add(key)
                name, limits = f"{kitchen.name}/access-{index}/{served[key].name}", _limits(settings, entry.limits)
                for tenant, groups in _by_tenant(entry.groups, tenant_of, kitchen.tenant).items():
                    yield Granted(
                        name=name if tenant == kitchen.tenant else f"{name}/{tenant}",
                        model=served[key],
                        tenant=tenant,
                        groups=groups,
                        limits=limits,
                    )
    # Rules ask before it is known that the tenant is there.
    said = settings.tenants[kitchen.tenant].groups.get(CALLER, ()) if kitchen.tenant in settings.tenants else ()
    own = tuple(group for group in said if _known(settings, group))
    usual = [key for key in served if key != BASE] or [BASE]
    for key in usual if own else ():
        if key not in named:
            yield Granted(
                name=f"{kitchen.name}/callers/{served[key].name}",
                model=served[key],
                tenant=kitchen.tenant,
                groups=own,
                limits=_limits(settings, CallLimits()),
            )


def tenants_of_groups(settings: Settings) -> Mapping[str, str]:
    """Of groups that are one tenant's callers, that tenant; others are not there, and are the kitchen's own."""
    found: dict[str, list[str]] = {}
    for name, tenant in settings.tenants.items():
        for group in dict.fromkeys(tenant.groups.get(CALLER, ())):
            found.setdefault(group, []).append(name)
    return {group: tenants[0] for group, tenants in found.items() if len(tenants) == 1}


def _by_tenant(groups: Sequence[str], tenant_of: Mapping[str, str], own: str) -> Mapping[str, tuple[str, ...]]:
    """The groups of each tenant, in their order; a kitchen's own tenant comes first."""
    found: dict[str, tuple[str, ...]] = {own: ()}
    for group in groups:
        tenant = tenant_of.get(group, own)
        found[tenant] = (*found.get(tenant, ()), group)
    return {tenant: members for tenant, members in found.items() if members}


def unknown(settings: Settings) -> list[str]:
    """Callers of tenants for whom no issuer speaks: accounts of this cluster, where no issuer is of kind kubernetes."""
    members = {member for tenant in settings.tenants.values() for member in tenant.groups.get(CALLER, ())}
    return sorted(member for member in members if not _known(settings, member))


def _known(settings: Settings, member: str) -> bool:
    """Whether some issuer of the entry may say in its tokens that a caller is a member."""
    if not names_accounts(member):
        return True
    said, who = settings.entry.issuers if settings.entry is not None else (), account(member)
    return who is not None and any(issuer.is_cluster and issuer.prefix == who.prefix for issuer in said)


def _limits(settings: Settings, own: CallLimits) -> CallLimits:
    """What is said, and for the rest the limits of the entry."""
    if settings.entry is None:
        return own
    usual = settings.entry.limits
    return replace(
        own,
        requests_per_minute=own.requests_per_minute or usual.requests_per_minute,
        tokens_per_minute=own.tokens_per_minute or usual.tokens_per_minute,
        tokens_per_month=own.tokens_per_month or usual.tokens_per_month,
    )
