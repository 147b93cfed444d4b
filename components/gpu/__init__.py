"""GPU pools: where a pod is placed, and what fits into the memory of its GPUs. Values and formulas, no resources."""

from __future__ import annotations

from components.gpu.memory import Fit, Load, ModelShape, fits
from components.gpu.placement import Placement

__all__ = [
    "Fit",
    "Load",
    "ModelShape",
    "Placement",
    "fits",
]
