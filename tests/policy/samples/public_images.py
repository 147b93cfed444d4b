"""Public cases of images, see `tests.policy.support.public`: digests and registries.

Where a case is about a registry, its images have a digest of the catalog. Cases of images that a policy leaves out by
name are not here: an exemption of this pack names an object, and test_samples.py tries it for each rule.
"""

from __future__ import annotations

from typing import Any

from tests.policy.support.objects import VLLM, container
from tests.policy.support.public import BAD, GOOD, IN_CRON_JOB, IN_DEPLOYMENT, IN_POD, Place, cases
from tests.policy.support.sample import EXAMPLE_DIGEST, PINNED

_HOST = "registry.kitchen.example"
_ELSEWHERE = f"does not come from {_HOST}"
_STRANGER = "repository that is not in the catalog"
_BARE = "has neither tag nor digest"
_TAG = "is named by the tag"
_CONTROLLERS = {"deployment": IN_DEPLOYMENT, "cron job": IN_CRON_JOB}


def _at(name: str, digest: str = EXAMPLE_DIGEST) -> str:
    return f"{name}@{digest}"


def _images(*images: str, init: tuple[str, ...] = (), ephemeral: tuple[str, ...] = ()) -> dict[str, Any]:
    """The containers of a pod, by image."""
    lists = {"containers": images, "initContainers": init, "ephemeralContainers": ephemeral}
    return {
        group: [container(f"{group.lower()}-{index}", image) for index, image in enumerate(found)]
        for group, found in lists.items()
        if found
    }


_CHECKSUM = "kyverno require-image-checksum"
_CHECKSUMS = (
    *cases(
        _CHECKSUM,
        IN_POD,
        (GOOD, "the same digest twice", _images(PINNED, PINNED)),
        (GOOD, "two digests", _images(PINNED, VLLM)),
        (GOOD, "init containers too", _images(PINNED, VLLM, init=(PINNED, VLLM))),
        (GOOD, "a container for debugging, digested", _images(PINNED, ephemeral=(VLLM,))),
        (BAD, "one tagged, one digested", _images("x:1", PINNED), f"containers[0].image: 'x:1' {_TAG} 1"),
        (BAD, "no tag, and latest", _images("x", "x:latest"), _BARE, f"{_TAG} latest"),
        (
            BAD,
            "tagged init containers",
            _images("x:1", PINNED, init=("x:1", "y:3")),
            "spec.containers[0]",
            "initContainers[0]",
            "initContainers[1]",
        ),
        (BAD, "an init container without tag", _images(PINNED, init=("x",)), f"initContainers[0].image: 'x' {_BARE}"),
        (BAD, "a container for debugging", _images(PINNED, ephemeral=("x",)), "ephemeralContainers[0].image"),
    ),
    *cases(
        _CHECKSUM,
        IN_DEPLOYMENT,
        (GOOD, "a deployment, digested", _images(PINNED, VLLM)),
        (BAD, "a deployment, an init container without tag", _images(PINNED, init=("x",)), "initContainers[0].image"),
        (BAD, "a deployment, the first tagged", _images("x:1", PINNED), "spec.template.spec.containers[0].image"),
    ),
    *cases(
        _CHECKSUM,
        IN_CRON_JOB,
        (GOOD, "a cron job, digested", _images(PINNED, VLLM)),
        (BAD, "a cron job without tags", _images("x", init=("x",)), "containers[0].image", "initContainers[0].image"),
        (BAD, "a cron job, the second latest", _images(PINNED, "x:latest"), "template.spec.containers[1].image"),
    ),
)

_LATEST = "kyverno disallow-latest-tag"
_TAGS = (
    *cases(
        _LATEST,
        IN_POD,
        (GOOD, "tagged", _images("x:1.12", init=("x:1.12",)), f"{_TAG} 1.12", f"{_TAG} 1.12"),
        (BAD, "no tag", _images("x", init=("x",)), _BARE, _BARE),
        (
            BAD,
            "the second without tag",
            _images("x:1", "y", init=("x:1", "y")),
            "spec.containers[0]",
            f"'y' {_BARE}",
            "spec.initContainers[0]",
            f"'y' {_BARE}",
        ),
        (BAD, "latest", _images("x:latest", init=("x:latest",)), f"{_TAG} latest", f"{_TAG} latest"),
        (BAD, "the second latest", _images("x:1", "y:latest"), f"{_TAG} 1", f"{_TAG} latest"),
        (BAD, "the first latest", _images("x:latest", "y:1"), f"{_TAG} latest", f"{_TAG} 1"),
    ),
    *cases(
        _LATEST,
        IN_DEPLOYMENT,
        (GOOD, "a deployment, tagged", _images("x:1", init=("x:1",)), f"{_TAG} 1", f"{_TAG} 1"),
        (BAD, "a deployment without tags", _images("x", init=("x",)), _BARE, _BARE),
        (BAD, "a deployment of latest", _images("x:latest", init=("x:latest",)), _TAG, _TAG),
    ),
    *cases(
        "gatekeeper disallowedtags",
        IN_POD,
        (GOOD, "tagged", _images("opa/x:0.9"), f"{_TAG} 0.9"),
        (GOOD, "latest of listed names", _images("opa/a:latest", "opa/b:latest"), _TAG, _TAG),
        (BAD, "no tag", _images("opa/x"), _BARE),
        (BAD, "latest", _images("opa/x:latest"), f"{_TAG} latest"),
        (BAD, "a port, and no tag", _images("name:443/opa"), _BARE),
        (BAD, "latest for debugging", _images(PINNED, ephemeral=("x:latest",)), "ephemeralContainers[0]"),
        (BAD, "latest, some of them listed", _images(*(f"opa/{name}:latest" for name in "abcd")), *[_TAG] * 4),
    ),
)

_DIGESTS_POLICY = "gatekeeper imagedigests"


def _inline(place: str, group: str) -> tuple[Any, ...]:
    """The policy's own unit cases, which it runs for containers and again for init containers."""

    def images(*found: str) -> dict[str, Any]:
        return _images(*found) if group == "containers" else _images(PINNED, init=found)

    odd = (_at("x", "multihash+base58:QmSample"), _at("x", "sha256+b64u:LCa0a2j_xo"))
    return cases(
        _DIGESTS_POLICY,
        IN_POD,
        (GOOD, f"{place}, digested", images(PINNED)),
        (GOOD, f"{place}, tag and digest", images(f"{_HOST}/app:v1@{EXAMPLE_DIGEST}")),
        (GOOD, f"{place}, both registered algorithms", images(PINNED, _at("x", f"sha512:{'1' * 128}"))),
        (GOOD, f"{place}, algorithms that are not registered", images(*odd), "an algorithm that", "an algorithm that"),
        (BAD, f"{place}, tagged", images("x:1"), f"{group}[0].image: 'x:1' {_TAG}"),
        (BAD, f"{place}, a tag and a bare name", images("x:1", "y"), _TAG, _BARE),
        (BAD, f"{place}, digested and tagged", images(PINNED, "x:1"), f"{group}[1].image"),
    )


_DIGESTS = (
    *_inline("containers", "containers"),
    *_inline("init containers", "initContainers"),
    *cases(
        _DIGESTS_POLICY,
        IN_POD,
        (BAD, "container and init container", _images("x:1", init=("y:1",)), ".containers[0]", "initContainers[0]"),
        (
            BAD,
            "one of each kind",
            _images("x:1", init=("y:1",), ephemeral=("z:1",)),
            "spec.containers[0]",
            "initContainers[0]",
            "ephemeralContainers[0]",
        ),
    ),
    *cases(
        "gatekeeper aiapprovedmodelregistry",
        IN_POD,
        (
            GOOD,
            "a digest by its form",
            _images(_at(f"{_HOST}/app:v2", "sha256:abc123def456")),
            "sha256 digest that is not 64",
        ),
        (BAD, "a tag alone", _images(f"{_HOST}/app:v2"), f"{_TAG} v2"),
    ),
)

_REGISTRIES_POLICY = "kyverno restrict-image-registries"
_SECOND = _at("second.kitchen.example/app")
_BARE_NAME = _at("x")
_FOREIGN = _at("quay.example.com/app")


def _of_controllers(name: str, place: Place) -> tuple[Any, ...]:
    return cases(
        _REGISTRIES_POLICY,
        place,
        (GOOD, f"a {name} of allowed images", _images(PINNED, VLLM, init=(VLLM, PINNED))),
        (
            BAD,
            f"a {name} without registry in both lists",
            _images(_BARE_NAME, PINNED, init=(PINNED, _BARE_NAME)),
            f"spec.containers[0].image: '{_BARE_NAME}' {_ELSEWHERE}",
            f"spec.initContainers[1].image: '{_BARE_NAME}' {_ELSEWHERE}",
        ),
        (
            BAD,
            f"a {name}, one container without registry",
            _images(PINNED, _BARE_NAME, init=(PINNED, VLLM)),
            "spec.containers[1]",
        ),
        (
            BAD,
            f"a {name}, one init container without registry",
            _images(PINNED, VLLM, init=(PINNED, _BARE_NAME)),
            "spec.initContainers[1]",
        ),
    )


_REGISTRIES = (
    *cases(
        _REGISTRIES_POLICY,
        IN_POD,
        (GOOD, "an allowed registry", _images(PINNED)),
        (GOOD, "another allowed registry", _images(_SECOND), _ELSEWHERE),
        (GOOD, "one of each", _images(PINNED, _SECOND), f"containers[1].image: '{_SECOND}' {_ELSEWHERE}"),
        (BAD, "no registry", _images(_BARE_NAME), _ELSEWHERE),
        (BAD, "the first of two from elsewhere", _images(_FOREIGN, PINNED), "containers[0]"),
        (BAD, "the second of two from elsewhere", _images(PINNED, _FOREIGN), "containers[1]"),
    ),
    *(case for name, place in _CONTROLLERS.items() for case in _of_controllers(name, place)),
)

_REPOSITORIES_POLICY = "kyverno allowed-image-repos"
_OTHER = _at(f"{_HOST}/other")
_REPOSITORIES = (
    *cases(
        _REPOSITORIES_POLICY,
        IN_POD,
        (GOOD, "a known image", _images(PINNED)),
        (
            GOOD,
            "known names in other folders",
            _images(_at(f"{_HOST}/a/app"), _at("b.example.com/app")),
            _STRANGER,
            _ELSEWHERE,
        ),
        (GOOD, "known images and init containers", _images(PINNED, VLLM, init=(VLLM, PINNED))),
        (BAD, "an unknown image", _images(_OTHER), _STRANGER),
        (BAD, "the second of two unknown", _images(PINNED, _OTHER), f"containers[1].image: '{_OTHER}'"),
        (BAD, "an init container of two unknown", _images(PINNED, init=(_OTHER, VLLM)), "initContainers[0]"),
        (
            BAD,
            "an unknown image beside known init containers",
            _images(PINNED, _at("docker.io/other"), init=(PINNED, VLLM)),
            "containers[1]",
        ),
    ),
    *cases(
        _REPOSITORIES_POLICY,
        IN_DEPLOYMENT,
        (BAD, "a deployment of unknown images", _images(_OTHER, init=(_OTHER,)), ".containers[0]", "initC"),
        (BAD, "a deployment, one unknown in each list", _images(PINNED, _OTHER, init=(_OTHER,)), "rs[1]", "initC"),
    ),
    *cases(
        _REPOSITORIES_POLICY,
        IN_CRON_JOB,
        (BAD, "a cron job, a known init container", _images(_OTHER, init=(PINNED,)), "spec.containers[0]"),
        (BAD, "a cron job, an unknown init container", _images(PINNED, VLLM, init=(_OTHER,)), "initContainers[0]"),
    ),
)

_ALLOWED = tuple(
    case
    for policy in ("gatekeeper allowedrepos", "gatekeeper allowedreposv2")
    for case in cases(
        policy,
        IN_POD,
        (GOOD, "an allowed repository", _images(PINNED, init=(VLLM,))),
        (BAD, "a container of another", _images(_FOREIGN), f"containers[0].image: '{_FOREIGN}' {_ELSEWHERE}"),
        (BAD, "an init container of another", _images(PINNED, init=(_FOREIGN,)), "initContainers[0]"),
        (BAD, "both of another", _images(_FOREIGN, init=(_FOREIGN,)), ".containers[0]", "initContainers[0]"),
        (
            BAD,
            "one of each kind of another",
            _images(_FOREIGN, init=(_FOREIGN,), ephemeral=(_FOREIGN,)),
            ".containers[0]",
            "initContainers[0]",
            "ephemeralContainers[0]",
        ),
        (
            BAD,
            "names with something behind them",
            _images(_at(f"{_HOST}/appmalicious"), PINNED, _at(f"{_HOST}/vllm/vllm-openaimalicious"), VLLM),
            f"containers[0].image: '{_HOST}/appmalicious@",
            f"containers[2].image: '{_HOST}/vllm/vllm-openaimalicious@",
        ),
    )
)
_ALLOWED_V2 = cases(
    "gatekeeper allowedreposv2",
    IN_POD,
    (BAD, "a tag of an image that is listed without", _images(PINNED, f"{_HOST}/app:20.04"), "digest that is not in"),
    (
        BAD,
        "a host and a folder with something behind them",
        _images(_at(f"{_HOST}.malicious.com/app"), _at(f"{_HOST}/vllmmalicious/vllm-openai")),
        _ELSEWHERE,
        _STRANGER,
    ),
)
_MODEL_REGISTRY = cases(
    "gatekeeper aiapprovedmodelregistry",
    IN_POD,
    (GOOD, "tag and digest of the approved registry", _images(f"{_HOST}/app:v2@{EXAMPLE_DIGEST}")),
    (BAD, "another registry", _images(_FOREIGN), _ELSEWHERE),
    (BAD, "an init container of another registry", _images(PINNED, init=(_FOREIGN,)), "initContainers[0]"),
)

SAMPLES = {
    "images-pinned-by-digest": (*_CHECKSUMS, *_TAGS, *_DIGESTS),
    "images-from-the-registry": (*_REGISTRIES, *_REPOSITORIES, *_ALLOWED, *_ALLOWED_V2, *_MODEL_REGISTRY),
}
