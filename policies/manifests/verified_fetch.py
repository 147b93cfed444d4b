"""The containers that compare every sum of what they load (infra/payload), judged as the start of a program is."""

from __future__ import annotations

from collections.abc import Mapping

from policies.judging.values import UNKNOWN, JsonValue
from policies.judging.world import World
from policies.manifests.fields import NOT_KNOWN, at, command_line, environment
from policies.manifests.foreign_code import PACKAGED, holds_code, place_fault
from policies.manifests.hooks import hook_faults
from policies.manifests.models import not_allowed
from policies.manifests.mounts import folder, mounts
from policies.manifests.payload_code import PACKAGE, code_fault, manifest_fault
from policies.manifests.pods import Container, Pod
from policies.manifests.server_variables import value_fault, variables

ADAPTERS = ("fetch_adapters", "reconcile_adapters")
BASE_MODEL = ("load_base_model",)

_OPTIONS: Mapping[str, tuple[str, ...]] = {
    "fetch_adapters": ("--manifest", "--target"),
    "reconcile_adapters": (
        *("--manifest", "--target", "--token", "--store-key", "--space-mib", "--server-port", "--port"),
        *("--interval-seconds", "--keep-seconds"),
    ),
    "load_base_model": ("--manifest", "--models", "--bucket", "--from", "--wait", "--port"),
}
_ALONE = ("--verify-all",)
_VARIABLES = (
    *("AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_S3", "AWS_DEFAULT_REGION", "AWS_REGION", "AWS_ACCESS_KEY_ID"),
    *("AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "AWS_CA_BUNDLE", "AWS_EC2_METADATA_DISABLED"),
)
"""What boto3 takes from the environment and runs nothing by."""


def fetch_fault(world: World, pod: Pod, container: Container, modules: tuple[str, ...]) -> str | None:
    """Why a container is none of these modules, or would run or read something else in their place; else None."""
    words = command_line(container)
    module = next((name for name in modules if words[:3] == ["python3", "-m", f"{PACKAGE}.{name}"]), None)
    if module is None:
        return "starts something else"
    if not _is_of_catalog(world, container.spec.get("image")):
        return "runs in an image that is not approved in the catalog"
    options = _options(words[3:], _OPTIONS[module])
    if isinstance(options, str):
        return options
    return (
        _variable_fault(pod, container)
        or _place_fault(pod, container)
        or manifest_fault(pod, container, options.get("--manifest"))
        or next((fault.text for fault in hook_faults(container)), None)
    )


def target_of(container: Container) -> str:
    """The folder that a verified fetch fills; empty where its words say none."""
    words = [word for word in command_line(container)[3:] if isinstance(word, str)]
    options = _options([*words], (*_OPTIONS["fetch_adapters"], *_OPTIONS["reconcile_adapters"]))
    return options.get("--target", "") if isinstance(options, dict) else ""


def _is_of_catalog(world: World, image: JsonValue) -> bool:
    """Whether an image is, by its digest, one of the catalog that may run."""
    digest = image.rpartition("@")[2] if isinstance(image, str) else None
    known = [entry for entry in world.images.values() if at(entry, "digest") == digest]
    return any(not_allowed(world, entry, "") is None for entry in known)


def _options(words: list[JsonValue], known: tuple[str, ...]) -> dict[str, str] | str:
    """Values by option, or what is wrong."""
    found: dict[str, str] = {}
    index = 0
    while index < len(words):
        word = words[index]
        if word is UNKNOWN or not isinstance(word, str):
            return f"gets a word that {NOT_KNOWN}"
        name, equals, value = word.partition("=")
        index += 1
        if name in _ALONE and not equals:
            continue
        if name not in known or name in found:
            return "gets an option that is not understood"
        if not equals:
            following = words[index] if index < len(words) else None
            if not isinstance(following, str):
                return f"gets a word that {NOT_KNOWN}"
            value = following
            index += 1
        found[name] = value
    return found


def _variable_fault(pod: Pod, container: Container) -> str | None:
    if container.spec.get("envFrom"):
        return "gets variables that cannot be seen"
    for name, value in environment(container).items():
        if name in _VARIABLES:
            continue
        variable = variables().get(name)
        if variable is None or variable.closed or value_fault(pod, container, variable, value):
            return f"gets the variable {name}, which is not understood there"
    return None


def _place_fault(pod: Pod, container: Container) -> str | None:
    own = container.spec.get("workingDir")
    for mount in mounts(pod, container):
        if not mount.place or holds_code(mount.place) or mount.place.startswith("/work/"):
            return "has a volume where its image has its code"
        if place_fault(pod, container, mount):
            return "has a volume where libraries may find code and settings"
    if own in (None, ""):
        return None
    if not isinstance(own, str) or folder(own) not in PACKAGED:
        return "starts in a folder that is not the package's"
    fault = code_fault(pod, container, own)
    return f"starts where other code may lie: workingDir {fault}" if fault else None
