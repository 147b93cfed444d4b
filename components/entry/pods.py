"""What the entry's pods run, as pure functions: Envoy, the check of bodies beside it, their probes and volumes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from components import pod_package
from components.entry import contents_recorder, shipper
from components.entry.envoy import ARGUMENTS
from components.entry.plan import EntryPlan
from components.entry.shipper import Shipping
from components.platform import Platform
from components.tenancy.provisions import CA_KEY

SCRIPTS = pod_package.files(
    *("call_body", "call_bounds", "call_checks", "call_content", "call_schemas", "check_calls", "drain_entry"),
)
"""Modules of the package `payload` that the check needs."""

CONFIG, TABLE = "envoy.json", "models.json"
CONFIG_FOLDER, SCRIPTS_FOLDER = "/etc/kitchen/entry", "/etc/kitchen/check"
CA_FOLDER = "/etc/kitchen/ca"
CA_FILE = f"{CA_FOLDER}/{CA_KEY}"
"""Where the authorities are that the organisation states."""

TLS_SECRET = "entry-tls"
ENVOY, CHECK = "envoy", "check"
DRAIN_SECONDS = 900
"""How long a pod that is to end may go on with its calls: an answer of ten minutes comes to its end."""


def template(
    plan: EntryPlan,
    *,
    config_map: str,
    images: Mapping[str, str],
    tls_secret: str,
    platform: Platform,
    shipping: Shipping,
    ca_bundle: str | None = None,
) -> dict[str, Any]:
    """The pod's specification; `images` has those of `envoy` and `check`, `ca_bundle` is a ConfigMap with `ca.crt`.
    `shipping` says where the record of calls goes.

    Envoy is a sidecar in Kubernetes' sense (an init container that is restarted always, 1.29 and newer): it starts
    first and ends last. The check gets the signal to end before it, has each answer close its connection, and ends
    when the calls that were there have ended and their callers have gone.
    """
    return {
        "serviceAccountName": "entry",
        "automountServiceAccountToken": False,
        "enableServiceLinks": False,
        "terminationGracePeriodSeconds": DRAIN_SECONDS + shipper.GRACE_SECONDS,
        "securityContext": platform.pod_security_context(),
        # The shipper stands before Envoy, and so ends after it: the last lines are shipped too.
        "initContainers": [
            shipper.container(shipping, plan, platform),
            *([contents_recorder.container(plan, images[CHECK], platform, shipping.room_mib)] if plan.contents else []),
            envoy_container(plan, images[ENVOY], platform, ca_bundle),
        ],
        "containers": [check_container(plan, images[CHECK], platform)],
        "volumes": [
            *_volumes(config_map, tls_secret, ca_bundle),
            *shipper.volumes(shipping),
            *(contents_recorder.volumes(config_map) if plan.contents else []),
        ],
        **_spread(),
    }


def envoy_container(plan: EntryPlan, image: str, platform: Platform, ca_bundle: str | None = None) -> dict[str, Any]:
    """Envoy, an init container that goes on."""
    ready = {"httpGet": {"path": "/ready", "port": "metrics"}, "periodSeconds": 5, "timeoutSeconds": 3}
    return {
        "name": ENVOY,
        "image": image,
        "restartPolicy": "Always",
        "command": ["envoy"],
        "args": ["--config-path", f"{CONFIG_FOLDER}/{CONFIG}", *ARGUMENTS],
        "ports": [
            {"name": "https", "containerPort": plan.ports.callers, "protocol": "TCP"},
            {"name": "metrics", "containerPort": plan.ports.metrics, "protocol": "TCP"},
        ],
        "resources": {"requests": {"cpu": "500m", "memory": "512Mi"}, "limits": {"memory": "1Gi"}},
        "securityContext": platform.container_security_context(),
        "startupProbe": {**ready, "failureThreshold": 24},
        "livenessProbe": {**ready, "periodSeconds": 20, "failureThreshold": 6},
        "readinessProbe": {**ready, "failureThreshold": 2},
        "volumeMounts": [
            {"name": "config", "mountPath": CONFIG_FOLDER, "readOnly": True},
            {"name": "tls", "mountPath": str(plan.tls_folder), "readOnly": True},
            shipper.log_mount(),
            *([{"name": "ca", "mountPath": CA_FOLDER, "readOnly": True}] if ca_bundle is not None else []),
        ],
    }


def check_container(plan: EntryPlan, image: str, platform: Platform) -> dict[str, Any]:
    """The check of bodies."""
    # It listens on the pod's loopback alone, where no probe comes: Envoy asks it for them.
    ready = {"httpGet": {"path": "/ready/check", "port": plan.ports.metrics}, "periodSeconds": 5, "timeoutSeconds": 3}
    return {
        "name": CHECK,
        "image": image,
        "command": pod_package.command("check_calls"),
        "workingDir": SCRIPTS_FOLDER,
        "args": [
            f"--table={SCRIPTS_FOLDER}/{TABLE}",
            f"--port={plan.ports.check}",
            f"--envoy-port={plan.ports.admin}",
            f"--drain-seconds={DRAIN_SECONDS}",
        ],
        "resources": {"requests": {"cpu": "250m", "memory": "128Mi"}, "limits": {"memory": "512Mi"}},
        "securityContext": platform.container_security_context(),
        "startupProbe": {**ready, "failureThreshold": 24},
        "livenessProbe": {**ready, "periodSeconds": 20, "failureThreshold": 6},
        "readinessProbe": {**ready, "failureThreshold": 2},
        "volumeMounts": [{"name": "check", "mountPath": SCRIPTS_FOLDER, "readOnly": True}],
    }


def _volumes(config_map: str, tls_secret: str, ca_bundle: str | None) -> list[dict[str, Any]]:
    tls = {"secretName": tls_secret, "defaultMode": 0o440, "optional": False}
    envoy = {"name": config_map, "items": [{"key": CONFIG, "path": CONFIG}]}
    return [
        {"name": "config", "configMap": envoy},
        {"name": "check", **pod_package.config_map(config_map, (*SCRIPTS, TABLE))},
        {"name": "tls", "secret": {**tls, "items": [{"key": key, "path": key} for key in ("tls.crt", "tls.key")]}},
        *([{"name": "ca", "configMap": {"name": ca_bundle}}] if ca_bundle is not None else []),
    ]


def _spread() -> dict[str, Any]:
    """One pod a node where there are nodes enough, and over zones where there are some."""
    match = {"matchLabels": {"app.kubernetes.io/name": "entry"}}
    keys: Sequence[str] = ("kubernetes.io/hostname", "topology.kubernetes.io/zone")
    return {
        "topologySpreadConstraints": [
            {"maxSkew": 1, "topologyKey": key, "whenUnsatisfiable": "ScheduleAnyway", "labelSelector": match}
            for key in keys
        ]
    }
