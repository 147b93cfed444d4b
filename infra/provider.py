"""The Kubernetes provider of an environment."""

from __future__ import annotations

import pulumi
from pulumi_kubernetes import Provider

from infra.settings import Settings


def cluster_provider(settings: Settings) -> Provider:
    """Return the provider that every Kubernetes object of the kitchen uses.

    The kubeconfig is the one that KUBECONFIG names. With `renderTo` nothing is sent to a cluster: the objects
    become YAML files in that folder.
    """
    if settings.render_to is not None:
        return Provider("cluster", render_yaml_to_directory=settings.render_to)
    return Provider(
        "cluster",
        context=settings.cluster_context,
        cluster_identifier=settings.cluster_identifier,
        enable_server_side_apply=True,
        opts=pulumi.ResourceOptions(protect=False),
    )
