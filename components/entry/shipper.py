"""The sidecar that ships the record of calls from the entry's pod into the bucket of the audit, as pure functions.

It is an init container that goes on (`restartPolicy: Always`). The kubelet ends these in the reverse of their order: it
stands before Envoy, so that the last lines are shipped too. Kubernetes 1.29 and OpenShift 4.16 have such containers.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from components import pod_package
from components.entry.plan import EntryPlan
from components.platform import Platform

SCRIPTS = pod_package.files(
    *("adapter_file", "adapter_status", "call_files", "content_files", "fetch_adapters", "local_files"),
    *("receiving", "record_status", "ship_calls", "signer_keys", "store_key", "tensor_values", "verify_signature"),
)
"""Files of the package that the sidecar needs."""

PREFIX = "calls"
"""What the keys of the record begin with in the bucket; the writer's key needs s3:PutObject there, and no more."""

CONTENTS = "contents"
"""What the keys of encrypted prompts and answers begin with, where some tenant has an approval."""

PORT = 9904
"""TCP port of /status, /metrics and /ready."""

FOLDER, CA_PATH = "/var/log/kitchen", "/etc/kitchen/record-ca"
KEY_PATH, SCRIPTS_PATH = "/etc/kitchen/record-key", "/etc/kitchen/record"
GRACE_SECONDS = 120
"""Least `terminationGracePeriodSeconds` of the pod beside what Envoy takes: lines not shipped then are lost."""

_KEY = ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY")
_MEMORY = "256Mi"


@dataclass(frozen=True, kw_only=True)
class Shipping:
    """`secret` has the store's key; `ca_bundle` is a ConfigMap with ca.crt; `scripts_config_map` carries SCRIPTS.

    `room_mib` is the disk that the record may take while the store is away: half of it is full, and the pod takes no
    more calls.
    """

    image: str
    bucket: str
    endpoint: str
    region: str
    secret: str
    scripts_config_map: str
    ca_bundle: str | None = None
    room_mib: int = 4096


def container(shipping: Shipping, plan: EntryPlan, platform: Platform) -> dict[str, Any]:
    """The sidecar, for the pod's `initContainers`, before Envoy's."""
    env = {"AWS_ENDPOINT_URL": shipping.endpoint, "AWS_DEFAULT_REGION": shipping.region, "HOME": "/tmp"}
    mounts = [
        log_mount(),
        {"name": "record-scripts", "mountPath": SCRIPTS_PATH, "readOnly": True},
        {"name": "record-key", "mountPath": KEY_PATH, "readOnly": True},
        {"name": "record-tmp", "mountPath": "/tmp"},
    ]
    if shipping.ca_bundle is not None:
        env["AWS_CA_BUNDLE"] = f"{CA_PATH}/ca.crt"
        mounts.append({"name": "record-ca", "mountPath": CA_PATH, "readOnly": True})
    name = {"name": "POD_NAME", "valueFrom": {"fieldRef": {"fieldPath": "metadata.name"}}}
    probe = {"httpGet": {"path": "/ready", "port": PORT}, "periodSeconds": 5, "timeoutSeconds": 3}
    return {
        "name": "ship-calls",
        "image": shipping.image,
        "restartPolicy": "Always",
        "command": pod_package.command("ship_calls"),
        "workingDir": SCRIPTS_PATH,
        "args": [
            f"--folder={FOLDER}",
            f"--bucket={shipping.bucket}",
            f"--prefix={PREFIX}",
            f"--key={KEY_PATH}",
            "--source=$(POD_NAME)",
            f"--admin-port={plan.ports.admin}",
            f"--port={PORT}",
            f"--most-waiting-mib={shipping.room_mib // 2}",
            *(["--contents"] if plan.contents else []),
        ],
        "env": [name, *({"name": key, "value": value} for key, value in env.items())],
        "ports": [{"name": "record", "containerPort": PORT, "protocol": "TCP"}],
        "resources": {"requests": {"cpu": "100m", "memory": _MEMORY}, "limits": {"memory": _MEMORY}},
        "securityContext": platform.container_security_context(),
        "readinessProbe": {**probe, "failureThreshold": 3},
        "volumeMounts": mounts,
    }


def volumes(shipping: Shipping) -> list[dict[str, Any]]:
    """Volumes of the pod: the record itself, which outlives containers and not the pod, and what the sidecar reads."""
    key = {"secretName": shipping.secret, "items": [{"key": name, "path": name} for name in _KEY]}
    made: list[dict[str, Any]] = [
        {"name": "record", "emptyDir": {"sizeLimit": f"{shipping.room_mib}Mi"}},
        {"name": "record-scripts", **pod_package.config_map(shipping.scripts_config_map, SCRIPTS)},
        {"name": "record-key", "secret": {**key, "defaultMode": 0o440, "optional": False}},
        {"name": "record-tmp", "emptyDir": {"sizeLimit": "64Mi"}},
    ]
    if shipping.ca_bundle is not None:
        made.append({"name": "record-ca", "configMap": {"name": shipping.ca_bundle}})
    return made


def log_mount() -> dict[str, Any]:
    """Where Envoy's container has the record's folder."""
    return {"name": "record", "mountPath": FOLDER}
