"""Decides where each missing family comes from, before anything is downloaded or built, and says it in one line."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from tools.toolchain import mirror, official, reach
from tools.toolchain.estimate import cores, expected_seconds, minutes_text
from tools.toolchain.family import Family
from tools.toolchain.files import RemoteFile


@dataclass(frozen=True, kw_only=True)
class Choice:
    """The source of one family: `mirror` or `official` with its files, or `build`."""

    family: Family
    source: str
    files: tuple[RemoteFile, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Plan:
    """What a run provides, in order, and lines that a person should read before it starts."""

    choices: tuple[Choice, ...]
    notes: tuple[str, ...] = ()

    @property
    def built(self) -> tuple[str, ...]:
        """The families that are built."""
        return tuple(choice.family.name for choice in self.choices if choice.source == "build")

    @property
    def headline(self) -> str:
        """Name the wait, such as `9 tools to build, about 28 minutes on 2 cores; later runs start in seconds`."""
        if not self.choices:
            return ""
        build, fetch = len(self.built), len(self.choices) - len(self.built)
        parts = [f"{fetch} {_tools(fetch)} to download"] if fetch else []
        if build:
            seconds = sum(expected_seconds(self.built, cores()).values())
            of = "" if fetch else f" {_tools(build)}"
            wait = minutes_text(seconds)
            about = "" if wait.startswith("under") else "about "
            parts.append(f"{build}{of} to build, {about}{wait} on {cores()} {'core' if cores() == 1 else 'cores'}")
        return f"{', '.join(parts)}; later runs start in seconds"


def make(missing: Sequence[Family]) -> Plan:
    """Choose a source for each family: the mirror file's entry, official files, the pinned modules.

    Official files are chosen only where all their hosts answer. Raises ToolchainError for a file or switch out of form.
    """
    if not missing:
        return Plan(choices=())
    named = mirror.archives()
    closed, records = official.asked(), official.on_record()
    open_families = [family for family in missing if family.name not in named and records[family.name].files]
    silent: dict[str, str] = {}
    if not closed:
        silent = reach.silent(file for family in open_families for file in records[family.name].files)
    choices = []
    for family in missing:
        files = records[family.name].files
        if family.name in named:
            choices.append(Choice(family=family, source="mirror", files=named[family.name]))
        elif files and not closed and not any(file.host in silent for file in files):
            choices.append(Choice(family=family, source="official", files=files))
        else:
            choices.append(Choice(family=family, source="build"))
    return Plan(choices=tuple(choices), notes=_notes(closed, silent, choices, open_families))


def _notes(
    closed: str, silent: dict[str, str], choices: Sequence[Choice], open_families: Sequence[Family]
) -> tuple[str, ...]:
    if not open_families:
        return ()
    if closed:
        return (f"official archives are not asked for: {closed}",)
    if not silent:
        return ()
    hosts = "; ".join(f"{host}: {reason}" for host, reason in silent.items())
    built = {choice.family.name for choice in choices if choice.source == "build"}
    names = ", ".join(family.name for family in open_families if family.name in built)
    return (f"{hosts}; built from pinned Go modules instead: {names} ({official.SWITCH}=0 does not ask these hosts)",)


def _tools(count: int) -> str:
    return "tool" if count == 1 else "tools"
