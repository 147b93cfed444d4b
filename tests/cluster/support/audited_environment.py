"""One tenant with a kitchen of each mode, brought up by the engine, whose settings lie in a git repository."""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import Any

import yaml

from infra.load import read_stack_file
from tests.cluster.support.environments import engine, updated
from tests.support.stacks import prepare
from tools.cluster import Cluster
from tools.local.workspace import REPOSITORY, Workspace

NAMESPACE = "audit-dev"


class Environment:
    """One tenant with a kitchen of each mode; its settings lie in a git repository of their own."""

    def __init__(self, cluster: Cluster, folder: Path) -> None:
        self.keys = {
            "KITCHEN_OBJECT_STORE_ACCESS_KEY": cluster.minio_access_key,
            "KITCHEN_OBJECT_STORE_SECRET_KEY": cluster.minio_secret_key,
        }
        self.kubeconfig = cluster.kubeconfig
        self.workspace = Workspace(folder / "workspace", "dev", cluster.kubeconfig)
        self.repository = folder / "repository"
        self.file = self.repository / "Pulumi.dev.yaml"
        self.repository.mkdir()
        said = read_stack_file(REPOSITORY / "Pulumi.dev.yaml")
        said["objectStore"] = {"endpoint": cluster.minio_endpoint, "bucketPrefix": "audit-"}
        said["tenants"] = {"audit": {**said["tenants"]["sales"], "quota": {"gpus": 6}}}
        for kitchen in said["kitchens"].values():
            kitchen["tenant"] = "audit"
        self.write(said)
        self.git("init", "--quiet", "--initial-branch=main")
        self.commit("the first menu")

    def write(self, said: dict[str, Any]) -> None:
        config = {f"kitchen:{key}": value for key, value in said.items()}
        self.file.write_text("# of a test\n" + yaml.safe_dump({"config": config}, sort_keys=False))

    def git(self, *words: str) -> str:
        who = [word for key in ("name", "email") for word in ("-c", f"user.{key}=a@example.com")]
        return subprocess.run(
            ["git", *who, *words], cwd=self.repository, capture_output=True, text=True, check=True
        ).stdout

    def commit(self, message: str) -> str:
        self.git("add", "--all")
        self.git("commit", "--quiet", "--message", message)
        return self.git("rev-parse", "HEAD").strip()

    def up(self, *more: str) -> dict[str, int]:
        prepare(self.workspace, read_stack_file(self.file))
        return updated(self.workspace, self.keys, *more)

    def export(self) -> Path:
        path = self.workspace.folder / "state.json"
        path.write_text(engine(self.workspace, self.keys, "stack", "export"))
        return path
