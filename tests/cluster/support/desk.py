"""The folder that docs/bring-in.md supposes, as a checkout with an environment of its own; and images outside."""

from __future__ import annotations

import copy
import json
import os
import shutil
import subprocess
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from infra.load import read_stack_file
from tests.cluster.support.bring_in_text import KEY, SECOND_KEY
from tests.cluster.support.environments import updated
from tests.support import bundle_tools as tools
from tests.support import image_forms as forms
from tests.support.image_registry import ImageRegistry
from tests.support.made_model import Shape, write_adapter, write_model
from tests.support.signed_images import put_referrers, signed
from tests.support.signing import Key, new_key, sign
from tests.support.stacks import prepare
from tools.cluster import Cluster
from tools.local.workspace import REPOSITORY, Workspace

MODEL = "walk-3b-instruct/v1"
ADAPTERS = ("walk-faq/v2026-09-01", "walk-triage/v2026-09-01", "walk-summary/v2026-09-01")
SERVER, FETCH, OTHER = "vllm-next", "storage-initializer", "valkey"
"""Images: a new one as a Docker list, and two that the catalog knows; the last one has signatures of every form."""

NAMESPACE = "walk-dev"
LAYER_BYTES = 8_000_000
PART_MIB = 16


@dataclass(frozen=True, kw_only=True)
class Brought:
    """An image outside: its repository, digest, and the digests of what is signed about it."""

    name: str
    repository: str
    digest: str
    attached: frozenset[str] = frozenset()


def seed(folder: Path, outside: ImageRegistry) -> list[Brought]:
    """Push the images into the registry outside."""
    big = {"contents": (os.urandom(LAYER_BYTES), b"small")}
    layouts = {name: forms.Layout(folder / name) for name in (SERVER, FETCH, OTHER)}
    found = []
    for name, repository in ((SERVER, "vllm/vllm-openai"), (FETCH, "kserve/storage-initializer")):
        layout = layouts[name]
        parts = forms.both(layout, docker=name == SERVER, **(big if name == SERVER else {}))
        digest = layout.add(forms.index(layout, *parts, docker=name == SERVER), "v1")
        found.append(Brought(name=name, repository=repository, digest=digest))
    digest, attached = signed(layouts[OTHER], layer=f"{forms.OCI_LAYER}+zstd")
    found.append(Brought(name=OTHER, repository="valkey/valkey", digest=digest, attached=frozenset(attached.values())))
    for image in found:
        outside.put_layout(layouts[image.name].root, image.repository)
    put_referrers(outside, layouts[OTHER].root, "valkey/valkey")
    return found


@dataclass
class Desk:
    """The folder of the text: a checkout with a catalog of its own, keys, artifacts, the list, and the settings."""

    folder: Path
    cluster: Cluster
    registry: str
    images: list[Brought]
    upstream: str
    shape: Shape
    said: dict[str, Any] = field(default_factory=dict)
    model_bytes: int = 0

    def lay_out(self) -> None:
        """Write all of it."""
        shutil.copytree(REPOSITORY / "infra", self.folder / "infra", ignore=shutil.ignore_patterns("__pycache__"))
        project = yaml.safe_load((REPOSITORY / "Pulumi.yaml").read_text())
        project["runtime"]["options"]["virtualenv"] = str(REPOSITORY / ".venv")
        (self.folder / "Pulumi.yaml").write_text(yaml.safe_dump(project))
        for script in (KEY, SECOND_KEY):
            subprocess.run(["bash", "-ec", script], cwd=self.folder, check=True, capture_output=True)
        board = new_key(self.folder / "board.pem")
        self._write_artifacts(board)
        self._state_digests()
        self._write_list()
        self._write_settings(board)

    @property
    def catalog(self) -> Path:
        return self.folder / "infra" / "catalog"

    @property
    def settings(self) -> Path:
        """The file of the environment that takes approved entries alone; dev, beside it, runs in the cluster."""
        return self.folder / "Pulumi.prod.yaml"

    def serve(self) -> None:
        """Name what was brought in, in two kitchens, one of each mode."""
        runtime = {"image": SERVER, "maxLoras": 2, "maxLoraRank": 8, "maxModelLen": 2048, "concurrency": 8}
        base = {"tenant": "walk", "baseModel": MODEL, "pool": "l40s", "runtime": {**runtime, "tokensPerRequest": 1024}}
        self.write_settings(
            kitchens={
                "support": {**base, "adapters": list(ADAPTERS[:2])},
                "summary": {**base, "adapters": [ADAPTERS[2]], "loraMode": "hot"},
            }
        )

    def write_settings(self, **changes: Any) -> None:
        """Write the files of both environments; prod's store is the same one, behind a name with TLS."""
        self.said |= changes
        store = {"bucketPrefix": "walk-", "limits": {"putMiB": PART_MIB, "objectGiB": 100}}
        for name, endpoint in (("prod", "https://minio.kitchen.example"), ("dev", self.cluster.minio_endpoint)):
            said = {**self.said, "environment": name, "objectStore": {"endpoint": endpoint, **store}}
            config = {f"kitchen:{key}": value for key, value in said.items()}
            self.settings.with_name(f"Pulumi.{name}.yaml").write_text(
                yaml.safe_dump({"config": config}, sort_keys=False)
            )

    def up(self) -> dict[str, int]:
        """Update dev as its file says."""
        workspace = Workspace(self.folder / "workspace", "dev", self.cluster.kubeconfig, self.folder)
        prepare(workspace, {})
        return updated(workspace, {**self.keys(), "PYTHONPATH": f"{self.folder}:{REPOSITORY}"})

    def keys(self) -> dict[str, str]:
        """The store's key as commands read it."""
        return {
            "KITCHEN_OBJECT_STORE_ACCESS_KEY": self.cluster.minio_access_key,
            "KITCHEN_OBJECT_STORE_SECRET_KEY": self.cluster.minio_secret_key,
        }

    def _write_artifacts(self, board: Key) -> None:
        source = self.folder / "artifacts"
        self.model_bytes = write_model(source / "base" / MODEL, self.shape)
        for number, ref in enumerate(ADAPTERS):
            write_adapter(source / "lora" / ref, MODEL, self.shape, number)
        for place in ("base/" + MODEL, *(f"lora/{ref}" for ref in ADAPTERS)):
            sign(source / place, board)

    def _state_digests(self) -> None:
        """The catalog knows two of the images, by the digests that they have outside; nobody has compared them yet."""
        path = self.catalog / "images.yaml"
        said = yaml.safe_load(path.read_text())
        for image in self.images:
            if image.name in said["images"]:
                said["images"][image.name]["digest"] = image.digest
        path.write_text(yaml.safe_dump(said, sort_keys=False))

    def _write_list(self) -> None:
        known = yaml.safe_load((self.catalog / "images.yaml").read_text())["images"]
        entries = [tools.entry("adapter", ref, baseModel=MODEL) for ref in ADAPTERS]
        entries.append(tools.entry("base-model", MODEL))
        for image in self.images:
            said = {
                "repository": image.repository,
                "digest": image.digest,
                "upstream": f"{self.upstream}/{image.repository}",
            }
            version = known.get(image.name, known["vllm"])["version"]
            entries.append(tools.entry("image", f"{image.name}/1", image=said) | {"version": version})
        listed = {"registryHolds": ["docker", "artifacts"], "artifacts": entries}
        (self.folder / "bring-in.yaml").write_text(yaml.safe_dump(listed, sort_keys=False))

    def _write_settings(self, board: Key) -> None:
        said = copy.deepcopy(read_stack_file(REPOSITORY / "Pulumi.prod.yaml"))
        for name in ("entry", "monitoring", "protect"):
            said.pop(name, None)
        self.said = said | {
            "registry": self.registry,
            "tenants": {"walk": said["tenants"]["helpdesk"]},
            "kitchens": {},
            "signers": [board.signer()],
            "bundles": {"signatures": 2},
        }
        self.write_settings()


def sums_of(bundle: Path) -> dict[str, dict[str, str]]:
    """By the folder of each artifact of a bundle, the sums of its files."""
    manifest = json.loads((bundle / "bundle.json").read_text())
    found: dict[str, dict[str, str]] = {}
    for artifact in manifest["artifacts"]:
        if artifact["kind"] != "image":
            folder = {"adapter": "lora", "base-model": "base"}[artifact["kind"]]
            place = f"{folder}/{artifact['name']}/{artifact['version']}"
            found[place] = {file["path"].removeprefix(f"{place}/"): file["sha256"] for file in artifact["files"]}
    return found
