"""Labels that say whose an object is, and which objects carry them."""

from __future__ import annotations

from policies.judging.subject import Subject
from policies.manifests.kind_table import known

PART_OF = "app.kubernetes.io/part-of"
DOMAIN = "kitchen.example.com"
ENVIRONMENT, TENANT = f"{DOMAIN}/environment", f"{DOMAIN}/tenant"
LABELS = (PART_OF, ENVIRONMENT, TENANT, f"{DOMAIN}/owner", f"{DOMAIN}/cost-centre")

CLUSTER_SCOPED = {
    *("Namespace", "Node", "PersistentVolume", "StorageClass", "PriorityClass", "ClusterRole", "ClusterRoleBinding"),
    *("CustomResourceDefinition", "MutatingWebhookConfiguration", "ValidatingWebhookConfiguration", "APIService"),
    *("ValidatingAdmissionPolicy", "ValidatingAdmissionPolicyBinding", "RuntimeClass", "IngressClass", "CSIDriver"),
    *("ClusterServingRuntime", "ClusterStorageContainer", "ClusterIssuer", "GatewayClass", "VolumeSnapshotClass"),
    *("DeviceClass", "ResourceSlice", "LocalModelCache", "LocalModelNodeGroup", "ClusterQueue", "ResourceFlavor"),
}
"""Kinds without a namespace, and so without a tenant."""


def is_labelled(subject: Subject) -> bool:
    """Whether the object must carry labels: a patch leaves an object to its owner, a list or a file is no object."""
    found = known(subject.group, subject.kind)
    if subject.group == "kustomize.config.k8s.io" or (found is not None and found.is_file):
        return False
    whole = not subject.resource_type.endswith(("Patch", "List"))
    return subject.is_kubernetes and whole and not subject.kind.endswith("List")
