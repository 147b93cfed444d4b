"""The Kubernetes provider of an environment."""

from __future__ import annotations

from importlib.metadata import version

import pulumi

from infra.settings import Settings


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
        }
        if settings.cluster_context is not None:
            inputs["context"] = settings.cluster_context
    return pulumi.ProviderResource(
        "kubernetes", "cluster", inputs, pulumi.ResourceOptions(version=version("pulumi-kubernetes"))
    )
