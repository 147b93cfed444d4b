"""Engines killed in the middle of `make up`: the next one goes on, without manual steps and without duplicates."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import pytest
import yaml

from tests.cluster.support.environments import make, objects, recorded, start, summary
from tests.cluster.support.kubectl import Kubectl, eventually
from tests.cluster.support.shared_kitchen import SharedKitchen
from tools.cluster.processes import with_variable
from tools.engine.checkpoints import ALWAYS
from tools.engine.recovery import to_recover
from tools.local.orphans import WORKSPACE_VARIABLE
from tools.local.up import LocalKitchen
from tools.local.workspace import Workspace

ENGINE_SECONDS = 600.0


@pytest.fixture(scope="module", params=["judged", pytest.param("kept", marks=pytest.mark.long)])
def kitchen(request: pytest.FixtureRequest, shared_kitchen: SharedKitchen) -> Iterator[LocalKitchen]:
    """A first update has no checkpoints, as its preview is judged; and the same with them. Then others go on."""
    with pytest.MonkeyPatch.context() as patch:
        patch.delenv(ALWAYS, raising=False)
        if request.param == "kept":
            patch.setenv(ALWAYS, "yes")
        yield shared_kitchen.empty()


def engine_of(workspace: Workspace) -> int | None:
    """The process number of the engine that works on this state: `pulumi up`, not its plugins."""
    for found in with_variable(WORKSPACE_VARIABLE, str(workspace.folder)):
        with suppress(OSError):
            words = Path(f"/proc/{found.pid}/cmdline").read_bytes().split(b"\0")
            if words[0] == b"pulumi" and b"up" in words:
                return found.pid
    return None


def held(engine: int, reached: Callable[[], bool]) -> bool:
    """Whether something is reached, asked while the engine stands still, so that it cannot end meanwhile.

    It goes on where nothing is reached, and stands where something is.
    """
    with suppress(ProcessLookupError):
        os.kill(engine, signal.SIGSTOP)
        if reached():
            return True
        os.kill(engine, signal.SIGCONT)
    return False


def kill_when(kitchen: LocalKitchen, reached: Callable[[], bool], *, everything: bool = False) -> str:
    """Start `make up` and kill its engine (or its whole process group) as soon as something is reached."""
    up = start("up", kitchen.folder, start_new_session=True)
    limit = time.monotonic() + ENGINE_SECONDS
    locks = kitchen.workspace.folder / "state" / ".pulumi" / "locks"
    while (engine := engine_of(kitchen.workspace)) is None or not (
        list(locks.rglob("*.json")) and held(engine, reached)
    ):
        assert up.poll() is None, f"make up ended before it could be interrupted\n{up.communicate()[0]}"
        assert time.monotonic() < limit, "make up never came to the moment of the kill"
        time.sleep(0.1)
    if everything:
        os.killpg(up.pid, signal.SIGKILL)
    else:
        os.kill(engine, signal.SIGKILL)
    text, _ = up.communicate(timeout=300)
    assert up.returncode != 0, text
    eventually(lambda: engine_of(kitchen.workspace) is None, "the engine is gone")
    return text


def test_an_update_that_is_asked_to_end_does_so_in_order(kitchen: LocalKitchen) -> None:
    """Ctrl-C and a cancelled CI job: one signal to the whole process group, here in the middle of a first `make up`."""
    up = start("up", kitchen.folder, start_new_session=True)
    eventually(lambda: kitchen.workspace.recorded(":S3Bucket"), "the buckets are recorded", ENGINE_SECONDS)
    os.killpg(up.pid, signal.SIGINT)
    text, _ = up.communicate(timeout=300)
    assert up.returncode != 0
    assert "interrupted; the same command goes on from here" in text
    assert "Traceback" not in text
    assert to_recover(kitchen.workspace) is None
    assert not list((kitchen.workspace.folder / "state" / ".pulumi" / "locks").rglob("*.json"))


def test_up_converges_after_kills_at_several_moments(kitchen: LocalKitchen) -> None:
    kubectl = Kubectl(kitchen.cluster.kubeconfig)

    def services() -> int:
        return sum(kind == "InferenceService" for kind, _, _ in objects(kubectl))

    moments: list[tuple[str, Callable[[], bool], bool]] = [
        ("five objects", lambda: len(objects(kubectl)) >= 5, False),
        ("twelve objects", lambda: len(objects(kubectl)) >= 12, True),
        ("twenty objects", lambda: len(objects(kubectl)) >= 20, False),
        ("an InferenceService", lambda: services() > 0, False),
    ]
    cut_off = []
    said = []
    for what, reached, everything in moments:
        text = kill_when(kitchen, reached, everything=everything)
        assert everything or "pulumi up failed" in text, f"{what}: {text}"
        said.append(text)
        cut_off.append(to_recover(kitchen.workspace) is not None)
    assert "an earlier update" not in said[0], "what was before ended in order, or nothing was"
    assert any(cut_off), "no kill hit an operation: the moments are not what they should be"
    text = make("up", kitchen.folder)
    assert "an earlier update was killed" in text
    assert "its lock is released" in text
    assert with_variable(WORKSPACE_VARIABLE, str(kitchen.workspace.folder)) == [], "a killed engine's plugin lives on"
    _is_whole(kitchen, kubectl)
    text = make("up", kitchen.folder)
    assert set(summary(text)) == {"unchanged"}, text
    assert "an earlier update" not in text


def urn_of(kitchen: LocalKitchen, kind: str, name: str) -> str:
    urns = [entry["urn"] for entry in recorded(kitchen)["resources"] if entry["type"].endswith(f":{kind}")]
    return next(urn for urn in urns if urn.endswith(f"::{name}"))


def forget(kitchen: LocalKitchen, urn: str) -> None:
    """Take an object and what depends on it out of the state: a kill before they were recorded leaves it so."""
    done = subprocess.run(
        ["pulumi", "state", "delete", urn, "--target-dependents", "--yes", "--stack", "dev", "--non-interactive"],
        cwd=kitchen.workspace.project,
        env=kitchen.workspace.environment(),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr


def test_an_object_that_was_made_but_not_recorded_is_taken_over_even_with_other_settings(
    kitchen: LocalKitchen,
) -> None:
    kubectl = Kubectl(kitchen.cluster.kubeconfig)
    forget(kitchen, urn_of(kitchen, "ResourceQuota", "helpdesk-quota"))
    tenants = yaml.safe_load(kitchen.workspace.config_file.read_text())["config"]["kitchen:tenants"]
    tenants["helpdesk"]["quota"]["cpu"] = 48
    kitchen.workspace.prepare({**kitchen.changes(), "tenants": tenants})
    assert kitchen.workspace.engine("up", "--yes", "--skip-preview", extra=kitchen.credentials()) == 0
    hard = kubectl.get("-n", "helpdesk-dev", "resourcequota", "quota")["spec"]["hard"]
    assert hard["requests.cpu"] == "48"
    make("up", kitchen.folder)
    assert kubectl.get("-n", "helpdesk-dev", "resourcequota", "quota")["spec"]["hard"]["requests.cpu"] == "64"


def test_an_object_that_somebody_else_wrote_is_a_conflict_and_stays_as_it_is(
    kitchen: LocalKitchen, capfd: pytest.CaptureFixture[str]
) -> None:
    kubectl = Kubectl(kitchen.cluster.kubeconfig)
    forget(kitchen, urn_of(kitchen, "ResourceQuota", "sales-quota"))
    kubectl("-n", "sales-dev", "delete", "resourcequota", "quota")
    kubectl("-n", "sales-dev", "create", "quota", "quota", "--hard=requests.cpu=7")
    try:
        assert kitchen.workspace.engine("up", "--yes", "--skip-preview", extra=kitchen.credentials()) != 0
        assert 'conflict with "kubectl-create"' in "".join(capfd.readouterr())
        hard = kubectl.get("-n", "sales-dev", "resourcequota", "quota")["spec"]["hard"]
        assert hard == {"requests.cpu": "7"}
    finally:
        kubectl("-n", "sales-dev", "delete", "resourcequota", "quota")
    make("up", kitchen.folder)


def _is_whole(kitchen: LocalKitchen, kubectl: Kubectl) -> None:
    """Every object is recorded once and exists once, and nothing else of the kitchen exists."""
    state = recorded(kitchen)
    assert not state.get("pending_operations")
    urns = Counter(entry["urn"] for entry in state["resources"])
    assert set(urns.values()) == {1}
    ids = Counter(
        (entry["type"], entry["id"]) for entry in state["resources"] if entry["type"].startswith("kubernetes:")
    )
    assert set(ids.values()) == {1}
    told = {
        (meta["kind"], meta["metadata"].get("namespace", ""), meta["metadata"]["name"])
        for entry in state["resources"]
        if entry["type"].startswith("kubernetes:")
        for meta in [entry["inputs"]]
    }
    assert objects(kubectl) == told
    services = kubectl.get("inferenceservices", "-A")["items"]
    ready = [next(c["status"] for c in item["status"]["conditions"] if c["type"] == "Ready") for item in services]
    assert ready == ["True"] * 3


def test_an_update_that_still_runs_is_not_disturbed(kitchen: LocalKitchen, tmp_path: Path) -> None:
    """The lock of a living engine is respected: its process is a stand-in of the same name."""
    folder = kitchen.workspace.folder / "state" / ".pulumi" / "locks" / "organization" / "kitchen" / "dev"
    folder.mkdir(parents=True, exist_ok=True)
    stand_in = tmp_path / "pulumi"
    stand_in.symlink_to("/bin/sleep")
    living = os.posix_spawn(str(stand_in), ["pulumi", "600"], dict(os.environ))
    lock = folder / "0000-0000.json"
    lock.write_text(
        f'{{"pid": {living}, "username": "someone", "hostname": "{os.uname().nodename}", "timestamp": "2026-01-01"}}'
    )
    try:
        up = start("up", kitchen.folder)
        text, _ = up.communicate(timeout=300)
        assert up.returncode != 0
        assert f"another update is running (process {living}" in text
        assert lock.exists()
    finally:
        os.kill(living, signal.SIGKILL)
        os.waitpid(living, 0)
        lock.unlink(missing_ok=True)
