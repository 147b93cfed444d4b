"""Physical names, derived by pure functions so that they can be checked before anything is deployed."""

from __future__ import annotations

import hashlib
import re

MAX_LABEL = 63
"""Longest DNS label, and so the longest name of most Kubernetes objects (RFC 1123)."""

_LABEL = re.compile(r"[a-z0-9]([-a-z0-9]*[a-z0-9])?")


def is_label(name: str) -> bool:
    """Whether a name is a DNS label of at most 63 characters."""
    return len(name) <= MAX_LABEL and _LABEL.fullmatch(name) is not None


def namespace(tenant: str, environment: str) -> str:
    """Namespace of a tenant in an environment."""
    return f"{tenant}-{environment}"


def bucket(prefix: str, name: str) -> str:
    """Bucket of an environment, such as `dev-lora`."""
    return f"{prefix}{name}"


def canary(kitchen: str) -> str:
    """The canary of a kitchen, which is a kitchen of its own."""
    return f"{kitchen}-canary"


def runtime(kitchen: str) -> str:
    """ServingRuntime of a kitchen."""
    return f"{kitchen}-vllm"


def base_model_claim(base_model: str) -> str:
    """PersistentVolumeClaim of a base model `<name>/vN`."""
    return "base-" + base_model.replace("/", "-").replace(".", "-")


def with_sum(name: str, sha256: str) -> str:
    """A name that carries its content's sum, at most 63 characters."""
    return f"{name[:52].rstrip('-')}-{sha256[:10]}"


def base_model_uri(base_model: str) -> str:
    """Where KServe takes a base model from: its folder on its claim."""
    return f"pvc://{base_model_claim(base_model)}/base/{base_model}"


def reader_secret(kitchen: str) -> str:
    """Secret with the kitchen's read-only key to its adapters."""
    return f"{kitchen}-lora-reader"


def service_account(kitchen: str) -> str:
    """ServiceAccount of a kitchen's pods."""
    return f"{kitchen}-server"


def adapters_config_map(kitchen: str) -> str:
    """ConfigMap with the fetch script and the adapters' manifest, before the sum of its content."""
    return f"{kitchen}-adapters"


def declared_adapters_config_map(kitchen: str) -> str:
    """ConfigMap with the list of adapters that a kitchen in hot mode serves; its name never changes."""
    return f"{kitchen}-declared-adapters"


def hot_scripts_config_map(kitchen: str) -> str:
    """ConfigMap with the scripts of hot mode, before the sum of its content."""
    return f"{kitchen}-hot-scripts"


def predictor(kitchen: str) -> str:
    """Deployment and Service that KServe derives from the InferenceService."""
    return f"{kitchen}-predictor"


def llm_workload(kitchen: str) -> str:
    """Service that KServe derives from an LLMInferenceService."""
    return f"{kitchen}-kserve-workload-svc"


def predictor_host(kitchen: str, tenant: str, environment: str) -> str:
    """First label of the host name that KServe derives for the predictor."""
    return f"{predictor(kitchen)}-{namespace(tenant, environment)}"


def loader(base_model: str) -> str:
    """Secret, ServiceAccount and NetworkPolicy of a base model's load."""
    return f"{base_model_claim(base_model)}-loader"


def loader_user(base_model: str, tenant: str, environment: str) -> str:
    """User of the object store that reads a base model for a tenant; the sum keeps composed names apart."""
    whole = f"{namespace(tenant, environment)}/{base_model_claim(base_model)}"
    return f"{whole.replace('/', '-')}-{hashlib.sha256(whole.encode()).hexdigest()[:8]}"


def reader_user(kitchen: str, tenant: str, environment: str) -> str:
    """User of the object store that reads a kitchen's adapters."""
    return f"{namespace(tenant, environment)}-{kitchen}-lora"


def role(role: str) -> str:
    """Role and RoleBinding of an access role in a tenant's namespace."""
    return f"kitchen-{role}"


def priority_class(environment: str) -> str:
    """PriorityClass of an environment."""
    return f"kitchen-{environment}"


def route_host(kitchen: str, tenant: str, environment: str) -> str:
    """First label of the host name of a kitchen's Route."""
    return f"{kitchen}-{namespace(tenant, environment)}"


def entry_namespace(environment: str) -> str:
    """Namespace of an environment's entry."""
    return f"entry-{environment}"


def monitoring_namespace(environment: str) -> str:
    """Namespace of an environment's rules and dashboards."""
    return f"monitoring-{environment}"


def entry_pods_service(kitchen: str) -> str:
    """Headless Service of a kitchen's pods, by which the entry knows each of them."""
    return f"{kitchen}-pods"


def writer_user(bucket: str, environment: str) -> str:
    """User of the object store that writes into a bucket of an environment."""
    return f"{environment}-{bucket}-writer"
