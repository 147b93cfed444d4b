"""GPU pools: where a pod is placed, and what fits into the memory of its GPUs. Values and formulas, no resources."""
