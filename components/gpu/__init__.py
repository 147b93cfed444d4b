"""GPU pools: where a pod is placed, and what fits into the memory of its GPUs. Values and formulas, no resources."""

from __future__ import annotations

from components.gpu.memory import Fit, fits
from components.gpu.memory_load import Load
from components.gpu.memory_shape import ModelShape
from components.gpu.placement import Placement

__all__ = [
    "Fit",
    "Load",
    "ModelShape",
    "Placement",
    "fits",
]
