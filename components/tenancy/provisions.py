"""What every tenant's namespace gets before any pod: the registry's credentials and the authority's certificates."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import pulumi

from components.facts import PLACEHOLDER
from components.kubernetes_object import KubernetesObject

CA_KEY = "ca.crt"
"""Key of the ConfigMap that holds the bundle."""


@dataclass(frozen=True, kw_only=True)
class Provision(ABC):
    """An object called `name` in each tenant's namespace."""

    name: str

    @abstractmethod
    def declare(
        self, tenant: str, namespace: str, labels: Mapping[str, str], opts: pulumi.ResourceOptions
    ) -> pulumi.Resource:
        """Declare the object in a namespace."""


@dataclass(frozen=True, kw_only=True)
class PullSecret(Provision):
    """Credentials of the registry: `docker_config` is docker's config JSON; None writes a placeholder (rendering).

    Guaranteed: the text is secret from here on, and is encrypted in the state.
    """

    docker_config: str | None = field(repr=False)

    def declare(
        self, tenant: str, namespace: str, labels: Mapping[str, str], opts: pulumi.ResourceOptions
    ) -> pulumi.Resource:
        """Declare the Secret."""
        text = self.docker_config or f'{{"auths":{{"{PLACEHOLDER}":{{}}}}}}'
        return KubernetesObject(
            f"{tenant}-pull",
            api_version="v1",
            kind="Secret",
            metadata={"name": self.name, "namespace": namespace, "labels": dict(labels)},
            type="kubernetes.io/dockerconfigjson",
            stringData={".dockerconfigjson": pulumi.Output.secret(text)},
            opts=opts,
        )


@dataclass(frozen=True, kw_only=True)
class CaBundle(Provision):
    """Certificates of the authorities that pods trust, as PEM, in a ConfigMap with the key `ca.crt`."""

    certificates: str

    def declare(
        self, tenant: str, namespace: str, labels: Mapping[str, str], opts: pulumi.ResourceOptions
    ) -> pulumi.Resource:
        """Declare the ConfigMap."""
        return KubernetesObject(
            f"{tenant}-ca",
            api_version="v1",
            kind="ConfigMap",
            metadata={"name": self.name, "namespace": namespace, "labels": dict(labels)},
            data={CA_KEY: self.certificates},
            opts=opts,
        )


def image_pull_secrets(names: Sequence[str]) -> dict[str, Any]:
    """The part of a ServiceAccount that names the Secrets to pull images with."""
    return {"imagePullSecrets": [{"name": name} for name in names]} if names else {}
