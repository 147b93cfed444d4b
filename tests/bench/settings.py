"""Generated settings of a chosen size."""

from __future__ import annotations

from typing import Any

RESOURCES_A_TENANT = 31
"""At least what a tenant with one kitchen is made of."""


def generated(resources: int) -> dict[str, Any]:
    """Return a stack's configuration that makes at least so many resources: tenants with one kitchen each."""
    count = -(-resources // RESOURCES_A_TENANT)
    tenants = {f"team-{number}": _tenant() for number in range(count)}
    kitchens = {f"kitchen-{number}": _kitchen(f"team-{number}") for number in range(count)}
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
        "adapters": ["helpdesk-faq/v2026-02-01", "helpdesk-classifier/v2026-02-01"],
    }
