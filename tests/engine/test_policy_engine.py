"""The pack in the real engine: it denies by name, and what it cannot see it does not pass."""

from __future__ import annotations

from collections.abc import Callable

from tests.engine.conftest import run
from tools.local.workspace import POLICY_PACK, Workspace

PROGRAM = """
import pulumi
import pulumi_kubernetes as k8s
import pulumi_random as random
from pulumi_kubernetes.apiextensions import CustomResource

PINNED = "registry.kitchen.example/app@sha256:" + "1" * 64


def deployment(name, image):
    labels = {"app": name}
    k8s.apps.v1.Deployment(
        name,
        metadata={"name": name, "namespace": "team"},
        spec={
            "selector": {"matchLabels": labels},
            "template": {"metadata": {"labels": labels}, "spec": {"containers": [{"name": "app", "image": image}]}},
        },
    )
"""

BAD = (
    PROGRAM
    + """
deployment("by-tag", "nginx:latest")
CustomResource(
    "runtime-by-tag",
    api_version="serving.kserve.io/v1alpha1",
    kind="ServingRuntime",
    metadata={"name": "runtime-by-tag", "namespace": "team"},
    spec={"containers": [{"name": "kserve-container", "image": "nginx:latest"}]},
)
CustomResource(
    "service-by-tag",
    api_version="serving.kserve.io/v1beta1",
    kind="InferenceService",
    metadata={"name": "service-by-tag", "namespace": "team"},
    spec={"predictor": {"model": {}, "initContainers": [{"name": "fetch", "image": "nginx:latest"}]}},
)
deployment("not-known", pulumi.Output.concat("nginx:", random.RandomString("tag", length=8).result))
deployment("secret-by-tag", pulumi.Output.secret("nginx:latest"))
deployment("pinned", PINNED)
"""
)


def test_each_unpinned_image_denies_the_preview_by_name(program: Callable[[str], Workspace]) -> None:
    result = run(program(BAD), "preview", "--policy-pack", str(POLICY_PACK))
    assert result.status != 0
    denied = [line for line in result.text.splitlines() if "rule: images are pinned by digest" in line]
    for who in (
        "Deployment team/by-tag: spec.template.spec.containers[0].image: 'nginx:latest'",
        "ServingRuntime team/runtime-by-tag: spec.containers[0].image: 'nginx:latest'",
        "InferenceService team/service-by-tag: spec.predictor.initContainers[0].image: 'nginx:latest'",
        "Deployment team/not-known: spec.template.spec.containers[0].image: an image here is not known",
        "Deployment team/secret-by-tag: spec.template.spec.containers[0].image: 'nginx:latest'",
    ):
        assert sum(who in line for line in denied) == 1, f"{who}\n{result.text}"
    assert len(denied) == 5
    assert "images-pinned-by-digest" in result.text
    assert "[mandatory]" in result.text
    assert "Traceback" not in result.text


def test_pinned_images_pass(program: Callable[[str], Workspace]) -> None:
    result = run(program(PROGRAM + 'deployment("pinned", PINNED)\n'), "preview", "--policy-pack", str(POLICY_PACK))
    assert "kitchen" in result.text
    assert "images-pinned-by-digest" not in result.text
