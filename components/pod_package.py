"""The Python package `payload` in a pod: a ConfigMap's keys become its files, and `python3 -m` starts one of them.

The pod sees what the repository has (`infra/payload`): one package with relative imports.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

PACKAGE = "payload"

INIT = "__init__.py"


def files(*modules: str) -> tuple[str, ...]:
    """Files of the package that these modules need to be in it."""
    return (INIT, *(f"{module}.py" for module in modules))


def command(module: str) -> list[str]:
    """Starts a module; the container's working directory must be where the volume is mounted."""
    return ["python3", "-m", f"{PACKAGE}.{module}"]


def config_map(name: str, keys: Iterable[str]) -> dict[str, Any]:
    """A volume's source: Python files lie in the package's folder, everything else beside it."""
    items = [{"key": key, "path": f"{PACKAGE}/{key}" if key.endswith(".py") else key} for key in sorted(keys)]
    return {"configMap": {"name": name, "items": items}}
