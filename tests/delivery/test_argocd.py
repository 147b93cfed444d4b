"""Argo CD delivers what the rendered branch says, and nothing else: Pulumi's own objects, on a real API server."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any, NamedTuple

import pytest
import yaml

from tests.cluster.support.kubectl import OURS
from tests.delivery.support.argocd import NAMESPACE, ArgoCd
from tests.delivery.support.beside import kitchen_and_scratch
from tests.delivery.support.rendered import BRANCH, Name, gitops, live, point_at, rendered
from tests.delivery.support.scratch import Scratch

APPLICATION = "kitchen-dev"
SETTLED = ("Synced", "Healthy")


class Delivered(NamedTuple):
    """The way of Argo CD, after the first sync."""

    argocd: ArgoCd
    scratch: Scratch
    names: list[Name]
    by_pulumi: dict[Name, Any]
    seconds: float


@pytest.fixture(scope="module")
def delivered(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Delivered]:
    folder = tmp_path_factory.mktemp("delivery")
    with ExitStack() as stack:
        kitchen, scratch = kitchen_and_scratch(folder, stack)
        argocd = ArgoCd(folder / "argocd", kitchen.cluster.kubeconfig, scratch.bare.parent)
        point_at(scratch, kitchen.cluster.minio_endpoint, f"{argocd.address}/kitchen.git")
        gitops(scratch, "--push")
        names = rendered(scratch)
        by_pulumi = live(argocd.kubectl, names)
        argocd.kubectl("delete", "namespaces,priorityclasses", *OURS, "--timeout=400s")
        argocd.start(stack)
        begun = time.monotonic()
        argocd.kubectl("apply", "-f", str(scratch.root / "deploy" / "argocd" / "dev.yaml"))
        argocd.wait(APPLICATION, SETTLED, 240)
        yield Delivered(argocd, scratch, names, by_pulumi, time.monotonic() - begun)


def until(condition: Callable[[], object], seconds: float = 180) -> float:
    begun = time.monotonic()
    while not condition():
        assert time.monotonic() - begun < seconds, "it did not happen"
        time.sleep(0.3)
    return time.monotonic() - begun


def test_the_first_sync_is_synced_and_healthy(delivered: Delivered) -> None:
    print(f"\nArgo CD: {len(delivered.names)} objects Synced and Healthy after {delivered.seconds:.0f} s")
    assert delivered.argocd.state(APPLICATION) == SETTLED
    resources = delivered.argocd.application(APPLICATION)["status"]["resources"]
    assert len(resources) == len(delivered.names)
    assert {one["status"] for one in resources} == {"Synced"}


def test_its_objects_are_pulumi_s(delivered: Delivered) -> None:
    by_argocd = live(delivered.argocd.kubectl, delivered.names)
    assert len(by_argocd) > 60
    assert {name: one for name, one in by_argocd.items() if one != delivered.by_pulumi[name]} == {}
    assert all(one["metadata"]["annotations"] is not None for one in by_argocd.values())


def test_no_secret_came_by_git(delivered: Delivered) -> None:
    text = delivered.scratch.git("log", "--patch", BRANCH)
    assert "kind: Secret" not in text
    names = yaml.safe_load(delivered.scratch.git("show", f"{BRANCH}:secrets.yaml"))["secrets"]
    assert {one["name"] for one in names} >= {"support-lora-reader", "summary-lora-reader"}
    kubectl = delivered.argocd.kubectl
    for one in names:  # as a secret store would; Argo CD neither shows nor removes them
        words = [f"--from-literal={key}=value" for key in one["keys"]]
        kubectl("--namespace", one["namespace"], "create", "secret", "generic", one["name"], *words)
    delivered.argocd.kubectl(
        "--namespace", NAMESPACE, "annotate", "application", APPLICATION, "argocd.argoproj.io/refresh=hard"
    )
    until(lambda: "argocd.argoproj.io/refresh" not in delivered.argocd.application(APPLICATION)["metadata"].get(
        "annotations", {}))  # fmt: skip
    assert delivered.argocd.state(APPLICATION)[0] == "Synced"
    for one in names:
        assert kubectl.get("--namespace", one["namespace"], "secret", one["name"])


def test_a_change_by_hand_is_taken_back(delivered: Delivered) -> None:
    kubectl = delivered.argocd.kubectl
    where = ("--namespace", "helpdesk-dev")
    rule = ("networkpolicy", "allow-dns")
    before = kubectl.get(*where, *rule)["spec"]
    kubectl(*where, "patch", *rule, "--type=merge", "--patch", '{"spec": {"egress": [{}]}}')
    healed = until(lambda: kubectl.get(*where, *rule)["spec"] == before)
    more = '{"spec": {"hard": {"requests.nvidia.com/gpu": "99"}}}'
    kubectl(*where, "patch", "resourcequota", "quota", "--type=merge", "--patch", more)
    hard = until(
        lambda: kubectl.get(*where, "resourcequota", "quota")["spec"]["hard"]["requests.nvidia.com/gpu"] != "99"
    )
    kubectl(*where, "delete", "role", "kitchen-auditor")
    made = until(lambda: kubectl.run(*where, "get", "role", "kitchen-auditor").returncode == 0)
    print(
        f"\nArgo CD took back: a network rule after {healed:.1f} s, a quota {hard:.1f} s, a removed role {made:.1f} s"
    )
    delivered.argocd.wait(APPLICATION, SETTLED, 180)


def test_a_kitchen_that_is_stopped_is_no_progress_without_end(delivered: Delivered) -> None:
    """Seen by deploy/argocd/health.yaml: what Argo CD 3.2.0 has itself never finds a kitchen healthy."""
    kubectl, stop = delivered.argocd.kubectl, "serving.kserve.io/stop"
    where = ("--namespace", "helpdesk-dev", "inferenceservice", "search")
    kubectl("annotate", *where, f"{stop}=true")
    delivered.argocd.wait(APPLICATION, ("Synced", "Suspended"), 180)
    kubectl("annotate", *where, f"{stop}-")
    delivered.argocd.wait(APPLICATION, SETTLED, 180)


def test_a_field_that_another_hand_adds_is_not_seen(delivered: Delivered) -> None:
    """A limit of Argo CD, which docs/pipelines.md names: what Git does not say of an object is nobody's business."""
    kubectl = delivered.argocd.kubectl
    rule = ("--namespace", "helpdesk-dev", "networkpolicy", "default-deny")
    kubectl("patch", *rule, "--type=merge", "--patch", '{"spec": {"ingress": [{}]}}')
    time.sleep(12)
    assert kubectl.get(*rule)["spec"]["ingress"] == [{}]
    assert delivered.argocd.state(APPLICATION) == SETTLED
    kubectl("patch", *rule, "--type=json", "--patch", '[{"op": "remove", "path": "/spec/ingress"}]')


def test_the_same_commit_makes_no_commit_and_the_check_agrees(delivered: Delivered) -> None:
    before = delivered.scratch.git("rev-parse", BRANCH)
    assert "unchanged" in gitops(delivered.scratch, "--push")
    assert delivered.scratch.git("rev-parse", BRANCH) == before
    assert "as the commit renders them" in gitops(delivered.scratch, "--check")


@pytest.mark.parametrize(
    ("kind", "name", "namespace", "said"),
    [
        ("ClusterRole", "sneaky", "", "ClusterRole is not permitted in project"),
        ("Role", "sneaky", "kube-system", "namespace kube-system is not permitted in project"),
        ("Pod", "sneaky", "helpdesk-dev", "Pod is not permitted in project"),
    ],
)
def test_what_the_project_does_not_permit_is_refused(
    kind: str, name: str, namespace: str, said: str, delivered: Delivered
) -> None:
    scratch, argocd = delivered.scratch, delivered.argocd
    metadata = {"name": name, **({"namespace": namespace} if namespace else {})}
    version = "v1" if kind == "Pod" else "rbac.authorization.k8s.io/v1"
    content = {"spec": {"containers": [{"name": "c", "image": "i"}]}} if kind == "Pod" else {"rules": []}
    one = {"apiVersion": version, "kind": kind, "metadata": metadata, **content}
    scratch.on_branch(BRANCH, {"manifests/sneaky.yaml": yaml.safe_dump(one)}, "sneaky")
    refused = until(lambda: said in argocd.said(APPLICATION), 180)
    where = ("--namespace", namespace) if namespace else ()
    assert argocd.kubectl.run(*where, "get", kind, name).returncode != 0
    found = gitops(scratch, "--check", status=1)
    assert "D manifests/sneaky.yaml" in found or "manifests/sneaky.yaml" in found
    gitops(scratch, "--push")
    back = argocd.wait(APPLICATION, SETTLED, 180)
    print(f"\nArgo CD refused {kind} after {refused:.1f} s; after the next commit Synced within {back:.1f} s")


def test_what_is_gone_from_the_settings_goes_and_data_waits_for_a_person(delivered: Delivered) -> None:
    scratch, argocd = delivered.scratch, delivered.argocd
    path = scratch.root / "Pulumi.dev.yaml"
    content = yaml.safe_load(path.read_text())
    del content["config"]["kitchen:kitchens"]["search"]
    path.write_text(yaml.safe_dump(content, sort_keys=False))
    scratch.commit("search is not needed any more")
    said = gitops(scratch, "--push")
    assert " removed of " in said
    where = ("--namespace", "helpdesk-dev")
    claim = "base-qwen3-embedding-0-6b-v1"
    gone = until(lambda: argocd.kubectl.run(*where, "get", "inferenceservice", "search").returncode != 0, 180)
    print(f"\nArgo CD removed a kitchen {gone:.1f} s after its commit")
    assert argocd.kubectl.get(*where, "persistentvolumeclaim", claim)["metadata"].get("deletionTimestamp") is None
    argocd.wait(APPLICATION, ("OutOfSync", "Healthy"), 180)
    argocd.kubectl(*where, "delete", "persistentvolumeclaim", claim, "--wait=false")
    argocd.wait(APPLICATION, SETTLED, 180)
