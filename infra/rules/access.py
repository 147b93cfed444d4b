"""Rules about who may do what, and about the environment's priority."""

from __future__ import annotations

from collections.abc import Iterator

from components.accounts import account, names_accounts
from components.facts import CALLER, ENVIRONMENT_ROLES, HIGHEST_PRIORITY, is_service_account
from infra.catalog import Catalog
from infra.faults import Fault
from infra.settings import Settings

_AUDITOR = "auditor"


def access_faults(settings: Settings, _catalog: Catalog) -> Iterator[Fault]:
    """Groups are real ones; reading is not calling, and an auditor does nothing else."""
    for path, role, member in _members(settings):
        if role == CALLER and is_service_account(member):
            if account(member) is None:
                rule = "a ServiceAccount is named with its namespace"
                yield Fault(path=path, value=member, rule=rule, example="system:serviceaccount:portal-dev:backend")
        elif role == CALLER and names_accounts(member):
            rule = (
                "whole kinds of users, and other clusters, are no members of roles; they may call by a kitchen's access"
            )
            yield Fault(
                path=path, value=member, rule=rule, example=f"kitchens.support.access: [{{groups: [{member}]}}]"
            )
        elif member.startswith("system:"):
            rule = "groups that begin with system: hold whole kinds of users, such as everybody who signs in"
            yield Fault(path=path, value=member, rule=rule, example="helpdesk-callers")
    readers = {member: role for role in ENVIRONMENT_ROLES for member in settings.groups.get(role, ())}
    for path, role, member in _members(settings):
        if role == CALLER and member in readers:
            rule = f"is groups.{readers[member]} too: whoever reads every tenant does not call one by the same group"
            yield Fault(path=path, value=member, rule=rule, example="a group of callers alone, helpdesk-callers")
        elif role != _AUDITOR and member in settings.groups.get(_AUDITOR, ()):
            rule = "is groups.auditor too: an auditor has no part in what is audited"
            yield Fault(path=path, value=member, rule=rule, example="another group")


def priority_faults(settings: Settings, _catalog: Catalog) -> Iterator[Fault]:
    """What keeps the cluster alive comes before any server."""
    if settings.priority.value >= HIGHEST_PRIORITY:
        yield Fault(
            path="priority.value",
            value=settings.priority.value,
            rule=f"must be below {HIGHEST_PRIORITY}: from there on it is Kubernetes' own system classes",
            example="100000",
        )


def _members(settings: Settings) -> Iterator[tuple[str, str, str]]:
    """Path, role and member of every entry."""
    places = {"groups": settings.groups}
    places |= {f"tenants.{name}.groups": tenant.groups for name, tenant in settings.tenants.items()}
    for place, groups in places.items():
        for role, members in groups.items():
            for index, member in enumerate(members):
                yield f"{place}.{role}[{index}]", role, member
