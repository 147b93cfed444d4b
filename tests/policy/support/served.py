"""Servers for samples: a service of KServe's with a base model, and a Deployment with the server's image."""

from __future__ import annotations

from typing import Any

from tests.policy.support.objects import DEPLOYMENT, OFFLINE, SERVICE, VLLM
from tests.policy.support.sample import changed

ARGS = "spec predictor model args"
FIRST = "spec template spec containers 0"
BASE_MODEL = {"spec predictor model storageUri": "pvc://base-m-v1/base/m/v1"}
SERVED = changed(SERVICE, BASE_MODEL)
SERVER = changed(DEPLOYMENT, {f"{FIRST} image": VLLM, f"{FIRST} env": OFFLINE})


def starts(command: list[Any], *args: Any, **more: Any) -> dict[str, Any]:
    """Changes of SERVER: what its container starts."""
    return {f"{FIRST} command": command, f"{FIRST} args": list(args), **more}
