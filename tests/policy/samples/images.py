"""Samples of the rules on images and on what is rendered elsewhere.

Public cases of digests, tags and registries are in public_images.py; `ALLOW_LIST` has more ways around a list.
"""

from __future__ import annotations

import dataclasses
from typing import Any

from policies.judging.world import World
from tests.policy.support.objects import (
    DEPLOYMENT,
    DEPLOYMENT_TYPE,
    GPU_POD,
    POD,
    POD_TYPE,
    RUNTIME,
    RUNTIME_TYPE,
    SERVICE,
    SERVICE_TYPE,
    container,
)
from tests.policy.support.sample import EXAMPLE_DIGEST, PINNED, UNKNOWN_VALUE, WORLD, Sample, table

_NOT_KNOWN = "not known before the update"
_IMAGE = "spec containers 0 image"
_OTHER = "sha256:" + "2" * 64
_HOST = "registry.kitchen.example"


def _at(name: str, digest: str = EXAMPLE_DIGEST) -> str:
    return f"{name}@{digest}"


def _containers(*images: str, **others: str) -> dict[str, Any]:
    """A pod's containers, and one container each of other lists, by image."""
    changes: dict[str, Any] = {"spec containers": [container(f"c{i}", image) for i, image in enumerate(images)]}
    return changes | {f"spec {key}": [container(key, image)] for key, image in others.items()}


_ELSEWHERE = f"does not come from {_HOST}"
ALLOW_LIST = table(
    POD_TYPE,
    POD,
    ("allowed host", {_IMAGE: PINNED}),
    ("another host", {_IMAGE: _at("docker.io/app")}, _ELSEWHERE),
    ("no host", {_IMAGE: _at("nginx")}, _ELSEWHERE),
    ("the host as start of a longer one", {_IMAGE: _at(f"{_HOST}.malicious.com/app")}, _ELSEWHERE),
    ("the host as end of a longer one", {_IMAGE: _at(f"malicious.{_HOST}/app")}, _ELSEWHERE),
    ("the host as a path", {_IMAGE: _at(f"malicious.com/{_HOST}/app")}, _ELSEWHERE),
    ("the host with a port", {_IMAGE: _at(f"{_HOST}:5000/app")}, _ELSEWHERE),
    ("the host in capitals", {_IMAGE: _at("REGISTRY.kitchen.example/app")}, _ELSEWHERE),
    ("the host alone", {_IMAGE: _at(_HOST)}, _ELSEWHERE),
    (
        "the name as start of a longer one",
        {_IMAGE: _at(f"{_HOST}/appmalicious")},
        "repository that is not in the catalog",
    ),
    ("the name as a folder", {_IMAGE: _at(f"{_HOST}/app/x")}, "repository that is not in the catalog"),
    ("below another folder", {_IMAGE: _at(f"{_HOST}/malicious/app")}, "repository that is not in the catalog"),
    ("upwards", {_IMAGE: _at(f"{_HOST}/../app")}, "has a malformed name"),
    ("upwards behind the name", {_IMAGE: _at(f"{_HOST}/vllm/../app")}, "has a malformed name"),
    ("user and host", {_IMAGE: _at(f"{_HOST}@malicious.com/app")}, "has a digest of an algorithm"),
    (
        "one of two elsewhere",
        _containers(PINNED, _at("docker.io/app")),
        f"containers[1].image: '{_at('docker.io/app')}'",
    ),
    ("init elsewhere", _containers(PINNED, initContainers=_at("quay.io/app")), "initContainers[0].image"),
    (
        "ephemeral elsewhere",
        _containers(PINNED, ephemeralContainers=_at("quay.io/app")),
        "ephemeralContainers[0].image",
    ),
    ("two elsewhere", _containers(_at("a.example.com/x"), _at("b.example.com/x")), "a.example.com", "b.example.com"),
)

REGISTRY = (
    *ALLOW_LIST,
    *table(
        POD_TYPE,
        POD,
        ("another digest", {_IMAGE: _at(f"{_HOST}/app", _OTHER)}, "has a digest that is not in the catalog"),
        (
            "another image's digest",
            {_IMAGE: _at(f"{_HOST}/vllm/vllm-openai", _OTHER)},
            "digest that is not in the catalog",
        ),
        ("a tag", {_IMAGE: f"{_HOST}/app:v1"}, "has a digest that is not in the catalog"),
        ("tag and digest", {_IMAGE: f"{_HOST}/app:v1@{EXAMPLE_DIGEST}"}),
        (
            "a candidate in prod",
            {_IMAGE: _at(f"{_HOST}/team/trial")},
            "is candidate in the catalog; prod runs approved",
        ),
        ("retired", {_IMAGE: _at(f"{_HOST}/team/old")}, "is retired in the catalog; prod runs approved"),
        ("image not known", {_IMAGE: UNKNOWN_VALUE}, f"spec.containers[0].image: is {_NOT_KNOWN}"),
        ("spec not known", {"spec": UNKNOWN_VALUE}, f"spec: is {_NOT_KNOWN}"),
        (
            "image volume",
            {"spec volumes": [{"name": "m", "image": {"reference": _at("quay.io/m")}}]},
            "volumes[0].image",
        ),
    ),
    *table(
        POD_TYPE,
        POD,
        ("a candidate in dev", {_IMAGE: _at(f"{_HOST}/team/trial")}),
        (
            "retired in dev",
            {_IMAGE: _at(f"{_HOST}/team/old")},
            "is retired in the catalog; dev runs approved and candidate",
        ),
        world=dataclasses.replace(WORLD, environment="dev"),
    ),
    *table(
        POD_TYPE,
        POD,
        ("below the registry's path", {_IMAGE: _at(f"{_HOST}/mirror/app")}),
        ("beside the registry's path", {_IMAGE: PINNED}, "does not come from registry.kitchen.example/mirror"),
        ("a longer path", {_IMAGE: _at(f"{_HOST}/mirrormalicious/app")}, "does not come from"),
        world=dataclasses.replace(WORLD, settings={"registry": f"{_HOST}/mirror"}),
    ),
    *table(
        POD_TYPE,
        POD,
        ("no registry in the settings", {}, "cannot be approved: the settings name no registry (kitchen:registry)"),
        world=World(),
    ),
    *table(
        RUNTIME_TYPE, RUNTIME, ("a runtime", {}), ("a runtime elsewhere", {_IMAGE: _at("a.example.com/x")}, _ELSEWHERE)
    ),
    *table(
        SERVICE_TYPE,
        SERVICE,
        ("a service", {}),
        ("weights as an image", {"spec predictor model storageUri": f"oci://{_at('a.example.com/m')}"}, "storageUri"),
    ),
    *table(POD_TYPE, GPU_POD, ("a server", {})),
    *table(
        POD_TYPE,
        POD,
        (
            "an entry without a digest approves nothing",
            {_IMAGE: f"{_HOST}/app"},
            "has a digest that is not in the catalog",
        ),
        world=dataclasses.replace(WORLD, images={"app": {"repository": "app", "state": "approved"}}),
    ),
    Sample(
        name="images of KServe's settings that cannot be read",
        resource_type="kubernetes:core/v1:ConfigMap",
        inputs={
            "apiVersion": "v1",
            "kind": "ConfigMap",
            "metadata": {"name": "inferenceservice-config"},
            "data": {"agent": "{"},
        },
        says=("data.agent: cannot be read, so its images cannot be seen",),
    ),
    Sample(
        name="another provider's image", resource_type="docker:index/container:Container", inputs={"image": "nginx"}
    ),
)

_GADGET = {"apiVersion": "example.com/v1", "kind": "Gadget", "metadata": {"name": "sample"}, "spec": {"size": 1}}
_ROUTE = {**_GADGET, "apiVersion": "gateway.networking.k8s.io/v1", "kind": "HTTPRoute"}
UNKNOWN_PLACES = (
    *table(
        "kubernetes:example.com/v1:Gadget",
        _GADGET,
        ("any kind, all known", {}),
        (
            "any key of a kind that is not known",
            {"spec engine": UNKNOWN_VALUE},
            f"spec.engine: an image here is {_NOT_KNOWN}",
        ),
        ("deep in it", {"spec a": [{"b": UNKNOWN_VALUE}]}, "spec.a[0].b: an image here is"),
        ("beside the spec", {"options": UNKNOWN_VALUE}, "options: an image here is"),
        ("its name", {"metadata name": UNKNOWN_VALUE}),
        ("a container's variables", {"spec containers": [{**container(), "env": UNKNOWN_VALUE}]}),
        ("told once", {"spec template": UNKNOWN_VALUE}, "spec.template: an image here is"),
    ),
    *table(
        "kubernetes:example.com/v1:ConfigMap",
        {**_GADGET, "kind": "ConfigMap"},
        ("a kind of a familiar name", {"spec image": "nginx:latest"}, "spec.image: 'nginx:latest'"),
    ),
    *table(
        "kubernetes:gateway.networking.k8s.io/v1:HTTPRoute",
        _ROUTE,
        ("a kind without images", {"spec rules": UNKNOWN_VALUE}),
    ),
    *table(
        "kubernetes:keda.sh/v1alpha1:ScaledJob",
        {**_GADGET, "apiVersion": "keda.sh/v1alpha1", "kind": "ScaledJob"},
        ("a kind with images beside such", {"spec jobTargetRef": UNKNOWN_VALUE}, "spec.jobTargetRef: an image here is"),
    ),
    *table(
        SERVICE_TYPE,
        SERVICE,
        ("old form of a model", {"spec predictor sklearn": UNKNOWN_VALUE}, "spec.predictor.sklearn: an image here is"),
    ),
    *table(
        DEPLOYMENT_TYPE,
        DEPLOYMENT,
        ("annotations", {"spec template metadata annotations": UNKNOWN_VALUE}, "annotations: an image here is"),
    ),
)

_GIT = "https://git.kitchen.example/platform/kitchen.git"
_SOURCE = {"repoURL": _GIT, "path": "rendered/prod"}
_APPLICATION = {
    "apiVersion": "argoproj.io/v1alpha1",
    "kind": "Application",
    "metadata": {"name": "sample", "namespace": "argocd"},
    "spec": {"source": _SOURCE},
}
_SET = {
    **_APPLICATION,
    "kind": "ApplicationSet",
    "spec": {"generators": [{"list": {"elements": []}}], "template": {"spec": {"source": _SOURCE}}},
}
_FLUX = {**_APPLICATION, "apiVersion": "source.toolkit.fluxcd.io/v1", "kind": "GitRepository", "spec": {"url": _GIT}}
_STRANGER = "https://git.example.com/x.git"
_IS_STRANGER = f"'{_STRANGER}' is no repository that is named"
_ARGO_TYPE = "kubernetes:argoproj.io/v1alpha1:Application"
_CONFIG = {"gitRepositories": [_GIT]}

ELSEWHERE = (
    *table(
        _ARGO_TYPE,
        _APPLICATION,
        ("a named repository", {}),
        ("another one", {"spec source repoURL": _STRANGER}, f"spec.source: {_IS_STRANGER}"),
        (
            "one with a key in its address",
            {"spec source repoURL": "https://bot:canary-in-secret@git.example.com/x.git"},
            "'https://...@git.example.com/x.git' is no repository that is named",
        ),
        ("a longer name", {"spec source repoURL": f"{_GIT}x"}, "is no repository that is named"),
        ("a chart", {"spec source chart": "app"}, "spec.source: the chart 'app' is rendered on the cluster"),
        (
            "a chart as OCI",
            {"spec source repoURL": "oci://registry.kitchen.example/charts"},
            "is rendered on the cluster",
        ),
        ("one of many", {"spec sources": [_SOURCE, {**_SOURCE, "chart": "app"}]}, "spec.sources[1]: the chart 'app'"),
        ("an operation's", {"operation": {"sync": {"source": {"repoURL": _STRANGER}}}}, "operation.sync.source"),
        ("dry source", {"spec sourceHydrator drySource repoURL": _STRANGER}, "spec.sourceHydrator.drySource"),
        ("source not known", {"spec source": UNKNOWN_VALUE}, f"spec.source: is {_NOT_KNOWN}"),
        ("repository not known", {"spec source repoURL": UNKNOWN_VALUE}, f"spec.source: is {_NOT_KNOWN}"),
        ("chart not known", {"spec source chart": UNKNOWN_VALUE}, f"spec.source: is {_NOT_KNOWN}"),
        ("spec not known", {"spec": UNKNOWN_VALUE}, f"spec: is {_NOT_KNOWN}"),
        config=_CONFIG,
    ),
    *table(_ARGO_TYPE, _APPLICATION, ("nothing is named", {}, "is no repository that is named")),
    *table(
        "kubernetes:argoproj.io/v1alpha1:ApplicationSet",
        _SET,
        ("a set", {}),
        (
            "a set's repository of many names",
            {"spec template spec source repoURL": "{{.url}}"},
            "'{{.url}}' is no repo",
        ),
        (
            "a set's generator",
            {"spec generators 0": {"git": {"repoURL": _STRANGER}}},
            f"generators[0].git: {_IS_STRANGER}",
        ),
        ("a set's patch", {"spec templatePatch": "spec: {}"}, "spec.templatePatch: 'spec: {}' is no repository"),
        ("generators not known", {"spec generators": UNKNOWN_VALUE}, f"spec.generators: is {_NOT_KNOWN}"),
        config=_CONFIG,
    ),
    *table(
        "kubernetes:source.toolkit.fluxcd.io/v1:GitRepository",
        _FLUX,
        ("Flux", {}),
        ("Flux from elsewhere", {"spec url": _STRANGER}, _IS_STRANGER),
        ("Flux from where is not known", {"spec url": UNKNOWN_VALUE}, f"spec: is {_NOT_KNOWN}"),
        config=_CONFIG,
    ),
    *table(
        "kubernetes:source.toolkit.fluxcd.io/v1:HelmRepository",
        {**_FLUX, "kind": "HelmRepository"},
        ("Flux with charts", {}, "the chart 'HelmRepository' is rendered on the cluster"),
        config=_CONFIG,
    ),
    Sample(name="another kind", resource_type=POD_TYPE, inputs=POD),
)

SAMPLES = {
    "images-from-the-registry": REGISTRY,
    "images-pinned-by-digest": UNKNOWN_PLACES,
    "rendered-elsewhere": ELSEWHERE,
}
