"""The verified fetch of adapters: an init container, the script it runs and the manifest it checks against."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from components import naming, pod_package
from components.content import sha256_of
from components.platform import Platform
from components.serving.vllm import ADAPTERS_PATH

CONFIG_PATH = "/etc/kitchen/adapters"
CA_PATH = "/etc/kitchen/ca"
SCRIPTS = pod_package.files(
    *("adapter_file", "fetch_adapters", "local_files", "receiving", "signer_keys", "tensor_values", "verify_signature")
)
MANIFEST = "manifest.json"

_MIB = 1024 * 1024
_KEY = ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY")
_OWNER_AND_GROUP_READ = 0o440


@dataclass(frozen=True, kw_only=True)
class AdapterFile:
    """A file of an adapter with its sha256 sum (hexadecimal) and size in bytes."""

    path: str
    sha256: str
    size_bytes: int


@dataclass(frozen=True, kw_only=True)
class AdapterSource:
    """An adapter in the bucket: its files lie at `<name>/<version>/<path>`.

    `served` is the name by which servers know it, where that is not its own: two versions of one adapter need two.
    """

    name: str
    version: str
    files: Sequence[AdapterFile]
    served: str | None = None


@dataclass(frozen=True, kw_only=True)
class AdapterFetch:
    """What the init container fetches, from where, and with which image and key.

    `scripts` by file name are those of SCRIPTS. `secret` names the Secret with AWS_ACCESS_KEY_ID and
    AWS_SECRET_ACCESS_KEY; `ca_bundle` a ConfigMap with ca.crt. `signers` are as the scripts read them: where there
    are any, an adapter is served only if one of them has signed its files. `dtype` is the one in which the server
    computes: weights that overflow it are refused.
    """

    image: str
    scripts: Mapping[str, str]
    bucket: str
    endpoint: str
    region: str
    secret: str
    ca_bundle: str | None
    adapters: Sequence[AdapterSource]
    signers: Sequence[Mapping[str, str]] = field(default_factory=tuple)
    dtype: str = ""

    def names(self) -> list[str]:
        """Names by which servers know the adapters, in the order of the settings."""
        return [adapter.served or adapter.name for adapter in self.adapters]

    def data(self) -> dict[str, str]:
        """Content of the ConfigMap: scripts and manifest."""
        return {**self.scripts, MANIFEST: self.manifest()}

    def sha256(self) -> str:
        """Sum over scripts and manifest: it changes when what a pod would load changes."""
        return sha256_of(self.data())

    def config_map(self, kitchen: str) -> str:
        """Name of the ConfigMap, which carries its content's sum."""
        return f"{naming.adapters_config_map(kitchen)}-{self.sha256()[:10]}"

    def volumes(self, kitchen: str) -> list[dict[str, Any]]:
        """Volumes of the pod."""
        room = 2 * sum(file.size_bytes for adapter in self.adapters for file in adapter.files)
        volumes: list[dict[str, Any]] = [
            {"name": "adapters", "emptyDir": {"sizeLimit": f"{room // _MIB + 64}Mi"}},
            {"name": "adapters-manifest", **pod_package.config_map(self.config_map(kitchen), self.data())},
            {"name": "fetch-scratch", "emptyDir": {"sizeLimit": "64Mi"}},
        ]
        if self.ca_bundle is not None:
            volumes.append({"name": "object-store-ca", "configMap": {"name": self.ca_bundle}})
        return volumes

    def container(self, platform: Platform) -> dict[str, Any]:
        """The init container. It asks for no GPU: the pod's node has them already."""
        mounts: list[dict[str, Any]] = [
            {"name": "adapters", "mountPath": ADAPTERS_PATH},
            {"name": "adapters-manifest", "mountPath": CONFIG_PATH, "readOnly": True},
            {"name": "fetch-scratch", "mountPath": "/tmp"},
        ]
        if self.ca_bundle is not None:
            mounts.append({"name": "object-store-ca", "mountPath": CA_PATH, "readOnly": True})
        return {
            "name": "fetch-adapters",
            "image": self.image,
            "command": pod_package.command("fetch_adapters"),
            "workingDir": CONFIG_PATH,
            "args": ["--manifest", f"{CONFIG_PATH}/{MANIFEST}", "--target", ADAPTERS_PATH],
            "env": self.environment(),
            "resources": {
                "requests": {"cpu": "1", "memory": "512Mi"},
                "limits": {"memory": "512Mi"},
            },
            "securityContext": platform.container_security_context(),
            "volumeMounts": mounts,
        }

    def environment(self) -> list[dict[str, Any]]:
        """Environment of a container that fetches once: the store, and the key as the Secret has it at its start."""
        secret = [{"name": key, "valueFrom": {"secretKeyRef": {"name": self.secret, "key": key}}} for key in _KEY]
        return [*self.store_environment(), *secret]

    def store_environment(self) -> list[dict[str, Any]]:
        """Where the store is, without a key."""
        plain = {"AWS_ENDPOINT_URL": self.endpoint, "AWS_DEFAULT_REGION": self.region, "HOME": "/tmp"}
        if self.ca_bundle is not None:
            plain["AWS_CA_BUNDLE"] = f"{CA_PATH}/ca.crt"
        return [{"name": key, "value": value} for key, value in plain.items()]

    def key_files(self) -> dict[str, Any]:
        """A volume's `secret`: a file for each half of the key, for the pod's user and group alone.

        A container that runs on reads it there: the kubelet changes the files with the Secret.
        """
        return {
            "secretName": self.secret,
            "items": [{"key": key, "path": key} for key in _KEY],
            "defaultMode": _OWNER_AND_GROUP_READ,
        }

    def manifest(self) -> str:
        """The list of adapters with their sums and who must have signed them, as the scripts read it."""
        adapters = [
            {
                "name": adapter.name,
                "version": adapter.version,
                **({} if adapter.served is None else {"served": adapter.served}),
                "files": [
                    {"path": file.path, "sha256": file.sha256, "sizeBytes": file.size_bytes} for file in adapter.files
                ],
            }
            for adapter in self.adapters
        ]
        data: dict[str, Any] = {
            "bucket": self.bucket,
            **({"dtype": self.dtype} if self.dtype else {}),
            "adapters": adapters,
        }
        if self.signers:
            data["signers"] = [dict(signer) for signer in self.signers]
        return json.dumps(data, indent=1) + "\n"
