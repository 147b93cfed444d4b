"""Code that comes into a server beside its image and its flags: by mounts, by where it starts, by caches."""

from __future__ import annotations

from collections.abc import Iterator

from policies.judging.values import JsonValue
from policies.manifests.fields import NOT_KNOWN, Fault, at, listed, shown
from policies.manifests.mounts import Mount, folder, is_home, is_shared, mounts
from policies.manifests.payload_code import SCRIPTS, code_fault
from policies.manifests.pods import Container, Pod
from policies.manifests.servers import Server

_PLACES = ("/usr/", "/opt/", "/lib/", "/lib32/", "/lib64/", "/bin/", "/sbin/", "/storage-initializer/", "/ko-app/")
_OF_SERVERS = ("/vllm-workspace/", "/workspace/", "/app/")
_OF_IMAGE = (*_PLACES, *_OF_SERVERS, "/root/", "/home/")
_PARTS = (
    *("/.local/", "/etc/alternatives/", "/etc/python"),
    *("site-packages", "dist-packages", "/etc/ld.so", "/.local/lib", "/etc/profile", "/etc/bash", "/etc/environment"),
    *("/.bashrc", "/.bash_profile", "/.bash_login", "/.profile", "/etc/nccl.conf", "/.nccl.conf", "/etc/OpenCL"),
)
_CACHES = ("/.cache/", "/.triton/", "/.nv/", "/.config/", "/.vllm/")
"""Folders of compiled code and settings below a home folder, which servers load as they lie there."""

PACKAGED = (f"{SCRIPTS}/", "/etc/kitchen/adapters/", "/etc/kitchen/base-model/")


_DATA = (
    *("/mnt/", "/data/", "/models/", "/etc/kitchen/", "/run/kitchen/", "/run/secrets/", "/var/run/secrets/"),
    *("/secrets/", "/certs/", "/etc/ssl/certs/", "/etc/certs/", "/etc/ca/", "/etc/tls/", "/templates/"),
)
"""Where volumes hold nothing but data: models, certificates, keys, templates of chats. No library looks for code or
settings there unless a flag or a variable leads it, and those are judged. Elsewhere only an emptyDir is clean."""


def place_fault(pod: Pod, container: Container, mount: Mount, known: frozenset[str] = frozenset()) -> str | None:
    """Why what is mounted at a place may be code or settings of some library, or None; `known` are stated places."""
    if not mount.known or mount.place.startswith((*_DATA, *(folder(place) for place in known))):
        return None
    if mount.is_private and not is_shared(pod, container, mount):
        return None
    if mount.volume is None and pod.kind:
        # KServe puts the pod together out of two objects: the volume is judged where it is declared.
        return None
    place = shown(at(mount.spec, "mountPath"))
    return f"{place}, where libraries may find code and settings: mount data at {', '.join(_DATA[:4])} or state it"


def foreign_code(server: Server, known: frozenset[str] = frozenset()) -> Iterator[Fault]:
    """Ways by which a server would run what is not of its image; `known` are further places of data."""
    container = server.container
    found = list(mounts(server.pod, container))
    for mount in found:
        if not isinstance(at(mount.spec, "mountPath"), str):
            yield Fault(path=mount.path, text=NOT_KNOWN)
        elif holds_code(mount.place, whole=server.is_vllm):
            place = at(mount.spec, "mountPath")
            yield Fault(path=f"{mount.path}.mountPath", text=f"{shown(place)}, where the image has its code")
        elif server.is_vllm and _is_kept_cache(server, mount):
            text = (
                "holds caches of compiled code, loaded as they lie there: only an emptyDir of this container is its own"
            )
            yield Fault(path=f"{mount.path}.mountPath", text=text)
        elif server.is_vllm and (strange := place_fault(server.pod, container, mount, known)):
            yield Fault(path=f"{mount.path}.mountPath", text=strange)
    for path, _ in listed(at(server.pod.spec, "inputs", "artifacts"), f"{server.pod.path}.inputs.artifacts"):
        if server.is_vllm:
            yield Fault(path=path, text="puts files into the server's container that nothing compares")
    own = container.spec.get("workingDir")
    fault = None if own in (None, "") else _folder_fault(server.pod, container, own, found)
    if fault:
        yield Fault(path=f"{container.path}.workingDir", text=fault)
    for place in server.flags.folders:
        fault = _folder_fault(server.pod, container, place, found)
        if fault is None and not folder(str(place)).startswith(_OF_IMAGE) and place != "/":
            fault = f"{shown(place)}, which is no folder of the image's"
        if fault:
            yield Fault(path=server.path, text=f"goes to a folder that {fault}")


def _folder_fault(pod: Pod, container: Container, place: JsonValue, found: list[Mount]) -> str | None:
    """Why Python would take other code than the image's from the folder that it starts in, or None."""
    if not isinstance(place, str):
        return f"{shown(place)}, from where Python takes code first"
    if place == SCRIPTS:
        return code_fault(pod, container, place)
    inside = folder(place)
    mounted = any(not m.known or inside.startswith(m.place) or m.place.startswith(inside) for m in found)
    return f"{shown(place)}, from where Python takes code first" if mounted else None


def holds_code(place: str, *, whole: bool = True) -> bool:
    """Whether an image has code in, below or above a folder; `whole` with those that only vLLM's images use so."""
    places = (*_PLACES, *_OF_SERVERS) if whole else _PLACES
    return place in ("/", "/etc/") or place.startswith(places) or any(part in place for part in _PARTS)


def _is_kept_cache(server: Server, mount: Mount) -> bool:
    """Whether a cache's folder lies where others may have written; a volume of another object is judged there."""
    if not (any(part in mount.place for part in _CACHES) or is_home(mount.place)) or mount.volume is None:
        return False
    return not mount.is_private or is_shared(server.pod, server.container, mount)
