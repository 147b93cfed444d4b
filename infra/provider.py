"""The Kubernetes provider of an environment."""

from __future__ import annotations

import json
from importlib.metadata import version

import pulumi

from infra.settings import Settings

_NO_QUEUE = json.dumps({"burst": 2000, "qps": 1000}, separators=(",", ":"))
"""The provider sends 50 requests a second by default and keeps the rest waiting. How many go on at once is bounded by
the engine (`--parallel`, four for each core), and the API server protects itself (API Priority and Fairness)."""


def cluster_provider(settings: Settings) -> pulumi.ProviderResource:
    """Return the provider that every Kubernetes object of the kitchen uses.

    The provider's process reads the kubeconfig that KUBECONFIG names. The SDK's own class would write that path
    into the state, and every other machine's update would show it as a change. With `renderTo` nothing is sent to
    a cluster: the objects become YAML files in that folder.
    """
    inputs: dict[str, object]
    if settings.render_to is not None:
        inputs = {"renderYamlToDirectory": settings.render_to}
    else:
        inputs = {
            "clusterIdentifier": settings.cluster_identifier,
            "enableServerSideApply": "true",
            # Without these another bundle or key would delete the object before it is made anew.
            "enableConfigMapMutable": "true",
            "enableSecretMutable": "true",
            "kubeClientSettings": _NO_QUEUE,
        }
        if settings.cluster_context is not None:
            inputs["context"] = settings.cluster_context
    return pulumi.ProviderResource(
        "kubernetes", "cluster", inputs, pulumi.ResourceOptions(version=version("pulumi-kubernetes"))
    )
