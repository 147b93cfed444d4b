"""Hot LoRA mode: a sidecar keeps a running server's adapters equal to a declared list, without a new pod.

What changes with the list is one ConfigMap of a fixed name. Nothing of the pod template depends on it: no argument, no
annotation, no size of a volume.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from components import naming, pod_package
from components.content import sha256_of
from components.gpu.sizing import SIDECAR_CPU, SIDECAR_MEMORY_GIB
from components.platform import Platform
from components.ports import SERVER_PORT, STATUS_PORT
from components.serving.adapters import CA_PATH, CONFIG_PATH, MANIFEST, AdapterFetch
from components.serving.vllm import ADAPTERS_PATH, LoraOptions

SIDECAR = "reconcile-adapters"
SCRIPTS = pod_package.files(
    *("adapter_file", "adapter_status", "fetch_adapters", "guard_updates", "local_files", "reconcile_adapters"),
    *("receiving", "signer_keys", "store_key", "tensor_values", "update_api", "verify_signature", "version_folders"),
)
SCRIPTS_PATH = "/etc/kitchen/hot"
TOKEN_FOLDER = "/run/kitchen"
TOKEN_PATH = f"{TOKEN_FOLDER}/update-token"
KEY_PATH = "/etc/kitchen/store-key"
MIDDLEWARE = f"{pod_package.PACKAGE}.guard_updates.UpdateGuard"

SERVER_ENVIRONMENT = {
    "VLLM_ALLOW_RUNTIME_LORA_UPDATING": "True",
    "KITCHEN_UPDATE_TOKEN_FILE": TOKEN_PATH,
}
"""Opens vLLM's update API, together with the middleware that closes it to everybody but the sidecar."""

SERVER_FLAGS = (f"--middleware={MIDDLEWARE}",)


@dataclass(frozen=True, kw_only=True)
class HotLora:
    """`scripts` by file name are those of SCRIPTS; `space_gib` is the room for adapters in the pod.

    `prefix_caching` may be on where vLLM's cache knows adapters by their folders, of which each version has its own.
    Where it knows them by name alone, it would answer from a replaced version's keys and values (vllm#42125).
    """

    fetch: AdapterFetch
    scripts: Mapping[str, str]
    space_gib: int
    prefix_caching: bool = False

    def scripts_config_map(self, kitchen: str) -> str:
        """Name of the scripts' ConfigMap: other scripts are another name, and so another pod."""
        return f"{naming.hot_scripts_config_map(kitchen)}-{sha256_of(dict(self.scripts))[:10]}"

    def extend(self, spec: dict[str, Any], *, kitchen: str, platform: Platform, lora: LoraOptions) -> None:
        """Add sidecar, volumes and the server's part to `spec.predictor`."""
        spec["containers"] = [*spec.get("containers", []), self._sidecar(platform)]
        spec["volumes"] = [*spec.get("volumes", []), *self._volumes(kitchen)]
        server = spec["model"]
        server["args"] = [*server.get("args", []), *lora.flags([]), *SERVER_FLAGS, *self._caching()]
        # `python3 -m` imports from its working directory; KServe's webhook refuses PYTHONPATH.
        server["workingDir"] = SCRIPTS_PATH
        server["env"] = [*server.get("env", []), *({"name": k, "value": v} for k, v in SERVER_ENVIRONMENT.items())]
        server["volumeMounts"] = [
            *server.get("volumeMounts", []),
            {"name": "adapters", "mountPath": ADAPTERS_PATH, "readOnly": True},
            {"name": "hot-scripts", "mountPath": SCRIPTS_PATH, "readOnly": True},
            {"name": "update-token", "mountPath": TOKEN_FOLDER, "readOnly": True},
        ]

    def _caching(self) -> list[str]:
        return ["--enable-prefix-caching" if self.prefix_caching else "--no-enable-prefix-caching"]

    def _volumes(self, kitchen: str) -> list[dict[str, Any]]:
        volumes: list[dict[str, Any]] = [
            {"name": "adapters", "emptyDir": {"sizeLimit": f"{self.space_gib}Gi"}},
            {"name": "declared-adapters", "configMap": {"name": naming.declared_adapters_config_map(kitchen)}},
            {"name": "hot-scripts", **pod_package.config_map(self.scripts_config_map(kitchen), self.scripts)},
            {"name": "update-token", "emptyDir": {"medium": "Memory", "sizeLimit": "1Mi"}},
            {"name": "fetch-scratch", "emptyDir": {"sizeLimit": "64Mi"}},
            {"name": "store-key", "secret": self.fetch.key_files()},
        ]
        if self.fetch.ca_bundle is not None:
            volumes.append({"name": "object-store-ca", "configMap": {"name": self.fetch.ca_bundle}})
        return volumes

    def _sidecar(self, platform: Platform) -> dict[str, Any]:
        # Directories, never subPath: a file mounted by subPath does not follow its ConfigMap or Secret.
        mounts: list[dict[str, Any]] = [
            {"name": "adapters", "mountPath": ADAPTERS_PATH},
            {"name": "declared-adapters", "mountPath": CONFIG_PATH, "readOnly": True},
            {"name": "hot-scripts", "mountPath": SCRIPTS_PATH, "readOnly": True},
            {"name": "update-token", "mountPath": TOKEN_FOLDER},
            {"name": "fetch-scratch", "mountPath": "/tmp"},
            {"name": "store-key", "mountPath": KEY_PATH, "readOnly": True},
        ]
        if self.fetch.ca_bundle is not None:
            mounts.append({"name": "object-store-ca", "mountPath": CA_PATH, "readOnly": True})
        memory = f"{int(SIDECAR_MEMORY_GIB * 1024)}Mi"
        return {
            "name": SIDECAR,
            "image": self.fetch.image,
            "command": pod_package.command("reconcile_adapters"),
            "workingDir": SCRIPTS_PATH,
            "args": [
                f"--manifest={CONFIG_PATH}/{MANIFEST}",
                f"--target={ADAPTERS_PATH}",
                f"--token={TOKEN_PATH}",
                f"--store-key={KEY_PATH}",
                # Less than the volume's limit: folders and half-written files take room too.
                f"--space-mib={self.space_gib * 1024 - 64}",
                f"--server-port={SERVER_PORT}",
                f"--port={STATUS_PORT}",
            ],
            "env": self.fetch.store_environment(),
            "ports": [{"name": "status", "containerPort": STATUS_PORT, "protocol": "TCP"}],
            "resources": {
                "requests": {"cpu": f"{int(SIDECAR_CPU * 1000)}m", "memory": memory},
                "limits": {"memory": memory},
            },
            "securityContext": platform.container_security_context(),
            "readinessProbe": {
                "httpGet": {"path": "/ready", "port": STATUS_PORT},
                "periodSeconds": 5,
                "timeoutSeconds": 3,
                "failureThreshold": 3,
            },
            "volumeMounts": mounts,
        }
