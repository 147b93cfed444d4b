"""Where the embedded cluster keeps its files, and the small state that survives a restart of this program."""

from __future__ import annotations

import fcntl
import json
import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tools.cluster.errors import ClusterError
from tools.cluster.processes import Identity
from tools.damaged_error import DamagedError
from tools.own_file import OPEN, is_there, read_json, remove, write
from tools.own_form import each, flag, number, record, words

MARKER = "kitchen-cluster.json"
USERS = ("admin", "kube-controller-manager", "kube-scheduler", "kwok", "kserve", "binder")
"""Who may speak to the API server; each has a token and a kubeconfig of its own."""
FOLDERS = ("pki", "logs", "data", "kubeconfigs", "config")
PORT = number(1, 65535)
_STATE = record(
    {
        "ports": each(PORT),
        "processes": each(record({"pid": number(2, 2**31), "started": words})),
        "ready": flag,
    }
)
_CREDENTIALS = record(
    {"minio_access_key": words, "minio_secret_key": words, "tokens": record(dict.fromkeys(USERS, words))}
)
# Any three of them are a cluster's, even when its record is gone.
_SIGNS = (
    "credentials.json",
    "config/tokens.csv",
    "pki/ca.key",
    "kubeconfigs/admin.yaml",
    "data/etcd/member",
    "data/minio/.minio.sys",
)
_SIGNS_NEEDED = 3

_WAY_OUT = "make recover, or python -m tools.cluster destroy --directory"


@dataclass(frozen=True, kw_only=True)
class Credentials:
    """Random secrets of one cluster, kept in a file of mode 0600."""

    minio_access_key: str
    minio_secret_key: str
    tokens: dict[str, str]


@dataclass(kw_only=True)
class State:
    """Ports and processes of the last start."""

    ports: dict[str, int] = field(default_factory=dict)
    processes: dict[str, Identity] = field(default_factory=dict)
    ready: bool = False


@dataclass(frozen=True)
class Layout:
    """Paths below the cluster's directory."""

    root: Path

    def __post_init__(self) -> None:
        """Make the directory absolute: child processes have a working directory of their own."""
        object.__setattr__(self, "root", self.root.absolute())

    @property
    def marker(self) -> Path:
        """The state file; its presence makes a directory a cluster's."""
        return self.root / MARKER

    @property
    def credentials(self) -> Path:
        """Secrets, mode 0600."""
        return self.root / "credentials.json"

    @property
    def kubeconfig(self) -> Path:
        """The administrator's kubeconfig, mode 0600."""
        return self.kubeconfig_of("admin")

    @property
    def audit_log(self) -> Path:
        """The API server's audit log, one JSON object a line."""
        return self.root / "logs" / "audit.log"

    @property
    def pki(self) -> Path:
        """Certificates and keys."""
        return self.root / "pki"

    @property
    def lock(self) -> Path:
        """Held while the cluster is being started or stopped."""
        return self.root / "lock"

    def data(self, name: str) -> Path:
        """A process's data folder."""
        return self.root / "data" / name

    def log(self, name: str) -> Path:
        """A process's log."""
        return self.root / "logs" / f"{name}.log"

    def kubeconfig_of(self, user: str) -> Path:
        """A user's kubeconfig."""
        return self.root / "kubeconfigs" / f"{user}.yaml"

    def is_ours(self) -> bool:
        """Whether the folder holds an embedded cluster: its record, whatever is in it, or enough of its other files."""
        return is_there(self.marker) or sum(is_there(self.root / sign) for sign in _SIGNS) >= _SIGNS_NEEDED

    def check(self) -> None:
        """Raise ClusterError if the directory is not ours to use; touches nothing."""
        if self.root.exists() and not self.root.is_dir():
            raise ClusterError(f"{self.root}: is a file; rule: a directory; example: --directory .kitchen/cluster")
        if self.root.is_dir() and not self.is_ours() and any(path != self.lock for path in self.root.iterdir()):
            raise ClusterError(
                f"{self.root}: is not empty and holds no embedded cluster; rule: an empty, absent or earlier "
                "cluster directory; example: --directory .kitchen/cluster"
            )

    def prepare(self) -> None:
        """Create the directory; raise ClusterError if it cannot be written."""
        try:
            self.root.chmod(0o700)
            for folder in FOLDERS:
                (self.root / folder).mkdir(exist_ok=True)
            if not self.marker.exists():
                self.save(State())
        except OSError as error:
            raise ClusterError(f"{self.root}: cannot be written: {error.strerror}") from error

    def load(self) -> State:
        """Read the state; a directory without a cluster has the empty state. Raise ClusterError for a damaged one."""
        try:
            return self.read_state()
        except FileNotFoundError:
            return State()
        except DamagedError as error:
            raise told(error, root=self.root) from error

    def read_state(self) -> State:
        """Read the state; raise DamagedError, or FileNotFoundError where none is."""
        raw: dict[str, Any] = read_json(self.marker, _STATE)
        return State(
            ports=raw["ports"],
            processes={name: Identity(**entry) for name, entry in raw["processes"].items()},
            ready=raw["ready"],
        )

    def save(self, state: State) -> None:
        """Write the state, whole or not at all."""
        content = {
            "ports": state.ports,
            "processes": {n: {"pid": i.pid, "started": i.started} for n, i in state.processes.items()},
            "ready": state.ready,
        }
        write(self.marker, json.dumps(content, indent=2), OPEN)

    def load_credentials(self) -> Credentials:
        """Read the secrets, or make them at the first start; raise ClusterError for a damaged file."""
        try:
            return self.read_credentials()
        except FileNotFoundError:
            pass
        except DamagedError as error:
            raise told(error, root=self.root) from error
        made = Credentials(
            minio_access_key=f"root-{secrets.token_hex(6)}",
            minio_secret_key=secrets.token_urlsafe(30),
            tokens={user: secrets.token_urlsafe(30) for user in USERS},
        )
        write(self.credentials, json.dumps(vars(made)))
        return made

    def read_credentials(self) -> Credentials:
        """Read the secrets; raise DamagedError, or FileNotFoundError where none are."""
        return Credentials(**read_json(self.credentials, _CREDENTIALS))

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Hold the cluster's lock: two starts at once become one start and one no-op."""
        while True:
            try:
                self.root.mkdir(parents=True, exist_ok=True)
                handle = self.lock.open("w")
            except OSError as error:
                raise ClusterError(f"{self.root}: cannot be written: {error.strerror}") from error
            with handle:
                fcntl.flock(handle, fcntl.LOCK_EX)
                # Whoever held the lock before may have removed the directory and this file with it.
                if self.lock.exists() and self.lock.stat().st_ino == os.fstat(handle.fileno()).st_ino:
                    yield
                    return

    def remove(self) -> None:
        """Remove what a cluster keeps, whatever stands there, and the directory if nothing else is in it."""
        files = (self.credentials.name, self.marker.name, self.lock.name)
        leftovers = [path for name in files for path in self.root.glob(f".{name}.*")]  # of writes that were cut off
        for path in (*leftovers, *(self.root / name for name in (*FOLDERS, *files))):
            remove(path)
        if self.root.is_dir() and not self.root.is_symlink() and not any(self.root.iterdir()):
            self.root.rmdir()


def told(*damages: DamagedError, root: Path) -> ClusterError:
    """One line for each damaged file, with the ways out of a cluster's."""
    lines = [f"{entry.path}: {entry.what}; way out: {_WAY_OUT} {root} (removes its data)" for entry in damages]
    return ClusterError("\n".join(lines))
