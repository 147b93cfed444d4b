"""A kitchen in hot mode: the server, and the sidecar that reconciles its adapters."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

from tests.serving.support.served_kitchen import BUCKET, ServedKitchen, one
from tests.support import pod_package
from tests.support.minio_server import MinioServer
from tools import fixtures

KITCHEN = "summary"


class HotKitchen(ServedKitchen):
    """`serve` and `reconcile` start the two containers' processes; `declare` writes the ConfigMap's file."""

    def __init__(self, folder: Path, store: MinioServer) -> None:
        super().__init__(folder, store, KITCHEN)
        (self.sidecar,) = self.predictor["containers"]
        self.paths["/mnt/models"] = folder / "model"
        self.paths["/mnt/models"].mkdir()
        self.mount([*self.server["volumeMounts"], *self.sidecar["volumeMounts"]])
        (volume,) = [entry for entry in self.predictor["volumes"] if entry["name"] == "hot-scripts"]
        scripts = one(self.documents, "ConfigMap", f"{KITCHEN}-hot-scripts")
        pod_package.lay_out(scripts, volume, self.paths["/etc/kitchen/hot"])
        for name, content in fixtures.base_model_files(fixtures.BASE_MODELS[0]).items():
            (self.paths["/mnt/models"] / name).write_bytes(content)
        self.manifest = self.paths["/etc/kitchen/adapters"] / "manifest.json"
        key = {"AWS_ACCESS_KEY_ID": store.access_key, "AWS_SECRET_ACCESS_KEY": store.secret_key}
        pod_package.mount_secret(key, self.paths["/etc/kitchen/store-key"])

    def declare(self, *adapters: dict[str, Any]) -> None:
        """Replace the list in one rename, as the kubelet does."""
        part = self.manifest.with_suffix(".part")
        part.write_text(json.dumps({"bucket": BUCKET, "adapters": list(adapters)}))
        part.replace(self.manifest)

    def reconcile(self) -> None:
        words = [*self.sidecar["command"][1:], *self.sidecar["args"], "--interval-seconds=1"]
        env = self.environment(self.sidecar) | {"AWS_ENDPOINT_URL": self.store.endpoint}
        self.start(
            "sidecar",
            [sys.executable, *(self.here(word) for word in words)],
            env,
            self.paths[self.sidecar["workingDir"]],
        )

    def status(self) -> dict[str, Any]:
        data: dict[str, Any] = json.loads(self.call("GET", "/status", port=self.status_port)[1])
        return data
