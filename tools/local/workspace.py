"""A Pulumi file backend of this checkout, and the one way in which the local commands call the engine."""

from __future__ import annotations

import json
import os
import secrets
import socket
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import yaml

from infra.documents import DocumentError, read
from infra.secret_settings import without_secrets
from tools.local.errors import LocalError
from tools.local.orphans import WORKSPACE_VARIABLE, end_orphans, is_engine
from tools.local.steps import say
from tools.toolchain import PREVIEW, environment

REPOSITORY = Path(__file__).resolve().parents[2]
POLICY_PACK = REPOSITORY / "policies"

JUDGED = ("preview", "up")
"""Engine commands that run with the policy pack."""

_OWN_KEYS = ("encryptionsalt", "encryptedkey", "secretsprovider")


class Workspace:
    """State, passphrase and derived settings of local stacks, all in one git-ignored folder."""

    def __init__(self, folder: Path, stack: str, kubeconfig: Path | None, project: Path = REPOSITORY) -> None:
        """Use `folder` for the stack of the program in `project`; KUBECONFIG becomes `kubeconfig` or is taken away."""
        self.folder = folder
        self.stack = stack
        self.kubeconfig = kubeconfig
        self.project = project
        self.project_name = str(yaml.safe_load((project / "Pulumi.yaml").read_text())["name"])
        self.config_file = folder / f"Pulumi.{stack}.yaml"
        self._passphrase = folder / "passphrase"
        self._state = folder / "state"
        self._checkpoint = self._state / ".pulumi" / "stacks" / self.project_name / f"{stack}.json"

    def prepare(self, changes: Mapping[str, Any]) -> None:
        """Make folder, passphrase, derived settings and stack; existing ones are kept.

        `changes` replaces top-level settings (without `kitchen:`); the project's own files are never written.
        """
        self._state.mkdir(parents=True, exist_ok=True)
        if not self._passphrase.exists():
            descriptor = os.open(self._passphrase, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            with os.fdopen(descriptor, "w") as file:
                file.write(secrets.token_urlsafe(32))
        self._write_config(changes)
        if not self.exists():
            # `stack init` writes into the stack file beside Pulumi.yaml: give it a project file of its own.
            project = {"name": self.project_name, "runtime": "python"}
            (self.folder / "Pulumi.yaml").write_text(yaml.safe_dump(project))
            self._call(["stack", "init", self.stack, "--no-select"], cwd=self.folder)

    def exists(self) -> bool:
        """Whether the stack has a state here."""
        return self._checkpoint.exists()

    def engine(self, command: str, *options: str, extra: Mapping[str, str] | None = None) -> int:
        """Run `up`, `preview`, `refresh` ... on the stack, stream its output and return its exit status.

        A preview and an update always run with the policy pack: no caller can leave it away.
        """
        arguments = [command, "--stack", self.stack, "--config-file", str(self.config_file)]
        arguments += ["--non-interactive", "--color", "auto", *options]
        if command in JUDGED:
            arguments += ["--policy-pack", str(POLICY_PACK)]
        env = self.environment() | dict(extra or {})
        return run_engine(["pulumi", *arguments], self.project, env)

    def outputs(self) -> dict[str, Any]:
        """Return the stack's outputs."""
        text = self._call(["stack", "output", "--json", "--stack", self.stack], cwd=self.project)
        loaded: dict[str, Any] = json.loads(text)
        return loaded

    def free_stale_lock(self) -> None:
        """Release a lock whose engine is gone; raise LocalError while an engine still works on the stack.

        The file backend's lock outlives a killed engine. It names host and process, so whether it is stale can
        be known; `pulumi cancel` alone would also break the lock of an update that is still running.
        """
        for path in sorted((self._state / ".pulumi" / "locks").glob(f"**/{self.project_name}/{self.stack}/*.json")):
            lock = json.loads(path.read_text() or "{}")
            if lock.get("hostname") != socket.gethostname() or is_engine(int(lock.get("pid", 0))):
                raise LocalError(
                    f"stack {self.stack}: another update is running (process {lock.get('pid')} on "
                    f"{lock.get('hostname')}, since {lock.get('timestamp')}); wait for it to end"
                )
            say(f"stack {self.stack}: an earlier update was killed (process {lock.get('pid')}); its lock is released")
            end_orphans(self.folder)
            self._call(["cancel", "--yes", "--stack", self.stack], cwd=self.project)
            return

    def was_interrupted(self) -> bool:
        """Whether the state records operations whose end is not known: their engine was killed."""
        return bool(self.latest().get("pending_operations"))

    def recorded(self, resource_type: str) -> set[str]:
        """Identifiers of the resources of a type (the end of its token) that the state knows."""
        entries = self.latest().get("resources") or []
        return {str(entry["id"]) for entry in entries if str(entry["type"]).endswith(resource_type)}

    def latest(self) -> dict[str, Any]:
        """The state as the engine keeps it (`checkpoint.latest`); empty without one."""
        if not self.exists():
            return {}
        latest: dict[str, Any] | None = json.loads(self._checkpoint.read_text())["checkpoint"].get("latest")
        return latest or {}

    def environment(self) -> dict[str, str]:
        """Environment of the engine: pinned tools first, this state, this kubeconfig."""
        env = environment(PREVIEW)
        # The engine would take it before the file: a state encrypted with it could not be read from another shell.
        env.pop("PULUMI_CONFIG_PASSPHRASE", None)
        env |= {
            # Without the sidecar files of the store, which are not written in one step: an engine killed while it
            # writes one leaves it empty, and then no command can load the state beside it.
            "PULUMI_BACKEND_URL": f"file://{self._state.resolve()}?metadata=skip",
            "PULUMI_CONFIG_PASSPHRASE_FILE": str(self._passphrase.resolve()),
            WORKSPACE_VARIABLE: str(self.folder),
        }
        if self.kubeconfig is not None:
            return env | {"KUBECONFIG": str(self.kubeconfig.resolve())}
        env.pop("KUBECONFIG", None)
        return env

    def _write_config(self, changes: Mapping[str, Any]) -> None:
        source = self.project / f"Pulumi.{self.stack}.yaml"
        try:
            content = read(source)
        except DocumentError as error:
            raise LocalError(f"{source.name}: cannot be read: {error}") from error
        if not isinstance(content, dict) or not isinstance(content.get("config"), dict):
            raise LocalError(f"{source.name}: must hold a mapping `config`; example: Pulumi.dev.yaml")
        content = {key: value for key, value in content.items() if key not in _OWN_KEYS}
        # What another backend's passphrase encrypted cannot be read here.
        content["config"] = without_secrets(content["config"], f"{self.project_name}:")
        content["config"] |= {f"{self.project_name}:{key}": value for key, value in changes.items()}
        if self.config_file.exists():
            kept = yaml.safe_load(self.config_file.read_text()) or {}
            content |= {key: kept[key] for key in _OWN_KEYS if key in kept}
        self.config_file.write_text(yaml.safe_dump(content, sort_keys=False))

    def _call(self, arguments: Sequence[str], cwd: Path) -> str:
        result = subprocess.run(
            ["pulumi", *arguments, "--non-interactive"],
            cwd=cwd,
            env=self.environment(),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
        )
        if result.returncode != 0:
            raise LocalError(f"pulumi {' '.join(arguments[:2])} failed: {result.stderr.strip()}")
        return result.stdout


def run_engine(words: Sequence[str], project: Path, env: Mapping[str, str]) -> int:
    """Run an engine to its end, however often it is interrupted; return its exit status or raise KeyboardInterrupt."""
    # Nothing may ask on the terminal: a plugin that does would wait for ever.
    process = subprocess.Popen(words, cwd=project, env=env, stdin=subprocess.DEVNULL)
    interrupted = False
    while True:
        try:
            status = process.wait()
            break
        except KeyboardInterrupt:
            # The terminal told the engine too: it ends what it is doing, and at once when told again.
            interrupted = True
    if interrupted:
        raise KeyboardInterrupt
    return status
