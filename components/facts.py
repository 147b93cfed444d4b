"""What settings are judged by and components are made of: plain values, read without the SDK.

Whoever checks settings imports these alone: Pulumi's SDK takes a third of a second to import.
"""

from __future__ import annotations

ENVIRONMENT_ROLES = ("platform", "security", "operations", "auditor")
"""Roles whose members act in every tenant of an environment."""

CALLER = "caller"
TENANT_ROLES = ("owner", CALLER)
"""Roles whose members act in one tenant."""

SERVICE_ACCOUNT = "system:serviceaccount:"
"""How a member begins that is a ServiceAccount: `system:serviceaccount:<namespace>:<name>`."""

HIGHEST_PRIORITY = 1_000_000_000
"""Highest value that Kubernetes leaves to users; above it are its own system classes (scheduling.k8s.io/v1)."""

ABILITIES = ("versioning", "objectLock", "lifecycle", "bucketPolicy", "tagging")
"""What a store may lack of the S3 API; nothing that it lacks is called."""

STORE_SERVICE, STORE_PORT = "minio", 9000
"""Service and port of the object store that the program brings up."""

STORE_TLS_SECRET = "minio-tls"
"""Secret with its certificate where cert-manager makes it."""

ENTRY_PODS = {"app.kubernetes.io/name": "entry"}
"""Labels of the entry's pods that rules go by."""

COUNTER_SERVICE = "counter"
"""Name of the shared counter's workload, Service and pods."""

LOAD_LABEL = "kitchen.example.com/loads"
"""Pod label of a base model's load; its value is the claim that it writes."""

PLACEHOLDER = "render-only"
"""Stands for a key or credentials in rendered YAML; no store and no registry takes it."""


def is_service_account(member: str) -> bool:
    """Whether a member of a role is a ServiceAccount rather than a group."""
    return member.startswith(SERVICE_ACCOUNT)


def store_endpoint(namespace: str) -> str:
    """Address within the cluster of the object store that the program brings up; its certificate names it."""
    return f"https://{STORE_SERVICE}.{namespace}.svc:{STORE_PORT}"
