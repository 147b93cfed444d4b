"""Labels that every object carries, so that an owner is found from any of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

DOMAIN = "kitchen.example.com"
"""Prefix of the project's own labels and annotations."""

SERVICE_LABEL = "serving.kserve.io/inferenceservice"
"""Label by which KServe marks the pods of an InferenceService; its value is the service's name."""

OWNER_TAG = f"{DOMAIN}/owner"
"""Tag of a bucket; its value is the project and stack that own it."""

PART_OF = "app.kubernetes.io/part-of"

CHANGEABLE = (f"{DOMAIN}/owner", f"{DOMAIN}/cost-centre")
"""Ownership labels whose value may change while the objects stay. No pod has a value of them: a pod's labels are part
of its template, and another template means other pods. Whoever counts costs reads them from the pod's namespace."""


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
            PART_OF: "private-ai-kitchen",
            "app.kubernetes.io/managed-by": "pulumi",
            "app.kubernetes.io/instance": instance,
            f"{DOMAIN}/environment": self.environment,
            f"{DOMAIN}/tenant": self.tenant,
            f"{DOMAIN}/owner": self.owner,
            f"{DOMAIN}/cost-centre": self.cost_centre,
        }


def pod_labels(labels: Mapping[str, str]) -> dict[str, str]:
    """Those of an object's labels that its pods carry too: nothing that may change while they run."""
    return {key: value for key, value in labels.items() if key not in CHANGEABLE}


def pod_labels_by_kserve(labels: Mapping[str, str]) -> dict[str, str]:
    """Labels for `spec.predictor` of an InferenceService: its pods get no value of what may change.

    KServe puts the labels of an InferenceService on its pods, and lets those of the predictor win (buildObjectMeta in
    components/predictor.go of 0.20). An empty value is to Prometheus, and to what counts costs by it, no label at all.
    """
    return {key: "" if key in CHANGEABLE else value for key, value in labels.items()}
