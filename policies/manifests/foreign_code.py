"""Code that comes into a server beside its image and its flags: by variables, by mounts, by where it starts."""

from __future__ import annotations

from collections.abc import Iterator

from policies.judging.values import UNKNOWN, JsonValue
from policies.manifests.fields import NOT_KNOWN, Fault, at, environment, listed, shown
from policies.manifests.pods import Container

SCRIPTS = "/etc/kitchen/hot"
"""Where the hot mode's guard lies: `python3 -m` imports from its working directory."""

_VARIABLES = (
    *("LD_PRELOAD", "LD_AUDIT", "PYTHONPATH", "PYTHONSTARTUP", "PYTHONHOME", "PYTHONUSERBASE", "PYTHONPLATLIBDIR"),
    *("BASH_ENV", "ENV", "PIP_INDEX_URL", "PIP_EXTRA_INDEX_URL"),
)
_PLACES = ("/usr", "/opt", "/lib", "/lib32", "/lib64", "/bin", "/sbin", "/vllm-workspace", "/workspace", "/app")
_PARTS = ("site-packages", "dist-packages", "/etc/ld.so", "/.local/lib", "/etc/profile", "/.bashrc")


def foreign_code(container: Container) -> Iterator[Fault]:
    """Ways by which a server would run what is not of its image."""
    for name, value in environment(container).items():
        if name in _VARIABLES and value != "":
            yield Fault(path=f"{container.path}.env", text=f"sets {name}, which brings code into the server")
    mounts = list(listed(container.spec.get("volumeMounts"), f"{container.path}.volumeMounts"))
    for path, mount in mounts:
        place = at(mount, "mountPath")
        if place is UNKNOWN:
            yield Fault(path=path, text=NOT_KNOWN)
        elif isinstance(place, str) and _holds_code(place.rstrip("/")):
            yield Fault(path=f"{path}.mountPath", text=f"{shown(place)}, where the image has its code")
    folder = container.spec.get("workingDir")
    if folder not in (None, "", SCRIPTS) and (folder is UNKNOWN or _is_mounted(folder, [mount for _, mount in mounts])):
        yield Fault(path=f"{container.path}.workingDir", text=f"{shown(folder)}, from where Python takes code first")


def _holds_code(place: str) -> bool:
    return place in ("", *_PLACES) or place.startswith(tuple(f"{start}/" for start in _PLACES)) or _named(place)


def _named(place: str) -> bool:
    return any(part in f"{place}/" for part in _PARTS)


def _is_mounted(folder: JsonValue, mounts: list[JsonValue]) -> bool:
    """Whether a folder lies in, or holds, what is mounted."""
    inside = f"{str(folder).rstrip('/')}/"
    places = [f"{str(at(mount, 'mountPath')).rstrip('/')}/" for mount in mounts]
    return UNKNOWN in mounts or any(inside.startswith(place) or place.startswith(inside) for place in places)
