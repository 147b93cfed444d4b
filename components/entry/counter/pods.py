"""What the shared counter's pods run, as pure functions: envoyproxy/ratelimit, and Valkey that keeps the numbers."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from components.entry.envoy.limits import DOMAIN, counter_descriptors
from components.entry.plan import EntryPlan
from components.facts import COUNTER_SERVICE

GRPC_PORT, HTTP_PORT, METRICS_PORT, VALKEY_PORT = 8081, 8080, 9090, 6379
"""TCP ports: Envoy's questions, ratelimit's own HTTP (loopback alone), its metrics, and Valkey."""

COUNTER, VALKEY = COUNTER_SERVICE, "counter-valkey"
"""Names of the two workloads, of their Services and of their pods' label."""

KEY_SECRET = "counter-key"
PASSWORD_KEY, CONFIG_KEY = "password", "valkey.conf"
LIMITS_FILE = "limits.yaml"

_RUNTIME = "/etc/ratelimit"
_VALKEY_FOLDER = "/etc/valkey"
_MEMORY_MIB = 256


def ratelimit_config(plan: EntryPlan) -> str:
    """The file of limits that ratelimit reads: JSON, which is YAML too; the same plan gives the same bytes."""
    return json.dumps({"domain": DOMAIN, "descriptors": counter_descriptors(plan)}, indent=1, sort_keys=True) + "\n"


def ratelimit_env(valkey_host: str, valkey_port: int) -> list[dict[str, Any]]:
    """Environment of ratelimit, which reads nothing else (src/settings/settings.go); the password by reference."""
    said = {
        "LOG_LEVEL": "warn",
        "LOG_FORMAT": "json",
        "USE_STATSD": "false",
        "USE_PROMETHEUS": "true",
        "PROMETHEUS_ADDR": f":{METRICS_PORT}",
        "GRPC_PORT": str(GRPC_PORT),
        # Its HTTP port answers questions about limits, its debug port shows all of them: for nobody but the pod.
        "HOST": "127.0.0.1",
        "PORT": str(HTTP_PORT),
        "DEBUG_HOST": "127.0.0.1",
        "RUNTIME_ROOT": _RUNTIME,
        "RUNTIME_SUBDIRECTORY": "",
        "RUNTIME_APPDIRECTORY": "config",
        # Other limits are another ConfigMap and other pods: nothing changes below a pod that runs.
        "RUNTIME_WATCH_ROOT": "false",
        "RUNTIME_IGNOREDOTFILES": "true",
        "BACKEND_TYPE": "redis",
        "REDIS_TYPE": "SINGLE",
        "REDIS_SOCKET_TYPE": "tcp",
        "REDIS_URL": f"{valkey_host}:{valkey_port}",
        # Less than Envoy waits: a counter without its numbers says so, and does not fall silent.
        "REDIS_TIMEOUT": "400ms",
    }
    secret = {"secretKeyRef": {"name": KEY_SECRET, "key": PASSWORD_KEY, "optional": False}}
    values = [{"name": name, "value": value} for name, value in said.items()]
    return [*values, {"name": "REDIS_AUTH", "valueFrom": secret}]


def valkey_config(password: str) -> str:
    """Valkey's configuration file. Counts outlive a restart; a full memory is an error, and never a forgotten count."""
    lines = (
        "bind * -::*",
        f"port {VALKEY_PORT}",
        "protected-mode yes",
        f"requirepass {password}",
        "dir /data",
        "appendonly yes",
        "appendfsync everysec",
        'save ""',
        f"maxmemory {_MEMORY_MIB * 3 // 4}mb",
        "maxmemory-policy noeviction",
    )
    return "\n".join(lines) + "\n"


def ratelimit_container(image: str, valkey_host: str, security: Mapping[str, Any]) -> dict[str, Any]:
    """The one container of a counter's pod."""
    memory = "128Mi"
    return {
        "name": COUNTER,
        "image": image,
        "command": ["/bin/ratelimit"],
        "env": ratelimit_env(valkey_host, VALKEY_PORT),
        "ports": [_port("grpc", GRPC_PORT), _port("metrics", METRICS_PORT)],
        "resources": {"requests": {"cpu": "250m", "memory": memory}, "limits": {"memory": memory}},
        "securityContext": dict(security),
        "readinessProbe": {"grpc": {"port": GRPC_PORT, "service": "ratelimit"}, "periodSeconds": 5},
        "livenessProbe": {"tcpSocket": {"port": "grpc"}, "periodSeconds": 20, "failureThreshold": 3},
        "volumeMounts": [{"name": "limits", "mountPath": f"{_RUNTIME}/config", "readOnly": True}],
    }


def ratelimit_volumes(config_map: str) -> list[dict[str, Any]]:
    """The limits, as a file."""
    return [{"name": "limits", "configMap": {"name": config_map, "items": [{"key": LIMITS_FILE, "path": LIMITS_FILE}]}}]


def valkey_container(image: str, security: Mapping[str, Any]) -> dict[str, Any]:
    """The one container of Valkey's pod; its password stands in a file."""
    memory = f"{_MEMORY_MIB}Mi"
    probe = {"tcpSocket": {"port": "valkey"}}
    return {
        "name": "valkey",
        "image": image,
        "command": ["valkey-server", f"{_VALKEY_FOLDER}/{CONFIG_KEY}"],
        "ports": [_port("valkey", VALKEY_PORT)],
        "resources": {"requests": {"cpu": "250m", "memory": memory}, "limits": {"memory": memory}},
        "securityContext": dict(security),
        "readinessProbe": {**probe, "periodSeconds": 5},
        "livenessProbe": {**probe, "periodSeconds": 20, "failureThreshold": 3},
        "volumeMounts": [
            {"name": "config", "mountPath": _VALKEY_FOLDER, "readOnly": True},
            {"name": "data", "mountPath": "/data"},
        ],
    }


def valkey_volumes() -> list[dict[str, Any]]:
    """The configuration with the password, as a file; the data's volume is a claim of the StatefulSet."""
    item = {"key": CONFIG_KEY, "path": CONFIG_KEY}
    return [
        {
            "name": "config",
            "secret": {"secretName": KEY_SECRET, "items": [item], "defaultMode": 0o440, "optional": False},
        }
    ]


def _port(name: str, number: int) -> dict[str, Any]:
    return {"name": name, "containerPort": number, "protocol": "TCP"}
