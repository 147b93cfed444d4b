"""MinIO as the program deploys it: admitted and scheduled for real, and its very arguments run by a real server."""

from __future__ import annotations

import base64
import json
import os
import secrets
import shutil
import ssl
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError

from components.object_store.minio import pod as minio_pod
from components.platform import Platform
from tests.cluster.support.kubectl import Kubectl
from tests.support.ports import free_ports
from tests.support.programs import program, unjudged
from tests.support.stacks import prepare
from tools.cluster import Cluster
from tools.toolchain import PREVIEW, binary, ensure

NAMESPACE = "object-store"
REPLICAS, DRIVES = 4, 2
PROGRAM = f"""
import pulumi
from components.object_store.minio.server import MinioServer, MinioServerArgs
from components.platform import Platform

cluster = pulumi.ProviderResource("kubernetes", "cluster", {{"enableServerSideApply": "true"}})
args = MinioServerArgs(
    namespace="{NAMESPACE}", labels={{"kitchen.example.com/owner": "platform-team"}},
    image="registry.kitchen.example/minio/minio@sha256:" + "0" * 64, platform=Platform(kind="kubernetes"),
    replicas={REPLICAS}, drives_per_replica={DRIVES}, size_gib=100, storage_class="cephfs-rwx", cpu=2, memory_gib=8,
    client_namespaces=["helpdesk-dev"], issuer="kitchen-ca",
)
MinioServer("store", args, pulumi.ResourceOptions(provider=cluster))
"""


def storage_node(index: int) -> dict[str, Any]:
    """A simulated machine without GPUs."""
    name = f"storage-{index}"
    labels = {"kubernetes.io/hostname": name, "topology.kubernetes.io/zone": f"zone-{index % 2}"}
    return {
        "apiVersion": "v1",
        "kind": "Node",
        "metadata": {"name": name, "labels": labels, "annotations": {"kwok.x-k8s.io/node": "fake"}},
    }


@pytest.fixture
def nodes(kubectl: Kubectl) -> Iterator[None]:
    capacity = {"cpu": "16", "memory": "64Gi", "pods": "100", "ephemeral-storage": "1Ti"}
    patch = json.dumps({"status": {"capacity": capacity, "allocatable": capacity}})
    names = [f"storage-{index}" for index in range(REPLICAS - 1)]
    for index, name in enumerate(names):
        kubectl("apply", "-f", "-", manifest=json.dumps(storage_node(index)))
        kubectl("patch", "node", name, "--subresource=status", "--type=merge", "-p", patch)
    yield
    kubectl("delete", "node", *names)
    kubectl("delete", "namespace", NAMESPACE, "--wait=false", "--ignore-not-found")


@pytest.mark.usefixtures("nodes")
def test_a_distributed_store_is_admitted_scheduled_on_as_many_nodes_and_keeps_its_claims(
    cluster: Cluster, kubectl: Kubectl, tmp_path: Path
) -> None:
    ensure(PREVIEW)
    kubectl("get", "--raw", "/openapi/v2")  # made on the first demand, and the provider's patience is 32 s
    workspace = program(tmp_path / "project", PROGRAM, {})
    workspace.kubeconfig = cluster.kubeconfig
    prepare(workspace, {})
    assert unjudged(workspace, "up", "--yes", "--skip-preview") == 0
    pods = kubectl.get("-n", NAMESPACE, "pods", "-l", "app.kubernetes.io/name=minio")["items"]
    assert len({pod["spec"]["nodeName"] for pod in pods}) == REPLICAS
    assert all(pod["status"]["phase"] == "Running" for pod in pods)
    claims = kubectl.get("-n", NAMESPACE, "persistentvolumeclaims")["items"]
    assert {claim["status"]["phase"] for claim in claims} == {"Bound"}
    assert len(claims) == REPLICAS * DRIVES
    budget = kubectl.get("-n", NAMESPACE, "poddisruptionbudget", "minio")
    assert budget["spec"]["maxUnavailable"] == 1
    certificate = kubectl.get("-n", NAMESPACE, "certificate", "minio-tls")
    assert certificate["spec"]["issuerRef"]["name"] == "kitchen-ca"
    password = base64.b64decode(kubectl.get("-n", NAMESPACE, "secret", "minio-root")["data"]["password"]).decode()
    assert password not in json.dumps(pods)
    state = [path.read_text() for path in (workspace.folder / "state").rglob("*.json")]
    assert state
    assert not [text for text in state if password in text]
    assert unjudged(workspace, "up", "--yes", "--skip-preview", "--expect-no-changes") == 0
    kubectl("-n", NAMESPACE, "delete", "statefulset", "minio")
    left = kubectl.get("-n", NAMESPACE, "persistentvolumeclaims")["items"]
    assert len(left) == REPLICAS * DRIVES, "data outlives the server"


class Deployed:
    """The container of one pod, run as a process: its mount paths and its port are mapped, nothing else."""

    def __init__(self, folder: Path, port: int) -> None:
        self.folder, self.port = folder, port
        self.endpoint = f"https://127.0.0.1:{port}"
        self.key = "kitchen-root", secrets.token_hex(20)
        said = {"namespace": NAMESPACE, "replicas": 1, "drives": 1, "cpu": 2, "memory_gib": 8}
        security = Platform(kind="kubernetes").container_security_context()
        self.container = minio_pod.container("registry.kitchen.example/minio", said, security)
        self._volumes = {volume["name"]: volume for volume in minio_pod.volumes("minio-tls")}

    def mapped(self, text: str) -> str:
        for mount in self.container["volumeMounts"]:
            if text == mount["mountPath"] or text.startswith(f"{mount['mountPath']}/"):
                return str(self.folder / mount["name"]) + text.removeprefix(mount["mountPath"])
        return text.replace(f":{minio_pod.PORT}", f"127.0.0.1:{self.port}")

    def mount(self, secret: dict[str, bytes], name: str) -> None:
        """Lay a Secret's keys where its volume puts them."""
        for item in self._volumes[name]["secret"]["items"]:
            path = self.folder / name / item["path"]
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(secret[item["key"]])

    def start(self) -> subprocess.Popen[bytes]:
        for mount in self.container["volumeMounts"]:
            (self.folder / mount["name"]).mkdir(parents=True, exist_ok=True)
        words = [self.mapped(word) for word in self.container["args"]]
        assert self.container["command"] == ["minio"]
        variables = {entry["name"]: self.mapped(entry["value"]) for entry in self.container["env"]}
        env = {"PATH": os.environ["PATH"], **variables}
        log = (self.folder / "minio.log").open("wb")
        return subprocess.Popen([binary("minio"), *words], env=env, stdout=log, stderr=log)

    def probe(self, kind: str) -> int:
        """The answer to a probe of the pod; like kubelet's, it does not check the certificate."""
        get = self.container[kind]["httpGet"]
        context = ssl.create_default_context()
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        opener = urllib.request.build_opener(
            urllib.request.ProxyHandler({}), urllib.request.HTTPSHandler(context=context)
        )
        try:
            return int(opener.open(f"{self.endpoint}{get['path']}", timeout=60).status)
        except (urllib.error.URLError, OSError):
            return 0

    def client(self, key: tuple[str, str]) -> Any:
        config = Config(retries={"total_max_attempts": 1}, s3={"addressing_style": "path"}, proxies={})
        return boto3.session.Session().client(
            "s3",
            endpoint_url=self.endpoint,
            region_name="us-east-1",
            aws_access_key_id=key[0],
            aws_secret_access_key=key[1],
            verify=str(self.folder / "certs" / "CAs" / "ca.crt"),
            config=config,
        )


def certificate(folder: Path) -> dict[str, bytes]:
    """A TLS Secret for loopback, as cert-manager would write it."""
    folder.mkdir()
    openssl = shutil.which("openssl")
    assert openssl is not None
    command = [openssl, "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2"]
    command += ["-subj", "/CN=minio", "-addext", "subjectAltName=IP:127.0.0.1", "-keyout", "key", "-out", "crt"]
    subprocess.run(command, cwd=folder, check=True, capture_output=True)
    crt, key = (folder / "crt").read_bytes(), (folder / "key").read_bytes()
    return {"tls.crt": crt, "tls.key": key, "ca.crt": crt}


def test_the_rendered_arguments_and_files_make_a_server_with_tls_and_the_key_of_the_secret(tmp_path: Path) -> None:
    deployed = Deployed(tmp_path / "pod", free_ports(1)[0])
    deployed.mount(certificate(tmp_path / "tls"), "certs")
    user, password = deployed.key
    deployed.mount({"user": user.encode(), "password": password.encode()}, "root-key")
    process = deployed.start()
    try:
        limit = time.monotonic() + 120
        while deployed.probe("readinessProbe") != 200:
            log = (deployed.folder / "minio.log").read_text()
            assert process.poll() is None, log
            assert time.monotonic() < limit, log
            time.sleep(0.1)
        assert deployed.probe("livenessProbe") == deployed.probe("startupProbe") == 200
        root = deployed.client(deployed.key)
        root.create_bucket(Bucket="models")
        assert (deployed.folder / "data0" / "models").is_dir(), "the drive is the mounted volume"
        with pytest.raises(ClientError, match="InvalidAccessKeyId"):
            deployed.client(("minioadmin", "minioadmin")).list_buckets()
        environment = (
            Path(f"/proc/{process.pid}/environ").read_text() + Path(f"/proc/{process.pid}/cmdline").read_text()
        )
        assert password not in environment
        assert password not in (deployed.folder / "minio.log").read_text()
    finally:
        process.terminate()
        process.wait(120)
