"""The program's own Python package in a pod (infra/payload): where it may lie, and that it is the repository's."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any

from policies.judging.subject import entries, mapping
from policies.judging.values import UNKNOWN, JsonValue
from policies.judging.world import CATALOG
from policies.manifests.fields import NOT_KNOWN, Fault, at, shown
from policies.manifests.mounts import Mount, folder, mounts
from policies.manifests.pods import Container, Pod
from policies.reading.own import json_of_python

PACKAGE = "payload"
FOLDER = CATALOG.parent / PACKAGE
SCRIPTS = "/etc/kitchen/hot"
"""Where the hot mode's guard lies: `python3 -m` imports from its working directory."""

MANIFEST = "manifest.json"
"""Key of the ConfigMap that tells the package what to load, and the file's name in the pod."""


@cache
def code() -> Mapping[str, str]:
    """Text of each file of the package; empty where the package does not lie beside the pack."""
    return {path.name: path.read_text(encoding="utf-8") for path in sorted(FOLDER.glob("*.py"))}


def code_fault(pod: Pod, container: Container, place: str) -> str | None:
    """Why what lies in a folder may be other code than the package, or None; nothing mounted there brings none."""
    wanted = folder(place)
    faults = (_mount_fault(mount, wanted, place) for mount in mounts(pod, container))
    return next((fault for fault in faults if fault), None)


def _mount_fault(mount: Mount, wanted: str, place: str) -> str | None:
    if not mount.known:
        return NOT_KNOWN
    if mount.place == wanted:
        return _volume_fault(mount, place)
    if mount.place.startswith(wanted) or wanted.startswith(mount.place):
        return f"{shown(place)}, in which more is mounted: Python takes code from there"
    return None


def _volume_fault(mount: Mount, place: str) -> str | None:
    if at(mount.spec, "subPath") is not None or at(mount.spec, "subPathExpr") is not None:
        return f"{shown(place)}, which is a part of a volume: Python takes code from there"
    items = at(mount.volume, "configMap", "items")
    if not entries(items):
        return f"{shown(place)}, whose volume is no ConfigMap with items: Python takes code from there"
    for item in entries(items):
        key, path = at(item, "key"), at(item, "path")
        if UNKNOWN in (item, key, path):
            return NOT_KNOWN
        if path != (f"{PACKAGE}/{key}" if str(key).endswith(".py") else key) or "/" in str(key):
            return f"{shown(place)}, where the key {key!r} is the file {path!r}: a file there is called as its key"
    return None


def manifest_fault(pod: Pod, container: Container, path: str | None) -> str | None:
    """Why a container may read another list than the one that is judged, or None; `path` is the file that it is told.

    Judged is the key `manifest.json` of every ConfigMap.
    """
    name = None if path is None else path.rpartition("/")[2]
    if name not in (None, MANIFEST):
        return f"is told the file {path!r}, and only {MANIFEST} is judged"
    held = False
    for mount in mounts(pod, container):
        source = at(mount.volume, "configMap")
        renamed = [at(item, "key") for item in entries(at(source, "items")) if str(at(item, "path")).endswith(MANIFEST)]
        if any(key != MANIFEST for key in renamed):
            return f"gets its {MANIFEST} out of another key of the ConfigMap"
        within = path is not None and folder(path).startswith(mount.place)
        if within and (source is None or at(mount.spec, "subPath") not in (None, MANIFEST)):
            return f"is told the file {path!r}, which is not the key {MANIFEST} of a ConfigMap"
        held = held or within
    return None if held or path is None else f"is told the file {path!r}, which lies on no volume of the pod"


def manifest_of(text: JsonValue) -> Any:
    """What a list says; None where it is no JSON, or not known."""
    try:
        return json_of_python(text) if isinstance(text, str) else None
    except ValueError:
        return None


def changed_code(data: JsonValue) -> Iterator[Fault]:
    """Files of the package in a ConfigMap that are not the repository's."""
    found = {key: text for key, text in mapping(data).items() if key in code()}
    # Every package has an __init__.py: alone it is another one's.
    for key, text in found.items() if set(found) - {"__init__.py"} else ():
        if text != code()[key]:
            what = (
                NOT_KNOWN
                if text is UNKNOWN
                else f"is another text than infra/{PACKAGE}/{key}: it would run in its place"
            )
            yield Fault(path=f"data.{key}", text=what)
