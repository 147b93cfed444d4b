"""The workflows of a merge and of the schedule, run for real by act: onto a real API server and a real MinIO."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import ExitStack
from typing import Any, NamedTuple

import pytest
import yaml

from tests.cluster.support.kubectl import Kubectl
from tests.delivery.support.acting import Act, Ran
from tests.delivery.support.beside import kitchen_and_scratch
from tests.delivery.support.forges import NUMBER, nothing_secret, pull_request, runner
from tests.delivery.support.prod import CA, LATER, Prod
from tests.delivery.support.scratch import Scratch
from tests.support.forge_server import TOKEN, ForgeServer
from tests.support.model_door import ModelDoor
from tools.local.up import LocalKitchen
from tools.local.workspace import REPOSITORY

DELIVER = "the approved plan, update, acceptance, audit, status"
DRIFT = "drift, and its issue"
MODELS_TOKEN = "canary-models-token-5d20"
NEW = "helpdesk-faq/v2026-02-01"
"""Of another kitchen, so that its files are in the store; `summary` takes it in hot mode, without a new pod."""


class Scene(NamedTuple):
    """Dev as it is up, prod's empty stack, a repository that says so, and the runner's secrets of an environment."""

    kitchen: LocalKitchen
    prod: Prod
    door: ModelDoor
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

    def person(self, commit: str) -> dict[str, str]:
        """What the shell of a person has who types what a job runs."""
        given = {key: value for key, value in self.secrets.items() if key != "GITHUB_TOKEN"}
        return self.around | self.variables | given | self.forge.variables(KITCHEN_FORGE_COMMIT=commit)

    def elsewhere(self) -> str:
        """A backend that has no stack yet."""
        folder = self.kitchen.folder / "elsewhere"
        folder.mkdir()
        return folder.as_uri()

    def hidden(self) -> list[str]:
        names = ("PULUMI_CONFIG_PASSPHRASE", "KITCHEN_OBJECT_STORE_SECRET_KEY", "KITCHEN_MODELS_TOKEN",
                 "KITCHEN_ACCEPTANCE_CLIENT_SECRET")  # fmt: skip
        return [self.secrets[name] for name in names]


@pytest.fixture(scope="module")
def scene(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Scene]:
    folder = tmp_path_factory.mktemp("merge")
    with ExitStack() as stack:
        kitchen, scratch = kitchen_and_scratch(folder, stack)
        write(scratch, as_up(kitchen))
        prod = Prod(folder / "prod", kitchen, scratch)
        stack.enter_context(prod.store)
        stack.enter_context(prod.issuer)
        begin(prod)
        scratch.commit("dev as it is up, and an empty prod")
        scratch.git("push", "--quiet", "origin", "main")
        passphrase, backend = kitchen.workspace.passphrase.read_text(), prod.backend()
        client, secret = prod.client()
        door = stack.enter_context(ModelDoor())
        yield Scene(
            kitchen=kitchen,
            prod=prod,
            door=door,
            scratch=scratch,
            act=Act(folder / "act", scratch),
            forge=stack.enter_context(ForgeServer(kind="github")),
            variables={
                "PULUMI_BACKEND_URL": backend.pop("PULUMI_BACKEND_URL"),
                "KITCHEN_ACCEPTANCE_URL": door.url,
                "KITCHEN_ACCEPTANCE_CLIENT_ID": client,
            },
            secrets={
                "GITHUB_TOKEN": TOKEN,
                "PULUMI_CONFIG_PASSPHRASE": passphrase,
                "KITCHEN_MODELS_TOKEN": MODELS_TOKEN,
                "KITCHEN_ACCEPTANCE_CLIENT_SECRET": secret,
                **kitchen.credentials(),
                **backend,
            },
            around={"KUBECONFIG": str(kitchen.cluster.kubeconfig), **prod.trust()},
        )


def begin(prod: Prod) -> None:
    """What README.md has before the first delivery: the stack, its buckets, and what is published into them."""
    other = str(prod.kitchen.cluster.directory / "pki" / "ca.crt")
    prod.adapt()
    refused = prod.initialised("prod", {"AWS_CA_BUNDLE": other})
    assert refused.returncode == 1
    assert "with s3:// its PEM file is named by AWS_CA_BUNDLE" in refused.stderr
    prod.begin()
    assert "stack prod: made" in prod.init("prod")
    refused = prod.buckets({CA: other})
    assert refused.returncode != 0
    assert f"for https the CA bundle in {CA}" in " ".join((refused.stdout + refused.stderr).split())
    made = prod.buckets({})
    assert made.returncode == 0, made.stdout + made.stderr
    assert "prod-models: " in prod.publish()


def as_up(kitchen: LocalKitchen) -> dict[str, Any]:
    """Dev's settings as people write them, with the store of this machine and the salt of this backend."""
    content: dict[str, Any] = yaml.safe_load((REPOSITORY / "Pulumi.dev.yaml").read_text())
    content["config"] |= {f"kitchen:{key}": value for key, value in kitchen.changes().items()}
    salt = yaml.safe_load(kitchen.workspace.config_file.read_text())["encryptionsalt"]
    return content | {"encryptionsalt": salt}


def write(scratch: Scratch, content: dict[str, Any]) -> None:
    (scratch.root / "Pulumi.dev.yaml").write_text(yaml.safe_dump(content, sort_keys=False))


def merged(scene: Scene, number: int) -> str:
    """The branch of `change` lands on main, as the forge does it; the name of the merge."""
    scratch = scene.scratch
    head = scratch.git("rev-parse", f"change-{number}").strip()
    scratch.git("checkout", "--quiet", "main")
    scratch.git("merge", "--quiet", "--no-ff", "--message=Merge pull request 12", f"change-{number}")
    commit = scratch.git("rev-parse", "HEAD").strip()
    scratch.git("update-ref", "refs/remotes/origin/main", commit)
    scratch.git("push", "--quiet", str(scratch.bare), "main")
    scene.forge.merged, scene.forge.landed = True, {**(scene.forge.landed or {}), commit: (NUMBER, head)}
    return commit


def namespaces(scene: Scene) -> list[str]:
    """Of prod, in the cluster."""
    found = Kubectl(scene.kitchen.cluster.kubeconfig).get("namespaces", "-l", "kitchen.example.com/environment=prod")
    return [entry["metadata"]["name"] for entry in found["items"]]


def told(scene: Scene, commit: str) -> dict[str, str]:
    """The last state of each status of a commit."""
    return {one["context"]: one["state"] for one in scene.forge.statuses if one["sha"] == commit}


def adapters(scene: Scene) -> str:
    kubectl = Kubectl(scene.kitchen.cluster.kubeconfig)
    found = kubectl.get("--namespace", "sales-dev", "configmap", "summary-declared-adapters")
    return str(found["data"])


def change(scene: Scene, number: int, **added: tuple[str, str]) -> None:
    """A pull request that adds an adapter to a kitchen of each environment, planned and told by its workflow."""
    scratch = scene.scratch
    scratch.git("checkout", "--quiet", "-b", f"change-{number}", "main")
    for stack, (kitchen, adapter) in added.items():
        path = scratch.root / f"Pulumi.{stack}.yaml"
        content = yaml.safe_load(path.read_text())
        content["config"]["kitchen:kitchens"][kitchen]["adapters"].append(adapter)
        path.write_text(yaml.safe_dump(content, sort_keys=False))
    scratch.commit("adapters")
    scene.forge.merged = False
    planned = pull_request(scene.act, scratch, scene.forge)
    assert planned.ended("change") == "succeeded", planned.text[-3000:]


def answered(scene: Scene, said: str, *stacks: str) -> None:
    """Every model has answered by one call: of dev with the token that is stated, of prod with one that is new.

    Dev has no entry, and so no issuer.
    """
    given = {"dev": MODELS_TOKEN, **({"prod": scene.prod.issuer.given.pop()} if "prod" in stacks else {})}
    assert scene.prod.issuer.given == [], "one for each delivery of prod"
    models = [line.split(" of ") for line in re.findall(r"models called: (\d+ of \d+) answered", said)]
    tokens = [authorization.removeprefix("Bearer ") for _, _, authorization in scene.door.asked]
    assert models == [[str(tokens.count(given[stack]))] * 2 for stack in stacks]
    assert set(tokens) == {given[stack] for stack in stacks}
    scene.door.asked.clear()


def test_a_first_delivery_of_prod_comes_after_dev_and_a_person_accepts_it(scene: Scene) -> None:
    assert NEW.partition("/")[0] not in adapters(scene)
    change(scene, 1, dev=("summary", NEW), prod=LATER[0])
    commit = merged(scene, 1)
    ran = scene.run("push", "merge")
    assert ran.ended("dev") == "succeeded", ran.text[-6000:]
    assert told(scene, commit)["kitchen/deliver (dev)"] == "success"
    assert NEW.partition("/")[0] in adapters(scene)
    assert any(re.fullmatch(r"logs-dev/.*deploy-dev\.log", name) for name in ran.uploaded)
    answered(scene, ran.printed(), "dev")
    # No plan names all that a stack without anything needs: nothing is applied, and it says what a person may do.
    assert (ran.status, ran.ended("prod")) == (1, "failed")
    assert "not in the approved plan: create Namespace sales-prod" in ran.printed()
    assert "ACCEPT=" in ran.printed()
    assert told(scene, commit)["kitchen/deliver (prod)"] == "failure"
    assert namespaces(scene) == []
    nothing_secret(ran, *scene.hidden())
    person = scene.person(commit)
    done = scene.act.by_hand("deliver", "STACK=prod", environment=person | {"PULUMI_BACKEND_URL": scene.elsewhere()})
    assert done.returncode != 0
    assert "A new stack: make init STACK=prod" in done.stdout
    done = scene.act.by_hand("deliver", "STACK=prod", "AFTER=dev", "ACCEPT=*", environment=person)
    assert done.returncode == 0, done.stdout[-6000:]
    assert "prod: delivered, commit " in done.stdout
    assert "next: nothing: it is delivered" in done.stdout
    assert told(scene, commit)["kitchen/deliver (prod)"] == "success"
    assert len(namespaces(scene)) == 5
    answered(scene, done.stdout, "prod")


def test_what_was_approved_is_delivered_to_dev_and_then_to_prod(scene: Scene) -> None:
    change(scene, 2, dev=("support", "sales-summary/v2026-03-15"), prod=LATER[1])
    commit = merged(scene, 2)
    ran = scene.run("push", "merge")
    assert [ran.ended(job) for job in ("dev", "prod")] == ["succeeded"] * 2, ran.text[-8000:]
    assert ran.status == 0
    assert told(scene, commit) == {"kitchen/deliver (dev)": "success", "kitchen/deliver (prod)": "success"}
    order = [entry["context"] for entry in scene.forge.statuses if entry["sha"] == commit]
    assert order == ["kitchen/deliver (dev)"] * 2 + ["kitchen/deliver (prod)"] * 2, "one begins when the other is done"
    said = ran.printed()
    for stack in ("dev", "prod"):
        assert f"{stack}: delivered, commit {commit[:12]}" in said
        assert any(re.fullmatch(rf"logs-{stack}/.*deploy-{stack}\.log", name) for name in ran.uploaded)
    assert "not in the approved plan" not in said
    answered(scene, said, "dev", "prod")
    kubectl = Kubectl(scene.kitchen.cluster.kubeconfig)
    served = kubectl.get("--namespace", "engineering-prod", "inferenceservice", "developer")
    assert "sql-assistant" in str(served["spec"])
    nothing_secret(ran, *scene.hidden())


def test_prod_is_as_it_was_delivered(scene: Scene) -> None:
    ran = scene.run("schedule", "drift", job="prod")
    assert (ran.status, ran.ended("prod")) == (0, "succeeded"), ran.text[-4000:]
    assert scene.forge.issues == []
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
