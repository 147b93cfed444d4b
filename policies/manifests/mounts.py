"""Which volume holds a folder of a container."""

from __future__ import annotations

import posixpath
from collections.abc import Iterator
from dataclasses import dataclass

from policies.judging.values import UNKNOWN, JsonValue
from policies.manifests.fields import at, listed
from policies.manifests.pods import Container, Pod

_OWN = ("/tmp", "/root", "/home", "/var/tmp", "/dev/shm", "/run", "/work")  # noqa: S108 (in a pod)
"""Folders of the image, or of nobody, where programs keep what they make while they run."""


@dataclass(frozen=True, kw_only=True)
class Mount:
    """A mount: `place` is its folder with a slash at its end; `volume` is None where the pod has none of its name.

    `known` is False where one of both is not known.
    """

    path: str
    place: str
    spec: JsonValue
    volume: JsonValue
    known: bool = True

    @property
    def name(self) -> JsonValue:
        """Name of its volume."""
        return at(self.spec, "name")

    @property
    def is_private(self) -> bool:
        """Whether it is of the pod alone and empty when the pod starts."""
        return at(self.volume, "emptyDir") is not None

    @property
    def is_read_only(self) -> bool:
        """Whether nothing can be written by it."""
        return at(self.spec, "readOnly") is True or at(self.volume, "persistentVolumeClaim", "readOnly") is True


def mounts(pod: Pod, container: Container) -> Iterator[Mount]:
    """Every mount of a container."""
    volumes = {
        name: volume for _, volume in listed(at(pod.spec, "volumes"), "") if isinstance(name := at(volume, "name"), str)
    }
    hidden = at(pod.spec, "volumes") is UNKNOWN or any(v is UNKNOWN for _, v in listed(at(pod.spec, "volumes"), ""))
    for path, entry in listed(container.spec.get("volumeMounts"), f"{container.path}.volumeMounts"):
        place, name = at(entry, "mountPath"), at(entry, "name")
        volume = volumes.get(name) if isinstance(name, str) else None
        yield Mount(
            path=path,
            place=folder(place) if isinstance(place, str) else "",
            spec=entry,
            volume=volume,
            known=isinstance(place, str) and isinstance(name, str) and not (volume is None and hidden),
        )


def folder(path: str) -> str:
    """A folder as the kernel finds it, from the root and with a slash at its end."""
    found = posixpath.normpath("/" + path.lstrip("/"))
    return found if found == "/" else f"{found}/"


def is_private(pod: Pod, container: Container, path: str) -> bool:
    """Whether a folder is the pod's own: on an emptyDir, or on no volume and where programs keep what they make."""
    wanted = folder(path)
    if ".." in path or not path.startswith("/"):
        return False
    found = list(mounts(pod, container))
    above = [mount for mount in found if not mount.known or wanted.startswith(mount.place)]
    below = [mount for mount in found if mount.place.startswith(wanted) and mount.place != wanted]
    # Below a home folder lie many things; what programs keep there has a name that begins with a dot.
    below = [mount for mount in below if mount.place[len(wanted) :].startswith(".") or not is_home(wanted)]
    if any(not mount.is_private for mount in below):
        return False
    if above:
        holder = max(above, key=lambda mount: len(mount.place))
        return holder.is_private and not is_shared(pod, container, holder)
    return wanted.startswith(tuple(f"{own}/" for own in _OWN))


def is_shared(pod: Pod, container: Container, mount: Mount) -> bool:
    """Whether another container of the pod may write a mount's volume."""
    others = (other for other in pod.containers() if other.path != container.path)
    return any(
        not found.known or (found.name == mount.name and not found.is_read_only)
        for other in others
        for found in mounts(pod, other)
    )


def is_home(place: str) -> bool:
    """Whether a folder is a home, below which programs keep their caches and settings."""
    return place in ("/tmp/", "/root/") or (place.startswith("/home/") and place.count("/") == 3)  # noqa: S108
