"""Pipelines of a merge and of the schedule, run for real: dev and prod, on a real API server and real MinIO.

Prod's store and the states of both lie behind TLS, with a certificate that this machine does not trust.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import ExitStack

import pytest
import yaml

from tests.cluster.support.kubectl import Kubectl
from tests.delivery.support.forges import nothing_secret
from tests.delivery.support.merging import Scene, adapters, answered, change, merged, namespaces, set_up, told, write
from tests.delivery.support.pipelines import PIPELINES
from tests.delivery.support.prod import LATER

NEW = "helpdesk-faq/v2026-02-01"
"""Of another kitchen, so that its files are in the store; `summary` takes it in hot mode, without a new pod."""


@pytest.fixture(scope="module", params=PIPELINES)
def scene(tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest) -> Iterator[Scene]:
    with ExitStack() as stack:
        yield set_up(tmp_path_factory.mktemp("merge"), stack, request.param)


def test_a_first_delivery_of_prod_comes_after_dev_and_a_person_accepts_it(scene: Scene) -> None:
    assert NEW.partition("/")[0] not in adapters(scene)
    change(scene, 1, dev=("summary", NEW), prod=LATER[0])
    commit = merged(scene, 1)
    ran = scene.pipelines.merge()
    assert ran.ended("dev") == "succeeded", ran.text[-6000:]
    assert told(scene, commit)["kitchen/deliver (dev)"] == "success"
    assert NEW.partition("/")[0] in adapters(scene)
    assert any(re.fullmatch(r".*deploy-dev\.log", name) for name in ran.uploaded)
    answered(scene, ran.printed(), "dev")
    # No plan names all that a stack without anything needs: nothing is applied, and it says what a person may do.
    assert (ran.status, ran.ended("prod")) == (1, "failed")
    assert "not in the approved plan: create Namespace sales-prod" in ran.printed()
    assert "ACCEPT=" in ran.printed()
    assert told(scene, commit)["kitchen/deliver (prod)"] == "failure"
    assert namespaces(scene) == []
    nothing_secret(ran, *scene.hidden())
    person = scene.person(commit)
    done = scene.pipelines.runner.by_hand(
        "deliver", "STACK=prod", environment=person | {"PULUMI_BACKEND_URL": scene.elsewhere()}
    )
    assert done.returncode != 0
    assert "A new stack: make init STACK=prod" in done.stdout
    wrong = person | {"KITCHEN_ACCEPTANCE_CLIENT_SECRET": "canary-wrong"}
    done = scene.pipelines.runner.by_hand("deliver", "STACK=prod", "ACCEPT=*", environment=wrong)
    assert done.returncode != 0
    assert "invalid_client: the client or its secret is wrong" in done.stdout
    assert "canary-wrong" not in done.stdout
    assert "next: make deliver STACK=prod, once what is named above is mended" in done.stdout
    assert told(scene, commit)["kitchen/deliver (prod)"] == "failure"
    assert len(namespaces(scene)) == 5
    done = scene.pipelines.runner.by_hand("deliver", "STACK=prod", environment=person)
    assert done.returncode == 0, done.stdout[-6000:]
    assert "prod: delivered, commit " in done.stdout
    assert "next: nothing: it is delivered" in done.stdout
    assert told(scene, commit)["kitchen/deliver (prod)"] == "success"
    answered(scene, done.stdout, "prod")


def test_what_was_approved_is_delivered_to_dev_and_then_to_prod(scene: Scene) -> None:
    change(scene, 2, dev=("support", "sales-summary/v2026-03-15"), prod=LATER[1])
    commit = merged(scene, 2)
    ran = scene.pipelines.merge()
    assert [ran.ended(job) for job in ("dev", "prod")] == ["succeeded"] * 2, ran.text[-8000:]
    assert ran.status == 0
    assert told(scene, commit) == {"kitchen/deliver (dev)": "success", "kitchen/deliver (prod)": "success"}
    order = [entry.get("context") or entry["name"] for entry in scene.forge.statuses if entry["sha"] == commit]
    assert order == ["kitchen/deliver (dev)"] * 2 + ["kitchen/deliver (prod)"] * 2, "one begins when the other is done"
    said = ran.printed()
    for stack in ("dev", "prod"):
        assert f"{stack}: delivered, commit {commit[:12]}" in said
        assert any(re.fullmatch(rf".*deploy-{stack}\.log", name) for name in ran.uploaded)
    assert "not in the approved plan" not in said
    answered(scene, said, "dev", "prod")
    kubectl = Kubectl(scene.kitchen.cluster.kubeconfig)
    served = kubectl.get("--namespace", "engineering-prod", "inferenceservice", "developer")
    assert "sql-assistant" in str(served["spec"])
    nothing_secret(ran, *scene.hidden())


def test_prod_is_as_it_was_delivered(scene: Scene) -> None:
    ran = scene.pipelines.drift("prod")
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
    ran = scene.pipelines.merge()
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
        ran = scene.pipelines.drift("dev")
        assert (ran.status, ran.ended("dev")) == (1, "failed"), ran.text[-4000:]
        assert "quota" in ran.printed()
        assert [one["state"] for one in scene.forge.issues] == ["open"]
    nothing_secret(ran, *scene.hidden())
    gpus = before["requests.nvidia.com/gpu"]
    back = f'{{"spec": {{"hard": {{"requests.nvidia.com/gpu": "{gpus}"}}}}}}'
    kubectl(*where, "patch", "resourcequota", "quota", "--type=merge", "--patch", back)
    ran = scene.pipelines.drift("dev")
    assert ran.ended("dev") == "succeeded", ran.text[-4000:]
    assert [one["state"] for one in scene.forge.issues] == ["closed"]


def test_with_argo_cd_the_merge_renders_and_delivers_nothing(scene: Scene) -> None:
    scene.given.variables["KITCHEN_WAY"] = "argocd"
    try:
        assert scene.pipelines.merge().ended("dev") == ""
        ran = scene.pipelines.rendered("dev")
    finally:
        del scene.given.variables["KITCHEN_WAY"]
    assert ran.ended("dev") == "succeeded", ran.text[-4000:]
    assert "files, as the commit renders them" in ran.printed()
    pushed = scene.scratch.git("ls-remote", str(scene.scratch.bare), "refs/heads/rendered/dev")
    assert pushed
