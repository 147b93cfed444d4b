"""Updates without checkpoints that are asked to end: what they have done is in the state, and they say so."""

from __future__ import annotations

import os
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.programs import program
from tests.support.signals import hear_sigint, kill_all
from tests.support.waiting import until
from tools.engine.checkpoints import WITHOUT
from tools.engine.journal import time_of
from tools.local.workspace import Workspace

_BACKEND = "PULUMI_BACKEND_URL"

SECONDS = 600.0
SLOW = """
import os, time
import pulumi
from pulumi.dynamic import CreateResult, Resource, ResourceProvider

class Slow(ResourceProvider):
    def create(self, props):
        open(os.path.join(os.environ["MADE"], props["name"]), "w").close()
        if props["name"] != "first":
            time.sleep(float(os.environ["SLOW_SECONDS"]))
        return CreateResult(props["name"], props)

class Thing(Resource):
    def __init__(self, name, opts=None):
        super().__init__(Slow(), name, {"name": name}, opts)

first = Thing("first")
second = Thing("second", pulumi.ResourceOptions(depends_on=[first]))
Thing("third", pulumi.ResourceOptions(depends_on=[second]))
"""


def begun(workspace: Workspace, made: Path, seconds: str) -> subprocess.Popen[bytes]:
    """An update without checkpoints that makes the second of three things."""
    made.mkdir()
    words = ["pulumi", "up", "--yes", "--skip-preview", "--non-interactive", "--stack", "dev"]
    with said(made).open("wb") as log:
        engine = subprocess.Popen(
            [*words, "--config-file", str(workspace.config_file)],
            cwd=workspace.project,
            env=workspace.environment() | WITHOUT | {"MADE": str(made), "SLOW_SECONDS": seconds},
            stdin=subprocess.DEVNULL,
            stdout=log,
            start_new_session=True,
            preexec_fn=hear_sigint,  # noqa: PLW1509 - one thread, one call
        )
    until(lambda: (made / "second").exists() or engine.poll() is not None, seconds=SECONDS)
    assert (made / "second").exists()
    return engine


def said(made: Path) -> Path:
    """What the engine prints."""
    return made.with_name("engine.log")


def recorded(workspace: Workspace) -> set[str]:
    names = {entry["urn"].rpartition("::")[2] for entry in workspace.latest()["resources"]}
    return names & {"first", "second", "third"}


@pytest.fixture
def workspace(tmp_path: Path) -> Iterator[Workspace]:
    made = program(tmp_path / "project", SLOW, {})
    made.prepare({})
    yield made
    kill_all(_BACKEND, made.environment()[_BACKEND])  # a provider outlives an engine that was killed


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_one_signal_ends_in_order(workspace: Workspace, tmp_path: Path, number: signal.Signals) -> None:
    before = time_of(workspace.latest())
    engine = begun(workspace, tmp_path / "made", "4")
    os.kill(engine.pid, number)
    assert engine.wait(SECONDS) != 0
    assert recorded(workspace) == {"first", "second"}, "what had begun was waited for"
    assert not workspace.latest().get("pending_operations")
    assert time_of(workspace.latest()) != before


def test_a_second_signal_ends_at_once_and_the_state_says_what_had_begun(workspace: Workspace, tmp_path: Path) -> None:
    before = time_of(workspace.latest())
    engine = begun(workspace, tmp_path / "made", "60")
    os.kill(engine.pid, signal.SIGINT)
    until(lambda: "^C received" in said(tmp_path / "made").read_text())  # of two at once the engine would hear one
    os.kill(engine.pid, signal.SIGINT)
    assert engine.wait(SECONDS) != 0
    assert time_of(workspace.latest()) != before
    assert "first" in recorded(workspace)
    begun_then = {entry["resource"]["urn"].rpartition("::")[2] for entry in workspace.latest()["pending_operations"]}
    assert begun_then == {"second"}


def test_a_kill_leaves_the_state_as_it_was(workspace: Workspace, tmp_path: Path) -> None:
    """The reason for the journal."""
    before = workspace.state_file.read_bytes()
    engine = begun(workspace, tmp_path / "made", "4")
    os.killpg(engine.pid, signal.SIGKILL)
    engine.wait(SECONDS)
    assert workspace.state_file.read_bytes() == before


def test_an_update_that_fails_has_recorded_what_it_did(
    workspace: Workspace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    engine = begun(workspace, tmp_path / "made", "no number")
    assert engine.wait(SECONDS) != 0
    assert recorded(workspace) == {"first"}
    assert not workspace.latest().get("pending_operations")
