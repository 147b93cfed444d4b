"""Brings the processes of one cluster up, in the order and with the overlap that is fastest."""

from __future__ import annotations

import base64
import time
from collections.abc import Callable, Mapping
from pathlib import Path

from tools.cluster import access, certificates, components, objects, ports, seed
from tools.cluster.api import Api
from tools.cluster.errors import ClusterError, PortTakenError
from tools.cluster.health import component_healthy, death
from tools.cluster.layout import Credentials, Layout, State
from tools.cluster.processes import alive, log_end, spawn
from tools.damaged_error import DamagedError
from tools.own_file import content, text, write
from tools.toolchain import data

_PATIENCE_SECONDS = 60.0
_POLL_SECONDS = 0.05
_KSERVE_GROUP = ".serving.kserve.io"


class Startup:
    """One attempt; leaves the processes it started in the state, for the caller to end if it fails."""

    def __init__(self, layout: Layout, chosen: Mapping[str, int], say: Callable[[str], None]) -> None:
        """Prepare an attempt; `chosen` are the user's own ports."""
        self._layout = layout
        self._chosen = dict(chosen)
        self._say = say
        self._credentials: Credentials = layout.load_credentials()
        self._state = State(ports=layout.load().ports)

    def run(self, *, fresh_ports: bool) -> None:
        """Start everything and return when a pod can be scheduled and a webhook answers."""
        state, layout = self._state, self._layout
        previous = {} if fresh_ports else state.ports
        state.ports = ports.choose(previous, self._chosen)
        layout.save(state)
        is_empty = not (layout.data("etcd") / "member").exists()
        self._spawn("etcd")
        self._spawn("minio")
        certificates.make(layout.pki)
        access.write(layout, self._credentials, state.ports["api"])
        components.write_files(layout)
        self._wait("etcd")
        self._seed(is_empty=is_empty)
        self._spawn("kube-apiserver")
        self._wait("kube-apiserver")
        self._say("etcd and API server: ready")
        api = Api(layout.kubeconfig)
        objects.release_nodes(api)
        for name in ("kube-controller-manager", "kube-scheduler", "kwok", "binder"):
            self._spawn(name)
        self._objects(api)
        self._wait(*state.processes)
        state.ready = True
        layout.save(state)

    def _objects(self, api: Api) -> None:
        folder = data("crds") / "kserve"
        objects.install_kserve_settings(api, folder)
        nodes = objects.install_nodes(api)
        objects.install_storage_classes(api)
        documents = objects.crds(data("crds") / "crds")
        is_new = not self._has_crds()
        if is_new:
            self._say(f"{len(documents)} CRDs: the first cluster of this version takes them in")
            # KServe's first: its manager waits for them.
            for chosen in (True, False):
                part = {n: text for n, text in documents.items() if n.endswith(_KSERVE_GROUP) is chosen}
                objects.install_crds(api, part)
        serving = [name for name in documents if name.endswith(_KSERVE_GROUP)]
        objects.wait_until(lambda: objects.missing_crds(api, serving), "KServe's CRDs", self._check)
        self._spawn("kserve")
        authority = base64.b64encode(content(self._layout.pki / "ca.crt")).decode()
        objects.install_webhooks(api, folder, port=self._state.ports["kserve-webhook"], authority=authority)
        objects.install_storage_container(api, folder, update=is_new)
        objects.wait_until(lambda: objects.missing_crds(api, list(documents)), "CRDs", self._check)
        if is_new:
            seed.save(self._state.ports["etcd"])
            write(self._crd_marker, seed.key())
        self._say(f"{len(documents)} CRDs: served; KServe's manager starts")
        objects.wait_until(lambda: objects.unready_nodes(api, nodes), "nodes", self._check)

    @property
    def _crd_marker(self) -> Path:
        return self._layout.data("installed-crds")

    def _has_crds(self) -> bool:
        """Say whether etcd holds the CRDs of this very version."""
        try:
            return text(self._crd_marker) == seed.key()
        except (FileNotFoundError, DamagedError):
            return False

    def _seed(self, *, is_empty: bool) -> None:
        if is_empty and seed.load(self._state.ports["etcd"]):
            write(self._crd_marker, seed.key())

    def _spawn(self, name: str) -> None:
        layout, state = self._layout, self._state
        layout.data(name).mkdir(parents=True, exist_ok=True, mode=0o700)
        made = components.component(name, layout, state.ports, self._credentials)
        state.processes[name] = spawn(made.argv, owner=layout.root, env=made.env, log=layout.log(name))
        layout.save(state)

    def _wait(self, *names: str) -> None:
        """Wait until the processes are healthy; raise if any process has died or patience ends."""
        limit = time.monotonic() + _PATIENCE_SECONDS
        waiting = list(names)
        while waiting:
            self._check()
            self._check_ports(waiting)
            waiting = [name for name in waiting if not self._healthy(name)]
            if waiting and time.monotonic() > limit:
                log = self._layout.log(waiting[0])
                raise ClusterError(
                    f"{', '.join(waiting)}: not healthy after {_PATIENCE_SECONDS:.0f} s; "
                    f"the end of the log ({log}):\n{log_end(log)}"
                )
            if waiting:
                time.sleep(_POLL_SECONDS)
        self._check()

    def _healthy(self, name: str) -> bool:
        return component_healthy(name, self._layout, self._state.ports, self._credentials.tokens["admin"])

    def _check(self) -> None:
        dead = [name for name, identity in self._state.processes.items() if not alive(identity)]
        if not dead:
            return
        message = "\n".join(death(name, self._layout, self._state) for name in dead)
        if any(self._port_was_taken(name) for name in dead):
            raise PortTakenError(message)
        raise ClusterError(message)

    def _check_ports(self, names: list[str]) -> None:
        """Catch a process that lives on without the port it could not have."""
        for name in names:
            if self._port_was_taken(name):
                raise PortTakenError(f"{name}: its port is taken; log: {self._layout.log(name)}")

    def _port_was_taken(self, name: str) -> bool:
        text = log_end(self._layout.log(name), 40).lower()
        return any(sign in text for sign in ("address already in use", "port is already in use"))
