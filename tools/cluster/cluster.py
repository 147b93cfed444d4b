"""The embedded cluster as one object."""

from __future__ import annotations

import os
import signal
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType

from tools.cluster import ports as port_rules
from tools.cluster.components import START_ORDER, python_env
from tools.cluster.damage import damages
from tools.cluster.errors import ClusterError, PortTakenError
from tools.cluster.health import Status, complaint, status_of
from tools.cluster.layout import Layout, State, told
from tools.cluster.processes import Identity, alive, end, identify, log_end, spawn, strays
from tools.cluster.startup import Startup
from tools.damaged_error import DamagedError
from tools.own_file import is_there, remove
from tools.progress import note, say
from tools.toolchain import CLUSTER, ToolchainError, ensure

DEFAULT_DIRECTORY = Path(".kitchen/cluster")
_ATTEMPTS = 4
_LAST_TO_END = ("kube-apiserver", "etcd")
_PATIENCE_SECONDS = 8.0


class Cluster:
    """A Kubernetes API server, scheduler, simulated GPU nodes, KServe and MinIO below one directory.

    Everything listens on loopback at ports chosen at start, so that several clusters run side by side. The data
    survives `stop`; `destroy` removes it. As a context manager it is started on entry and stopped on exit. The
    processes outlive this object: another one for the same directory finds them. Raises ClusterError.
    """

    def __init__(self, directory: Path | str = DEFAULT_DIRECTORY, *, ports: Mapping[str, int] | None = None) -> None:
        """Describe a cluster without touching anything; `ports` may fix `api` and `minio`."""
        self._layout = Layout(Path(directory))
        self._chosen = dict(ports or {})

    def __enter__(self) -> Cluster:
        """Start it, and see to it that it ends with this process, whatever ends that."""
        self.start()
        self._watch_over()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Stop it; the data stays."""
        self.stop()

    @property
    def directory(self) -> Path:
        """Where it keeps everything, absolute."""
        return self._layout.root

    @property
    def kubeconfig(self) -> Path:
        """The administrator's kubeconfig, mode 0600."""
        return self._layout.kubeconfig

    @property
    def audit_log(self) -> Path:
        """The API server's audit log, one JSON object a line."""
        return self._layout.audit_log

    @property
    def minio_endpoint(self) -> str:
        """MinIO's address, as `http://127.0.0.1:PORT`; raises ClusterError before the first start."""
        port = self._layout.load().ports.get("minio")
        if port is None:
            raise self._never_started()
        return f"http://127.0.0.1:{port}"

    @property
    def minio_access_key(self) -> str:
        """MinIO's root user, random for each cluster."""
        return self._layout.load_credentials().minio_access_key if self._started() else ""

    @property
    def minio_secret_key(self) -> str:
        """MinIO's root password, random for each cluster."""
        return self._layout.load_credentials().minio_secret_key if self._started() else ""

    def start(self) -> None:
        """Start it and wait until it is ready; nothing to do if it runs. A failed start leaves no process."""
        self._layout.check()
        if found := self.damages():
            raise told(*found, root=self._layout.root)
        _ensure_toolchain()
        with self._layout.locked():
            self._layout.prepare()
            if self._runs():
                return
            self._end_all()
            begun = time.monotonic()
            port_rules.check(self._chosen)
            try:
                self._attempt()
            except BaseException:
                with _undisturbed():
                    self._end_all()
                raise
            _say(f"ready after {time.monotonic() - begun:.1f} s: {self._layout.root}")

    def stop(self) -> None:
        """End its processes and keep its data, whatever is damaged; nothing to do if none runs."""
        if not self._layout.root.is_dir() or not self._layout.is_ours():
            return
        with self._layout.locked():
            self._end_all()

    def destroy(self) -> None:
        """End its processes and remove its data, whatever is damaged; raise ClusterError where no cluster is."""
        if not is_there(self._layout.root):  # removed by hand while they ran
            end(strays(self._layout.root), patience_seconds=_PATIENCE_SECONDS)
            return
        if not self._layout.root.is_dir() or not self._layout.is_ours():
            raise ClusterError(f"{self._layout.root}: holds no embedded cluster; nothing was removed")
        if self._layout.lock.is_dir():
            remove(self._layout.lock)
        with self._layout.locked():
            self._end_all()
            self._layout.remove()

    def damages(self) -> list[DamagedError]:
        """Every damaged file of its own; nothing is changed."""
        return damages(self._layout)

    def mend(self, set_aside: Callable[[Path], object], ports: Mapping[str, int]) -> None:
        """End its processes and give every damaged file to `set_aside`; the next start makes them anew.

        Data, ports and secrets that can be read stay. For ports that cannot, `ports` may have what is known elsewhere;
        the others are chosen anew.
        """
        if self._layout.lock.is_dir():
            set_aside(self._layout.lock)
        with self._layout.locked():
            self._end_all()
            found, pki = [entry.path for entry in self.damages()], self._layout.pki
            # A key fits its own certificate alone: all of them, or none.
            for path in dict.fromkeys(pki if path.is_relative_to(pki) else path for path in found):
                if is_there(path):
                    set_aside(path)
            if not is_there(self._layout.marker):
                self._layout.save(State(ports=dict(ports)))

    def status(self) -> Status:
        """Look at every process now."""
        return status_of(self._layout, self._layout.load())

    def check(self) -> None:
        """Raise ClusterError unless it runs: names each process that died, with the end of its log."""
        state = self._layout.load()
        status = status_of(self._layout, state)
        if status.state == "stopped":
            raise ClusterError(f"{self._layout.root}: the cluster is not running; start it first")
        if status.state == "broken":
            raise ClusterError(complaint(self._layout, state, status))

    def logs(self, names: Sequence[str] = (), lines: int = 20) -> dict[str, str]:
        """Return the end of the logs by process name, all processes unless some are named."""
        unknown = [name for name in names if name not in START_ORDER]
        if unknown:
            raise ClusterError(f"{', '.join(unknown)}: unknown process; rule: one of {', '.join(START_ORDER)}")
        return {name: log_end(self._layout.log(name), lines) for name in names or START_ORDER}

    def _attempt(self) -> None:
        """Try again with fresh ports when another process was faster to take one."""
        for attempt in range(1, _ATTEMPTS + 1):
            try:
                Startup(self._layout, self._chosen, _say).run(fresh_ports=attempt > 1)
                return
            except PortTakenError as error:
                self._end_all()
                port_rules.check(self._chosen)
                if attempt == _ATTEMPTS:
                    raise
                _say(f"a port was taken meanwhile, trying others: {str(error).splitlines()[0]}")

    def _runs(self) -> bool:
        """Say whether nothing has to be started; tell what died of a cluster that should run."""
        state = self._layout.load()
        if not state.processes:
            return False
        status = status_of(self._layout, state)
        if status.state == "running":
            wrong = {n: p for n, p in self._chosen.items() if state.ports.get(n) != p}
            if wrong:
                text = ", ".join(f"{name} {port}" for name, port in wrong.items())
                raise ClusterError(f"{text}: the cluster runs on other ports; stop it first to choose new ones")
            _say(f"runs already: {self._layout.root}")
            return True
        note(f"cluster: found broken, starting again: {complaint(self._layout, state, status)}")
        return False

    def _end_all(self) -> None:
        """End every process of this cluster, recorded or not; the API server and etcd last.

        A damaged record says nothing: what runs is found by its environment then, and the record stays as it is.
        """
        try:
            state = self._layout.read_state()
        except (DamagedError, FileNotFoundError):
            end(strays(self._layout.root), patience_seconds=_PATIENCE_SECONDS)
            return
        everything = {identity.pid: identity for identity in strays(self._layout.root)}
        everything |= {identity.pid: identity for identity in state.processes.values() if alive(identity)}
        last = [state.processes[name] for name in _LAST_TO_END if name in state.processes]
        first: list[Identity] = [identity for identity in everything.values() if identity not in last]
        for group in (first, *([identity] for identity in last)):
            end(group, patience_seconds=_PATIENCE_SECONDS)
        self._layout.save(State(ports=state.ports))

    def _watch_over(self) -> None:
        me = identify(os.getpid())
        if me is not None:
            spawn(
                [sys.executable, "-m", "tools.cluster.guard", str(self.directory), str(me.pid), me.started],
                owner=self.directory,
                env=python_env(),
                log=self._layout.log("guard"),
            )

    def _started(self) -> bool:
        if not self._layout.credentials.exists():
            raise self._never_started()
        return True

    def _never_started(self) -> ClusterError:
        return ClusterError(f"{self._layout.root}: the cluster was never started")


def _ensure_toolchain() -> None:
    try:
        ensure(CLUSTER)
    except ToolchainError as error:
        raise ClusterError(str(error)) from error


@contextmanager
def _undisturbed() -> Iterator[None]:
    """Keep a second Ctrl-C from leaving processes behind."""
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT, signal.SIGTERM, signal.SIGHUP})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _say(line: str) -> None:
    say(f"cluster: {line}")
