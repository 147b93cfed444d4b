"""Marks every test with its tier: the folder that it lies in."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

# Engines, providers and API servers of a test live for seconds: a tenth of their time would go into collecting garbage.
os.environ.setdefault("GOGC", "400")
# No test asks an official host for a tool, whatever the user's setting is: tests of downloads have their own server.
os.environ["KITCHEN_TOOLCHAIN_OFFICIAL"] = "0"

TIERS = ("unit", "policy", "engine", "cluster", "serving", "bench")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    root = Path(__file__).parent
    for item in items:
        tier = item.path.relative_to(root).parts[0]
        if tier in TIERS:
            item.add_marker(getattr(pytest.mark, tier))
