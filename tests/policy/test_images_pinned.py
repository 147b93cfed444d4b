"""The image rule finds every image, wherever it hides, and never passes what it cannot see."""

from __future__ import annotations

import json
from typing import Any

import pytest

from policies.rules.images_pinned import RULE
from tests.policy.support.sample import PINNED, UNKNOWN_VALUE, violations

BAD = "nginx:latest"
TRIGGERS = "image.openshift.io/triggers"


DECOY = {"repository": "registry.kitchen.example/app", "digest": "sha256:" + "1" * 64}


def container(image: Any) -> dict[str, Any]:
    return {"name": "app", "image": image}


def pod(image: Any, place: str = "containers") -> dict[str, Any]:
    others = {"containers": [container(PINNED)]}
    return {**others, place: [container(PINNED), container(image)]}


def template(image: Any) -> dict[str, Any]:
    return {"spec": {"template": {"spec": pod(image)}}}


def isvc(**predictor: Any) -> dict[str, Any]:
    return {"spec": {"predictor": predictor}}


TYPES = {
    "Pod": "core/v1:Pod",
    "InferenceService": "serving.kserve.io/v1beta1:InferenceService",
    "ServingRuntime": "serving.kserve.io/v1alpha1:ServingRuntime",
}

# Each takes an image and returns a kind and an object that hides it somewhere.
PLACES: dict[str, Any] = {
    "pod": lambda i: ("Pod", {"spec": pod(i)}),
    "pod init": lambda i: ("Pod", {"spec": pod(i, "initContainers")}),
    "pod ephemeral": lambda i: ("Pod", {"spec": pod(i, "ephemeralContainers")}),
    "pod image volume": lambda i: (
        "Pod",
        {"spec": {**pod(PINNED), "volumes": [{"name": "m", "image": {"reference": i}}]}},
    ),
    "deployment": lambda i: ("Deployment", template(i)),
    "stateful set": lambda i: ("StatefulSet", template(i)),
    "daemon set": lambda i: ("DaemonSet", template(i)),
    "job": lambda i: ("Job", template(i)),
    "cron job": lambda i: ("CronJob", {"spec": {"jobTemplate": template(i)}}),
    "pod template": lambda i: ("PodTemplate", {"template": {"spec": pod(i)}}),
    "list": lambda i: ("List", {"items": [{"kind": "Pod", "spec": pod(i)}]}),
    "serving runtime": lambda i: ("ServingRuntime", {"spec": {"containers": [container(i)]}}),
    "serving runtime worker": lambda i: ("ServingRuntime", {"spec": {"workerSpec": {"containers": [container(i)]}}}),
    "cluster serving runtime": lambda i: ("ClusterServingRuntime", {"spec": {"containers": [container(i)]}}),
    "inference service model": lambda i: ("InferenceService", isvc(model={"image": i})),
    "inference service init": lambda i: ("InferenceService", isvc(initContainers=[container(i)])),
    "inference service container": lambda i: ("InferenceService", isvc(containers=[container(i)])),
    "inference service worker": lambda i: ("InferenceService", isvc(workerSpec={"containers": [container(i)]})),
    "inference service transformer": lambda i: (
        "InferenceService",
        {"spec": {"transformer": {"containers": [container(i)]}}},
    ),
    "inference service canary": lambda i: (
        "InferenceService",
        {"spec": {"canary": [{"predictor": {"containers": [container(i)]}}]}},
    ),
    "storageUri oci": lambda i: ("InferenceService", isvc(model={"storageUri": f"oci://{i}"})),
    "storageUri oci native": lambda i: ("InferenceService", isvc(model={"storageUri": f"oci+native://{i}"})),
    "storageUri upper case": lambda i: ("InferenceService", isvc(model={"storageUri": f"OCI://{i}"})),
    "storageUris": lambda i: ("InferenceService", isvc(storageUris=[{"uri": f"oci://{i}", "mountPath": "/m"}])),
    "LLM inference service": lambda i: (
        "LLMInferenceService",
        {"spec": {"template": pod(i), "model": {"uri": "pvc://x"}}},
    ),
    "LLM inference service model": lambda i: ("LLMInferenceService", {"spec": {"model": {"uri": f"oci://{i}"}}}),
    "LLM inference service prefill": lambda i: ("LLMInferenceService", {"spec": {"prefill": {"template": pod(i)}}}),
    "cluster storage container": lambda i: ("ClusterStorageContainer", {"spec": {"container": container(i)}}),
    "tekton task step": lambda i: ("Task", {"spec": {"steps": [{"image": i}]}}),
    "tekton sidecar": lambda i: ("Task", {"spec": {"sidecars": [{"image": i}]}}),
    "tekton step template": lambda i: ("Task", {"spec": {"stepTemplate": {"image": i}}}),
    "tekton inline task": lambda i: ("Pipeline", {"spec": {"tasks": [{"taskSpec": {"steps": [{"image": i}]}}]}}),
    "tekton bundle": lambda i: ("TaskRun", {"spec": {"taskRef": {"bundle": i}}}),
    "tekton bundle resolver": lambda i: (
        "TaskRun",
        {"spec": {"taskRef": {"params": [{"name": "bundle", "value": i}]}}},
    ),
    "unknown kind": lambda i: ("Gadget", {"spec": {"deep": {"er": [{"podTemplate": {"spec": pod(i)}}]}}}),
    "unknown kind, image field": lambda i: ("Gadget", {"spec": {"image": i}}),
    "unknown kind, other image field": lambda i: ("Gadget", {"spec": {"proxyImage": f"h/{i}"}}),
    "operator's environment": lambda i: ("Deployment", {"spec": {"env": [{"name": "RELATED_IMAGE_X", "value": i}]}}),
    "istio annotation": lambda i: ("Pod", {"metadata": {"annotations": {"sidecar.istio.io/proxyImage": i}}}),
    "openshift build": lambda i: ("BuildConfig", {"spec": {"from": {"kind": "DockerImage", "name": i}}}),
    "decoy parts beside a container's image": lambda i: (
        "Deployment",
        {"spec": {"template": {"spec": {"containers": [{**container(i), **DECOY}]}}}},
    ),
    "decoy kind": lambda i: ("Gadget", {"spec": {"kind": "CustomResourceDefinition", "podTemplate": {"spec": pod(i)}}}),
    "decoy definition": lambda i: (
        "Gadget",
        {"spec": {"x": {"kind": "CustomResourceDefinition", "apiVersion": "apiextensions.k8s.io/v1", "spec": pod(i)}}},
    ),
    "kind that is no text": lambda i: ("Gadget", {"spec": {"kind": ["x"], "template": {"spec": pod(i)}}}),
    "list of config maps": lambda i: (
        "ConfigMapList",
        {"items": [{"metadata": {"name": "inferenceservice-config"}, "data": {"agent": json.dumps({"image": i})}}]},
    ),
    "config map patch": lambda i: (
        "ConfigMapPatch",
        {"metadata": {"name": "inferenceservice-config"}, "data": {"agent": json.dumps({"image": i})}},
    ),
    "openshift tag": lambda i: ("BuildConfig", {"spec": {"from": {"kind": "ImageStreamTag", "name": i}}}),
    "openshift image of a stream": lambda i: (
        "BuildConfig",
        {"spec": {"from": {"kind": "ImageStreamImage", "name": i}}},
    ),
    "openshift trigger": lambda i: (
        "Deployment",
        {"metadata": {"annotations": {TRIGGERS: json.dumps([{"from": {"kind": "ImageStreamTag", "name": i}}])}}},
    ),
    "system of a node": lambda i: ("MachineConfig", {"spec": {"osImageURL": i}}),
    "plugin of a proxy": lambda i: ("WasmPlugin", {"spec": {"url": f"oci://{i}"}}),
    "disk out of a registry": lambda i: ("DataVolume", {"spec": {"source": {"registry": {"url": f"docker://{i}"}}}}),
    "package of a host": lambda i: ("Provider", {"spec": {"package": f"h.example/{i}"}}),
    "package of a port": lambda i: ("Provider", {"spec": {"package": f"h:5000/{i}"}}),
    "images by name": lambda i: ("Gadget", {"spec": {"images": {"proxy": i}}}),
    "list of named images": lambda i: ("Gadget", {"spec": {"images": [{"name": i}]}}),
    "list of images": lambda i: ("Gadget", {"spec": {"images": [i]}}),
    "operator's image name": lambda i: ("Gadget", {"spec": {"imageName": i}}),
    "openshift template": lambda i: ("Template", {"objects": [{"kind": "Pod", "spec": pod(i)}]}),
    "kserve config": lambda i: (
        "ConfigMap",
        {"metadata": {"name": "inferenceservice-config"}, "data": {"storageInitializer": json.dumps({"image": i})}},
    ),
}


def run(place: str, image: Any) -> list[str]:
    kind, manifest = PLACES[place](image)
    manifest = {"metadata": {"name": "sample", "namespace": "team"}, **manifest, "kind": kind, "apiVersion": "v1"}
    return violations(RULE, f"kubernetes:{TYPES.get(kind, f'example.com/v1:{kind}')}", manifest)


@pytest.mark.parametrize("place", PLACES)
def test_a_pinned_image_passes(place: str) -> None:
    assert run(place, PINNED) == []


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("image", [BAD, "registry.kitchen.example/app:v1@sha256:short"])
def test_an_unpinned_image_is_one_violation_that_names_it(place: str, image: str) -> None:
    found = run(place, image)
    assert len(found) == 1
    assert image in found[0]
    assert "rule: images are pinned by digest; example: registry.kitchen.example/" in found[0]


TEXT_ONLY = {"storageUri oci", "storageUri oci native", "storageUri upper case", "storageUris",
             "LLM inference service model", "unknown kind, other image field", "kserve config",
             "istio annotation", "tekton bundle", "openshift build", "list of images", "list of config maps",
             "config map patch", "openshift tag", "openshift image of a stream", "openshift trigger",
             "plugin of a proxy", "disk out of a registry", "package of a host", "package of a port",
             "images by name", "list of named images", "system of a node"}  # fmt: skip


@pytest.mark.parametrize("place", sorted(set(PLACES) - TEXT_ONLY))
def test_an_unknown_image_is_a_violation(place: str) -> None:
    found = run(place, UNKNOWN_VALUE)
    assert len(found) == 1
    assert "not known before the update" in found[0]


@pytest.mark.parametrize(
    "manifest",
    [
        {"spec": UNKNOWN_VALUE},
        {"spec": {"template": UNKNOWN_VALUE}},
        {"spec": {"template": {"spec": {"containers": UNKNOWN_VALUE}}}},
        {"spec": {"template": {"spec": {"containers": [UNKNOWN_VALUE]}}}},
        {"spec": {"template": {"spec": {"volumes": [{"name": "x", "image": UNKNOWN_VALUE}]}}}},
        {"spec": {"predictor": {"model": {"storageUri": UNKNOWN_VALUE}}}},
        {"spec": {"pytorchReplicaSpecs": UNKNOWN_VALUE}},
        {"spec": {"driver": {"repository": "nvcr.io/nim/app", "tag": UNKNOWN_VALUE}}},
    ],
)
def test_an_unknown_part_that_may_hold_an_image_is_a_violation(manifest: dict[str, Any]) -> None:
    assert len(violations(RULE, "kubernetes:apps/v1:Deployment", manifest)) == 1


@pytest.mark.parametrize(
    "manifest",
    [
        {"metadata": {"name": UNKNOWN_VALUE}, "spec": {"replicas": UNKNOWN_VALUE, **template(PINNED)["spec"]}},
        {"spec": {"containers": [{**container(PINNED), "env": [{"name": "A", "value": UNKNOWN_VALUE}]}]}},
        {"spec": {"containers": [{**container(PINNED), "args": UNKNOWN_VALUE}]}},
    ],
)
def test_an_unknown_part_that_holds_no_image_passes(manifest: dict[str, Any]) -> None:
    assert violations(RULE, "kubernetes:apps/v1:Deployment", manifest) == []


def test_every_bad_image_is_told_with_its_path() -> None:
    spec = {"containers": [container(BAD), container(PINNED)], "initContainers": [container("busybox")]}
    found = violations(RULE, "kubernetes:core/v1:Pod", {"metadata": {"name": "p", "namespace": "n"}, "spec": spec})
    assert [message.split(":")[0] for message in found] == ["Pod n/p", "Pod n/p"]
    assert "spec.containers[0].image: 'nginx:latest' is named by the tag latest" in found[0]
    assert "spec.initContainers[0].image: 'busybox' has neither tag nor digest" in found[1]


@pytest.mark.parametrize(
    ("image", "expected"),
    [
        ({"repository": "nvcr.io/nvidia", "image": "driver", "version": "550.1"}, 1),
        ({"repository": "nvcr.io/nvidia", "image": "driver", "version": PINNED.split("@")[1]}, 0),
        ({"repository": "nvcr.io/nim/app", "tag": "1.0"}, 1),
        ({"repository": "nvcr.io/nim/app", "digest": PINNED.split("@")[1]}, 0),
        ({"repository": "nvcr.io/nim/app"}, 0),
        ({"name": "app", "newName": "nvcr.io/nim/app", "newTag": "1.0"}, 1),
        ({"name": "app", "newTag": "1.0"}, 1),
        ({"name": "app", "newName": "nvcr.io/nim/app"}, 1),
        ({"name": "app", "newName": "nvcr.io/nim/app", "digest": PINNED.split("@")[1]}, 0),
        ({"repository": "nvcr.io/nim/app", "tag": "1.0", "digest": PINNED.split("@")[1]}, 0),
    ],
)
def test_an_image_in_parts_is_put_together(image: dict[str, str], expected: int) -> None:
    found = violations(RULE, "kubernetes:example.com/v1:Gadget", {"kind": "Gadget", "spec": {"driver": image}})
    assert len(found) == expected


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("registry.example.com/filter:v1", 1),
        ("registry.example.com/filter", 1),
        (PINNED, 0),
        ("file:///opt/filter.wasm", 0),
    ],
)
def test_an_address_of_an_image_is_one(url: str, expected: int) -> None:
    extension = {"kind": "Gadget", "spec": {"wasm": [{"code": {"image": {"url": url}}}]}}
    assert len(violations(RULE, "kubernetes:example.com/v1:Gadget", extension)) == expected


@pytest.mark.parametrize(
    ("entry", "expected"),
    [
        ({"name": "docker.io/x/app", "newName": "h.example/app", "digest": PINNED.split("@")[1]}, 0),
        ({"name": "docker.io/x/app:v1", "newName": "h.example/app", "newTag": "v2", "digest": PINNED.split("@")[1]}, 0),
        ({"name": "docker.io/x/app", "digest": PINNED.split("@")[1]}, 0),
        ({"name": "h.example/app", "digest": "sha256:12"}, 1),
        ({"name": "docker.io/x/app", "newName": "h.example/app", "newTag": "v2"}, 1),
        ({"name": "docker.io/x/app", "newName": "h.example/app"}, 1),
        ({"name": "docker.io/x/app", "newTag": "latest"}, 1),
        ({"name": "docker.io/x/app", "newName": "h.example/app", "digest": UNKNOWN_VALUE}, 2),
    ],
)
def test_an_entry_of_kustomize_is_judged_by_what_it_puts_there(entry: dict[str, str], expected: int) -> None:
    inputs = {"kind": "Kustomization", "apiVersion": "kustomize.config.k8s.io/v1beta1", "images": [entry]}
    found = violations(RULE, "kubernetes:kustomize.config.k8s.io/v1beta1:Kustomization", inputs)
    assert len(found) == expected


@pytest.mark.parametrize(
    "inputs",
    [
        {"kind": "ConfigMap", "metadata": {"name": "other"}, "data": {"image": BAD}},
        {"kind": "Secret", "metadata": {"name": "s"}, "stringData": {"image": BAD}},
        {"kind": "CustomResourceDefinition", "apiVersion": "apiextensions.k8s.io/v1", "spec": {"image": BAD}},
        {
            "kind": "List",
            "items": [
                {"kind": "CustomResourceDefinition", "apiVersion": "apiextensions.k8s.io/v1", "spec": {"image": BAD}}
            ],
        },
        {"kind": "Gadget", "spec": {"image": "https://example.com/logo.png"}},
        {"kind": "Gadget", "spec": {"images": {"registry": "h.example/a", "pullPolicy": "Always"}}},
        {"kind": "Gadget", "spec": {"package": "@scope/part", "url": "https://example.com/a"}},
        {"kind": "BuildConfig", "spec": {"output": {"to": {"kind": "ImageStreamTag", "name": BAD}}}},
        {"kind": "ClusterPolicy", "spec": {"pattern": {"image": "*@sha256:*"}}},
        {"kind": "Service", "spec": {"ports": [{"port": 80}]}},
    ],
)
def test_what_is_no_image_passes(inputs: dict[str, Any]) -> None:
    group = "core" if inputs["kind"] in ("ConfigMap", "Secret") else "example.com"
    assert violations(RULE, f"kubernetes:{group}/v1:{inputs['kind']}", inputs) == []


@pytest.mark.parametrize(
    ("text", "expected"), [("[", "cannot be read as JSON"), (UNKNOWN_VALUE, "not known before the update")]
)
def test_triggers_that_cannot_be_read_are_a_violation(text: str, expected: str) -> None:
    inputs = {"kind": "Deployment", "metadata": {"annotations": {TRIGGERS: text}}}
    found = violations(RULE, "kubernetes:apps/v1:Deployment", inputs)
    assert len(found) == 1
    assert expected in found[0]


def test_kserve_s_config_that_is_not_known_is_a_violation() -> None:
    for data in (UNKNOWN_VALUE, {"agent": UNKNOWN_VALUE}):
        inputs = {"metadata": {"name": "inferenceservice-config"}, "data": data}
        assert len(violations(RULE, "kubernetes:core/v1:ConfigMap", inputs)) == 1


def test_kserve_s_config_that_is_not_json_is_a_violation() -> None:
    inputs = {"metadata": {"name": "inferenceservice-config"}, "data": {"storageInitializer": "{", "_example": "{"}}
    found = violations(RULE, "kubernetes:core/v1:ConfigMap", inputs)
    assert len(found) == 1
    assert "data.storageInitializer: cannot be read as JSON" in found[0]


@pytest.mark.parametrize(
    "token", ["helm.sh/v3:Release", "helm.toolkit.fluxcd.io/v2:HelmRelease", "helm.cattle.io/v1:HelmChart"]
)
def test_a_chart_that_is_rendered_on_the_cluster_is_a_violation(token: str) -> None:
    found = violations(RULE, f"kubernetes:{token}", {"chart": "app"})
    assert len(found) == 1
    assert "render the chart" in found[0]


def test_resources_of_other_providers_are_left_alone() -> None:
    assert violations(RULE, "random:index/randomPassword:RandomPassword", {"image": BAD}) == []
