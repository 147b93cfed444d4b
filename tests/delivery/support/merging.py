"""What a merge works on: dev as it is up, an empty prod, a repository, a forge, and what a runner is given."""

from __future__ import annotations

import re
from contextlib import ExitStack
from pathlib import Path
from typing import Any, NamedTuple

import yaml

from tests.cluster.support.kubectl import Kubectl
from tests.delivery.support.beside import kitchen_and_scratch
from tests.delivery.support.forges import NUMBER
from tests.delivery.support.pipelines import PIPELINES, Given, Pipelines
from tests.delivery.support.prod import CA, Prod
from tests.delivery.support.scratch import Scratch
from tests.support.forge_server import ForgeServer
from tests.support.model_door import ModelDoor
from tools.local.up import LocalKitchen
from tools.local.workspace import REPOSITORY

MODELS_TOKEN = "canary-models-token-5d20"


class Scene(NamedTuple):
    """Dev as it is up, prod's empty stack, a repository that says so, and the pipelines of its forge."""

    kitchen: LocalKitchen
    prod: Prod
    door: ModelDoor
    scratch: Scratch
    pipelines: Pipelines
    given: Given

    @property
    def forge(self) -> ForgeServer:
        return self.pipelines.forge

    def person(self, commit: str) -> dict[str, str]:
        """What the shell of a person has who types what a job runs."""
        given = self.given
        return given.around | given.variables | given.secrets | self.forge.variables(KITCHEN_FORGE_COMMIT=commit)

    def elsewhere(self) -> str:
        """A backend that has no stack yet."""
        folder = self.kitchen.folder / "elsewhere"
        folder.mkdir()
        return folder.as_uri()

    def hidden(self) -> list[str]:
        names = ("PULUMI_CONFIG_PASSPHRASE", "KITCHEN_OBJECT_STORE_SECRET_KEY", "KITCHEN_MODELS_TOKEN",
                 "KITCHEN_ACCEPTANCE_CLIENT_SECRET")  # fmt: skip
        return [self.given.secrets[name] for name in names]


def set_up(folder: Path, stack: ExitStack, kind: str) -> Scene:
    """All of it, below `folder`, until `stack` ends, at a forge of a kind."""
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
    given = Given(
        variables={
            "PULUMI_BACKEND_URL": backend.pop("PULUMI_BACKEND_URL"),
            "KITCHEN_ACCEPTANCE_URL": door.url,
            "KITCHEN_ACCEPTANCE_CLIENT_ID": client,
        },
        secrets={
            "PULUMI_CONFIG_PASSPHRASE": passphrase,
            "KITCHEN_MODELS_TOKEN": MODELS_TOKEN,
            "KITCHEN_ACCEPTANCE_CLIENT_SECRET": secret,
            **kitchen.credentials(),
            **backend,
        },
        around={"KUBECONFIG": str(kitchen.cluster.kubeconfig), **prod.trust()},
    )
    pipelines = PIPELINES[kind](folder=folder / "runner", scratch=scratch, given=given)
    stack.enter_context(pipelines.forge)
    return Scene(kitchen=kitchen, prod=prod, door=door, scratch=scratch, pipelines=pipelines, given=given)


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
    """The last state of each status of a commit, in GitHub's words."""
    found = [one for one in scene.forge.statuses if one["sha"] == commit]
    if scene.forge.kind == "gitlab":
        return {one["name"]: {"failed": "failure"}.get(one["status"], one["status"]) for one in found}
    return {one["context"]: one["state"] for one in found}


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
    scene.pipelines.change()


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
    assert not [stack for stack, token in given.items() if token in said]
    scene.door.asked.clear()
