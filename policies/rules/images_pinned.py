"""Rule: every image is pinned by digest."""

from __future__ import annotations

from collections.abc import Iterator

from pulumi_policy import Severity

from policies.judging.rule import Case, Rule
from policies.judging.values import UNKNOWN
from policies.manifests.image_reference import unpinned
from policies.manifests.images import FoundImage
from policies.manifests.images_within import images_within

_EXAMPLE = "registry.kitchen.example/vllm/vllm-openai@sha256:<64 lower-case hexadecimal digits>"
_CHARTS = {"Release": "helm.sh/", "HelmRelease": "helm.toolkit.fluxcd.io/", "HelmChart": "helm.cattle.io/"}
"""Kinds whose chart is rendered on the cluster, and the API group of each."""


def judge(case: Case) -> Iterator[str]:
    """Yield one message for each image that is not pinned, or cannot be seen to be."""
    subject = case.subject
    if not subject.is_kubernetes:
        return
    if any(subject.kind == kind and _version(case).startswith(group) for kind, group in _CHARTS.items()):
        yield (
            f"{subject.title}: the images of a Helm release are chosen on the cluster and cannot be seen here; rule: "
            "images are pinned by digest; example: render the chart and declare its objects"
        )
        return
    for found in images_within(subject):
        fault = _fault(found)
        if fault is not None:
            yield f"{subject.title}: {found.path}: {fault}; rule: images are pinned by digest; example: {_EXAMPLE}"


def _version(case: Case) -> str:
    return f"{case.subject.resource_type.removeprefix('kubernetes:').rpartition(':')[0]}"


def _fault(found: FoundImage) -> str | None:
    if found.value is UNKNOWN:
        return "an image here is not known before the update, so it cannot be approved: write it as plain text"
    if not isinstance(found.value, str):
        return "cannot be read as JSON, so its images cannot be seen"
    why = unpinned(found.value)
    return f"{found.value!r} {why}" if why else None


RULE = Rule(
    id="images-pinned-by-digest",
    title="Every image is named by its digest.",
    severity=Severity.CRITICAL,
    reason="A tag can be moved: only a digest says which content was approved and runs.",
    remedy="Write the image as <registry>/<repository>@sha256:<digest>, with the digest of the imported image.",
    reference="https://github.com/opencontainers/image-spec/blob/main/descriptor.md#digests",
    judge=judge,
)
