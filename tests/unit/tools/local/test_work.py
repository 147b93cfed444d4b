"""Who works in a folder, who is told so, and whose lock may be taken away: real processes, real locks."""

from __future__ import annotations

import fcntl
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.support.signals import kill_all
from tests.support.waiting import until
from tests.unit.support.whole_kitchen import LOCKS, whole_kitchen
from tools.cluster.processes import identify, with_variable
from tools.local import __main__ as command
from tools.local import up
from tools.local.engine_process import without_advice
from tools.local.errors import LocalError
from tools.local.orphans import WORKSPACE_VARIABLE, is_engine
from tools.local.recover import recover
from tools.local.up import LocalKitchen
from tools.local.work import LOCK, Work
from tools.local.workspace import REPOSITORY
from tools.toolchain import ToolchainError

HERE = socket.gethostname()
WORKER = """
import sys, time
from pathlib import Path
from tools.local.engine_process import run_engine
from tools.local.work import Work
folder = Path(sys.argv[1])
work = Work(folder)
with work.begin("up", folder / "local"):
    work.tell("[4/5] pulumi up")
    print("works", flush=True)
    if len(sys.argv) > 2:
        run_engine([sys.argv[2], "600"], folder, {"KITCHEN_WORKSPACE": str(folder / "local")}, work)
    time.sleep(600)
"""


@pytest.fixture
def kitchen(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> LocalKitchen:
    def missing(*_: object) -> dict[str, str]:
        raise ToolchainError("not installed here")

    monkeypatch.setattr("tools.local.workspace.environment", missing)
    monkeypatch.setattr(up, "make_plan", lambda names: (_ for _ in ()).throw(ToolchainError("the end of this test")))
    return whole_kitchen(tmp_path / "kitchen")


@pytest.fixture
def engine(tmp_path: Path) -> Path:
    """Sleeps under the engine's name."""
    stand_in = tmp_path / "pulumi"
    stand_in.symlink_to("/bin/sleep")
    return stand_in


@pytest.fixture
def start(kitchen: LocalKitchen) -> Iterator[Callable[..., subprocess.Popen[str]]]:
    """Another process that works in the kitchen's folder."""
    running: list[subprocess.Popen[str]] = []

    def begin(*words: str) -> subprocess.Popen[str]:
        process = subprocess.Popen(
            [sys.executable, "-c", WORKER, str(kitchen.folder), *words],
            cwd=REPOSITORY,
            stdout=subprocess.PIPE,
            text=True,
        )
        running.append(process)
        assert process.stdout
        assert process.stdout.readline() == "works\n"
        return process

    yield begin
    for process in running:
        process.kill()
        process.wait()
        assert process.stdout
        process.stdout.close()
    kill_all(WORKSPACE_VARIABLE, str(kitchen.workspace.folder))


def engine_numbers(kitchen: LocalKitchen) -> list[int]:
    last = kitchen.work.last()
    return [entry.pid for entry in last.engines] if last else []


@contextmanager
def killed(process: subprocess.Popen[bytes]) -> Iterator[subprocess.Popen[bytes]]:
    try:
        yield process
    finally:
        process.kill()
        process.wait()


@pytest.mark.parametrize("name", ["up", "down", "recover"])
def test_the_second_command_is_told_who_works_since_when_and_how_far(
    name: str,
    kitchen: LocalKitchen,
    start: Callable[..., subprocess.Popen[str]],
    capsys: pytest.CaptureFixture[str],
) -> None:
    first = start()
    before = {path: path.read_bytes() for path in kitchen.folder.rglob("*") if path.is_file()}
    assert command.main([name, "--directory", str(kitchen.folder)]) == 1
    said = capsys.readouterr().err
    assert said.startswith(f"error: {kitchen.folder}: nothing was changed: `make up` (process {first.pid} on {HERE}, ")
    assert "since 20" in said
    assert "at [4/5] pulumi up) works here; wait until it ends" in said
    assert len(said.splitlines()) == 1
    assert "cancel" not in said
    assert {path: path.read_bytes() for path in kitchen.folder.rglob("*") if path.is_file()} == before


def test_a_killed_command_leaves_nothing_to_wait_for(
    kitchen: LocalKitchen, start: Callable[..., subprocess.Popen[str]]
) -> None:
    first = start()
    first.kill()
    first.wait()
    with kitchen.work.begin("up", kitchen.workspace.folder):
        pass


def test_an_engine_that_outlives_its_command_is_waited_for(
    kitchen: LocalKitchen, start: Callable[..., subprocess.Popen[str]], engine: Path
) -> None:
    first = start(str(engine))
    until(lambda: engine_numbers(kitchen))
    (number,) = engine_numbers(kitchen)
    first.kill()
    first.wait()
    with (
        pytest.raises(LocalError, match=rf"a command that was killed still works here \(process {number}\)"),
        kitchen.work.begin("up", kitchen.workspace.folder),
    ):
        pass
    os.kill(number, signal.SIGKILL)
    until(lambda: identify(number) is None)
    with kitchen.work.begin("up", kitchen.workspace.folder):
        pass


def test_a_plugin_without_its_engine_is_ended(kitchen: LocalKitchen, tmp_path: Path) -> None:
    """It holds the lock that it has inherited, and could go on changing the cluster."""
    folder = kitchen.workspace.folder
    with kitchen.work.begin("up", folder):
        assert kitchen.work.descriptor is not None
        inherited = [kitchen.work.descriptor]
        plugin = subprocess.Popen(["sleep", "600"], env={WORKSPACE_VARIABLE: str(folder)}, pass_fds=inherited)
        until(lambda: with_variable(WORKSPACE_VARIABLE, str(folder)))  # the kernel shows it a moment after the start
    record = kitchen.folder / "work.json"
    record.write_text(record.read_text().replace(f'"pid": {os.getpid()}', '"pid": 999999999'))
    with killed(plugin), Work(kitchen.folder).begin("up", folder):
        assert plugin.wait(timeout=60) == -signal.SIGTERM


def test_a_lock_of_a_machine_that_cannot_be_seen_is_said_to_be_that(
    kitchen: LocalKitchen, start: Callable[..., subprocess.Popen[str]]
) -> None:
    start()
    record = kitchen.folder / "work.json"
    record.write_text(record.read_text().replace(f'"{HERE}"', '"another-container"'))
    with pytest.raises(LocalError, match="on another-container, since"), kitchen.work.begin("up", kitchen.folder):
        pass


def test_a_lock_file_that_was_removed_meanwhile_is_made_again(
    kitchen: LocalKitchen, monkeypatch: pytest.MonkeyPatch
) -> None:
    """`make down` removes it last: who locks the file that is gone would not be seen by the next."""
    path, real = kitchen.folder / LOCK, fcntl.flock
    gone: list[int] = []

    def flock(descriptor: int, operation: int) -> None:
        real(descriptor, operation)
        if not gone:
            path.unlink()
            gone.append(descriptor)

    monkeypatch.setattr(fcntl, "flock", flock)
    with kitchen.work.begin("up", kitchen.folder):
        assert kitchen.work.descriptor is not None
        assert path.stat().st_ino == os.fstat(kitchen.work.descriptor).st_ino


# Locks of the engine


def lock(kitchen: LocalKitchen, pid: int, host: str = HERE, since: float | None = None) -> Path:
    when = time.strftime("%Y-%m-%dT%H:%M:%S.123456789Z", time.gmtime(since or time.time()))
    path = kitchen.folder / LOCKS / "11111111-1111-1111-1111-111111111111.json"
    path.write_text(f'{{"pid": {pid}, "username": "someone", "hostname": "{host}", "timestamp": "{when}"}}')
    return path


def ups(kitchen: LocalKitchen, capsys: pytest.CaptureFixture[str]) -> str:
    assert command.main(["up", "--directory", str(kitchen.folder)]) == 1
    return capsys.readouterr().err


def test_a_lock_of_this_host_without_an_engine_is_released(
    kitchen: LocalKitchen, capsys: pytest.CaptureFixture[str]
) -> None:
    path = lock(kitchen, 999_999_999)
    assert "an earlier update was killed (process 999999999" in ups(kitchen, capsys)
    assert not path.exists()


@pytest.mark.parametrize("name", ["up", "down", "recover"])
def test_the_lock_of_a_running_engine_is_never_released(
    name: str, kitchen: LocalKitchen, engine: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with killed(subprocess.Popen([engine, "600"])) as living:
        until(lambda: is_engine(living.pid))
        path = lock(kitchen, living.pid)
        force = ["--force-unlock"] if name == "recover" else []
        assert command.main([name, *force, "--directory", str(kitchen.folder)]) == 1
        assert f"another update is running (process {living.pid} on {HERE}" in capsys.readouterr().err
        assert path.exists()


def test_a_lock_of_another_host_has_a_way_out(kitchen: LocalKitchen, capsys: pytest.CaptureFixture[str]) -> None:
    path = lock(kitchen, 7, "gone-container")
    said = ups(kitchen, capsys)
    assert "locked by process 7 on gone-container, since 20" in said
    assert f"this machine is {HERE}" in said
    assert "when that machine or container is gone, or its update has ended: make recover FORCE_UNLOCK=yes" in said
    with pytest.raises(LocalError, match="nothing was changed"):
        recover(kitchen)
    assert path.exists()
    assert recover(kitchen, force_unlock=True) == 0
    assert not path.exists()
    assert list((kitchen.folder / "set-aside").rglob(path.name))
    assert "the end of this test" in ups(kitchen, capsys)


def test_a_lock_of_an_engine_of_ours_is_stale_under_every_host_name(
    kitchen: LocalKitchen, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A rebuilt container: another host name, the same folder. Nobody holds the lock of the work, so it has ended."""
    with monkeypatch.context() as before:
        before.setattr(socket, "gethostname", lambda: "old-container")
        with kitchen.work.begin("up", kitchen.workspace.folder):
            kitchen.work.started(1234)
    path = lock(kitchen, 1234, "old-container")
    assert "an earlier update was killed (process 1234 on old-container" in ups(kitchen, capsys)
    assert not path.exists()
    path = lock(kitchen, 1234, "old-container", since=time.time() + 7200)
    assert "locked by process 1234 on old-container" in ups(kitchen, capsys), "the number was used again later"
    assert path.exists()


@pytest.mark.parametrize("content", ["", "{half", "[]", "null", "{}", "\x00\x01"])
def test_a_damaged_lock_has_a_way_out(content: str, kitchen: LocalKitchen, capsys: pytest.CaptureFixture[str]) -> None:
    path = lock(kitchen, 7)
    path.write_text(content)
    (line,) = ups(kitchen, capsys).splitlines()
    assert str(path) in line
    assert "nobody can say which engine made this lock" in line
    assert "make recover FORCE_UNLOCK=yes, once no update of this stack is running any more" in line
    with pytest.raises(LocalError, match="nothing was changed"):
        recover(kitchen)
    assert path.exists()
    assert recover(kitchen, force_unlock=True) == 0
    assert not path.exists()


def test_down_goes_by_no_lock_but_that_of_a_living_engine(kitchen: LocalKitchen) -> None:
    lock(kitchen, 7, "gone-container")
    (kitchen.folder / LOCKS / "half.json").write_text("{half")
    kitchen.down()
    assert not kitchen.folder.exists()


def test_the_engine_s_advice_is_kept_from_the_user() -> None:
    """Word for word as the pinned engine says it (pkg/backend/diy/lock.go)."""
    said = (
        "error: the stack is currently locked by 1 lock(s). Either wait for the other process(es) to end or delete the "
        "lock file with `pulumi cancel`.\n"
    )
    assert without_advice(said) == "error: the stack is currently locked by 1 lock(s). Wait for it to end.\n"
    assert "cancel" not in without_advice("run `pulumi cancel` now\n")
    assert without_advice("error: something else\n") == "error: something else\n"


def test_what_the_engine_says_passes_through_that_filter(
    kitchen: LocalKitchen, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    engine = tmp_path / "bin" / "pulumi"
    engine.parent.mkdir()
    engine.write_text("#!/bin/sh\necho first >&2; echo 'delete it with `pulumi cancel`' >&2; echo out; exit 7\n")
    engine.chmod(0o755)
    monkeypatch.setenv("PATH", f"{engine.parent}:{os.environ['PATH']}")
    monkeypatch.setattr("tools.local.workspace.environment", lambda names: dict(os.environ))
    assert kitchen.workspace.engine("up") == 7
    assert capfd.readouterr() == ("out\n", "first\ndelete it with make recover\n")


def test_a_nearly_full_disk_is_told_before_an_update(
    kitchen: LocalKitchen, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tools.local.intact.shutil.disk_usage", lambda _: type("Usage", (), {"free": 5 * 2**20})())
    said = ups(kitchen, capsys)
    assert "5 MiB free; rule: at least 64 MiB" in said
    assert "nothing was changed" in said
