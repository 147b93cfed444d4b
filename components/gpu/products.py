"""What GPUs really have: the memory of a product is given in GB on its box, and less of it is there for programs.

Figures are in MiB, as the driver reports a whole GPU (`nvidia-smi`, and so GPU feature discovery's label
`nvidia.com/gpu.memory`), from NVIDIA's public documentation and published outputs of `nvidia-smi`; MIG slices from the
tables of the MIG user guide. The key is the label `nvidia.com/gpu.product`; a MIG slice's product is its GPU's with
`-MIG-<profile>` (strategy single), or its resource is `nvidia.com/mig-<profile>` (strategy mixed).
"""

from __future__ import annotations

import re

PRODUCTS_MIB = {
    "NVIDIA-A10": 23028,
    "NVIDIA-A100-PCIE-40GB": 40960,
    "NVIDIA-A100-SXM4-40GB": 40960,
    "NVIDIA-A100-SXM4-80GB": 81920,
    "NVIDIA-A100-80GB-PCIe": 81920,
    "NVIDIA-A40": 46068,
    "NVIDIA-GeForce-RTX-4090": 24564,
    "NVIDIA-GeForce-RTX-5090": 32607,
    "NVIDIA-H100-80GB-HBM3": 81559,
    "NVIDIA-H100-PCIe": 81559,
    "NVIDIA-H100-NVL": 95830,
    "NVIDIA-H200": 143771,
    "NVIDIA-L4": 23034,
    "NVIDIA-L40": 46068,
    "NVIDIA-L40S": 46068,
    "NVIDIA-RTX-6000-Ada-Generation": 49140,
    "NVIDIA-RTX-A6000": 49140,
    "NVIDIA-RTX-PRO-6000-Blackwell-Server-Edition": 97887,
    "Tesla-T4": 15360,
    "Tesla-V100-SXM2-32GB": 32768,
}

MIG_MIB = {
    "1g.5gb": 4864,
    "1g.10gb": 9728,
    "1g.20gb": 19968,
    "2g.10gb": 9984,
    "2g.20gb": 19968,
    "3g.20gb": 20096,
    "3g.40gb": 40192,
    "4g.20gb": 20096,
    "4g.40gb": 40192,
    "7g.40gb": 40448,
    "7g.80gb": 80640,
}

_MIG_PRODUCT = re.compile(r".*-MIG-(?P<profile>\d+g\.\d+gb)(\.me(\.all)?|\.gfx)?")
_MIG_RESOURCE = re.compile(r"nvidia\.com/mig-(?P<profile>\d+g\.\d+gb)(\.me(\.all)?|\.gfx)?")


def mig_profile(product: str, resource: str) -> str | None:
    """The MIG profile that a pool's devices are slices of, such as `3g.40gb`; None for whole GPUs."""
    found = _MIG_PRODUCT.fullmatch(product) or _MIG_RESOURCE.fullmatch(resource)
    return found["profile"] if found else None


def real_memory_gib(product: str, resource: str) -> float | None:
    """Memory of one device in GiB as programs see it; None for a whole GPU that is not in the table."""
    profile = mig_profile(product, resource)
    if profile is None:
        return PRODUCTS_MIB[product] / 1024 if product in PRODUCTS_MIB else None
    # A slice that is not in the table has no more than its name says, in GB.
    named = int(profile.partition(".")[2].removesuffix("gb")) * 10**9 / 1024**3
    return MIG_MIB[profile] / 1024 if profile in MIG_MIB else named
