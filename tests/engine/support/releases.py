"""States of dev as earlier commits recorded them: `python -m tests.engine.support.releases` makes them anew.

Each commit's own program is brought up by the real engine on an embedded cluster with KServe and MinIO, and its state
is exported with secrets encrypted. The passphrase is no secret: what it opens are keys of a store that is gone.
"""

from __future__ import annotations

import argparse
import gzip
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from infra.load import read_stack_file
from tools.cluster import Cluster
from tools.local.workspace import REPOSITORY, Workspace
from tools.toolchain import CLUSTER, PREVIEW, ensure
from tools.upgrade.base import base_of

FOLDER = Path(__file__).parents[1] / "releases"
PASSPHRASE = "states of earlier commits"
STORE_PORT = 19_017
"""Fixed, so that settings which name it are those of the state."""


@dataclass(frozen=True, kw_only=True)
class Release:
    """A commit whose state is kept."""

    name: str
    commit: str

    @property
    def state(self) -> Path:
        return FOLDER / f"{self.name}.json.gz"

    @property
    def settings(self) -> Path:
        return FOLDER / f"{self.name}.yaml"

    def deployment(self) -> dict[str, Any]:
        """The export, as the engine of that commit made it."""
        loaded: dict[str, Any] = json.loads(gzip.decompress(self.state.read_bytes()))
        return loaded

    def changes(self) -> dict[str, Any]:
        """The settings with which it was made."""
        loaded: dict[str, Any] = yaml.safe_load(self.settings.read_text())
        return loaded


RELEASES = (
    Release(name="0.1.0", commit="4d5f12e"),
    Release(name="2026-11-29-1", commit="19b424be"),
    Release(name="2026-11-29-2", commit="93353dd3"),
)


class OldWorkspace(Workspace):
    """A workspace whose program imports the packages of its own tree."""

    def environment(self) -> dict[str, str]:
        return super().environment() | {"PYTHONPATH": str(self.project)}


def tree_of(release: Release, folder: Path) -> Path:
    """The commit's files, with this repository's Python environment; raises UpgradeError for a shallow clone."""
    tree = base_of(REPOSITORY, release.commit, folder).tree
    if not (tree / ".venv").is_symlink():
        (tree / ".venv").symlink_to(sys.prefix)
    return tree


def settings_of(tree: Path, cluster: Cluster) -> dict[str, Any]:
    """Dev's settings in that tree, with the embedded store in place of dev's own, as `make up` has it."""
    said = read_stack_file(tree / "Pulumi.dev.yaml")
    store = {key: value for key, value in said["objectStore"].items() if key != "tls"}
    return {**said, "objectStore": {**store, "endpoint": cluster.minio_endpoint}}


def brought_up(tree: Path, folder: Path, cluster: Cluster, settings: Mapping[str, Any]) -> OldWorkspace:
    """Bring a tree's program up on a cluster; returns its workspace."""
    folder.mkdir(parents=True, exist_ok=True)
    workspace = OldWorkspace(folder, "dev", cluster.kubeconfig, tree)
    workspace.passphrase.write_text(PASSPHRASE)
    workspace.prepare(settings)
    up(workspace, cluster)
    return workspace


def up(workspace: Workspace, cluster: Cluster) -> str:
    """Update a stack, without policies: they judge today's settings; what the engine said."""
    keys = {
        "KITCHEN_OBJECT_STORE_ACCESS_KEY": cluster.minio_access_key,
        "KITCHEN_OBJECT_STORE_SECRET_KEY": cluster.minio_secret_key,
    }
    words = ["pulumi", "up", "--yes", "--skip-preview", "--suppress-outputs", "--non-interactive"]
    done = subprocess.run(
        [*words, "--stack", workspace.stack, "--config-file", str(workspace.config_file)],
        cwd=workspace.project,
        env=workspace.environment() | keys,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
        timeout=600,
    )
    assert done.returncode == 0, done.stdout[-6000:]
    return done.stdout


def main() -> None:
    """Make the state of each commit that is named, or of all."""
    names = [release.name for release in RELEASES]
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"of {', '.join(names)}; default: all")
    wanted = set(parser.parse_args().names or names)
    if unknown := wanted - set(names):
        parser.error(f"{', '.join(sorted(unknown))}: unknown; known: {', '.join(names)}")
    ensure([*PREVIEW, *CLUSTER])
    FOLDER.mkdir(exist_ok=True)
    for release in (release for release in RELEASES if release.name in wanted):
        with tempfile.TemporaryDirectory() as temporary:
            folder = Path(temporary)
            tree = tree_of(release, folder)
            with Cluster(folder / "cluster", ports={"minio": STORE_PORT}) as cluster:
                try:
                    settings = settings_of(tree, cluster)
                    exported = brought_up(tree, folder / "local", cluster, settings).exported()
                finally:
                    cluster.destroy()
        for resource in exported["deployment"]["resources"]:
            for path in ("sourcePosition", "stackTrace"):  # where the program lay on the machine that made the state
                resource.pop(path, None)
        text = json.dumps(exported, separators=(",", ":"), sort_keys=True)
        release.state.write_bytes(gzip.compress(text.encode(), mtime=0))
        release.settings.write_text(yaml.safe_dump(settings, sort_keys=False))
        print(f"{release.name}: {len(exported['deployment']['resources'])} resources, {len(text) // 1024} KiB")


if __name__ == "__main__":
    os.environ.setdefault("GOGC", "400")
    main()
