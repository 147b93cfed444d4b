"""The workflows of a merge and of the schedule, run for real by act: onto a real API server and a real MinIO."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any, NamedTuple

import pytest
import yaml

from tests.cluster.support.kubectl import Kubectl
from tests.delivery.support.acting import Act, Ran
from tests.delivery.support.beside import kitchen_and_scratch
from tests.delivery.support.forges import NUMBER, nothing_secret, pull_request, runner
from tests.delivery.support.scratch import Scratch
from tests.support.forge_server import TOKEN, ForgeServer
from tools.local.up import LocalKitchen
from tools.local.workspace import REPOSITORY

DELIVER = "the approved plan, update, acceptance, audit, status"
DRIFT = "drift, and its issue"
NEW = "helpdesk-faq/v2026-02-01"
"""Of another kitchen, so that its files are in the store; `summary` takes it in hot mode, without a new pod."""


class Scene(NamedTuple):
    """Dev as it is up, a repository that says so, and the runner's secrets of an environment."""

    kitchen: LocalKitchen
    scratch: Scratch
    act: Act
    forge: ForgeServer
    variables: dict[str, str]
    secrets: dict[str, str]
    around: dict[str, str]

    def run(self, event: str, workflow: str, **more: Any) -> Ran:
        commit = self.scratch.git("rev-parse", "HEAD").strip()
        around = self.around | runner(self.forge, commit)
        return self.act.run(event, workflow, variables=self.variables, secrets=self.secrets, environment=around, **more)

    def hidden(self) -> list[str]:
        return [self.secrets["PULUMI_CONFIG_PASSPHRASE"], self.secrets["KITCHEN_OBJECT_STORE_SECRET_KEY"]]


@pytest.fixture(scope="module")
def scene(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Scene]:
    folder = tmp_path_factory.mktemp("merge")
    with ExitStack() as stack:
        kitchen, scratch = kitchen_and_scratch(folder, stack)
        write(scratch, as_up(kitchen))
        scratch.commit("dev as it is up")
        scratch.git("push", "--quiet", "origin", "main")
        environment = kitchen.workspace.environment()
        passphrase = Path(environment["PULUMI_CONFIG_PASSPHRASE_FILE"]).read_text()
        yield Scene(
            kitchen=kitchen,
            scratch=scratch,
            act=Act(folder / "act", scratch),
            forge=stack.enter_context(ForgeServer(kind="github")),
            variables={"PULUMI_BACKEND_URL": environment["PULUMI_BACKEND_URL"]},
            secrets={"GITHUB_TOKEN": TOKEN, "PULUMI_CONFIG_PASSPHRASE": passphrase, **kitchen.credentials()},
            around={"KUBECONFIG": str(kitchen.cluster.kubeconfig)},
        )


def as_up(kitchen: LocalKitchen) -> dict[str, Any]:
    """Dev's settings as people write them, with the store of this machine and the salt of this backend."""
    content: dict[str, Any] = yaml.safe_load((REPOSITORY / "Pulumi.dev.yaml").read_text())
    content["config"] |= {f"kitchen:{key}": value for key, value in kitchen.changes().items()}
    salt = yaml.safe_load(kitchen.workspace.config_file.read_text())["encryptionsalt"]
    return content | {"encryptionsalt": salt}


def write(scratch: Scratch, content: dict[str, Any]) -> None:
    (scratch.root / "Pulumi.dev.yaml").write_text(yaml.safe_dump(content, sort_keys=False))


def merged(scene: Scene) -> str:
    """The branch `change` lands on main, as the forge does it; the name of the merge."""
    scratch = scene.scratch
    head = scratch.git("rev-parse", "change").strip()
    scratch.git("checkout", "--quiet", "main")
    scratch.git("merge", "--quiet", "--no-ff", "--message=Merge pull request 12", "change")
    commit = scratch.git("rev-parse", "HEAD").strip()
    scene.forge.merged, scene.forge.landed = True, {commit: (NUMBER, head)}
    return commit


def told(scene: Scene, commit: str) -> dict[str, str]:
    """The last state of each status of a commit."""
    return {one["context"]: one["state"] for one in scene.forge.statuses if one["sha"] == commit}


def adapters(scene: Scene) -> str:
    kubectl = Kubectl(scene.kitchen.cluster.kubeconfig)
    found = kubectl.get("--namespace", "sales-dev", "configmap", "summary-declared-adapters")
    return str(found["data"])


def test_what_was_approved_is_delivered_to_dev_and_prod_has_its_turn_after_it(scene: Scene) -> None:
    scratch = scene.scratch
    scratch.git("checkout", "--quiet", "-b", "change")
    path = scratch.root / "Pulumi.dev.yaml"
    content = yaml.safe_load(path.read_text())
    content["config"]["kitchen:kitchens"]["summary"]["adapters"].append(NEW)
    write(scratch, content)
    scratch.commit("summary takes helpdesk-faq too")
    planned = pull_request(scene.act, scratch, scene.forge)
    assert planned.ended("change") == "succeeded", planned.text[-3000:]
    assert NEW.partition("/")[0] not in adapters(scene)
    commit = merged(scene)
    ran = scene.run("push", "merge")
    assert ran.ended("dev") == "succeeded", ran.text[-6000:]
    assert told(scene, commit)["kitchen/deliver (dev)"] == "success"
    assert NEW.partition("/")[0] in adapters(scene)
    assert any(re.fullmatch(r"logs-dev/.*deploy-dev\.log", name) for name in ran.uploaded)
    # This backend has no stack prod: its job runs after dev's, in its environment, and says so.
    assert ran.ended("prod") == "failed"
    assert ran.status == 1
    assert "stack prod" in ran.printed()
    assert told(scene, commit).get("kitchen/deliver (prod)") != "success"
    nothing_secret(ran, *scene.hidden())


def test_what_nobody_approved_is_not_delivered_and_prod_does_not_begin(scene: Scene) -> None:
    scratch = scene.scratch
    scratch.git("checkout", "--quiet", "main")
    path = scratch.root / "Pulumi.dev.yaml"
    content = yaml.safe_load(path.read_text())
    content["config"]["kitchen:kitchens"]["summary"]["adapters"].remove(NEW)
    write(scratch, content)
    commit = scratch.commit("pushed past the pull request")
    ran = scene.run("push", "merge")
    assert (ran.status, ran.ended("dev"), ran.ended("prod")) == (1, "failed", "")
    assert "nobody has approved a plan" in ran.printed()
    assert told(scene, commit)["kitchen/deliver (dev)"] == "failure"
    assert NEW.partition("/")[0] in adapters(scene), "nothing was applied"
    scratch.git("reset", "--quiet", "--hard", "HEAD^")
    nothing_secret(ran, *scene.hidden())


def test_drift_is_one_issue_that_is_closed_when_it_is_gone(scene: Scene) -> None:
    scene.scratch.git("checkout", "--quiet", "main")
    kubectl = Kubectl(scene.kitchen.cluster.kubeconfig)
    where = ("--namespace", "helpdesk-dev")
    before = kubectl.get(*where, "resourcequota", "quota")["spec"]["hard"]
    changed = '{"spec": {"hard": {"requests.nvidia.com/gpu": "99"}}}'
    kubectl(*where, "patch", "resourcequota", "quota", "--type=merge", "--patch", changed)
    for _ in range(2):  # the second look finds the issue
        ran = scene.run("schedule", "drift", job="dev")
        assert (ran.status, ran.ended("dev")) == (1, "failed"), ran.text[-4000:]
        assert "quota" in ran.printed()
        assert [one["state"] for one in scene.forge.issues] == ["open"]
    nothing_secret(ran, *scene.hidden())
    gpus = before["requests.nvidia.com/gpu"]
    back = f'{{"spec": {{"hard": {{"requests.nvidia.com/gpu": "{gpus}"}}}}}}'
    kubectl(*where, "patch", "resourcequota", "quota", "--type=merge", "--patch", back)
    ran = scene.run("schedule", "drift", job="dev")
    assert ran.ended("dev") == "succeeded", ran.text[-4000:]
    assert [one["state"] for one in scene.forge.issues] == ["closed"]


def test_with_argo_cd_the_merge_renders_and_delivers_nothing(scene: Scene) -> None:
    scene.variables["KITCHEN_WAY"] = "argocd"
    try:
        assert scene.run("push", "merge").ended("dev") == ""
        ran = scene.run("push", "rendered", job="dev")
    finally:
        del scene.variables["KITCHEN_WAY"]
    assert ran.ended("dev") == "succeeded", ran.text[-4000:]
    assert "files, as the commit renders them" in ran.printed()
    pushed = scene.scratch.git("ls-remote", str(scene.scratch.bare), "refs/heads/rendered/dev")
    assert pushed
