"""Rule: images come out of the approved registry and stand in the catalog."""

from __future__ import annotations

from collections.abc import Iterator

from pulumi_policy import Severity

from policies.judging.rule import Case, Rule
from policies.judging.values import UNKNOWN, JsonValue
from policies.judging.world import World
from policies.manifests.fields import NOT_KNOWN
from policies.manifests.image_reference import ImageReference, ImageReferenceError, parse
from policies.manifests.images_within import images_within

_EXAMPLE = "registry.kitchen.example/vllm/vllm-openai@sha256:<digest of the catalog>"
_RULE = "images come out of the approved registry, with a digest and state that the catalog allows"


def judge(case: Case) -> Iterator[str]:
    """Yield one message for each image that comes from elsewhere or is not in the catalog as it stands."""
    if case.subject.is_kubernetes:
        for found in images_within(case.subject):
            fault = _fault(found.value, case.world)
            if fault:
                yield f"{case.subject.title}: {found.path}: {fault}; rule: {_RULE}; example: {_EXAMPLE}"


def _fault(value: JsonValue, world: World) -> str | None:
    if value is UNKNOWN:
        return NOT_KNOWN
    if not isinstance(value, str):
        return "cannot be read, so its images cannot be seen"
    try:
        reference = parse(value)
    except ImageReferenceError as error:
        return f"{value!r} {error}"
    if world.registry is None:
        return f"{value!r} cannot be approved: the settings name no registry (kitchen:registry)"
    repository = _below(reference, world.registry)
    if repository is None:
        return f"{value!r} does not come from {world.registry}"
    return _unknown_to_catalog(value, repository, reference.digest, world)


def _below(reference: ImageReference, registry: str) -> str | None:
    """The repository's name in the registry; compared by whole components, so no longer name passes for it."""
    parts = "/".join(part for part in (reference.domain, reference.path) if part).split("/")
    prefix = registry.split("/")
    return "/".join(parts[len(prefix) :]) if parts[: len(prefix)] == prefix and len(parts) > len(prefix) else None


def _unknown_to_catalog(value: str, repository: str, digest: str | None, world: World) -> str | None:
    entries = [entry for entry in world.images.values() if entry.get("repository") == repository]
    if not entries:
        return f"{value!r} has a repository that is not in the catalog (infra/catalog/images.yaml)"
    states = [entry.get("state") for entry in entries if digest is not None and entry.get("digest") == digest]
    if not states:
        return f"{value!r} has a digest that is not in the catalog (infra/catalog/images.yaml)"
    wanted = ("approved",) if world.environment == "prod" else ("approved", "candidate")
    if any(state in wanted for state in states):
        return None
    return f"{value!r} is {states[0]} in the catalog; {world.environment} runs {' and '.join(wanted)} ones"


RULE = Rule(
    id="images-from-the-registry",
    title="Every image comes out of the approved registry and stands in the catalog with that digest.",
    severity=Severity.CRITICAL,
    reason="A digest says which content runs, the catalog who has approved it; a retired image must not come back.",
    remedy="Bring the image in, enter it in infra/catalog/images.yaml and name it by the registry's address.",
    reference="https://kubernetes.io/docs/concepts/containers/images/#image-names",
    judge=judge,
)
