"""Finds a tool family that is ready for use: on PATH, or in the cache as it was installed."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from tools.toolchain import cache, onpath, sums
from tools.toolchain.errors import ToolchainError
from tools.toolchain.families import FAMILIES
from tools.toolchain.family import Family


@dataclass(frozen=True, kw_only=True)
class Provided:
    """A tool family that is there; `source` is `path`, `mirror`, `official` or `build`.

    `damage` says what is wrong with its files, "" if nothing is.
    """

    family: str
    version: str
    source: str
    folder: Path
    damage: str = ""


def family_of(name: str) -> Family:
    """Return a family by its name; raise ToolchainError for an unknown one."""
    if name not in FAMILIES:
        raise ToolchainError(f"{name}: unknown tool family; rule: one of {', '.join(FAMILIES)}")
    return FAMILIES[name]


def look_up(name: str, *, thorough: bool = False) -> Provided | None:
    """Return the family if it is there, else None; raise ToolchainError for an unknown name.

    `thorough` reads every file whole to compare its sum; else files of the right size and time are taken as right.
    """
    family = family_of(name)
    if family.binaries and (found := onpath.find(family)):
        return Provided(family=name, version=found[1], source="path", folder=found[0])
    receipt = cache.receipt(family)
    if receipt is None:
        return None
    folder = cache.folder_of(family)
    return Provided(
        family=name,
        version=receipt["version"],
        source=receipt["source"],
        folder=folder,
        damage=sums.damage(family, folder, receipt, thorough=thorough),
    )


def damaged(name: str, damage: str) -> ToolchainError:
    """The message for files that are not as they were installed."""
    return ToolchainError(
        f"{name}: {damage}; rule: a tool is used only as it was installed; run: make toolchain, which installs "
        f"{name} anew"
    )


def folder(name: str) -> Path:
    """Return where a family lies; raise ToolchainError if it is not provided yet or is damaged."""
    provided = look_up(name)
    if provided is None:
        raise ToolchainError(f"{name}: not installed yet; run: make toolchain")
    if provided.damage:
        raise damaged(name, provided.damage)
    return provided.folder


def binary(name: str) -> Path:
    """Return the path of an executable by its file name; raise ToolchainError if it is not provided yet."""
    for family in FAMILIES.values():
        if any(entry.name == name for entry in family.binaries):
            return folder(family.name) / name
    raise ToolchainError(f"{name}: no tool family has an executable of this name")


def data(name: str) -> Path:
    """Return the folder of a family's data files; raise ToolchainError if it is not provided yet."""
    return folder(name)
