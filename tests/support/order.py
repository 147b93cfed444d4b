"""In which order and beside what the modules of a whole test run go: the longest first, one shared cluster for all.

What is begun last should be short, so that no process waits for the others at the end. Modules of the shared cluster
are one unit of work, and so are those of the shared kitchen: spread over processes each would need its own, with its
start and memory. While these two units keep the processors busy, others wait for clocks: `make test` has one process
more than it takes processors.
"""

from __future__ import annotations

import pytest
from xdist.scheduler import LoadFileScheduling  # type: ignore[import-untyped]

SHARED_CLUSTER = tuple(
    f"tests/cluster/test_{name}.py"
    for name in (
        "audit",
        "tenancy",
        "bring_in_walk",
        "base_model_updates",
        "minio_deployed",
        "serving_updates",
        "platforms",
        "serving_options",
        "entry",
        "accounts",
        "identity",
        "doors",
        "placement",
        "embedded_cluster",
        "embedded_lifecycle",
    )
)
"""Modules that use the fixture `cluster`; the last one looks at what it needs after all of them."""

SHARED_KITCHEN = tuple(
    f"tests/cluster/test_{name}.py"
    for name in ("interrupted", "drift_command", "days_by_hand", "days_not_ready", "days_deploy", "recover")
)
"""Modules that use the fixture `shared_kitchen`: the first begins with nothing, the last one takes it down."""

WAITING = (
    "tests/cluster/test_bundle_import.py",
    "tests/cluster/test_large_files.py",
    "tests/cluster/test_store_abilities.py",
    "tests/entry/test_keys.py",
    "tests/entry/record/test_shipping.py",
    "tests/cluster/test_seaweedfs.py",
    "tests/cluster/test_object_store_providers.py",
    "tests/entry/test_replacement.py",
    "tests/entry/numbers/test_bounded.py",
    "tests/entry/record/test_with_envoy.py",
    "tests/entry/test_limits.py",
)
"""Modules that mostly wait: for SeaweedFS to come up, for Envoy's limits of time; beside the two units above."""

LONGEST = (
    *SHARED_CLUSTER,
    *SHARED_KITCHEN,
    *WAITING,
    "tests/cluster/test_kitchen.py",
    "tests/engine/test_plan_bases.py",
    "tests/engine/test_plan.py",
    "tests/engine/test_plan_environments.py",
    "tests/engine/test_pipeline_kills.py",
    "tests/cluster/test_killed_updates.py",
    "tests/engine/test_upgrade.py",
    "tests/monitoring/test_rules.py",
    "tests/engine/test_stack_file.py",
    "tests/engine/test_program.py",
    "tests/engine/test_platforms.py",
    "tests/engine/test_pipeline.py",
    "tests/engine/test_policy_samples.py",
    "tests/engine/test_policy_stack.py",
    "tests/unit/ops/bundle/test_interrupted_images.py",
    "tests/unit/tools/local/test_damaged.py",
)
"""Modules that take more than twenty seconds of a processor, longest first; all others follow."""

_UNITS = dict.fromkeys(SHARED_CLUSTER, "the shared cluster") | dict.fromkeys(SHARED_KITCHEN, "the shared kitchen")
_RANK = {path: rank for rank, path in enumerate(LONGEST)}


def module_of(nodeid: str) -> str:
    """The file of a test."""
    return nodeid.partition("::")[0]


def longest_first(items: list[pytest.Item]) -> None:
    """Sort tests in place by their modules; those of a module keep their order."""
    items.sort(key=lambda item: _RANK.get(module_of(item.nodeid), len(_RANK)))


class Scheduling(LoadFileScheduling):  # type: ignore[misc]  # xdist is untyped
    """A module is a unit of work; those of the shared cluster are one together, and those of the shared kitchen."""

    def _split_scope(self, nodeid: str) -> str:
        module = module_of(nodeid)
        return _UNITS.get(module, module)
