"""In which order and beside what the modules of a whole test run go: the longest first, one shared cluster for all.

What is begun last should be short, so that no process waits for the other one at the end. Modules of the shared
cluster are one unit of work: spread over two processes they would need two clusters, each with its start and memory.
"""

from __future__ import annotations

import pytest
from xdist.scheduler import LoadFileScheduling  # type: ignore[import-untyped]

SHARED_CLUSTER = tuple(
    f"tests/cluster/test_{name}.py"
    for name in (
        "audit",
        "embedded_cluster",
        "tenancy",
        "embedded_lifecycle",
        "base_model_updates",
        "minio_deployed",
        "serving_updates",
        "placement",
        "platforms",
        "serving_options",
    )
)
"""Modules that use the fixture `cluster`. Those that need the cluster without another environment take turns with
others, so that what an environment leaves behind goes meanwhile."""

LONGEST = (
    *SHARED_CLUSTER,
    "tests/cluster/test_interrupted.py",
    "tests/cluster/test_recover.py",
    "tests/cluster/test_kitchen.py",
    "tests/engine/test_stack_file.py",
    "tests/engine/test_program.py",
    "tests/engine/test_platforms.py",
    "tests/engine/test_pipeline.py",
    "tests/engine/test_policy_samples.py",
    "tests/engine/test_policy_stack.py",
    "tests/unit/tools/local/test_damaged.py",
)
"""Modules that take more than twenty seconds of a processor, longest first; all others follow."""

_RANK = {path: rank for rank, path in enumerate(LONGEST)}


def module_of(nodeid: str) -> str:
    """The file of a test."""
    return nodeid.partition("::")[0]


def longest_first(items: list[pytest.Item]) -> None:
    """Sort tests in place by their modules; those of a module keep their order."""
    items.sort(key=lambda item: _RANK.get(module_of(item.nodeid), len(_RANK)))


class Scheduling(LoadFileScheduling):  # type: ignore[misc]  # xdist is untyped
    """A module is a unit of work, and those of the shared cluster are one together."""

    def _split_scope(self, nodeid: str) -> str:
        module = module_of(nodeid)
        return "the shared cluster" if module in SHARED_CLUSTER else module
