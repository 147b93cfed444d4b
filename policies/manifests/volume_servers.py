"""Servers from which the node takes what a PersistentVolume holds: the node goes there, past every network policy."""

from __future__ import annotations

from collections.abc import Iterator

from policies.judging.values import UNKNOWN, JsonValue
from policies.manifests.fields import at, listed

_ATTRIBUTES = ("server", "source", "monitors", "targetPortal", "mgsAddress", "mountServer")
"""Attributes by which drivers of CSI are told a server."""


def servers_of(spec: JsonValue) -> Iterator[tuple[str, JsonValue]]:
    """Path and host of each server that a PersistentVolume names; UNKNOWN where it is not known."""
    for keys in (("nfs", "server"), ("iscsi", "targetPortal")):
        yield from _host(at(spec, *keys), f"spec.{'.'.join(keys)}")
    for field in ("cephfs", "rbd"):
        for path, monitor in listed(at(spec, field, "monitors"), f"spec.{field}.monitors"):
            yield from _host(monitor, path)
    attributes = at(spec, "csi", "volumeAttributes")
    for name in _ATTRIBUTES:
        yield from _host(at(attributes, name), f"spec.csi.volumeAttributes.{name}")


def _host(value: JsonValue, path: str) -> Iterator[tuple[str, JsonValue]]:
    """The host alone: `//host/share` of SMB, `host:port`, several with commas."""
    if value is UNKNOWN:
        yield path, UNKNOWN
    elif value is not None:
        for part in str(value).split(","):
            host = part.strip().removeprefix("//").partition("/")[0]
            yield path, host if host.count(":") > 1 else host.partition(":")[0]
