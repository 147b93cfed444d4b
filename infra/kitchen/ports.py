"""On which port a kitchen's pods serve."""

from __future__ import annotations

from components.ports import LLM_PORT, SERVER_PORT
from infra.settings import Kitchen


def server_port(kitchen: Kitchen) -> int:
    """The port of vLLM in the kitchen's pods, by the API that makes them."""
    return LLM_PORT if kitchen.api == "LLMInferenceService" else SERVER_PORT
