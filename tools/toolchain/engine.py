"""The environment in which the engine runs: our tools first on PATH, our plugin folder, nothing downloaded."""

from __future__ import annotations

import contextlib
import os
import shutil
from collections.abc import Sequence
from pathlib import Path

from tools.toolchain import cache
from tools.toolchain.families import FAMILIES
from tools.toolchain.found import folder

_ENGINE = ("pulumi", "language-python")


def environment(names: Sequence[str]) -> dict[str, str]:
    """Return this process's environment with the families' folders first on PATH and Pulumi kept offline.

    Pulumi's plugins come from a plugin folder of our own, so nothing is downloaded and the user's own
    `~/.pulumi` stays untouched.
    """
    env = dict(os.environ)
    folders = {name: str(folder(name)) for name in names if FAMILIES[name].plugin is None}
    if {*_ENGINE} <= set(folders) and (beside := _engine_folder([folder(name) for name in _ENGINE])):
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
    if not all(place.is_relative_to(root) for place in folders):
        return None
    target = root / "pulumi-home" / "-".join(["bin", *(place.name for place in folders)])
    files = [file for place in folders for file in place.iterdir() if file.is_file() and os.access(file, os.X_OK)]
    if all(_is_same(file, target / file.name) for file in files):
        return target
    fresh = target.with_name(f".{target.name}.{os.getpid()}")
    fresh.mkdir(parents=True)
    for file in files:
        os.link(file, fresh / file.name)
    if target.exists():  # its files are those of a family that has been installed anew since
        old = target.with_name(f".{target.name}.{os.getpid()}.old")
        target.rename(old)
        shutil.rmtree(old)
    try:
        fresh.rename(target)
    except OSError:  # another process was faster
        shutil.rmtree(fresh)
    return target


def _is_same(file: Path, link: Path) -> bool:
    return link.exists() and link.samefile(file)


def _pulumi_home(names: Sequence[str]) -> Path:
    """Link the providers where the engine looks for installed plugins; a link is replaced in one rename."""
    home = cache.cache_root() / "pulumi-home"
    for name in names:
        family = FAMILIES[name]
        if family.plugin is None:
            continue
        executable = f"pulumi-resource-{family.plugin}"
        link = home / "plugins" / f"resource-{family.plugin}-v{family.version}" / executable
        target = folder(name) / executable
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
