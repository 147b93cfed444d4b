"""The parts of the embedded cluster that need no process of it."""

from __future__ import annotations

import json
import os
import signal
import socket
import stat
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest
import yaml

from tools.cluster import Cluster, ClusterError, access, cluster, ports
from tools.cluster.__main__ import main
from tools.cluster.errors import PortTakenError
from tools.cluster.layout import USERS, Layout, State
from tools.cluster.processes import Identity, alive, end, identify, log_end, spawn, strays


@pytest.fixture
def layout(tmp_path: Path) -> Iterator[Layout]:
    made = Layout(tmp_path / "cluster")
    with made.locked():
        made.prepare()
    yield made
    end(strays(made.root), patience_seconds=60)


@pytest.fixture
def busy_port() -> Iterator[int]:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        yield listener.getsockname()[1]


# Ports


def test_ports_are_distinct_and_stay_the_same_while_they_are_free() -> None:
    first = ports.choose({}, {})
    assert set(first) == set(ports.NAMES)
    assert len(set(first.values())) == len(ports.NAMES)
    assert ports.choose(first, {}) == first


def test_a_port_that_is_no_longer_free_is_replaced_alone(busy_port: int) -> None:
    first = ports.choose({}, {}) | {"etcd": busy_port}
    again = ports.choose(first, {})
    assert again.pop("etcd") != first.pop("etcd")
    assert again == first


def test_a_port_of_the_last_start_gives_way_to_a_chosen_one() -> None:
    first = ports.choose({}, {})
    again = ports.choose(first, {"minio": first["etcd"]})
    assert again["minio"] == first["etcd"] != again["etcd"]


def test_all_faults_of_chosen_ports_are_told_at_once(busy_port: int) -> None:
    with pytest.raises(ClusterError) as caught:
        ports.check({"api": busy_port, "minio": 70000, "console": 1})
    lines = str(caught.value).splitlines()
    assert len(lines) == 3
    assert f"--api-port {busy_port}: already in use" in lines[0]
    assert "--minio-port 70000: rule: 1 to 65535" in lines[1]
    assert "unknown" in lines[2]


def test_two_names_cannot_have_one_port() -> None:
    with pytest.raises(ClusterError, match="a port of its own"):
        ports.check({"api": 29999, "minio": 29999})


# Processes


def sleeper(layout: Layout, script: str = "import time; time.sleep(600)") -> Identity:
    return spawn([sys.executable, "-c", script], owner=layout.root, env=dict(os.environ), log=layout.log("x"))


def test_a_process_is_known_by_its_id_and_start_time(layout: Layout) -> None:
    identity = sleeper(layout)
    assert alive(identity)
    assert identify(identity.pid) == identity
    other = Identity(pid=identity.pid, started="another-boot:1")
    assert not alive(other)
    end([other], patience_seconds=0.1)
    assert alive(identity), "a process with a reused id was killed"
    end([identity], patience_seconds=60)
    assert not alive(identity)


def test_a_process_that_does_not_listen_is_killed(layout: Layout) -> None:
    script = (
        "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('deaf', flush=True); time.sleep(600)"
    )
    identity = sleeper(layout, script)
    while "deaf" not in layout.log("x").read_text():
        assert alive(identity)
    end([identity], patience_seconds=0.2)
    assert not alive(identity)


def test_a_process_whose_start_was_not_recorded_is_found(layout: Layout) -> None:
    identity = sleeper(layout, "print('up', flush=True); import time; time.sleep(600)")
    while "up" not in layout.log("x").read_text():  # before that the kernel may not show its environment yet
        assert alive(identity)
    assert strays(layout.root) == [identity]
    assert strays(layout.root / "other") == []
    Cluster(layout.root).stop()
    assert not alive(identity)


def test_a_zombie_is_dead() -> None:
    with subprocess.Popen(["sleep", "600"]) as child:
        identity = identify(child.pid)
        assert identity is not None
        child.send_signal(signal.SIGKILL)
        os.waitid(os.P_PID, child.pid, os.WEXITED | os.WNOWAIT)
        assert not alive(identity)


def test_the_end_of_a_log_is_short_and_a_missing_log_no_error(tmp_path: Path) -> None:
    log = tmp_path / "x.log"
    log.write_text("".join(f"line {number} {'x' * 5000}\n" for number in range(100)))
    lines = log_end(log, 3).splitlines()
    assert [line.split()[1] for line in lines] == ["97", "98", "99"]
    assert max(map(len, lines)) < 600
    assert log_end(tmp_path / "none.log") == "  (no log)"


# Files


def test_secrets_are_random_private_and_kept(layout: Layout, tmp_path: Path) -> None:
    made = layout.load_credentials()
    assert layout.load_credentials() == made
    assert set(made.tokens) == set(USERS)
    assert stat.S_IMODE(layout.credentials.stat().st_mode) == 0o600
    assert stat.S_IMODE(layout.root.stat().st_mode) == 0o700
    other = Layout(tmp_path / "other")
    with other.locked():
        other.prepare()
    assert other.load_credentials().minio_secret_key != made.minio_secret_key


def test_only_the_administrator_and_the_machinery_are_masters(layout: Layout) -> None:
    (layout.pki / "ca.crt").write_text("authority")
    access.write(layout, layout.load_credentials(), 26443)
    rows = [row.split(",", 3) for row in (layout.root / "config/tokens.csv").read_text().splitlines()]
    masters = {row[2] for row in rows if "system:masters" in row[-1]}
    assert masters == {"admin", "kwok", "kserve", "binder"}
    config = yaml.safe_load(layout.kubeconfig.read_text())
    assert config["clusters"][0]["cluster"]["server"] == "https://127.0.0.1:26443"
    assert stat.S_IMODE(layout.kubeconfig.stat().st_mode) == 0o600


def test_state_survives_and_a_broken_state_is_one_message(layout: Layout) -> None:
    state = State(ports={"api": 1}, processes={"etcd": Identity(pid=7, started="x")}, ready=True)
    layout.save(state)
    assert layout.load() == state
    layout.marker.write_text("{")
    with pytest.raises(ClusterError, match=r"kitchen-cluster.json: is cut off or no JSON .*; way out: make recover"):
        layout.load()


def test_what_was_never_started_says_so(tmp_path: Path) -> None:
    fresh = Cluster(tmp_path / "absent")
    assert fresh.status().state == "stopped"
    for attribute in ("minio_endpoint", "minio_access_key", "minio_secret_key"):
        with pytest.raises(ClusterError, match="never started"):
            getattr(fresh, attribute)
    fresh.stop()
    fresh.destroy()
    assert not (tmp_path / "absent").exists()


def test_destroy_removes_what_is_ours_alone(layout: Layout) -> None:
    (layout.root / "notes.txt").write_text("mine")
    Cluster(layout.root).destroy()
    assert [path.name for path in layout.root.iterdir()] == ["notes.txt"]


# Start


def fake_startup(monkeypatch: pytest.MonkeyPatch, outcomes: list[BaseException | None]) -> list[bool]:
    """Replace the start of processes; return the list that records each attempt's `fresh_ports`."""
    attempts: list[bool] = []

    class Fake:
        def __init__(self, layout: Layout, chosen: Mapping[str, int], say: object) -> None:
            self.layout = layout

        def run(self, *, fresh_ports: bool) -> None:
            attempts.append(fresh_ports)
            self.layout.save(State(processes={"etcd": sleeper(self.layout)}))
            if (outcome := outcomes.pop(0)) is not None:
                raise outcome

    monkeypatch.setattr(cluster, "Startup", Fake)
    monkeypatch.setattr(cluster, "ensure", lambda names: None)
    return attempts


def test_a_taken_port_is_tried_again_with_fresh_ones(layout: Layout, monkeypatch: pytest.MonkeyPatch) -> None:
    attempts = fake_startup(monkeypatch, [PortTakenError("etcd: taken"), PortTakenError("api: taken"), None])
    Cluster(layout.root).start()
    assert attempts == [False, True, True]
    assert len(strays(layout.root)) == 1, "an attempt left its process"


@pytest.mark.parametrize("error", [ClusterError("etcd: dead"), KeyboardInterrupt(), SystemExit(143)])
def test_a_failed_start_leaves_no_process(
    error: BaseException, layout: Layout, monkeypatch: pytest.MonkeyPatch
) -> None:
    fake_startup(monkeypatch, [error])
    with pytest.raises(type(error)):
        Cluster(layout.root).start()
    assert strays(layout.root) == []
    assert Cluster(layout.root).status().state == "stopped"


def test_ports_that_are_always_taken_end_in_one_message(
    layout: Layout, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    fake_startup(monkeypatch, [PortTakenError("minio: ended; port taken")] * 9)
    assert main(["start", "--directory", str(layout.root)]) == 1
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err.splitlines()[-1] == "cluster: minio: ended; port taken"
    assert strays(layout.root) == []


def test_start_mends_a_broken_cluster(
    layout: Layout, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    dead, left = sleeper(layout), sleeper(layout)
    end([dead], patience_seconds=60)
    layout.log("kwok").write_text("panic: out of gas\n")
    layout.save(State(processes={"kwok": dead, "etcd": left}, ready=True))
    attempts = fake_startup(monkeypatch, [None])
    Cluster(layout.root).start()
    assert attempts == [False]
    told = capsys.readouterr().err
    assert "found broken, starting again" in told
    assert "kwok: ended by signal SIGTERM" in told
    assert "panic: out of gas" in told
    assert not alive(left)


# Command line


def test_status_of_a_stopped_cluster_as_json(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["status", "--directory", str(tmp_path / "none"), "--json"]) == 1
    status = json.loads(capsys.readouterr().out)
    assert status["state"] == "stopped"
    assert {entry["alive"] for entry in status["components"]} == {False}


def test_logs_of_an_unknown_process(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["logs", "kubelet", "--directory", str(tmp_path)]) == 1
    assert "kubelet: unknown process; rule: one of etcd, minio" in capsys.readouterr().err


def test_a_file_is_no_directory(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "file").write_text("")
    assert main(["start", "--directory", str(tmp_path / "file")]) == 1
    assert "is a file; rule: a directory" in capsys.readouterr().err
