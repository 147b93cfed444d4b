"""A deployment whose runner is killed: the backend itself says so to the next run, wherever that runs."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.support.signals import kill_all
from tools.engine import checkpoints
from tools.engine.journal import Journal
from tools.local.errors import LocalError
from tools.local.orphans import WORKSPACE_VARIABLE
from tools.local.workspace import REPOSITORY, Workspace
from tools.pipeline import deploy as merge
from tools.pipeline.backend import TAG, Backend, TagShelf

SECONDS = 600.0
LATE = "serving.kserve.io_v1beta1-inferenceservice-sales-dev-summary.yaml"
"""A file of the objects that wait for most others."""


@pytest.fixture
def workspace(stack: Callable[..., Workspace], tmp_path: Path) -> Iterator[Workspace]:
    made = stack("dev", {"renderTo": str(tmp_path / "rendered")})
    yield made
    kill_all(WORKSPACE_VARIABLE, str(made.folder))


def environment(workspace: Workspace) -> dict[str, str]:
    env = {key: value for key, value in workspace.environment().items() if key != "KUBECONFIG"}
    return env | {"KITCHEN_OBJECT_STORE_ACCESS_KEY": "none", "KITCHEN_OBJECT_STORE_SECRET_KEY": "none"}


def pulumi(workspace: Workspace, *words: str) -> str:
    done = subprocess.run(["pulumi", *words, "--stack", "dev", "--non-interactive"], cwd=REPOSITORY,
                          env=environment(workspace), capture_output=True, text=True, check=True)  # fmt: skip
    return done.stdout


def deploy(workspace: Workspace, folder: Path, **options: bool) -> subprocess.Popen[str]:
    program = (
        "import sys; from pathlib import Path; from tools.pipeline.deploy import deploy; "
        f"deploy('dev', ('--config-file', sys.argv[1]), directory=Path(sys.argv[2]), **{options})"
    )
    return subprocess.Popen(
        [sys.executable, "-c", program, str(workspace.config_file), str(folder)], cwd=REPOSITORY,
        env=environment(workspace), stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
    )  # fmt: skip


def kill(workspace: Workspace, update: subprocess.Popen[str], reached: Callable[[], bool]) -> None:
    """End a runner and everything on it, as a lost machine does, as soon as something is reached."""
    limit = time.monotonic() + SECONDS
    while not reached():
        assert update.poll() is None, update.communicate()[0]
        assert time.monotonic() < limit
        time.sleep(0.02)
    update.kill()
    kill_all(WORKSPACE_VARIABLE, str(workspace.folder))
    update.communicate()


def test_a_lost_runner_is_found_out_by_another(workspace: Workspace, tmp_path: Path) -> None:
    rendered = tmp_path / "rendered"
    held = rendered / "1-manifest" / LATE
    held.parent.mkdir(parents=True)
    os.mkfifo(held)  # nobody reads it: who writes it stands still, and so does the update
    update = deploy(workspace, tmp_path / "one")
    kill(workspace, update, lambda: len(list(rendered.rglob("*.yaml"))) >= 5)
    held.unlink()
    assert not workspace.latest().get("resources"), "the update had checkpoints: nothing is shown here"
    assert TAG in json.loads(pulumi(workspace, "stack", "tag", "ls", "--json"))
    other = tmp_path / "another-disk"
    refused, _ = deploy(workspace, other).communicate(timeout=SECONDS)
    assert "locked" in refused, "a person looks whether that runner is gone"
    pulumi(workspace, "cancel", "--yes")
    said, _ = (run := deploy(workspace, other)).communicate(timeout=SECONDS)
    assert run.returncode == 0, said
    assert "an earlier update was interrupted; the state is compared" in " ".join(said.split())
    assert TAG not in json.loads(pulumi(workspace, "stack", "tag", "ls", "--json"))
    again, _ = deploy(workspace, other).communicate(timeout=SECONDS)
    assert "interrupted" not in again
    assert "nothing changed" in again, again


def test_an_update_that_ends_leaves_no_mark(workspace: Workspace, tmp_path: Path) -> None:
    said, _ = (run := deploy(workspace, tmp_path / "one")).communicate(timeout=SECONDS)
    assert run.returncode == 0, said
    assert json.loads(pulumi(workspace, "stack", "tag", "ls", "--json")) == {}
    assert len(workspace.latest()["resources"]) > 50


def test_without_a_cluster_nothing_can_be_compared_and_nothing_is_changed(workspace: Workspace, tmp_path: Path) -> None:
    deploy(workspace, tmp_path / "one").communicate(timeout=SECONDS)
    said, _ = (run := deploy(workspace, tmp_path / "one", distrust=True)).communicate(timeout=SECONDS)
    words = " ".join(said.split())
    assert run.returncode != 0, said
    assert "every object is applied again, as was asked; the state is compared with what is there" in words
    assert "unreachable cluster" in words
    assert "stack dev: the state cannot be compared; nothing changed; all that was said: " in words


def test_the_users_own_switch_is_not_taken_unasked(
    workspace: Workspace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(checkpoints.VARIABLE, "true")
    assert checkpoints.VARIABLE not in Backend.environment()
    assert checkpoints.VARIABLE not in workspace.environment()


def test_a_tag_that_cannot_be_read_means_everything() -> None:
    shelf = TagShelf(lambda *words: json.dumps({TAG: "no journal"}))
    assert (found := shelf.read()) is not None
    assert found.everything


def test_a_journal_survives_its_packing() -> None:
    told: list[str] = []
    journal = Journal(since="2026-01-01T00:00:00+00:00", before="t1", changed=("urn:one",))
    TagShelf(lambda *words: told.append(words[-1]) or "").write(journal)
    assert TagShelf(lambda *words: json.dumps({TAG: told[0]})).read() == journal


def test_a_stack_that_is_not_there_is_one_message(
    workspace: Workspace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for key, value in environment(workspace).items():
        monkeypatch.setenv(key, value)
    with pytest.raises(LocalError, match="no stack named"):
        merge.deploy("prod", directory=tmp_path)


def test_a_journal_that_is_too_long_for_a_tag_means_everything() -> None:
    told: list[str] = []
    names = tuple(f"urn:{number * 7919 % 1000003:x}{number}" for number in range(60_000))
    journal = Journal(since="2026-01-01T00:00:00+00:00", before="t1", changed=names)
    TagShelf(lambda *words: told.append(words[-1]) or "").write(journal)
    found = TagShelf(lambda *words: json.dumps({TAG: told[0]})).read()
    assert found == Journal(since=journal.since, before="t1", everything=True)
    assert len(told[0]) < 1000
