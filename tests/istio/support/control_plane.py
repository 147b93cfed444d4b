"""Istio's real control plane on an embedded cluster, with what Istio's own installation puts there."""

from __future__ import annotations

import base64
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

from tests.cluster.support.kubectl import Kubectl, eventually
from tests.entry.support.running import end
from tests.support.ports import free_ports
from tools.toolchain import binary

NAMESPACE = "istio-system"
HOST = "localhost"
"""A name of loopback, which istiod puts into its own certificate beside those that it has in a cluster."""

_CNI = ("--set=components.cni.enabled=true", "--set=values.pilot.cni.enabled=true")
_KINDS = ("ConfigMap", "ServiceAccount", "Service", "MutatingWebhookConfiguration")
"""Of Istio's installation, what its control plane and its injector go by; the API server has its CRDs already."""

_ENV = {
    "POD_NAME": "istiod",
    "POD_NAMESPACE": NAMESPACE,
    "REVISION": "default",
    "ISTIOD_CUSTOM_HOST": HOST,
    # Filters of Istio's own build of Envoy, which the wheel does not have: names of peers, and protocols by ALPN.
    "PILOT_ENABLE_METADATA_EXCHANGE": "false",
    "PILOT_ENABLE_ALPN_FILTER": "false",
}
_SECONDS_TO_START = 120


class ControlPlane:
    """istiod, started by `start` and ended by `stop`; `address` is where sidecars reach it over TLS."""

    def __init__(self, folder: Path, kubeconfig: Path) -> None:
        self.kubectl, self._kubeconfig, self._folder = Kubectl(kubeconfig), kubeconfig, folder
        self._log = folder / "istiod.log"
        self._http, self._plain, self._secure, self._webhook, self._numbers = free_ports(5)
        self.address = f"{HOST}:{self._secure}"

    def start(self) -> None:
        """Install what istiod reads, start it, and wait until it signs certificates and injects sidecars."""
        self._folder.mkdir(parents=True)
        self.kubectl("create", "namespace", NAMESPACE)
        self.kubectl("apply", "--server-side", "-f", "-", manifest=yaml.safe_dump_all(self._installed()))
        addresses = {
            "secureGRPCAddr": self._secure,
            "grpcAddr": self._plain,
            "httpAddr": self._http,
            "httpsAddr": self._webhook,
            "monitoringAddr": self._numbers,
        }
        command = [
            *(str(binary("pilot-discovery")), "discovery", f"--kubeconfig={self._kubeconfig}"),
            *(f"--{name}=127.0.0.1:{port}" for name, port in addresses.items()),
            *("--ctrlz_port=0", "--clusterID=Kubernetes"),
        ]
        with self._log.open("ab") as log:
            self._running = subprocess.Popen(
                command, cwd=self._folder, env=os.environ | _ENV, stdin=subprocess.DEVNULL, stdout=log, stderr=log
            )
        eventually(self._ready, f"istiod is ready: {self._log}", _SECONDS_TO_START)

    def stop(self) -> None:
        """End it."""
        end(self._running)

    def authority(self) -> str:
        """The certificate (PEM) of the authority that signs for the mesh."""
        secret = self.kubectl.get("-n", NAMESPACE, "secret", "istio-ca-secret")
        return base64.b64decode(secret["data"]["ca-cert.pem"]).decode()

    def _ready(self) -> bool:
        assert self._running.poll() is None, self._log.read_text()[-4000:]
        webhooks = self.kubectl.get("mutatingwebhookconfiguration", "istio-sidecar-injector")["webhooks"]
        signs = self.kubectl.run("-n", NAMESPACE, "get", "secret", "istio-ca-secret").returncode == 0
        return signs and all(one["clientConfig"].get("caBundle") for one in webhooks)

    def _installed(self) -> Iterator[dict[str, Any]]:
        """Istio's own objects, as its installer makes them; the injector is called on loopback."""
        made = subprocess.run(
            [str(binary("istioctl")), "manifest", "generate", *_CNI], capture_output=True, text=True, check=True
        )
        for one in yaml.safe_load_all(made.stdout):
            if one and one["kind"] in _KINDS and one["metadata"].get("namespace", NAMESPACE) == NAMESPACE:
                yield self._on_loopback(one)

    def _on_loopback(self, one: dict[str, Any]) -> dict[str, Any]:
        if one["kind"] == "ConfigMap" and one["metadata"]["name"] == "istio":
            mesh = yaml.safe_load(one["data"]["mesh"])
            del mesh["defaultProviders"]  # of metrics: one more filter of Istio's own build of Envoy
            one["data"]["mesh"] = yaml.safe_dump(mesh)
        for webhook in one.get("webhooks", ()):
            way = webhook["clientConfig"].pop("service")
            webhook["clientConfig"]["url"] = f"https://{HOST}:{self._webhook}{way['path']}"
        return one
