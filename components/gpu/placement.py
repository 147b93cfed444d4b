"""GPU pools and how a pod is placed in one."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

PRODUCT_LABEL = "nvidia.com/gpu.product"
"""Node label with the GPU's product name, set by NVIDIA's GPU feature discovery."""


@dataclass(frozen=True, kw_only=True)
class Placement:
    """Where a GPU pod may run and what it asks for. All values are plain, so that policies see them."""

    product: str
    resource: str
    taint: str
    count: int

    def node_selector(self) -> dict[str, str]:
        """Node selector of the pool."""
        return {PRODUCT_LABEL: self.product}

    def tolerations(self) -> list[dict[str, Any]]:
        """Tolerations of the pool's taint."""
        return [{"key": self.taint, "operator": "Exists", "effect": "NoSchedule"}]

    def devices(self) -> dict[str, str]:
        """Device request of one pod; Kubernetes wants it equal in requests and limits."""
        return {self.resource: str(self.count)}
