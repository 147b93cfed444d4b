"""The processes of the cluster: command line, environment and health check of each."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from tools.cluster.layout import Credentials, Layout
from tools.own_file import OPEN, content, write
from tools.toolchain import binary, data

HERE = Path(__file__).resolve().parent


@dataclass(frozen=True, kw_only=True)
class Component:
    """One process: its command line and its whole environment."""

    name: str
    argv: tuple[str, ...]
    env: Mapping[str, str]


_NODE_LEASE_SECONDS = 400
"""No node of this cluster ever fails: who keeps it alive has to say so seldom."""

START_ORDER = (
    "etcd",
    "minio",
    "kube-apiserver",
    "kube-controller-manager",
    "kube-scheduler",
    "kwok",
    "binder",
    "kserve",
)

_IDLE_CONTROLLERS = (
    "persistentvolume-attach-detach",
    "persistentvolume-expander",
    "node-ipam",
    "node-route",
    "service-lb",
    "certificatesigningrequest-approving",
    "certificatesigningrequest-cleaner",
    "certificatesigningrequest-signing",
    "podcertificaterequest-cleaner",
    "resourceclaim",
    "device-taint-eviction",
    "storage-version-migrator",
)
"""Controllers with nothing to control here; some of them look every tenth of a second whether there is something."""

PORT_OF = {
    "etcd": "etcd",
    "minio": "minio",
    "kube-apiserver": "api",
    "kube-controller-manager": "controller-manager",
    "kube-scheduler": "scheduler",
    "kwok": "kwok",
    "kserve": "kserve-probe",
}
_PROBES = {
    "etcd": "http://127.0.0.1:{}/health",
    "minio": "http://127.0.0.1:{}/minio/health/live",
    "kube-apiserver": "https://127.0.0.1:{}/readyz",
    "kube-controller-manager": "https://127.0.0.1:{}/healthz",
    "kube-scheduler": "https://127.0.0.1:{}/healthz",
    "kwok": "http://127.0.0.1:{}/healthz",
    "kserve": "http://127.0.0.1:{}/readyz",
}


def probe_of(name: str, ports: Mapping[str, int]) -> str | None:
    """Return the address that answers 200 when the process is healthy; None where it has none."""
    port = ports.get(PORT_OF.get(name, ""))
    return _PROBES[name].format(port) if port is not None else None


def component(name: str, layout: Layout, ports: Mapping[str, int], credentials: Credentials) -> Component:
    """Return one component, ready to be started; its files must have been written."""
    argv = _ARGV[name](layout, ports)
    env: dict[str, str] = {}
    if name == "minio":
        env = {
            "MINIO_ROOT_USER": credentials.minio_access_key,
            "MINIO_ROOT_PASSWORD": credentials.minio_secret_key,
            "MINIO_BROWSER": "off",
            "MINIO_UPDATE": "off",
        }
    elif name == "kube-apiserver":
        # A third of a first start would be garbage collection of schemas. With an environment on it the server holds a
        # little more than 1 GiB: a limit near that would make it collect every second for as long as it runs.
        env = {"GOGC": "300", "GOMEMLIMIT": "1900MiB"}
    elif name == "kserve":
        env = {"POD_NAMESPACE": "kserve", "TMPDIR": str(layout.data("kserve"))}
    elif name == "binder":
        env = python_env()
    return Component(name=name, argv=argv, env=_base_env() | env)


def python_env() -> dict[str, str]:
    """Return the environment of a process that runs a module of this package."""
    return _base_env() | {"PYTHONPATH": str(HERE.parent.parent), "PYTHONUNBUFFERED": "1"}


def write_files(layout: Layout) -> None:
    """Lay out what the processes read beside certificates and kubeconfigs."""
    write(layout.root / "config" / "audit-policy.yaml", (HERE / "audit-policy.yaml").read_bytes(), OPEN)
    # The manager finds its webhook certificate below the folder for temporary files.
    serving = layout.data("kserve") / "k8s-webhook-server" / "serving-certs"
    serving.mkdir(parents=True, exist_ok=True)
    write(serving / "tls.crt", content(layout.pki / "server.crt"))
    write(serving / "tls.key", content(layout.pki / "server.key"))


def _base_env() -> dict[str, str]:
    """Nothing of the user's own cluster, proxy or object store settings reaches the processes."""
    return {key: os.environ[key] for key in ("PATH", "HOME", "LANG") if key in os.environ}


def _etcd(layout: Layout, ports: Mapping[str, int]) -> tuple[str, ...]:
    client, peer = f"http://127.0.0.1:{ports['etcd']}", f"http://127.0.0.1:{ports['etcd-peer']}"
    return (
        str(binary("etcd")),
        f"--data-dir={layout.data('etcd')}",
        f"--listen-client-urls={client}",
        f"--advertise-client-urls={client}",
        f"--listen-peer-urls={peer}",
        f"--initial-advertise-peer-urls={peer}",
        f"--initial-cluster=default={peer}",
        "--unsafe-no-fsync",
        "--log-level=warn",
    )


def _minio(layout: Layout, ports: Mapping[str, int]) -> tuple[str, ...]:
    # One drive: several folders on one disk hang.
    return (str(binary("minio")), "server", str(layout.data("minio")), f"--address=127.0.0.1:{ports['minio']}")


def _apiserver(layout: Layout, ports: Mapping[str, int]) -> tuple[str, ...]:
    pki, config = layout.pki, layout.root / "config"
    return (
        str(binary("kube-apiserver")),
        f"--etcd-servers=http://127.0.0.1:{ports['etcd']}",
        "--bind-address=127.0.0.1",
        f"--secure-port={ports['api']}",
        f"--tls-cert-file={pki / 'server.crt'}",
        f"--tls-private-key-file={pki / 'server.key'}",
        f"--token-auth-file={config / 'tokens.csv'}",
        "--anonymous-auth=false",
        "--authorization-mode=Node,RBAC",
        "--allow-privileged=true",
        "--service-cluster-ip-range=10.96.0.0/16",
        "--service-account-issuer=https://kubernetes.default.svc",
        f"--service-account-key-file={pki / 'service-account.key'}",
        f"--service-account-signing-key-file={pki / 'service-account.key'}",
        "--endpoint-reconciler-type=none",
        f"--audit-policy-file={config / 'audit-policy.yaml'}",
        f"--audit-log-path={layout.audit_log}",
        "--audit-log-maxsize=50",
        "--audit-log-maxbackup=2",
    )


def _controller_manager(layout: Layout, ports: Mapping[str, int]) -> tuple[str, ...]:
    pki = layout.pki
    return (
        str(binary("kube-controller-manager")),
        f"--kubeconfig={layout.kubeconfig_of('kube-controller-manager')}",
        *_secure(layout, ports["controller-manager"]),
        "--use-service-account-credentials=true",
        # Its some thirty controllers start one after another, each with requests that the default rate delays.
        "--kube-api-qps=300",
        "--kube-api-burst=600",
        # Without what this cluster does not have: disks to attach, a cloud, certificates of kubelets, other devices.
        f"--controllers=*,{','.join(f'-{name}-controller' for name in _IDLE_CONTROLLERS)}",
        # A new node keeps its not-ready taint until the next round: five seconds by default.
        "--node-monitor-period=2s",
        f"--node-monitor-grace-period={2 * _NODE_LEASE_SECONDS}s",
        f"--service-account-private-key-file={pki / 'service-account.key'}",
        f"--root-ca-file={pki / 'ca.crt'}",
        f"--cluster-signing-cert-file={pki / 'ca.crt'}",
        f"--cluster-signing-key-file={pki / 'ca.key'}",
    )


def _scheduler(layout: Layout, ports: Mapping[str, int]) -> tuple[str, ...]:
    return (
        str(binary("kube-scheduler")),
        f"--kubeconfig={layout.kubeconfig_of('kube-scheduler')}",
        *_secure(layout, ports["scheduler"]),
    )


def _secure(layout: Layout, port: int) -> tuple[str, ...]:
    return (
        "--leader-elect=false",
        "--bind-address=127.0.0.1",
        f"--secure-port={port}",
        f"--tls-cert-file={layout.pki / 'server.crt'}",
        f"--tls-private-key-file={layout.pki / 'server.key'}",
    )


def _kwok(layout: Layout, ports: Mapping[str, int]) -> tuple[str, ...]:
    stages = sorted((data("crds") / "kwok-stages").glob("*/*.yaml"))
    return (
        str(binary("kwok")),
        f"--kubeconfig={layout.kubeconfig_of('kwok')}",
        *(f"--config={stage}" for stage in stages),
        "--manage-all-nodes=false",
        "--manage-nodes-with-annotation-selector=kwok.x-k8s.io/node=fake",
        "--node-ip=127.0.0.1",
        # A quarter of this is the pace at which it renews the leases of all nodes: by default half of what the API
        # server and etcd have to do while nobody asks them for anything.
        f"--node-lease-duration-seconds={_NODE_LEASE_SECONDS}",
        f"--server-address=127.0.0.1:{ports['kwok']}",
    )


def _kserve(layout: Layout, ports: Mapping[str, int]) -> tuple[str, ...]:
    # The manager has no option for the address of its webhook server: it listens on all of them, behind TLS.
    return (
        str(binary("kserve-manager")),
        f"--kubeconfig={layout.kubeconfig_of('kserve')}",
        "--metrics-addr=0",
        f"--health-probe-addr=127.0.0.1:{ports['kserve-probe']}",
        f"--webhook-port={ports['kserve-webhook']}",
    )


def _binder(layout: Layout, ports: Mapping[str, int]) -> tuple[str, ...]:
    del ports
    return (sys.executable, "-m", "tools.cluster.binder", str(layout.kubeconfig_of("binder")))


_ARGV = {
    "etcd": _etcd,
    "minio": _minio,
    "kube-apiserver": _apiserver,
    "kube-controller-manager": _controller_manager,
    "kube-scheduler": _scheduler,
    "kwok": _kwok,
    "kserve": _kserve,
    "binder": _binder,
}
