"""`make deploy` on a kitchen that is up: with a kubeconfig of its own, and with rights that do not show everything."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from tests.cluster.support.days import Scene
from tests.cluster.support.shared_kitchen import SharedKitchen
from tools.local.errors import LocalError
from tools.pipeline import deploy as merge

pytestmark = pytest.mark.long

READER, NAMESPACE = "merge-runner", "kube-public"


@pytest.fixture(scope="module")
def scene(shared_kitchen: SharedKitchen) -> Scene:
    return Scene(shared_kitchen.up())


@pytest.fixture
def runner(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> Scene:
    """The environment of a pipeline: backend, passphrase, kubeconfig and the store's key."""
    workspace = scene.kitchen.workspace
    for key, value in {**workspace.environment(), **scene.kitchen.credentials()}.items():
        if key.startswith(("PULUMI_", "KITCHEN_", "KUBECONFIG")):
            monkeypatch.setenv(key, value)
    return scene


def deploy(scene: Scene, capfd: pytest.CaptureFixture[str], take_back: str = "", wait: float | None = None) -> str:
    capfd.readouterr()
    options = ("--config-file", str(scene.kitchen.workspace.config_file))
    try:
        assert merge.deploy("dev", options, take_back=take_back, wait=wait) == 0
    except LocalError as error:
        return f"{''.join(capfd.readouterr())}\nerror: {error}"
    return "".join(capfd.readouterr())


def test_what_is_gone_is_made_again_and_a_changed_field_is_taken_back_on_request(
    runner: Scene, capfd: pytest.CaptureFixture[str]
) -> None:
    runner.delete("helpdesk-dev", "serviceaccount", "support-server")
    runner.s3.delete_bucket_policy(Bucket="dev-lora")
    runner.patch("sales-dev", "resourcequota", "quota", {"spec": {"hard": {"requests.cpu": "62"}}}, manager="ops-tool")
    said = deploy(runner, capfd)
    assert "was removed by hand: ServiceAccount helpdesk-dev/support-server; it is made again" in said
    assert "was changed by hand: bucket dev-lora: guards; it is set again" in said
    assert 'requests.cpu"] is "62", declared is "64"; set by ops-tool since ' in said
    assert "make deploy STACK=dev TAKE_BACK=yes" in said
    runner.kubectl("-n", "helpdesk-dev", "get", "serviceaccount", "support-server")
    assert "it is taken back" in deploy(runner, capfd, take_back="yes")
    assert "by hand" not in deploy(runner, capfd)
    quota = runner.kubectl.get("-n", "sales-dev", "resourcequota", "quota")
    assert quota["spec"]["hard"]["requests.cpu"] == "64"


def test_a_kitchen_that_is_not_ready_is_said_and_fails_with_a_limit(
    runner: Scene, capfd: pytest.CaptureFixture[str]
) -> None:
    lower, raise_again = ({"spec": {"hard": {"requests.nvidia.com/gpu": gpus}}} for gpus in ("0", "3"))
    runner.patch("helpdesk-dev", "resourcequota", "quota", lower)
    runner.kubectl("-n", "helpdesk-dev", "delete", "pods", *runner.pods("helpdesk-dev", "support"))
    try:
        said = deploy(runner, capfd)
        assert "not Ready: support in helpdesk-dev" in said
        assert "exceeded quota" in said
        assert "error" not in said.rpartition("not Ready")[2]
        assert "make deploy STACK=dev WAIT=1200" in said
        failed = deploy(runner, capfd, wait=3.0)
        assert "error: not Ready after 3 s: support in helpdesk-dev" in failed
        assert "stack dev: the update is done, and what is named above is not" in failed
    finally:
        runner.patch("helpdesk-dev", "resourcequota", "quota", raise_again)


def test_what_a_runner_may_not_list_is_said_and_the_rest_is_compared(
    runner: Scene, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    """A runner that may do everything with everything but Roles."""
    kubectl = runner.kubectl
    kubectl("-n", NAMESPACE, "create", "serviceaccount", READER)
    groups = ["", "apps", "batch", "networking.k8s.io", "policy", "scheduling.k8s.io", "serving.kserve.io"]
    bindings = {"apiGroups": ["rbac.authorization.k8s.io"], "resources": ["rolebindings"], "verbs": ["*"]}
    rules = [{"apiGroups": groups, "resources": ["*"], "verbs": ["*"]}, bindings]
    role = {
        "apiVersion": "rbac.authorization.k8s.io/v1",
        "kind": "ClusterRole",
        "metadata": {"name": READER},
        "rules": rules,
    }
    kubectl("apply", "-f", "-", manifest=yaml.safe_dump(role))
    kubectl("create", "clusterrolebinding", READER, f"--clusterrole={READER}", f"--serviceaccount={NAMESPACE}:{READER}")
    config = yaml.safe_load(runner.kitchen.cluster.kubeconfig.read_text())
    config["users"][0]["user"] = {"token": kubectl("-n", NAMESPACE, "create", "token", READER).strip()}
    path = tmp_path / "kubeconfig"
    path.write_text(yaml.safe_dump(config))
    monkeypatch.setenv("KUBECONFIG", str(path))
    runner.delete("sales-dev", "networkpolicy", "default-deny")
    said = deploy(runner, capfd)
    assert "not compared: Role: " in said
    assert "403" in said
    assert "was removed by hand: NetworkPolicy sales-dev/default-deny; it is made again" in said
    runner.kubectl("-n", "sales-dev", "get", "networkpolicy", "default-deny")


def test_without_kubectl_the_update_goes_on_and_says_what_was_not_compared(
    runner: Scene, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("tools.pipeline.by_hand.through_kubectl.__wrapped__.__defaults__", (None, "no-such-kubectl"))
    said = deploy(runner, capfd)
    assert "not compared: what somebody may have removed or changed by hand, nor what is Ready: no-such-kubectl" in said
    assert said.count("not compared") == 1
