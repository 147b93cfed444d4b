"""The pinned toolchain: provided once a user, found again in milliseconds.

Sources of a tool family, in this order: a compatible version on PATH, an archive that the mirror file
names with its sha256, a build from pinned Go modules.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from tools.toolchain import build, cache, mirror, onpath
from tools.toolchain.errors import ToolchainError
from tools.toolchain.families import CLUSTER, FAMILIES, PREVIEW, Family
from tools.toolchain.progress import step

__all__ = [
    "CLUSTER",
    "FAMILIES",
    "PREVIEW",
    "Provided",
    "ToolchainError",
    "binary",
    "data",
    "ensure",
    "environment",
    "look_up",
]


@dataclass(frozen=True, kw_only=True)
class Provided:
    """A tool family that is ready for use; `source` is `path`, `mirror` or `build`."""

    family: str
    version: str
    source: str
    folder: Path


def look_up(name: str) -> Provided | None:
    """Return the family if it is ready for use, else None; raise ToolchainError for an unknown name."""
    family = _family(name)
    if family.binaries and (found := onpath.find(family)):
        return Provided(family=name, version=found[1], source="path", folder=found[0])
    receipt = cache.receipt(family)
    if receipt is None:
        return None
    return Provided(family=name, version=receipt["version"], source=receipt["source"], folder=cache.folder_of(family))


def ensure(names: Sequence[str]) -> None:
    """Provide each named family, with progress on standard error; raise ToolchainError if one cannot be."""
    families = [_family(name) for name in names]
    missing = [family for family in families if look_up(family.name) is None]
    archives = mirror.archives() if missing else {}
    for index, family in enumerate(missing, 1):
        with cache.locked(family):
            if cache.receipt(family) is None:
                _install(family, archives.get(family.name), f"[{index}/{len(missing)}]")


def binary(name: str) -> Path:
    """Return the path of an executable by its file name; raise ToolchainError if it is not provided yet."""
    for family in FAMILIES.values():
        if any(entry.name == name for entry in family.binaries):
            return _folder(family.name) / name
    raise ToolchainError(f"{name}: no tool family has an executable of this name")


def data(name: str) -> Path:
    """Return the folder of a family's data files; raise ToolchainError if it is not provided yet."""
    return _folder(name)


_ENGINE = ("pulumi", "language-python")


def environment(names: Sequence[str]) -> dict[str, str]:
    """Return this process's environment with the families' folders first on PATH and Pulumi kept offline.

    Pulumi's plugins come from a plugin folder of our own, so nothing is downloaded and the user's own
    `~/.pulumi` stays untouched.
    """
    env = dict(os.environ)
    folders = {name: str(_folder(name)) for name in names if FAMILIES[name].plugin is None}
    if {*_ENGINE} <= set(folders) and (beside := _engine_folder([_folder(name) for name in _ENGINE])):
        folders |= dict.fromkeys(_ENGINE, str(beside))
    env["PATH"] = os.pathsep.join([*dict.fromkeys(folders.values()), env.get("PATH", "")])
    env["PULUMI_HOME"] = str(_pulumi_home(names))
    env |= {
        "PULUMI_SKIP_UPDATE_CHECK": "true",
        "PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION": "true",
        "PULUMI_DISABLE_AGENT_INSTALL": "true",
        "PULUMI_AUTOMATION_API_SKIP_VERSION_CHECK": "true",
    }
    return env


def _engine_folder(folders: Sequence[Path]) -> Path | None:
    """Put the CLI and its language host side by side, as they are in an official release.

    The CLI looks for its host next to its own resolved path, and warns of one that lies elsewhere. What comes from
    outside the cache stays where it is: None.
    """
    root = cache.cache_root()
    if not all(folder.is_relative_to(root) for folder in folders):
        return None
    target = root / "pulumi-home" / "-".join(["bin", *(folder.name for folder in folders)])
    if target.exists():
        return target
    fresh = target.with_name(f".{target.name}.{os.getpid()}")
    fresh.mkdir(parents=True)
    for folder in folders:
        for file in folder.iterdir():
            if file.is_file() and os.access(file, os.X_OK):
                os.link(file, fresh / file.name)
    try:
        fresh.rename(target)
    except OSError:  # another process was faster
        shutil.rmtree(fresh)
    return target


def _pulumi_home(names: Sequence[str]) -> Path:
    """Link the providers where the engine looks for installed plugins; a link is replaced in one rename."""
    home = cache.cache_root() / "pulumi-home"
    for name in names:
        family = FAMILIES[name]
        if family.plugin is None:
            continue
        executable = f"pulumi-resource-{family.plugin}"
        link = home / "plugins" / f"resource-{family.plugin}-v{family.version}" / executable
        target = _folder(name) / executable
        if link.is_symlink() and link.readlink() == target:
            continue
        link.parent.mkdir(parents=True, exist_ok=True)
        fresh = link.with_name(f".{executable}.{os.getpid()}")
        fresh.unlink(missing_ok=True)
        fresh.symlink_to(target)
        fresh.replace(link)
    _keep_no_engine_log(home)
    return home


_NO_LOG = """\
This file stands where the engine would keep an automatic log of every command: every property,
not encrypted until the stack's secrets provider is known, for half of the time. See docs/adr/0023-no-engine-log.md.
"""


def _keep_no_engine_log(home: Path) -> None:
    """Put a file in the place of the log folder: the engine has no setting for this log, and goes on without it."""
    logs = home / "logs"
    if logs.is_file():
        return
    shutil.rmtree(logs, ignore_errors=True)
    with contextlib.suppress(OSError):  # where nothing can be written there will be no log either
        home.mkdir(parents=True, exist_ok=True)
        logs.write_text(_NO_LOG)


def _install(family: Family, archive: mirror.Archive | None, position: str) -> None:
    source = "mirror" if archive else "build"
    start = time.monotonic()
    verb = "downloading" if archive else "building from pinned modules"
    what = f"{position} {family.name} {family.version}: {verb}"
    with step(what, f"{position} {family.name} {family.version}: ready"), cache.staging(family) as stage:
        if archive:
            mirror.install(family, archive, stage)
        else:
            build.build(family, stage)
        cache.write_receipt(
            stage,
            {
                "family": family.name,
                "version": family.version,
                "source": source,
                "origin": archive.url if archive else "pinned Go modules",
                "sha256": archive.sha256 if archive else None,
                "seconds": round(time.monotonic() - start, 1),
            },
        )


def _folder(name: str) -> Path:
    provided = look_up(name)
    if provided is None:
        raise ToolchainError(f"{name}: not installed yet; run: make toolchain")
    return provided.folder


def _family(name: str) -> Family:
    if name not in FAMILIES:
        raise ToolchainError(f"{name}: unknown tool family; rule: one of {', '.join(FAMILIES)}")
    return FAMILIES[name]
