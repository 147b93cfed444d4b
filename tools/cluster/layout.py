"""Where the embedded cluster keeps its files, and the small state that survives a restart of this program."""

from __future__ import annotations

import fcntl
import json
import os
import secrets
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tools.cluster.errors import ClusterError
from tools.cluster.processes import Identity

MARKER = "kitchen-cluster.json"
USERS = ("admin", "kube-controller-manager", "kube-scheduler", "kwok", "kserve", "binder")
"""Who may speak to the API server; each has a token and a kubeconfig of its own."""


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

    def check(self) -> None:
        """Raise ClusterError if the directory is not ours to use; touches nothing."""
        if self.root.exists() and not self.root.is_dir():
            raise ClusterError(f"{self.root}: is a file; rule: a directory; example: --directory .kitchen/cluster")
        if self.root.is_dir() and not self.marker.exists() and any(path != self.lock for path in self.root.iterdir()):
            raise ClusterError(
                f"{self.root}: is not empty and holds no embedded cluster; rule: an empty, absent or earlier "
                "cluster directory; example: --directory .kitchen/cluster"
            )

    def prepare(self) -> None:
        """Create the directory; raise ClusterError if it cannot be written."""
        try:
            self.root.chmod(0o700)
            for folder in ("pki", "logs", "data", "kubeconfigs", "config"):
                (self.root / folder).mkdir(exist_ok=True)
            if not self.marker.exists():
                self.save(State())
        except OSError as error:
            raise ClusterError(f"{self.root}: cannot be written: {error.strerror}") from error

    def load(self) -> State:
        """Read the state; a directory without a cluster has the empty state."""
        try:
            raw: dict[str, Any] = json.loads(self.marker.read_text())
            return State(
                ports={str(name): int(port) for name, port in raw["ports"].items()},
                processes={
                    str(name): Identity(pid=int(entry["pid"]), started=str(entry["started"]))
                    for name, entry in raw["processes"].items()
                },
                ready=bool(raw["ready"]),
            )
        except FileNotFoundError:
            return State()
        except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
            raise ClusterError(
                f"{self.marker}: not readable as a cluster's state ({error}); "
                "remove the directory by hand after ending its processes"
            ) from error

    def save(self, state: State) -> None:
        """Write the state in one rename, so that a reader never sees half of it."""
        content = {
            "ports": state.ports,
            "processes": {n: {"pid": i.pid, "started": i.started} for n, i in state.processes.items()},
            "ready": state.ready,
        }
        fresh = self.marker.with_suffix(".new")
        fresh.write_text(json.dumps(content, indent=2))
        fresh.replace(self.marker)

    def load_credentials(self) -> Credentials:
        """Read the secrets, or make them at the first start."""
        if self.credentials.exists():
            raw = json.loads(self.credentials.read_text())
            return Credentials(**raw)
        made = Credentials(
            minio_access_key=f"root-{secrets.token_hex(6)}",
            minio_secret_key=secrets.token_urlsafe(30),
            tokens={user: secrets.token_urlsafe(30) for user in USERS},
        )
        write_private(self.credentials, json.dumps(vars(made)))
        return made

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
        """Remove what a cluster keeps, and the directory if nothing else is in it."""
        for name in ("pki", "logs", "data", "kubeconfigs", "config"):
            shutil.rmtree(self.root / name, ignore_errors=True)
        for path in (self.credentials, self.marker.with_suffix(".new"), self.marker, self.lock):
            path.unlink(missing_ok=True)
        if self.root.is_dir() and not any(self.root.iterdir()):
            self.root.rmdir()


def write_private(path: Path, text: str) -> None:
    """Write a file that only its owner can read, in one rename."""
    fresh = path.with_name(f".{path.name}.new")
    fresh.unlink(missing_ok=True)
    with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as out:
        out.write(text)
    fresh.replace(path)
