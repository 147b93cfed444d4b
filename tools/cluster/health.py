"""Asks a process's own health address, and says what is wrong with a cluster."""

from __future__ import annotations

import http.client
import ssl
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from urllib.parse import urlsplit

from tools.cluster.components import START_ORDER, probe_of
from tools.cluster.layout import Layout, State
from tools.cluster.processes import alive, exit_text, log_end


@dataclass(frozen=True, kw_only=True)
class ComponentStatus:
    """One process: whether it runs, and whether its health address says so too."""

    name: str
    pid: int | None
    alive: bool
    healthy: bool
    address: str | None
    log: str


@dataclass(frozen=True, kw_only=True)
class Status:
    """A cluster: `running`, `stopped`, or `broken` when a process has died or is not healthy."""

    state: str
    directory: str
    kubeconfig: str
    minio_endpoint: str | None
    audit_log: str
    components: tuple[ComponentStatus, ...]

    def as_dict(self) -> dict[str, object]:
        """Return plain data for JSON."""
        return asdict(self)


def answers(url: str, *, authority: Path, token: str | None = None, timeout_seconds: float = 3.0) -> bool:
    """Say whether an address on loopback answers 200."""
    parts = urlsplit(url)
    connection: http.client.HTTPConnection
    if parts.scheme == "https":
        context = ssl.create_default_context(cafile=str(authority))
        connection = http.client.HTTPSConnection(parts.netloc, context=context, timeout=timeout_seconds)
    else:
        connection = http.client.HTTPConnection(parts.netloc, timeout=timeout_seconds)
    try:
        connection.request("GET", parts.path, headers={"Authorization": f"Bearer {token}"} if token else {})
        return connection.getresponse().status == http.HTTPStatus.OK
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


def component_healthy(name: str, layout: Layout, ports: Mapping[str, int], admin_token: str) -> bool:
    """Say whether a running process is healthy; one without a health address is."""
    url = probe_of(name, ports)
    if url is None:
        return True
    token = admin_token if name == "kube-apiserver" else None
    return answers(url, authority=layout.pki / "ca.crt", token=token)


def status_of(layout: Layout, state: State) -> Status:
    """Look at every process; never raises for a cluster that is not well."""
    found = []
    token = layout.load_credentials().tokens["admin"] if layout.credentials.exists() else ""
    for name in START_ORDER:
        identity = state.processes.get(name)
        lives = identity is not None and alive(identity)
        found.append(
            ComponentStatus(
                name=name,
                pid=identity.pid if identity else None,
                alive=lives,
                healthy=lives and component_healthy(name, layout, state.ports, token),
                address=probe_of(name, state.ports),
                log=str(layout.log(name)),
            )
        )
    if not state.processes:
        verdict = "stopped"
    else:
        verdict = "running" if state.ready and all(entry.healthy for entry in found) else "broken"
    port = state.ports.get("minio")
    return Status(
        state=verdict,
        directory=str(layout.root),
        kubeconfig=str(layout.kubeconfig),
        minio_endpoint=f"http://127.0.0.1:{port}" if port is not None else None,
        audit_log=str(layout.audit_log),
        components=tuple(found),
    )


def complaint(layout: Layout, state: State, status: Status) -> str:
    """Say which processes have died or are not healthy, each dead one with the end of its log."""
    parts = []
    for entry in status.components:
        identity = state.processes.get(entry.name)
        if identity is None:
            parts.append(f"{entry.name}: was not started")
        elif not entry.alive:
            parts.append(death(entry.name, layout, state))
        elif not entry.healthy:
            parts.append(f"{entry.name}: runs (pid {entry.pid}) but {entry.address} does not answer; log: {entry.log}")
    return "\n".join(parts) or "the last start was cut off"


def death(name: str, layout: Layout, state: State) -> str:
    """Say how a process died, with the end of its log."""
    log = layout.log(name)
    return f"{name}: {exit_text(state.processes[name])}; the end of its log ({log}):\n{log_end(log)}"
