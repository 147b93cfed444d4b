"""What a base model's load and the servers' check share: script, manifest, and the init container of the check."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from components import naming, pod_package
from components.content import sha256_of
from components.platform import Platform

CONFIG_PATH = "/etc/kitchen/base-model"
MODELS_PATH = "/models"
MODULE = "load_base_model"
SCRIPTS = pod_package.files(
    *(MODULE, "adapter_file", "adapter_status", "completion", "fetch_adapters", "load_status", "local_files"),
    *("one_load", "receiving", "signed_model", "signer_keys", "tensor_values", "verify_signature"),
)
MANIFEST = "manifest.json"
WAIT_SECONDS = 600
"""How long a starting server waits for a load that goes on; its pod starts again after that, and waits anew."""


@dataclass(frozen=True, kw_only=True)
class BaseModelFile:
    """A file of a base model with its sha256 sum (hexadecimal) and size in bytes."""

    path: str
    sha256: str
    size_bytes: int


@dataclass(frozen=True, kw_only=True)
class BaseModelContent:
    """A base model `<name>/vN`; `scripts` by file name are those of SCRIPTS: they load and check it with `image`.

    Where there are `signers`, as the scripts read them, it is loaded and served only if one of them signed its files.
    """

    base_model: str
    files: Sequence[BaseModelFile]
    scripts: Mapping[str, str]
    image: str
    signers: Sequence[Mapping[str, str]] = field(default_factory=tuple)

    def data(self) -> dict[str, str]:
        """Content of the ConfigMap: scripts and manifest."""
        return {**self.scripts, MANIFEST: self._manifest()}

    @property
    def config_map(self) -> str:
        """Name of the ConfigMap, which carries its content's sum."""
        return naming.with_sum(naming.base_model_claim(self.base_model), sha256_of(self.data()))

    def volume(self) -> dict[str, Any]:
        """Source of the volume that is mounted at CONFIG_PATH."""
        return pod_package.config_map(self.config_map, self.data())

    @property
    def size_bytes(self) -> int:
        """Bytes of all files."""
        return sum(file.size_bytes for file in self.files)

    def check_volumes(self) -> list[dict[str, Any]]:
        """Volumes of a server's pod: its claim once more, since KServe mounts it in the server's container alone."""
        claim = naming.base_model_claim(self.base_model)
        return [
            {"name": "base-model", "persistentVolumeClaim": {"claimName": claim, "readOnly": True}},
            {"name": "base-model-manifest", **self.volume()},
        ]

    def check_container(self, platform: Platform) -> dict[str, Any]:
        """The init container: it ends well only when the completion marker is of this very manifest.

        It compares marker and sizes and checks the signature, and hashes nothing: the load has hashed every file, and
        reading it all again would double the start of each pod.
        """
        return {
            "name": "require-base-model",
            "image": self.image,
            "command": pod_package.command(MODULE),
            "workingDir": CONFIG_PATH,
            "args": ["--manifest", f"{CONFIG_PATH}/{MANIFEST}", "--models", MODELS_PATH, "--wait", str(WAIT_SECONDS)],
            "resources": {"requests": {"cpu": "100m", "memory": "256Mi"}, "limits": {"memory": "256Mi"}},
            "securityContext": platform.container_security_context(),
            "volumeMounts": [
                {"name": "base-model", "mountPath": MODELS_PATH, "readOnly": True},
                {"name": "base-model-manifest", "mountPath": CONFIG_PATH, "readOnly": True},
            ],
        }

    def _manifest(self) -> str:
        name, version = self.base_model.split("/")
        files = [{"path": file.path, "sha256": file.sha256, "sizeBytes": file.size_bytes} for file in self.files]
        said: dict[str, Any] = {"name": name, "version": version, "files": files}
        if self.signers:
            said["signers"] = [dict(signer) for signer in self.signers]
        return json.dumps(said, indent=1) + "\n"
