"""Rules about all ServiceAccounts of a namespace as callers: none of them is a caller of another tenant by its name."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from components.accounts import account
from infra.faults import Fault
from infra.settings import Kitchen


def whole_namespace_faults(kitchen: Kitchen, tenants: Mapping[str, str]) -> Iterator[Fault]:
    """What a kitchen's `access` would count, and record, for the kitchen's tenant and is another tenant's.

    `tenants` are those of callers that are one tenant's alone (`infra.grants.tenants_of_groups`).
    """
    for index, said in enumerate(kitchen.access):
        for group in said.groups:
            whole = account(group)
            if whole is None or whole.name is not None:
                continue
            for member, tenant in tenants.items():
                one = account(member)
                inside = one is not None and (one.prefix, one.namespace) == (whole.prefix, whole.namespace)
                if inside and tenant != kitchen.tenant:
                    rule = f"holds {member}, a caller of tenants.{tenant}: its calls would be those of {kitchen.tenant}"
                    path = f"kitchens.{kitchen.name}.access[{index}].groups"
                    yield Fault(path=path, value=group, rule=f"{rule}; name single accounts", example=f"[{member}]")
