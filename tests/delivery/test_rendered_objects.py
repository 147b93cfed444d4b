"""The rendered branch, applied by server-side apply as Argo CD does it, is what Pulumi made: on a real API server."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from typing import Any, NamedTuple

import pytest
import yaml

from tests.cluster.support.kubectl import OURS, Kubectl, eventually, is_ready
from tests.delivery.support.beside import kitchen_and_scratch
from tests.delivery.support.rendered import BRANCH, Name, gitops, live, manifests, point_at, rendered
from tests.delivery.support.scratch import Scratch

ELSEWHERE = "git://127.0.0.1/kitchen.git"


class Both(NamedTuple):
    """What Pulumi made, and what the branch made in its place."""

    kubectl: Kubectl
    scratch: Scratch
    by_pulumi: dict[Name, Any]
    secrets: set[tuple[str, str, tuple[str, ...]]]
    by_branch: dict[Name, Any]


@pytest.fixture(scope="module")
def both(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Both]:
    folder = tmp_path_factory.mktemp("rendered")
    with ExitStack() as stack:
        kitchen, scratch = kitchen_and_scratch(folder, stack)
        point_at(scratch, kitchen.cluster.minio_endpoint, ELSEWHERE)
        gitops(scratch, "--push")
        kubectl, names = Kubectl(kitchen.cluster.kubeconfig), rendered(scratch)
        by_pulumi = live(kubectl, names)
        found = kubectl.get("secrets", "--all-namespaces", *OURS)["items"]
        secrets = {(one["metadata"]["namespace"], one["metadata"]["name"], tuple(sorted(one["data"]))) for one in found}
        kubectl("delete", "namespaces,priorityclasses", *OURS, "--timeout=400s")
        apply(kubectl, manifests(scratch))
        yield Both(kubectl, scratch, by_pulumi, secrets, live(kubectl, names))


def apply(kubectl: Kubectl, objects: list[dict[str, Any]]) -> None:
    """In the order of their waves; Namespaces come first."""

    def place(one: dict[str, Any]) -> tuple[bool, int]:
        wave = one["metadata"].get("annotations", {}).get("argocd.argoproj.io/sync-wave", "0")
        return one["kind"] != "Namespace", int(wave)

    words = ("apply", "--server-side", "--field-manager=argocd-controller", "--validate=strict", "-f", "-")
    for wave in sorted({place(one) for one in objects}):
        kubectl(*words, manifest=yaml.safe_dump_all([one for one in objects if place(one) == wave]))


def test_each_object_is_pulumi_s(both: Both) -> None:
    assert len(both.by_branch) > 60
    assert {name: one for name, one in both.by_branch.items() if one != both.by_pulumi[name]} == {}


def test_a_difference_would_be_seen(both: Both) -> None:
    where = ("--namespace", "helpdesk-dev", "resourcequota", "quota")
    more = '{"spec": {"hard": {"requests.nvidia.com/gpu": "99"}}}'
    both.kubectl("patch", *where, "--type=merge", "--patch", more, "--field-manager=argocd-controller")
    name = ("ResourceQuota", "helpdesk-dev", "quota")
    assert live(both.kubectl, [name])[name] != both.by_pulumi[name]


def test_its_kitchens_become_ready(both: Both) -> None:
    for namespace, service in (("helpdesk-dev", "support"), ("helpdesk-dev", "search"), ("sales-dev", "summary")):
        eventually(lambda at=namespace, of=service: is_ready(both.kubectl, at, of), f"{service} is Ready", 120)


def test_what_is_not_in_it_is_what_the_list_names(both: Both) -> None:
    listed = yaml.safe_load(both.scratch.git("show", f"{BRANCH}:secrets.yaml"))["secrets"]
    assert {(one["namespace"], one["name"], tuple(one["keys"])) for one in listed} == both.secrets
    assert "kind: Secret" not in both.scratch.git("log", "--patch", BRANCH)
