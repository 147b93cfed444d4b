"""Finds a compatible version of a tool family that the machine already has on PATH."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

from tools.toolchain.cache import cache_root
from tools.toolchain.families import FAMILIES
from tools.toolchain.family import Family

_VERSION = re.compile(r"(\d+)[.-](\d+)[.-](\d+)")
Version = tuple[int, int, int]

_VERSION_ARGS: dict[str, tuple[str, ...]] = {
    "pulumi": ("version",),
    "pulumi-resource-kubernetes": ("-version",),
    "pulumi-resource-random": ("-version",),
    "kube-apiserver": ("--version",),
    "kube-controller-manager": ("--version",),
    "kube-scheduler": ("--version",),
    "etcd": ("--version",),
    "kwok": ("--version",),
    "minio": ("--version",),
}
_HOST_FILES = ("pulumi-language-python", "pulumi-language-python-exec")
_OLDEST_MINIO = (2025, 9, 7)
"""MinIO names its releases by date; this is the oldest one that this project's store tests hold for."""


def parse_version(text: str) -> Version | None:
    """Return the first `major.minor.patch` or date in a text, or None."""
    found = _VERSION.search(text)
    return (int(found[1]), int(found[2]), int(found[3])) if found else None


def same_major_not_older(found: Version, pinned: Version) -> bool:
    """Same major version, and not older than the pin."""
    return found[0] == pinned[0] and found >= pinned


def same_minor(found: Version, pinned: Version) -> bool:
    """Same major and minor version, and not older than the pin."""
    return found[:2] == pinned[:2] and found >= pinned


def recent_minio(found: Version, pinned: Version) -> bool:
    """A release that still has the interfaces that the project uses; the last published one is older than the pin."""
    del pinned
    return found >= _OLDEST_MINIO


_RULES: dict[str, Callable[[Version, Version], bool]] = {
    "pulumi": same_major_not_older,
    "kubernetes-provider": same_minor,
    "random-provider": same_minor,
    "kubernetes": same_minor,
    "kwok": same_minor,
    "minio": recent_minio,
}
"""Families that can tell their version; any other is never taken from PATH."""


def find(family: Family) -> tuple[Path, str] | None:
    """Return the folder and version of a compatible family on PATH, or None.

    All executables of a family must lie in one folder outside this project's cache. The language host belongs to the
    CLI that it lies beside.
    """
    if family.name == "language-python":
        cli = find(FAMILIES["pulumi"])
        return cli if cli is not None and all((cli[0] / name).is_file() for name in _HOST_FILES) else None
    rule = _RULES.get(family.name)
    pinned = parse_version(family.version)
    if rule is None or pinned is None or os.environ.get("KITCHEN_TOOLCHAIN_IGNORE_PATH"):
        return None
    first = shutil.which(family.binaries[0].name)
    if first is None or Path(first).resolve().is_relative_to(cache_root().resolve()):
        return None
    folder = Path(first).resolve().parent
    versions: list[Version] = []
    for binary in family.binaries:
        version = _version_of(folder / binary.name)
        if version is None or (binary.name != "etcd" and not rule(version, pinned)):
            return None
        versions.append(version)
    return folder, ".".join(str(part) for part in versions[0])


def _version_of(path: Path) -> Version | None:
    try:
        done = subprocess.run(
            [str(path), *_VERSION_ARGS[path.name]], capture_output=True, text=True, timeout=20, check=False
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    return parse_version(done.stdout + done.stderr) if done.returncode == 0 else None
