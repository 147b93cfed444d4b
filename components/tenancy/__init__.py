"""A tenant: its namespace, quota, roles, network rules and what its pods need before they start."""

from __future__ import annotations

from components.tenancy.access import TenantAccess, TenantAccessArgs
from components.tenancy.network import StoreAddress
from components.tenancy.priority import Priority, PriorityArgs
from components.tenancy.provisions import CaBundle, Provision, PullSecret
from components.tenancy.tenant import Tenant, TenantArgs

__all__ = [
    "CaBundle",
    "Priority",
    "PriorityArgs",
    "Provision",
    "PullSecret",
    "StoreAddress",
    "Tenant",
    "TenantAccess",
    "TenantAccessArgs",
    "TenantArgs",
]
