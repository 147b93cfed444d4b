"""Which containers are model servers, and the command line of each."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from policies.judging.pace import once
from policies.judging.rule import Case
from policies.judging.subject import Subject, entries
from policies.judging.values import UNKNOWN, JsonValue
from policies.judging.world import World
from policies.manifests.fields import at, command_line
from policies.manifests.flags import Flags, flags_of
from policies.manifests.pod_finder import pods
from policies.manifests.pods import Container, Pod
from policies.manifests.server_flags import ServerFlag, closed_by
from policies.manifests.starts import SHELLS

_STARTS_VLLM = re.compile(r"(?:^|[\s/;&|(])vllm(?:\.[a-z_.]+|\s+serve\b|$)")
_NAMES_VLLM = re.compile(r"(?:^|[\s/;&|(])vllm(?:\.entrypoints|\s+serve\b)")
_OF_KSERVE = ("kserve-container", "main")
_SERVER = "vllm"
"""Name of the server's image in the catalog where a kitchen names no other, and part of such an image's own name."""


@dataclass(frozen=True, kw_only=True)
class Server:
    """A container and its command line; `is_server` where it is, or may be, a model server.

    `is_vllm` where it is known that vLLM reads its flags, so that what vLLM does not know is a fault.
    """

    pod: Pod
    container: Container
    flags: Flags
    is_server: bool
    is_vllm: bool

    @property
    def is_of_kserve(self) -> bool:
        """Whether it is the model's container of an object of KServe's, whatever serves in it."""
        return self.container.group == "model" or (bool(self.pod.kind) and self.container.name in _OF_KSERVE)

    @property
    def is_merged_model(self) -> bool:
        """Whether KServe itself mounts the base model into it, by the address that the service gives."""
        return self.container.group == "model"

    @property
    def path(self) -> str:
        """Where its arguments stand."""
        return f"{self.container.path}.args"

    def values(self, *names: str) -> list[str]:
        """Every value that flags are given, of each time."""
        return [value for name in names for values in entries(self.flags.given.get(name)) for value in values]

    def refused(self, rule: str) -> Iterator[ServerFlag]:
        """Flags of the server that a policy refuses, but for those with a value that opens nothing."""
        for name, flag in closed_by(rule).items():
            given = self.values(name)
            harmless = flag.values is not None and bool(given) and all(map(flag.values.fullmatch, given))
            if self.is_vllm and name in self.flags.given and not harmless:
                yield flag


class Images:
    """The images that are a world's servers, by repository and digest: the catalog's that its kitchens run."""

    def __init__(self, world: World) -> None:
        """Read the catalog's entries, and which of them the settings' kitchens name."""
        names = {_SERVER, *_of_kitchens(world.settings.get("kitchens"))}
        entries_of = {name: entry for name, entry in world.images.items() if isinstance(entry, Mapping)}
        known = [entry for name, entry in entries_of.items() if name in names]
        others = {entry.get("digest") for name, entry in entries_of.items() if name not in names}
        self.repositories = {str(entry["repository"]) for entry in known if entry.get("repository")}
        self.digests = {entry.get("digest") for entry in known} - others - {None}

    def hold(self, image: JsonValue) -> bool:
        """Whether an image is one of them, under whatever name, or is called like one."""
        if not isinstance(image, str):
            return False
        name, _, digest = image.partition("@")
        return (
            _SERVER in name or digest in self.digests or any(f"/{known}:" in f"/{name}:" for known in self.repositories)
        )


_LAST: list[tuple[World, Images]] = []


def images_of(world: World) -> Images:
    """The same, read once for a world: a run has one."""
    if not (_LAST and _LAST[0][0] is world):
        _LAST[:] = [(world, Images(world))]
    return _LAST[0][1]


def _of_kitchens(kitchens: JsonValue) -> Iterator[str]:
    for kitchen in kitchens.values() if isinstance(kitchens, Mapping) else ():
        for said in (kitchen, at(kitchen, "canary")):
            image = at(said, "runtime", "image")
            if isinstance(image, str):
                yield image


def servers(case: Case) -> Iterator[Server]:
    """Every model server of the subject, with its command line, and every other container that is given LoRA flags."""
    yield from (found for found in containers(case) if found.is_server or found.flags.has_lora)


def containers(case: Case) -> tuple[Server, ...]:
    """Every container of the subject, read as a server would be, in the order of its pods."""
    found: tuple[Server, ...] = _containers(case.subject, images_of(case.world))
    return found


@once
def _containers(subject: Subject, images: Images) -> tuple[Server, ...]:
    return tuple(server(images, pod, container) for pod in pods(subject) for container in pod.containers())


def containers_of(case: Case, pod: Pod) -> list[Server]:
    """The containers of one pod of the subject."""
    return [found for found in containers(case) if found.pod.path == pod.path]


def server(images: Images, pod: Pod, container: Container) -> Server:
    """A container as a server."""
    model = container.group == "model"
    called = str(at(container.spec.get("modelFormat"), "name")).lower() if model else ""
    image = images.hold(container.spec.get("image"))
    flags = flags_of(container, runs_vllm=model or image)
    starts = flags.starts_vllm or any(
        isinstance(word, str) and _NAMES_VLLM.search(word) for word in command_line(container)
    )
    return Server(
        pod=pod,
        container=container,
        flags=flags,
        is_server=is_model_server(images, pod, container),
        is_vllm=image or called == _SERVER or (starts and not model),
    )


def is_model_server(images: Images, pod: Pod, container: Container) -> bool:
    """Whether a container is, or may be, a vLLM server: by KServe's names, by its image, or by what it starts.

    With the server's image it is one whatever starts it, and in whichever list it stands: an init container may run on.
    """
    if container.group == "model" or (pod.kind and container.name in _OF_KSERVE):
        return True
    if images.hold(container.spec.get("image")):
        return True
    words = command_line(container)
    if container.group != "initContainers" and UNKNOWN in words and (words[0] is UNKNOWN or _has_shell(words)):
        return True
    return any(_STARTS_VLLM.search(word) for word in words if isinstance(word, str))


def _has_shell(words: list[JsonValue]) -> bool:
    return any(isinstance(word, str) and word.rpartition("/")[2] in (*SHELLS, "env") for word in words)
