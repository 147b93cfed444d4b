"""Labels that every object carries, so that an owner is found from any of them."""

from __future__ import annotations

from dataclasses import dataclass

DOMAIN = "kitchen.example.com"
"""Prefix of the project's own labels and annotations."""

SERVICE_LABEL = "serving.kserve.io/inferenceservice"
"""Label by which KServe marks the pods of an InferenceService; its value is the service's name."""

OWNER_TAG = f"{DOMAIN}/owner"
"""Tag of a bucket; its value is the project and stack that own it."""


@dataclass(frozen=True, kw_only=True)
class Ownership:
    """Who answers for an object: environment, tenant, owner and cost centre."""

    environment: str
    tenant: str
    owner: str
    cost_centre: str

    def labels(self, instance: str) -> dict[str, str]:
        """Labels of an object; `instance` is the kitchen, base model or tenant that it belongs to."""
        return {
            "app.kubernetes.io/part-of": "private-ai-kitchen",
            "app.kubernetes.io/managed-by": "pulumi",
            "app.kubernetes.io/instance": instance,
            f"{DOMAIN}/environment": self.environment,
            f"{DOMAIN}/tenant": self.tenant,
            f"{DOMAIN}/owner": self.owner,
            f"{DOMAIN}/cost-centre": self.cost_centre,
        }
