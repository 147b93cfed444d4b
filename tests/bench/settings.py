"""Generated settings of a chosen size."""

from __future__ import annotations

from typing import Any

RESOURCES_A_TENANT = 31
"""At least what a tenant with one kitchen is made of."""

ADAPTERS = ("helpdesk-faq/v2026-02-01", "helpdesk-classifier/v2026-02-01")
ONE_MORE = "legal-contract-review/v2026-04-01"


def generated(resources: int) -> dict[str, Any]:
    """Return a stack's configuration that makes at least so many resources: tenants with one kitchen each."""
    return of_tenants(-(-resources // RESOURCES_A_TENANT))


def of_tenants(count: int, *, last_is_hot: bool = False) -> dict[str, Any]:
    """Return a stack's configuration of so many tenants with one kitchen each; the last one may be in hot mode."""
    tenants = {f"team-{number}": _tenant() for number in range(count)}
    kitchens = {f"kitchen-{number}": _kitchen(f"team-{number}") for number in range(count)}
    if last_is_hot:
        kitchens[f"kitchen-{count - 1}"] |= {"loraMode": "hot"}
    settings: dict[str, Any] = {
        "environment": "dev",
        "phase": 3,
        "platform": {"kind": "kubernetes"},
        "registry": "registry.kitchen.example",
        "cluster": {"identifier": "bench"},
        "gpuPools": {"l40s": {"product": "NVIDIA-L40S", "memoryGiB": 48, "gpus": 100000}},
        "objectStore": {"endpoint": "https://minio.kitchen.example"},
        "storage": {"className": "shared-rwx"},
        "tenants": tenants,
        "kitchens": kitchens,
    }
    return {f"kitchen:{key}": value for key, value in settings.items()}


def _tenant() -> dict[str, Any]:
    return {"owner": "team", "costCentre": "4711", "quota": {"gpus": 2}}


def _kitchen(tenant: str) -> dict[str, Any]:
    return {
        "tenant": tenant,
        "baseModel": "tsuzumi-7b-instruct/v1",
        "pool": "l40s",
        "adapters": list(ADAPTERS),
    }
