"""What every Kubernetes object of the program has in common."""

from __future__ import annotations

import inspect
from importlib.metadata import version

import pulumi
import pytest
from pulumi.runtime import mocks

from components.kubernetes_object import KubernetesObject
from infra import provider
from tests.unit.support import mocked


class _Monitor(mocks.Mocks):
    """Answers with the inputs and keeps them."""

    def __init__(self) -> None:
        self.seen: dict[str, dict[str, object]] = {}

    def new_resource(self, args: mocks.MockResourceArgs) -> tuple[str, dict[str, object]]:
        self.seen[args.name] = args.inputs
        return args.name, args.inputs

    def call(self, args: mocks.MockCallArgs) -> dict[str, object]:
        return {}


@pytest.fixture
def monitor() -> _Monitor:
    made = _Monitor()
    mocked.use(made)
    return made


def test_the_field_manager_is_the_stack_s_and_other_annotations_stay(monitor: _Monitor) -> None:
    @pulumi.runtime.test
    def declare() -> pulumi.Output[str]:
        made = KubernetesObject(
            "one",
            api_version="v1",
            kind="ConfigMap",
            metadata={"name": "one", "annotations": {"pulumi.com/skipAwait": "true"}},
            opts=pulumi.ResourceOptions(),
        )
        return made.urn

    declare()
    metadata = monitor.seen["one"]["metadata"]
    assert metadata == {
        "name": "one",
        "annotations": {"pulumi.com/skipAwait": "true", "pulumi.com/patchFieldManager": "kitchen-dev"},
    }


def test_the_provider_takes_over_what_an_interrupted_create_left() -> None:
    """Up to 4.28 it applies always; from 4.29 on it refuses to create over an object unless it is told otherwise."""
    major, minor = (int(part) for part in version("pulumi-kubernetes").split(".")[:2])
    assert (major, minor) < (4, 29) or "upsertExistingObjects" in inspect.getsource(provider)
