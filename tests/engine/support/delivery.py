"""A repository of its own with this project in it, a backend, and a forge: what a delivery works on."""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

from tests.support.forge_server import ForgeServer
from tests.support.signals import kill_all
from tools.local.orphans import WORKSPACE_VARIABLE
from tools.local.workspace import REPOSITORY
from tools.toolchain import PREVIEW, environment

SECONDS = 300.0
PASSPHRASE = "canary-passphrase-41f0"
_PARTS = ("infra", "components", "policies", "ops", "tools", "Pulumi.yaml", "Pulumi.dev.yaml", "Pulumi.prod.yaml",
          "pyproject.toml", ".gitignore")  # fmt: skip
_NOTHING = """\
apiVersion: v1
kind: Config
current-context: nowhere
clusters: [{name: nowhere, cluster: {server: "https://127.0.0.1:1"}}]
users: [{name: nobody, user: {token: none}}]
contexts: [{name: nowhere, context: {cluster: nowhere, user: nobody}}]
"""


class Site:
    """The project as a repository; `backend` are the variables that lead to its state."""

    def __init__(self, folder: Path, backend: Mapping[str, str]) -> None:
        self.folder, self.path, self.rendered = folder, folder / "repository", folder / "rendered"
        self.path.mkdir(parents=True)
        for part in _PARTS:
            source = REPOSITORY / part
            if source.is_dir():
                shutil.copytree(source, self.path / part, symlinks=True, ignore=shutil.ignore_patterns("__pycache__"))
            else:
                shutil.copy(source, self.path / part)
        (self.path / ".venv").symlink_to((REPOSITORY / ".venv").resolve())
        (folder / "kubeconfig").write_text(_NOTHING)
        self.backend = dict(backend)
        self.set(f"kitchen:environment: dev\n  kitchen:renderTo: {self.rendered}", "kitchen:environment: dev")
        self.git("init", "--quiet", "--initial-branch=main")
        (self.path / ".git" / "info" / "exclude").write_text("/.venv\n")
        self.run("-m", "tools.pipeline", "init", "--stack", "dev")
        self.commit("first")

    def set(self, new: str, old: str) -> None:
        """Change the settings of dev."""
        file = self.path / "Pulumi.dev.yaml"
        text = file.read_text()
        assert text.count(old) == 1, old
        file.write_text(text.replace(old, new))

    def git(self, *words: str) -> str:
        identity = [*("-c", "user.name=a"), *("-c", "user.email=a@example.com"), *("-c", "commit.gpgsign=false")]
        done = subprocess.run(["git", *identity, *words], cwd=self.path, capture_output=True, text=True, check=True)
        return done.stdout.strip()

    def commit(self, word: str) -> str:
        self.git("add", "--all")
        self.git("commit", "--quiet", "-m", word)
        return self.head

    @property
    def head(self) -> str:
        return self.git("rev-parse", "HEAD")

    def environment(self, **more: str) -> dict[str, str]:
        env = {key: value for key, value in environment(PREVIEW).items()
               if not key.startswith(("KITCHEN_FORGE", "GITHUB_", "CI_", "GITEA_", "GITLAB_"))}  # fmt: skip
        env |= {"PYTHONPATH": str(self.path), "KUBECONFIG": str(self.folder / "kubeconfig"),
                "KITCHEN_OBJECT_STORE_ACCESS_KEY": "none", "KITCHEN_OBJECT_STORE_SECRET_KEY": "none",
                WORKSPACE_VARIABLE: str(self.folder)}  # fmt: skip
        return env | self.backend | more

    def start(self, *words: str, **more: str) -> subprocess.Popen[str]:
        return subprocess.Popen([sys.executable, *words], cwd=self.path, env=self.environment(**more), text=True,
                                stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)  # fmt: skip

    def run(self, *words: str, status: int = 0, **more: str) -> str:
        process = self.start(*words, **more)
        said, _ = process.communicate(timeout=SECONDS)
        assert process.returncode == status, said
        return said

    def deliver(self, forge: ForgeServer, *words: str, status: int = 0, stack: str = "dev") -> str:
        return self.run("-m", "tools.deliver", "--stack", stack, *words, status=status, **self.variables(forge))

    def variables(self, forge: ForgeServer) -> dict[str, str]:
        return forge.variables(KITCHEN_FORGE_COMMIT=self.head, KITCHEN_FORGE_PULL="")

    def state(self) -> str:
        return self.pulumi("stack", "export")

    def pulumi(self, *words: str) -> str:
        done = subprocess.run(["pulumi", *words, "--stack", "dev", "--non-interactive"], cwd=self.path, text=True,
                              env=self.environment(), capture_output=True, check=True)  # fmt: skip
        return done.stdout

    def end(self) -> None:
        """Whatever of it still runs."""
        kill_all(WORKSPACE_VARIABLE, str(self.folder))
