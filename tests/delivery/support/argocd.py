"""Argo CD's real controller and repository server on an embedded cluster, with Valkey and git's own daemon on loopback.

The controller listens for scrapes on all addresses, without a password, as long as the test runs: it has no option.
"""

from __future__ import annotations

import os
import subprocess
import time
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import yaml

from tests.cluster.support.kubectl import Kubectl
from tests.entry.counter.parts import Part, valkey
from tests.support.ports import free_ports
from tools.local.workspace import REPOSITORY
from tools.toolchain import binary

NAMESPACE = "argocd"
_PART_OF = {"app.kubernetes.io/part-of": "argocd"}


class ArgoCd:
    """Started within `stack`; `address` is where the repositories of a folder are."""

    def __init__(self, folder: Path, kubeconfig: Path, repositories: Path) -> None:
        self.kubectl, self._folder, self._repositories = Kubectl(kubeconfig), folder, repositories
        self._given = kubeconfig
        self._git, self._repo, self._repo_metrics, self._metrics = free_ports(4)
        self.address = f"git://127.0.0.1:{self._git}"

    def start(self, stack: ExitStack) -> None:
        """Install what it reads, then start the four processes."""
        self._folder.mkdir(parents=True)
        self.kubectl("create", "namespace", NAMESPACE)
        self.kubectl("apply", "-f", "-", manifest=yaml.safe_dump_all(self._installed()))
        (self._folder / "home").mkdir()
        programs = subprocess.run(["git", "--exec-path"], capture_output=True, text=True, check=True).stdout.strip()
        words = [f"{programs}/git-daemon", "--reuseaddr", "--export-all", f"--base-path={self._repositories}"]
        words += ["--listen=127.0.0.1", f"--port={self._git}", str(self._repositories)]
        stack.enter_context(Part(self._folder, "git", words, self._git, os.environ))
        store = stack.enter_context(valkey(self._folder, "for-this-test-alone"))
        redis = f"--redis=127.0.0.1:{store.port}"
        env = self._env()
        repo = [binary("argocd-parts"), "argocd-repo-server", "--disable-tls", "--address=127.0.0.1", redis]
        repo += [f"--port={self._repo}", "--metrics-address=127.0.0.1", f"--metrics-port={self._repo_metrics}"]
        repo += ["--revision-cache-expiration=3s"]
        stack.enter_context(Part(self._folder, "repo-server", repo, self._repo, env))
        control = [binary("argocd-parts"), "argocd-application-controller", f"--metrics-port={self._metrics}", redis]
        control += [f"--repo-server=127.0.0.1:{self._repo}", "--repo-server-plaintext"]
        control += ["--app-resync=5", "--self-heal-timeout-seconds=1"]
        stack.enter_context(Part(self._folder, "controller", control, self._metrics, env))

    def application(self, name: str) -> dict[str, Any]:
        return self.kubectl.get("--namespace", NAMESPACE, "application", name)

    def state(self, name: str) -> tuple[str, str]:
        """Whether it is as Git says, and whether that is healthy."""
        status = self.application(name).get("status", {})
        return status.get("sync", {}).get("status", ""), status.get("health", {}).get("status", "")

    def said(self, name: str) -> str:
        """What Argo CD says of the last sync and of each object in it."""
        status = self.application(name).get("status", {})
        return yaml.safe_dump([status.get("conditions"), status.get("operationState", {})], width=10_000)

    def wait(self, name: str, wanted: tuple[str, str], seconds: float) -> float:
        """How long it took until it was so."""
        begun = time.monotonic()
        while self.state(name) != wanted:
            if time.monotonic() - begun > seconds:
                raise AssertionError(f"{self.state(name)}, not {wanted}\n{self.said(name)[-6000:]}{self._logs()}")
            time.sleep(0.5)
        return time.monotonic() - begun

    def _logs(self) -> str:
        return "".join(f"\n== {log.name}\n{log.read_text()[-1500:]}" for log in self._folder.glob("*.log"))

    def _env(self) -> dict[str, str]:
        """The controller takes its namespace from the kubeconfig's context, and its cluster for the one it runs in."""
        config = yaml.safe_load(self._given.read_text())
        for context in config["contexts"]:
            context["context"]["namespace"] = NAMESPACE
        path = self._folder / "kubeconfig"
        path.touch(mode=0o600)
        path.write_text(yaml.safe_dump(config))
        return {
            "PATH": os.environ["PATH"],
            "HOME": str(self._folder / "home"),
            "KUBECONFIG": str(path),
            "ARGOCD_FAKE_IN_CLUSTER": "true",
            "ARGOCD_GPG_ENABLED": "false",
            "REDIS_PASSWORD": "for-this-test-alone",
            "GIT_TERMINAL_PROMPT": "0",
            "TMPDIR": str(self._folder / "home"),
        }

    def _installed(self) -> list[dict[str, Any]]:
        def named(kind: str, name: str, **fields: Any) -> dict[str, Any]:
            metadata = {"name": name, "namespace": NAMESPACE, "labels": _PART_OF}
            return {"apiVersion": "v1", "kind": kind, "metadata": metadata, **fields}

        health = yaml.safe_load((REPOSITORY / "deploy" / "argocd" / "health.yaml").read_text())
        return [
            named("ConfigMap", "argocd-cm", data={"timeout.reconciliation": "5s", **health["data"]}),
            named("ConfigMap", "argocd-rbac-cm"),
            named("Secret", "argocd-secret", stringData={"server.secretkey": "for-this-test-alone"}),
        ]
