"""What MinIO's pods run, as pure functions: arguments, environment, probes and volumes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from components.facts import STORE_PORT, STORE_SERVICE, STORE_TLS_SECRET

PORT = STORE_PORT
"""TCP port of the S3 API, as MinIO's documentation has it."""

SERVICE, HEADLESS = STORE_SERVICE, "minio-headless"
"""Service of the clients, and the one that gives each pod a name for the others."""

ROOT_SECRET, TLS_SECRET = "minio-root", STORE_TLS_SECRET
ROOT_FOLDER, CERTS_FOLDER = "/etc/minio/root", "/etc/minio/certs"
START_MINUTES = 10


def drive(index: int) -> str:
    """Mount path of a pod's drive."""
    return f"/data{index}"


def args(namespace: str, replicas: int, drives: int) -> list[str]:
    """Arguments of the server: alone with its drives, or all pods as one pool over each other's names."""
    last = drives - 1
    folders = drive(0) if drives == 1 else f"/data{{0...{last}}}"
    where = folders
    if replicas > 1:
        hosts = f"{SERVICE}-{{0...{replicas - 1}}}.{HEADLESS}.{namespace}.svc.cluster.local"
        where = f"https://{hosts}:{PORT}{folders}"
    return ["server", "--quiet", "--address", f":{PORT}", "--certs-dir", CERTS_FOLDER, where]


def env(*, measured: bool = False) -> list[dict[str, str]]:
    """Environment: the root key by the names of files alone; no console, no look for updates.

    MinIO reads MINIO_ROOT_USER_FILE and MINIO_ROOT_PASSWORD_FILE at start (cmd/common-main.go, readFromSecret). A file
    that is not there means its well-known default key: the Secret's volume is not optional, so that the pod waits.
    Where it is `measured`, its numbers are told without a token, to whom the network rules let in: a token would be
    signed with the root key, and lie where Prometheus is.
    """
    return [
        *([{"name": "MINIO_PROMETHEUS_AUTH_TYPE", "value": "public"}] if measured else []),
        {"name": "MINIO_ROOT_USER_FILE", "value": f"{ROOT_FOLDER}/user"},
        {"name": "MINIO_ROOT_PASSWORD_FILE", "value": f"{ROOT_FOLDER}/password"},
        {"name": "MINIO_BROWSER", "value": "off"},
        {"name": "MINIO_UPDATE", "value": "off"},
        {"name": "HOME", "value": "/tmp"},
    ]


def container(image: str, spec: Mapping[str, Any], security: Mapping[str, Any]) -> dict[str, Any]:
    """The one container; `spec` has namespace, replicas, drives, cpu, memory_gib and measured."""
    mounts = [
        {"name": "root-key", "mountPath": ROOT_FOLDER, "readOnly": True},
        {"name": "certs", "mountPath": CERTS_FOLDER, "readOnly": True},
        {"name": "tmp", "mountPath": "/tmp"},
        *({"name": f"data{index}", "mountPath": drive(index)} for index in range(spec["drives"])),
    ]
    memory = f"{spec['memory_gib']}Gi"
    return {
        "name": "minio",
        "image": image,
        "command": ["minio"],
        "args": args(spec["namespace"], spec["replicas"], spec["drives"]),
        "env": env(measured=bool(spec.get("measured"))),
        "ports": [{"name": "https", "containerPort": PORT, "protocol": "TCP"}],
        "resources": {"requests": {"cpu": str(spec["cpu"]), "memory": memory}, "limits": {"memory": memory}},
        "securityContext": dict(security),
        "startupProbe": {**_probe("live"), "periodSeconds": 10, "failureThreshold": 6 * START_MINUTES},
        "livenessProbe": {**_probe("live"), "periodSeconds": 20, "failureThreshold": 6, "timeoutSeconds": 10},
        "readinessProbe": {**_probe("ready"), "periodSeconds": 10, "failureThreshold": 3, "timeoutSeconds": 10},
        "volumeMounts": mounts,
    }


def volumes(tls_secret: str) -> list[dict[str, Any]]:
    """Root key and certificate as files; MinIO takes a renewed certificate without a restart."""
    root = {"secretName": ROOT_SECRET, "items": [{"key": name, "path": name} for name in ("user", "password")]}
    paths = {"tls.crt": "public.crt", "tls.key": "private.key", "ca.crt": "CAs/ca.crt"}
    tls = {"secretName": tls_secret, "items": [{"key": key, "path": path} for key, path in paths.items()]}
    return [
        {"name": "root-key", "secret": {**root, "defaultMode": 0o440, "optional": False}},
        {"name": "certs", "secret": {**tls, "defaultMode": 0o440, "optional": False}},
        {"name": "tmp", "emptyDir": {"sizeLimit": "1Gi"}},
    ]


def spread(match: Mapping[str, str]) -> dict[str, Any]:
    """One pod a node, and over zones where there are some."""
    term = {"labelSelector": {"matchLabels": dict(match)}, "topologyKey": "kubernetes.io/hostname"}
    return {
        "affinity": {"podAntiAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": [term]}},
        "topologySpreadConstraints": [
            {
                "maxSkew": 1,
                "topologyKey": "topology.kubernetes.io/zone",
                "whenUnsatisfiable": "ScheduleAnyway",
                "labelSelector": {"matchLabels": dict(match)},
            }
        ],
    }


def _probe(kind: str) -> dict[str, Any]:
    return {"httpGet": {"path": f"/minio/health/{kind}", "port": "https", "scheme": "HTTPS"}}
