"""The mesh of an environment: its pods with their sidecars, and the programs behind them."""

from __future__ import annotations

import random
from contextlib import ExitStack
from pathlib import Path
from typing import Any, Protocol

import yaml
from cryptography import x509

from tests.istio.support.certificates import write
from tests.istio.support.control_plane import NAMESPACE, ControlPlane
from tests.istio.support.pods import Pod
from tests.istio.support.programs import Counter, Echo, Server
from tests.istio.support.sidecar import Sidecar
from tests.istio.support.wire import Redirect

HOST = "ai.dev.kitchen.example"
SERVER_PORT, STATUS_PORT, ENTRY_PORT, COUNTER_PORT, VALKEY_PORT, DOOR_PORT = 8080, 8081, 8443, 8081, 6379, 8443
VISITORS = "visitors"
"""A namespace of the mesh that is none of the environment's."""

_NAME = "app.kubernetes.io/name"
_SERVER = {"serving.kserve.io/inferenceservice": "support", "app": "isvc.support-predictor"}
_DOOR = {"istio": "ingressgateway", "app": "istio-ingressgateway"}
_PODS: tuple[tuple[str, str, str, dict[str, str]], ...] = (
    ("server", "helpdesk-dev", "support-server", _SERVER),
    ("entry", "entry-dev", "entry", {_NAME: "entry"}),
    ("counter", "entry-dev", "counter", {_NAME: "counter"}),
    ("valkey", "entry-dev", "counter", {_NAME: "counter-valkey"}),
    ("neighbour", "helpdesk-dev", "default", {"app": "neighbour"}),
    ("visitor", VISITORS, "visitor", {"app": "visitor"}),
)


class Program(Protocol):
    """What listens in a pod, and what reached it."""

    seen: list[str]

    def stop(self) -> None:
        """End it."""


class Mesh:
    """`pods` and `sidecars` by name, and `programs` by the pod's name and port.

    `certificate` is that of the entry's program. Pods have the ports that they have in a cluster, on addresses of
    their own: a program of this machine that has one of them on all addresses is in the way.
    """

    def __init__(self, folder: Path, plane: ControlPlane) -> None:
        self.plane, self.kubectl, self._folder = plane, plane.kubectl, folder
        net = f"127.{random.randint(16, 254)}.{random.randint(1, 254)}"  # noqa: S311 - any that nobody else has
        self.pods = {
            name: Pod(
                name=name,
                namespace=namespace,
                account=account,
                labels=labels,
                address=f"{net}.{number}",
                inside=f"{net}.{100 + number}",
            )
            for number, (name, namespace, account, labels) in enumerate(_PODS, 1)
        }
        self.pods["door"] = Pod(
            name="door",
            namespace=NAMESPACE,
            account="istio-ingressgateway-service-account",
            labels=_DOOR,
            address=f"{net}.99",
            inside=f"{net}.199",
            kind="router",
            listeners=(DOOR_PORT,),
        )
        self.sidecars: dict[str, Sidecar] = {}
        self.programs: dict[tuple[str, int], Program] = {}

    def start(self, stack: ExitStack) -> None:
        """Tell istiod of the pods, and start them; `stack` ends them."""
        self.kubectl("create", "namespace", VISITORS)
        self.kubectl("create", "serviceaccount", "visitor", "--namespace", VISITORS)
        self.apply([one for pod in self.pods.values() for one in pod.objects()])
        self.certificate = write(self._folder / "entry.pem", x509.DNSName(HOST))
        inside = {name: pod.inside for name, pod in self.pods.items()}
        self.programs = {
            ("server", SERVER_PORT): Server((inside["server"], SERVER_PORT)),
            ("server", STATUS_PORT): Server((inside["server"], STATUS_PORT)),
            ("entry", ENTRY_PORT): Server((inside["entry"], ENTRY_PORT), self.certificate),
            ("counter", COUNTER_PORT): Counter((inside["counter"], COUNTER_PORT)),
            ("valkey", VALKEY_PORT): Echo((inside["valkey"], VALKEY_PORT)),
        }
        for (name, port), program in self.programs.items():
            stack.callback(program.stop)
            stack.callback(Redirect(self.pods[name], port).stop)
        for name, pod in self.pods.items():
            self.sidecars[name] = Sidecar(self._folder / name, pod, self.plane)
            self.sidecars[name].start()
            stack.callback(self.sidecars[name].stop)
        for name, pod in self.pods.items():
            self.sidecars[name].wait("virtualInbound" if pod.kind == "sidecar" else f"0.0.0.0_{DOOR_PORT}")

    def apply(self, documents: list[dict[str, Any]]) -> None:
        """Give objects to the API server."""
        self.kubectl("apply", "--server-side", "-f", "-", manifest=yaml.safe_dump_all(documents))

    def at(self, name: str, port: int) -> tuple[str, int]:
        """Where others call a pod."""
        return self.pods[name].address, port

    def forget(self) -> None:
        """What reached programs until now is no matter any more."""
        for program in self.programs.values():
            program.seen.clear()
