"""Marks every test with its tier, the folder that it lies in, and keeps what belongs together in one process."""

from __future__ import annotations

from pathlib import Path

import pytest

ONE_ENVIRONMENT = ("test_hot_kitchen.py", "test_kitchen.py")
"""Modules about the same environment, which is brought up once for them; the last one ends it."""

TIERS = ("unit", "policy", "engine", "cluster", "serving", "bench")


@pytest.hookimpl(tryfirst=True)  # before the worker's own hook, which reads the groups
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    root = Path(__file__).parent
    for item in items:
        tier = item.path.relative_to(root).parts[0]
        if tier in TIERS:
            item.add_marker(getattr(pytest.mark, tier))
        together = ONE_ENVIRONMENT[0] if item.path.name in ONE_ENVIRONMENT else str(item.path.relative_to(root))
        item.add_marker(pytest.mark.xdist_group(together))
