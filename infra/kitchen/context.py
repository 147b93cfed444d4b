"""What every builder needs: settings, catalog, platform, and what is declared already."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import pulumi

from components import naming
from components.labels import Ownership
from components.model_store import BaseModelLoad, BaseModelVolume
from components.object_store import Bucket
from components.object_store.minio.server import MinioServer
from components.platform import Platform
from components.tenancy import Tenant
from infra.catalog import Catalog
from infra.settings import Settings

_PAYLOAD = Path(__file__).resolve().parents[1] / "payload"


def scripts() -> dict[str, str]:
    """The scripts that pods run, by file name."""
    return {path.name: path.read_text() for path in sorted(_PAYLOAD.glob("*.py"))}


@dataclass(frozen=True, kw_only=True)
class Context:
    """`on_cluster` carries the Kubernetes provider; `payload` the scripts that pods run, by file name.

    `apart` are namespaces beside those of tenants.
    `tenants`, `buckets`, `volumes` and `loads` (by tenant and base model) and `services` (by kitchen) fill up as
    components are declared. `store_server` is the object store where this program brings it up.
    """

    settings: Settings
    catalog: Catalog
    platform: Platform
    on_cluster: pulumi.ResourceOptions
    payload: Mapping[str, str]
    store_server: MinioServer | None = None
    tenants: dict[str, Tenant] = field(default_factory=dict)
    buckets: dict[str, Bucket] = field(default_factory=dict)
    volumes: dict[tuple[str, str], BaseModelVolume] = field(default_factory=dict)
    loads: dict[tuple[str, str], BaseModelLoad] = field(default_factory=dict)
    services: dict[str, pulumi.Resource] = field(default_factory=dict)
    apart: list[pulumi.Resource] = field(default_factory=list)

    def namespace(self, tenant: str) -> str:
        """Namespace of a tenant."""
        return naming.namespace(tenant, self.settings.environment)

    def labels(self, tenant: str, instance: str) -> dict[str, str]:
        """Ownership labels of an object of a tenant; see `Ownership.labels`."""
        said = self.settings.tenants[tenant]
        owned = Ownership(
            environment=self.settings.environment,
            tenant=tenant,
            owner=said.owner,
            cost_centre=said.cost_centre,
        )
        return owned.labels(instance)

    def shared_labels(self) -> dict[str, str]:
        """Labels of what belongs to the environment as a whole: the platform team answers for it."""
        environment = self.settings.environment
        shared = Ownership(environment=environment, tenant="shared", owner="platform", cost_centre="shared")
        return shared.labels(environment)

    @property
    def pull_secrets(self) -> list[str]:
        """Secrets that every ServiceAccount pulls images with."""
        return [] if self.settings.pull_secret is None else [self.settings.pull_secret]

    def image(self, name: str) -> str:
        """Reference of a catalog image in the organisation's registry."""
        return self.catalog.images[name].reference(self.settings.registry)

    def in_tenant(self, tenant: str) -> pulumi.ResourceOptions:
        """Options of what lies in a tenant's namespace."""
        return self.after(self.tenants[tenant])

    def after(self, *needs: pulumi.Resource) -> pulumi.ResourceOptions:
        """Options of what is made after `needs`, on the cluster."""
        return pulumi.ResourceOptions.merge(self.on_cluster, pulumi.ResourceOptions(depends_on=list(needs)))
