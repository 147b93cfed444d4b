"""The sidecar that encrypts prompts and answers of approved tenants, beside Envoy, as pure functions.

It is an init container that goes on, between what ships the record and Envoy: the kubelet ends them in the reverse of
their order, so that Envoy's last pieces are taken, and what was taken is shipped.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from components import pod_package
from components.entry import shipper
from components.entry.plan import EntryPlan
from components.platform import Platform

NAME = "record-contents"
SCRIPTS = pod_package.files("content_files", "record_contents", "seal_contents")
"""Files of the package that the sidecar needs."""

TABLE, FOLDER = "contents.json", "/etc/kitchen/contents"


@dataclass(frozen=True, kw_only=True)
class Approved:
    """A tenant's approval: the certificate (PEM) that contents are encrypted to, and the last day (2026-12-31)."""

    certificate: str
    until: str


def data(approved: Mapping[str, Approved], scripts: Mapping[str, str]) -> dict[str, str]:
    """What the entry's ConfigMap carries for it; nothing without an approval."""
    if not approved:
        return {}
    table = {name: {"certificate": one.certificate, "until": one.until} for name, one in approved.items()}
    return {TABLE: json.dumps(table, sort_keys=True), **{name: scripts[name] for name in SCRIPTS}}


def container(plan: EntryPlan, image: str, platform: Platform, room_mib: int) -> dict[str, Any]:
    """The sidecar, for the pod's `initContainers`, before Envoy's; it shares the record's folder."""
    # It listens on the pod's loopback alone: Envoy asks it for the probes, and starts after it.
    ready = {"path": "/ready/contents", "port": plan.ports.metrics}
    probe = {"httpGet": ready, "timeoutSeconds": 3}
    return {
        "name": NAME,
        "image": image,
        "restartPolicy": "Always",
        "command": pod_package.command("record_contents"),
        "workingDir": FOLDER,
        "args": [
            f"--table={FOLDER}/{TABLE}",
            f"--folder={shipper.FOLDER}",
            f"--port={plan.ports.contents}",
            f"--most-waiting-mib={room_mib // 2}",
        ],
        "resources": {"requests": {"cpu": "100m", "memory": "128Mi"}, "limits": {"memory": "512Mi"}},
        "securityContext": platform.container_security_context(),
        "livenessProbe": {**probe, "initialDelaySeconds": 120, "periodSeconds": 20, "failureThreshold": 6},
        "readinessProbe": {**probe, "periodSeconds": 5, "failureThreshold": 2},
        "volumeMounts": [shipper.log_mount(), {"name": "contents", "mountPath": FOLDER, "readOnly": True}],
    }


def volumes(config_map: str) -> list[dict[str, Any]]:
    """What the sidecar reads."""
    return [{"name": "contents", **pod_package.config_map(config_map, (*SCRIPTS, TABLE))}]
