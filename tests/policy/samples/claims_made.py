"""Samples of claims that the cluster makes for an object, called like those of base models."""

from __future__ import annotations

from typing import Any

from tests.policy.samples.models import MODELS
from tests.policy.support.objects import manifest
from tests.policy.support.sample import PINNED, Sample, table


def _ephemeral(name: str) -> list[dict[str, Any]]:
    return [{"name": name, "ephemeral": {"volumeClaimTemplate": {"spec": {"accessModes": ["ReadWriteMany"]}}}}]


_MAKES = "makes the claim 'base-m-v1'"
_MADE = (
    *table(
        "kubernetes:core/v1:Pod",
        manifest("v1", "Pod", {"containers": [{"name": "app", "image": PINNED}], "volumes": _ephemeral("v1")}),
        ("a pod whose claim is called like a base model's", {"metadata name": "base-m"}, f"ephemeral: {_MAKES}"),
        ("a pod with a name that goes on", {"metadata": {"generateName": "base-m"}}, f"ephemeral: {_MAKES}"),
        ("a pod with a claim of its own", {"metadata name": "tool"}),
        ("a pod with a volume of another name", {"metadata name": "base-m", "spec volumes": _ephemeral("cache")}),
        world=MODELS,
    ),
    *table(
        "kubernetes:apps/v1:StatefulSet",
        manifest("apps/v1", "StatefulSet", {"template": {"spec": {"volumes": _ephemeral("v1")}}}),
        ("a set whose pods make it", {"metadata name": "base-m"}, f"ephemeral: {_MAKES}"),
        ("a set with a claim of its own", {"spec volumeClaimTemplates": [{"metadata": {"name": "data"}}]}),
        world=MODELS,
    ),
    *table(
        "kubernetes:apps/v1:StatefulSet",
        manifest("apps/v1", "StatefulSet", {"volumeClaimTemplates": [{"metadata": {"name": "models"}}]}),
        ("a set whose own claim is called so", {"metadata name": "a"}, "makes the claim 'models-a-0'"),
        ("a set whose claim is called otherwise", {"metadata name": "b"}),
        world=MODELS,
        config={"modelClaims": [{"name": "models-a-0", "reason": "filled by the publishing pipeline"}]},
    ),
    *table(
        "kubernetes:argoproj.io/v1alpha1:Workflow",
        manifest("argoproj.io/v1alpha1", "Workflow", {"volumeClaimTemplates": [{"metadata": {"name": "v1"}}]}),
        ("a workflow whose claim is called so", {"metadata name": "base-m"}, f"volumeClaimTemplates[0]: {_MAKES}"),
        ("a workflow with a claim of its own", {"metadata name": "night"}),
        world=MODELS,
    ),
)
SAMPLES: dict[str, tuple[Sample, ...]] = {"hybrid-storage": _MADE}
