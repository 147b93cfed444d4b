"""A damaged file of our own: one line, nothing changed, and ways out that work, whichever file and whatever harm."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.unit.support.whole_kitchen import CASES, FILES, LOCKS, NEWER, STATE, harm, tree, whole_kitchen
from tools.cluster.processes import OWNER_VARIABLE, alive, identify
from tools.local import __main__ as command
from tools.local import recover, up
from tools.local.up import LocalKitchen
from tools.toolchain import ToolchainError

Run = Callable[..., tuple[int, list[str]]]


@pytest.fixture
def kitchen(tmp_path: Path) -> LocalKitchen:
    return whole_kitchen(tmp_path / "kitchen")


@pytest.fixture
def run(kitchen: LocalKitchen, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Iterator[Run]:
    """Run a command of `python -m tools.local` on the kitchen; status and lines of stderr. Nothing may be built."""

    def built(*_: object) -> None:
        raise AssertionError("the toolchain was asked for before the files were looked at")

    def not_installed(*_: object) -> dict[str, str]:
        raise ToolchainError("not installed here")

    monkeypatch.setattr(up, "make_plan", built)
    monkeypatch.setattr(command, "ensure", built)
    monkeypatch.setattr("tools.local.workspace.environment", not_installed)
    before = signal.getsignal(signal.SIGTERM)

    def done(*words: str) -> tuple[int, list[str]]:
        status = command.main([*words, "--directory", str(kitchen.folder)])
        return status, capsys.readouterr().err.splitlines()

    yield done
    signal.signal(signal.SIGTERM, before)


@pytest.mark.parametrize(("path", "name"), CASES)
def test_up_refuses_and_changes_nothing_and_recover_gets_out_of_it(
    path: str, name: str, kitchen: LocalKitchen, run: Run
) -> None:
    harm(kitchen.folder / path, name)
    before = tree(kitchen.folder)
    status, said = run("up")
    assert status == 1
    _is_told(said, kitchen.folder / path)
    assert tree(kitchen.folder) == before

    assert run("recover") == (0, [])
    assert kitchen.damages(deep=True) == []
    after = tree(kitchen.folder)
    (place,) = (kitchen.folder / "set-aside").iterdir()
    kept = {file: value for file, value in tree(place).items() if value != "folder"}
    gone = {file: value for file, value in before.items() if after.get(file) != value and value != "folder"}
    assert gone.items() <= kept.items(), "something was neither kept nor set aside"
    assert path in kept or f"{path}/inside" in kept
    assert run("recover") == (0, [])
    assert len(list((kitchen.folder / "set-aside").iterdir())) == 1, "a second run finds nothing to do"


@pytest.mark.parametrize("path", FILES)
def test_preview_refuses_too(path: str, kitchen: LocalKitchen, run: Run) -> None:
    harm(kitchen.folder / path, "empty")
    before = tree(kitchen.folder)
    status, said = run("preview", "--stack", "dev")
    assert status == 1
    _is_told(said, kitchen.folder / path)
    assert tree(kitchen.folder) == before


def _is_told(said: list[str], path: Path) -> None:
    (line,) = said
    assert line.startswith(f"error: {path}: ")
    assert "make recover" in line
    assert line.endswith("; nothing was changed")


@pytest.mark.parametrize("path", NEWER)
def test_a_newer_form_is_called_that(path: str, kitchen: LocalKitchen, run: Run) -> None:
    file = kitchen.folder / path
    file.write_bytes(NEWER[path](file.read_bytes()))
    status, (line,) = run("up")
    assert status == 1
    assert line.startswith(f"error: {file}: ")
    assert "a newer release may have written it" in line


@pytest.mark.parametrize("name", ["half", "folder", "link to nothing"])
@pytest.mark.parametrize("path", FILES)
def test_down_removes_everything_whatever_is_damaged(path: str, name: str, kitchen: LocalKitchen, run: Run) -> None:
    harm(kitchen.folder / path, name)
    status, said = run("down")
    assert status == 0, said
    assert not kitchen.folder.exists()


FOLDERS = (
    "local",
    "local/state",
    "local/state/.pulumi",
    "local/state/.pulumi/stacks",
    "local/state/.pulumi/stacks/kitchen",
    "local/state/.pulumi/locks",
    LOCKS,
    "local/state/.pulumi/history",
    "local/state/.pulumi/backups",
    "cluster",
    "cluster/pki",
    "cluster/data",
    "cluster/data/etcd",
    "cluster/logs",
    "cluster/kubeconfigs",
    "cluster/config",
    "fixtures",
)


@pytest.mark.parametrize("path", FOLDERS)
def test_a_file_in_the_place_of_a_folder(path: str, kitchen: LocalKitchen, run: Run) -> None:
    place = kitchen.folder / path
    if place.is_dir():
        place.rename(kitchen.folder / "away")
    place.write_text("x")
    before = tree(kitchen.folder)
    status, said = run("up")
    assert status == 1
    assert f"error: {place}: is no folder, and must be one; way out: make recover" in said[0]
    assert tree(kitchen.folder) == before
    assert run("recover") == (0, [])
    assert kitchen.damages(deep=True) == []
    (aside,) = (kitchen.folder / "set-aside").iterdir()
    assert (aside / path).read_text() == "x"


def test_a_file_in_the_place_of_the_whole_folder(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "file").write_text("mine")
    for name in ("up", "down", "recover"):
        assert command.main([name, "--directory", str(tmp_path / "file")]) == 1
        assert capsys.readouterr().err == (
            f"error: {tmp_path / 'file'}: is no folder; way out: move it away, or name another: KITCHEN_DIRECTORY\n"
        )
    assert (tmp_path / "file").read_text() == "mine"


@pytest.mark.parametrize("words", [("preview", "--stack", "prod"), ("policy",), ("render", "--stack", "prod")])
def test_commands_without_a_cluster_look_at_their_own_files(
    words: tuple[str, ...], kitchen: LocalKitchen, run: Run
) -> None:
    harm(kitchen.folder / "offline" / "Pulumi.prod.yaml", "empty")
    before = tree(kitchen.folder)
    status, (line,) = run(*words)
    assert status == 1
    assert line.startswith(f"error: {kitchen.folder / 'offline' / 'Pulumi.prod.yaml'}: is empty; way out: make recover")
    assert tree(kitchen.folder) == before
    assert run("recover") == (0, [])
    assert not (kitchen.folder / "offline").exists()


def test_several_damaged_files_are_told_at_once(kitchen: LocalKitchen, run: Run) -> None:
    paths = (STATE, "local/Pulumi.dev.yaml", "cluster/credentials.json")
    for path in paths:
        harm(kitchen.folder / path, "empty")
    status, said = run("up")
    assert status == 1
    assert len(said) == len(paths)
    assert all(str(kitchen.folder / path) in line for path, line in zip(paths, said, strict=True))


def test_what_stands_in_the_place_of_the_work_files(kitchen: LocalKitchen, run: Run) -> None:
    (kitchen.folder / "work.json").mkdir()
    status, (line,) = run("up")
    assert status == 1
    assert f"{kitchen.folder / 'work.json'}: is no file, and must be one; way out: make recover" in line
    assert run("recover") == (0, [])
    assert (kitchen.folder / "work.json").is_file()


def test_down_ends_processes_of_the_cluster_alone_when_its_record_is_damaged(kitchen: LocalKitchen, run: Run) -> None:
    """The record names a bystander by number; what is really the cluster's carries its folder in its environment."""
    root = kitchen.cluster.directory
    words = [sys.executable, "-c", "print('up', flush=True); import time; time.sleep(600)"]
    bystander = subprocess.Popen(words, env=dict(os.environ), stdout=subprocess.PIPE)
    ours = subprocess.Popen(words, env=os.environ | {OWNER_VARIABLE: str(root)}, stdout=subprocess.PIPE)
    try:
        for process in (bystander, ours):
            assert process.stdout
            assert process.stdout.readline() == b"up\n"
        known = identify(ours.pid)
        assert known
        (root / "kitchen-cluster.json").write_text(f'{{"processes": {{"etcd": {{"pid": {bystander.pid}')
        assert run("down")[0] == 0
        assert not alive(known)
        assert bystander.poll() is None
    finally:
        for process in (bystander, ours):
            process.kill()
            process.communicate()


def test_down_leaves_what_is_not_ours(kitchen: LocalKitchen, run: Run) -> None:
    harm(kitchen.folder / "cluster/kitchen-cluster.json", "empty")
    (kitchen.folder / "cluster/notes.txt").write_text("mine")
    (kitchen.folder / "thesis.txt").write_text("mine")
    assert run("down")[0] == 0
    left = [path.relative_to(kitchen.folder).as_posix() for path in kitchen.folder.rglob("*") if path.is_file()]
    assert sorted(left) == ["cluster/notes.txt", "thesis.txt"]


def test_down_without_the_cluster_s_record_goes_by_its_other_files(kitchen: LocalKitchen, run: Run) -> None:
    (kitchen.folder / "cluster/kitchen-cluster.json").unlink()
    assert "is gone, and the cluster's other files are there" in run("up")[1][0]
    assert run("down")[0] == 0
    assert not kitchen.folder.exists()


def test_a_folder_named_cluster_that_is_somebody_else_s_stays(tmp_path: Path, run: Run, kitchen: LocalKitchen) -> None:
    other = LocalKitchen(tmp_path / "other")
    (other.folder / "cluster" / "data").mkdir(parents=True)
    (other.folder / "cluster" / "data" / "thesis.txt").write_text("mine")
    (other.folder / "local").mkdir()
    assert command.main(["down", "--directory", str(other.folder)]) == 1
    assert (other.folder / "cluster" / "data" / "thesis.txt").read_text() == "mine"
    assert not (other.folder / "local").exists()


def test_the_engine_s_own_judgement_counts_in_recover(
    kitchen: LocalKitchen, run: Run, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """A state that looks whole and that the engine refuses would otherwise have no way out."""
    engine = tmp_path / "bin" / "pulumi"
    engine.parent.mkdir()
    engine.write_text("#!/bin/sh\necho 'error: failed to load checkpoint: of a form to come' >&2; exit 1\n")
    engine.chmod(0o755)
    monkeypatch.setattr(
        "tools.local.workspace.environment", lambda names: {"PATH": f"{engine.parent}:{os.environ['PATH']}"}
    )
    monkeypatch.setenv("PATH", f"{engine.parent}:{os.environ['PATH']}")
    assert recover.recover(kitchen) == 0
    (aside,) = (kitchen.folder / "set-aside").iterdir()
    assert (aside / STATE).is_file()
