"""How embedded clusters start, stop, break and go."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest

from tests.cluster.support.kubectl import Kubectl, apply, eventually, is_ready, kitchen
from tests.cluster.support.rest import Rest, mib_between_collections
from tests.support.signals import hear_sigint
from tools.cluster import Cluster, ClusterError, ports
from tools.cluster.components import START_ORDER
from tools.cluster.errors import PortTakenError
from tools.cluster.layout import Layout, State
from tools.cluster.processes import alive, identify, spawn, strays
from tools.cluster.startup import Startup


def bucket_client(cluster: Cluster) -> Any:
    return boto3.client(
        "s3",
        endpoint_url=cluster.minio_endpoint,
        aws_access_key_id=cluster.minio_access_key,
        aws_secret_access_key=cluster.minio_secret_key,
        region_name="us-east-1",
    )


@pytest.fixture(scope="module", autouse=True)
def last_to_need_it(cluster: Cluster) -> Iterator[None]:
    """No module after this one needs the shared cluster (tests/support/order.py)."""
    yield
    cluster.destroy()


@pytest.fixture(scope="module")
def rest(cluster: Cluster, kubectl: Kubectl) -> Iterator[Rest]:
    """The shared cluster, which is at rest while this module has to do with other ones."""

    def going() -> bool:
        return any(item["status"]["phase"] == "Terminating" for item in kubectl.get("namespaces")["items"])

    eventually(lambda: not going(), "what other modules left is gone", 400)
    looked = Rest(cluster)
    with looked.meanwhile():
        yield looked


@pytest.fixture(scope="module")
def second(tmp_path_factory: pytest.TempPathFactory, rest: Rest) -> Iterator[Cluster]:
    """A cluster beside the shared one, for tests that stop or hurt it."""
    del rest  # looked at from here on
    with Cluster(tmp_path_factory.mktemp("cluster") / "second") as running:
        try:
            yield running
        finally:
            running.destroy()


def test_two_clusters_know_nothing_of_each_other(cluster: Cluster, second: Cluster, kubectl: Kubectl) -> None:
    Kubectl(second.kubeconfig)("create", "namespace", "only-here")
    assert kubectl.run("get", "namespace", "only-here").returncode != 0
    assert cluster.minio_endpoint != second.minio_endpoint
    assert cluster.minio_secret_key != second.minio_secret_key
    for one in (cluster, second):
        eventually(lambda one=one: one.status().state == "running", "every process answers")  # type: ignore[misc]


def test_a_dead_process_is_named_with_the_end_of_its_log(second: Cluster) -> None:
    victim = next(entry for entry in second.status().components if entry.name == "kube-scheduler")
    assert victim.pid is not None
    os.kill(victim.pid, signal.SIGKILL)
    eventually(lambda: second.status().state == "broken", "status says broken")
    with pytest.raises(ClusterError, match=r"kube-scheduler: ended by signal SIGKILL") as caught:
        second.check()
    assert Path(victim.log).read_text().splitlines()[-1][:200] in str(caught.value)
    others = set(START_ORDER) - {"kube-scheduler"}
    assert not [line for line in str(caught.value).splitlines() if line.startswith(tuple(f"{n}:" for n in others))]
    done = run_cli("status", second.directory)
    assert done.returncode == 1
    assert "kube-scheduler: ended" in done.stderr


def test_data_survives_a_stop_even_of_a_broken_cluster(second: Cluster) -> None:
    kubectl = Kubectl(second.kubeconfig)
    kubectl("create", "namespace", "kept")
    bucket_client(second).create_bucket(Bucket="kept")
    bucket_client(second).put_object(Bucket="kept", Key="lora/example/file", Body=b"weights")
    second.stop()
    assert second.status().state == "stopped"
    assert strays(second.directory) == []
    second.start()
    eventually(lambda: second.status().state == "running", "every process answers")
    assert kubectl("get", "namespace", "kept", "-o", "name").strip() == "namespace/kept"
    answer = bucket_client(second).get_object(Bucket="kept", Key="lora/example/file")
    assert answer["Body"].read() == b"weights"
    apply(kubectl, "kept", kitchen("NVIDIA-L40S"))
    eventually(lambda: is_ready(kubectl, "kept", "support"), "InferenceService Ready after a restart")


def test_a_port_in_use_is_one_clear_message(tmp_path: Path) -> None:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        port = listener.getsockname()[1]
        done = run_cli("start", tmp_path / "refused", "--minio-port", str(port))
    assert done.returncode == 1
    assert done.stdout == ""
    assert f"--minio-port {port}: already in use on 127.0.0.1" in done.stderr
    assert "Traceback" not in done.stderr
    assert strays(tmp_path / "refused") == []


@pytest.mark.parametrize("name", ["etcd", "minio"])
def test_a_port_taken_after_the_choice_is_noticed(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """By the words of the real processes; that other ports are tried then is a unit test."""
    layout = Layout(tmp_path / "late")
    choose = ports.choose
    with socket.socket() as listener, layout.locked():
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        taken = listener.getsockname()[1]
        monkeypatch.setattr(ports, "choose", lambda *given: choose(*given) | {name: taken})
        layout.prepare()
        with pytest.raises(PortTakenError):
            Startup(layout, {}, print).run(fresh_ports=False)
    Cluster(layout.root).destroy()
    assert strays(layout.root) == []


def test_an_interrupted_start_leaves_no_process(tmp_path: Path) -> None:
    directory = tmp_path / "interrupted"
    starting = subprocess.Popen(
        cli("start", directory),
        stderr=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        preexec_fn=hear_sigint,  # noqa: PLW1509 - one thread, one call
    )

    def halfway() -> bool:
        """Asked while it stands still, so that it cannot end meanwhile; halfway it stays so."""
        starting.send_signal(signal.SIGSTOP)
        if len(strays(directory)) >= 3:
            return True
        starting.send_signal(signal.SIGCONT)
        return False

    try:
        eventually(halfway, "some processes are up", 300)
        starting.send_signal(signal.SIGINT)
        starting.send_signal(signal.SIGCONT)
        _, errors = starting.communicate(timeout=300)
        assert starting.returncode == 130
        assert "Traceback" not in errors
        assert strays(directory) == []
    finally:
        starting.kill()
        Cluster(directory).destroy()


def test_the_guard_ends_what_a_killed_owner_left(cluster: Cluster, tmp_path: Path) -> None:
    guards = [entry for entry in strays(cluster.directory) if entry.pid not in pids_of(cluster)]
    assert len(guards) == 1, "a cluster used as a context manager has a guard"
    layout = Layout(tmp_path / "orphaned")
    with layout.locked():
        layout.prepare()
    left = spawn(["sleep", "600"], owner=layout.root, env=dict(os.environ), log=layout.log("etcd"))
    layout.save(State(processes={"etcd": left}))
    with subprocess.Popen(["sleep", "600"]) as owner:
        me = identify(owner.pid)
        assert me is not None
        with subprocess.Popen(
            [sys.executable, "-m", "tools.cluster.guard", str(layout.root), str(me.pid), me.started]
        ) as guard:
            time.sleep(0.5)
            assert alive(left)
            owner.kill()
            owner.wait()
            assert guard.wait(timeout=120) == 0
    assert not alive(left)


def test_a_reused_process_id_is_never_killed(tmp_path: Path) -> None:
    cluster = Cluster(tmp_path / "reused")
    with subprocess.Popen(["sleep", "60"]) as bystander:
        try:
            (tmp_path / "reused").mkdir()
            entry = {"pid": bystander.pid, "started": "another-boot:1"}
            state = {"ports": {}, "processes": {"etcd": entry}, "ready": True}
            (tmp_path / "reused" / "kitchen-cluster.json").write_text(json.dumps(state))
            assert cluster.status().state == "broken"
            cluster.destroy()
            assert bystander.poll() is None
        finally:
            bystander.kill()
    assert not (tmp_path / "reused").exists()


def test_destroy_leaves_nothing_behind(second: Cluster) -> None:
    before = strays(second.directory)
    assert {entry.pid for entry in before} >= pids_of(second)
    assert len(pids_of(second)) == len(START_ORDER)
    done = run_cli("destroy", second.directory)
    assert done.returncode == 0, done.stderr
    assert not any(alive(entry) for entry in before)
    assert strays(second.directory) == []
    assert not second.directory.exists()


def test_a_directory_of_somebody_else_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "thesis.txt").write_text("precious")
    for command in ("start", "destroy"):
        done = run_cli(command, tmp_path)
        assert done.returncode == 1
        assert "holds no embedded cluster" in done.stderr
    assert [path.name for path in tmp_path.iterdir()] == ["thesis.txt"]


@pytest.mark.usefixtures("second")
def test_a_cluster_at_rest_needs_little(rest: Rest, kubectl: Kubectl) -> None:
    """Last in this module, and in a whole run after all that other modules had on it: more than one environment."""
    assert rest.cores <= 0.05, rest.told
    assert rest.memory_mib() <= 3 * 1024
    assert mib_between_collections(kubectl) >= 300, "GOMEMLIMIT is near what the API server holds"


def pids_of(cluster: Cluster) -> set[int]:
    return {entry.pid for entry in cluster.status().components if entry.pid is not None}


def cli(command: str, directory: Path, *args: str) -> list[str]:
    return [sys.executable, "-m", "tools.cluster", command, "--directory", str(directory), *args]


def run_cli(command: str, directory: Path, *args: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(cli(command, directory, *args), capture_output=True, text=True, check=False)
