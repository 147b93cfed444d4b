"""What a server pod asks for, as pure functions: settings are checked with them before anything is deployed."""

from __future__ import annotations

SERVER_CPU = 4
SERVER_MEMORY_GIB = 8
SIDECAR_CPU = 0.25
SIDECAR_MEMORY_GIB = 0.5
PROXY_CPU = 0.2
PROXY_MEMORY_GIB = 0.25
"""What OpenShift AI's proxy in a server's pod asks for at most, rounded up."""
STARTUP_MINUTES = 10
STARTUP_MINUTES_PER_GIB = 0.5


def server_cpu(gpus: int) -> int:
    """CPU cores that a server pod asks for: four a GPU."""
    return SERVER_CPU * gpus


def server_memory_gib(model_gib: int, spare_lora_gib: int) -> int:
    """Memory of a server in GiB: the base model once, as it is read, adapters kept there, 8 GiB for the server."""
    return model_gib + spare_lora_gib + SERVER_MEMORY_GIB


def startup_minutes(model_gib: int) -> int:
    """How long a server may take to start: 10 minutes and half a minute a GiB of base model."""
    return STARTUP_MINUTES + round(STARTUP_MINUTES_PER_GIB * model_gib)


LOAD_CPU = 1
LOAD_MEMORY_GIB = 1
LOAD_MINUTES = 15
LOAD_MINUTES_PER_GIB = 1.0


def load_minutes(model_gib: int) -> int:
    """How long the load of a base model may take: 15 minutes and one a GiB (17 MiB/s)."""
    return LOAD_MINUTES + round(LOAD_MINUTES_PER_GIB * model_gib)
