"""A Pulumi file backend of this checkout, and the one way in which the local commands call the engine."""

from __future__ import annotations

import json
import secrets
import subprocess
import tempfile
from collections.abc import Callable, Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any

import yaml

from infra.documents import DocumentError, read
from infra.secret_settings import without_secrets
from tools.damaged_error import DamagedError
from tools.engine.checkpoints import VARIABLE
from tools.engine.journal import Shelf
from tools.engine.outcome import Outcome
from tools.local import checkpoint, locks
from tools.local.engine_process import run_engine, without_advice
from tools.local.errors import LocalError
from tools.local.file_shelf import FileShelf
from tools.local.observed import observed
from tools.local.orphans import WORKSPACE_VARIABLE, end_orphans
from tools.local.work import Work
from tools.own_file import OPEN, create, is_there, read_yaml, remove, write
from tools.own_form import anything, each, record, words
from tools.toolchain import PREVIEW, environment

REPOSITORY = Path(__file__).resolve().parents[2]
POLICY_PACK = REPOSITORY / "policies"
FOLDER = REPOSITORY / ".kitchen"
"""Where the local commands keep what is theirs."""

JUDGED = ("preview", "up")
"""Engine commands that run with the policy pack."""

_OWN_KEYS = ("encryptionsalt", "encryptedkey", "secretsprovider")

SETTINGS = record(
    {"config": each(anything), **dict.fromkeys(_OWN_KEYS, words)}, may_lack=("config", *_OWN_KEYS), closed=False
)
"""A stack file as this module writes it and as the engine adds to it."""
_PROJECT = record({"name": words}, closed=False)


class Workspace:
    """State, passphrase and derived settings of local stacks, all in one git-ignored folder."""

    def __init__(
        self, folder: Path, stack: str, kubeconfig: Path | None, project: Path = REPOSITORY, work: Work | None = None
    ) -> None:
        """Use `folder` for the stack of the program in `project`; KUBECONFIG becomes `kubeconfig` or is taken away.

        Engines inherit the lock of `work`.
        """
        self.folder = folder
        self.stack = stack
        self.kubeconfig = kubeconfig
        self.project = project
        self.config_file = folder / f"Pulumi.{stack}.yaml"
        self.project_file = folder / "Pulumi.yaml"
        self.passphrase = folder / "passphrase"
        self.state = folder / "state"
        self._restored = folder / "restored"
        self.journal: Shelf = FileShelf(folder / "journal.json")
        self._work = work

    @cached_property
    def project_name(self) -> str:
        """The project's name, as its file in Git has it; raise LocalError when that cannot be read."""
        path = self.project / "Pulumi.yaml"
        try:
            return str(read_yaml(path, _PROJECT)["name"])
        except DamagedError as error:
            raise LocalError(f"{path}: {error.what}; rule: the project's file, as it is in Git") from error
        except FileNotFoundError:
            raise LocalError(f"{path}: is gone; rule: the project's file, as it is in Git") from None

    @property
    def state_file(self) -> Path:
        """The state file of the engine."""
        return self.state / ".pulumi" / "stacks" / self.project_name / f"{self.stack}.json"

    @property
    def backup(self) -> Path:
        """The engine's copy of the state before its last write."""
        return self.state_file.with_name(f"{self.state_file.name}.bak")

    @property
    def lock_folder(self) -> Path:
        """Where the engine keeps the stack's locks."""
        return self.state / ".pulumi" / "locks" / "organization" / self.project_name / self.stack

    def prepare(self, changes: Mapping[str, Any]) -> None:
        """Make folder, passphrase, derived settings and stack; existing ones are kept.

        `changes` replaces top-level settings (without `kitchen:`); the project's own files are never written.
        """
        self.state.mkdir(parents=True, exist_ok=True)
        create(self.passphrase, secrets.token_urlsafe(32))
        self._write_config(changes)
        if not self.exists():
            # `stack init` writes into the stack file beside Pulumi.yaml: give it a project file of its own.
            project = {"name": self.project_name, "runtime": "python"}
            write(self.project_file, yaml.safe_dump(project), OPEN)
            self._call(["stack", "init", self.stack, "--no-select"], cwd=self.folder)

    def exists(self) -> bool:
        """Whether the stack has a state here."""
        return is_there(self.state_file)

    def engine(self, command: str, *options: str, extra: Mapping[str, str] | None = None) -> int:
        """Run `up`, `preview`, `refresh` ... on the stack, stream its output and return its exit status.

        A preview and an update always run with the policy pack: no caller can leave it away.
        """
        env = self.environment() | dict(extra or {})
        return run_engine(self._words(command, options), self.project, env, self._work, changed=without_advice)

    def run(
        self,
        command: str,
        *options: str,
        extra: Mapping[str, str] | None = None,
        log: Path | None = None,
        echo: bool | None = None,
        seen: Callable[[Outcome], None] | None = None,
    ) -> Outcome:
        """Run the engine as `engine` does, and return what its events tell; `seen` is called after each of them.

        With `log`, its output goes to that file, and to the terminal only with `echo`.
        """
        return observed(
            self._words(command, options),
            self.project,
            self.environment() | dict(extra or {}),
            self.folder,
            work=self._work,
            log=log,
            echo=log is None if echo is None else echo,
            seen=seen,
        )

    def _words(self, command: str, options: Sequence[str]) -> list[str]:
        words = ["pulumi", command, "--stack", self.stack, "--config-file", str(self.config_file)]
        words += ["--non-interactive", "--color", "auto", *options]
        return words + (["--policy-pack", str(POLICY_PACK)] if command in JUDGED else [])

    def outputs(self) -> dict[str, Any]:
        """Return the stack's outputs."""
        text = self._call(["stack", "output", "--json", "--stack", self.stack], cwd=self.project)
        loaded: dict[str, Any] = json.loads(text)
        return loaded

    def free_stale_lock(self) -> None:
        """Release locks whose engine is proven to be gone; raise LocalError for every other one.

        The file backend's lock outlives a killed engine, and `pulumi cancel` would also break the lock of an update
        that is still running.
        """
        if locks.free_stale(self.lock_folder, self.stack, self._work):
            end_orphans(self.folder)

    def was_restored(self) -> bool:
        """Whether the state is an older copy that has not been compared with what is there since."""
        return is_there(self._restored)

    def set_restored(self, restored: bool) -> None:
        """Say that the state is such a copy, or that it has been compared."""
        if restored:
            write(self._restored, "the next `make up` compares the state with what is there\n", OPEN)
        else:
            remove(self._restored)

    def recorded(self, resource_type: str) -> set[str]:
        """Identifiers of the resources of a type (the end of its token) that the state knows."""
        entries = self.latest().get("resources") or []
        return {str(entry["id"]) for entry in entries if str(entry["type"]).endswith(resource_type)}

    def latest(self) -> dict[str, Any]:
        """The state as the engine keeps it (`checkpoint.latest`); empty without one."""
        try:
            return checkpoint.read(self.state_file)
        except FileNotFoundError:
            return {}

    def exported(self) -> dict[str, Any]:
        """The state as `pulumi stack export` gives it, secrets encrypted."""
        deployment: dict[str, Any] = json.loads(self._call(["stack", "export", "--stack", self.stack], self.project))
        return deployment

    def imported(self, deployment: Mapping[str, Any]) -> None:
        """Put a state back, as `pulumi stack import` does: in one piece, and not while an update runs."""
        with tempfile.TemporaryDirectory(dir=self.folder) as folder:
            file = Path(folder) / "deployment.json"
            write(file, json.dumps(deployment))
            self._call(["stack", "import", "--stack", self.stack, "--file", str(file)], self.project)

    def environment(self) -> dict[str, str]:
        """Environment of the engine: pinned tools first, this state, this kubeconfig."""
        env = environment(PREVIEW)
        # The engine would take it before the file: a state encrypted with it could not be read from another shell.
        env.pop("PULUMI_CONFIG_PASSPHRASE", None)
        env.pop(VARIABLE, None)  # decided for each update
        env |= {
            # Without the sidecar files of the store, which are not written in one step: an engine killed while it
            # writes one leaves it empty, and then no command can load the state beside it.
            "PULUMI_BACKEND_URL": f"file://{self.state.resolve()}?metadata=skip",
            "PULUMI_CONFIG_PASSPHRASE_FILE": str(self.passphrase.resolve()),
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
        content |= self._kept()
        write(self.config_file, yaml.safe_dump(content, sort_keys=False), OPEN)

    def _kept(self) -> dict[str, str]:
        """What the engine has written into the derived settings; without them the salt, which the state has too."""
        try:
            kept = read_yaml(self.config_file, SETTINGS)
        except FileNotFoundError:
            kept = {"encryptionsalt": checkpoint.salt(self.latest())}
        return {key: kept[key] for key in _OWN_KEYS if kept.get(key)}

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
