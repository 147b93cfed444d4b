"""A kitchen in static mode: load of the base model, init containers and server, one after the other as in a pod."""

from __future__ import annotations

import subprocess
import sys
from itertools import pairwise
from pathlib import Path
from typing import Any

from tests.serving.support.served_kitchen import MODELS, ServedKitchen, one
from tests.support import pod_package
from tests.support.minio_server import MinioServer
from tools import fixtures

KITCHEN, NAMESPACE = "support", "helpdesk-dev"
BASE = f"base-{fixtures.BASE_MODELS[0].partition('/')[0]}"
"""How the names of what loads the kitchen's base model begin."""


class StaticKitchen(ServedKitchen):
    """`load`, `require` and `fetch` run the rendered containers to their end; `serve` starts the server."""

    def __init__(self, folder: Path, store: MinioServer) -> None:
        super().__init__(folder, store, KITCHEN)
        own = [entry for entry in self.documents if entry["metadata"].get("namespace") == NAMESPACE]
        self.job = one(own, "Job", BASE)["spec"]["template"]["spec"]
        self.loader = self.job["containers"][0]
        self.required, self.fetching = self.predictor["initContainers"]
        for container in (self.loader, self.required, self.fetching, self.server):
            self.mount(container["volumeMounts"])
        claim, _, below = str(self.predictor["model"]["storageUri"]).removeprefix("pvc://").partition("/")
        assert claim == self.job["volumes"][0]["persistentVolumeClaim"]["claimName"]
        self.paths["/mnt/models"] = self.paths["/models"] / below
        volumes = {entry["name"]: entry for entry in (*self.job["volumes"], *self.predictor["volumes"])}
        for name, path, prefix in (
            ("manifest", "/etc/kitchen/base-model", BASE),
            ("base-model-manifest", "/etc/kitchen/base-model", BASE),
            ("adapters-manifest", "/etc/kitchen/adapters", f"{KITCHEN}-adapters-"),
        ):
            pod_package.lay_out(one(own, "ConfigMap", prefix), volumes[name], self.paths[path])

    def publish_all(self) -> None:
        """Put what the catalog names into the buckets."""
        for ref in fixtures.BASE_MODELS:
            for path, content in fixtures.base_model_files(ref).items():
                self.store.client().put_object(Bucket=MODELS, Key=f"base/{ref}/{path}", Body=content)
        for fixture in fixtures.ADAPTERS:
            self.publish(fixture.ref, rank=fixture.rank)

    def run(self, container: dict[str, Any]) -> subprocess.CompletedProcess[str]:
        words = [*container["command"][1:], *container["args"]]
        env = self.environment(container) | self.store_environment()
        here = [sys.executable, *(self.here(word) for word in words)]  # its own path is of this machine already
        place = self.paths[container["workingDir"]]
        return subprocess.run(here, cwd=place, env=env, capture_output=True, text=True, check=False)

    def load(self) -> subprocess.CompletedProcess[str]:
        return self.run(self.loader)

    def require(self) -> subprocess.CompletedProcess[str]:
        return self.run({**self.required, "env": self.required.get("env", [])})

    def require_at_once(self) -> subprocess.CompletedProcess[str]:
        """The same without its patience."""
        args = ["0" if before == "--wait" else word for before, word in pairwise(["", *self.required["args"]])]
        return self.run({**self.required, "args": args, "env": []})

    def fetch(self) -> subprocess.CompletedProcess[str]:
        return self.run(self.fetching)
