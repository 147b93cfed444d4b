"""Official files of the pinned tools: where they are, their published sums, and whether their hosts are asked.

The file is `official.yaml` beside this module, or the one of the same form that `KITCHEN_TOOLCHAIN_SOURCES` names.
"""

from __future__ import annotations

import os
import platform
import re
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tools.toolchain import mirror
from tools.toolchain.errors import ToolchainError
from tools.toolchain.families import FAMILIES
from tools.toolchain.family import Family
from tools.toolchain.files import RemoteFile, families_of, file_faults, file_from

SWITCH = "KITCHEN_TOOLCHAIN_OFFICIAL"
SOURCES = "KITCHEN_TOOLCHAIN_SOURCES"
PUBLIC_GOPROXY = "proxy.golang.org"
_EXAMPLE = f"example: {SWITCH}=0 builds everything from pinned Go modules"
_MACHINES = {"x86_64": "amd64", "amd64": "amd64", "aarch64": "arm64", "arm64": "arm64"}


@dataclass(frozen=True, kw_only=True)
class Record:
    """A public document that states a sum."""

    repository: str
    path: str
    commit: str
    written: str = ""

    def __str__(self) -> str:
        """The document in one line; the commit in its first twelve digits."""
        note = f" (there {self.written})" if self.written else ""
        return f"{self.repository} {self.path} at {self.commit[:12]}{note}"


@dataclass(frozen=True, kw_only=True)
class Official:
    """What is on record of a family: its files, or `built`, the reason why there are none to take."""

    files: tuple[RemoteFile, ...] = ()
    records: tuple[tuple[Record, ...], ...] = ()
    built: str = ""


def sources_file() -> Path:
    """The file in force."""
    chosen = os.environ.get(SOURCES)
    return Path(chosen) if chosen else Path(__file__).resolve().with_name("official.yaml")


def this_platform() -> str:
    """Name this machine as the files do, such as `linux-amd64`."""
    machine = platform.machine().lower()
    return f"{platform.system().lower()}-{_MACHINES.get(machine, machine)}"


def asked() -> str:
    """Return "" if official hosts may be asked, else why not; raise ToolchainError for a switch out of form."""
    said = os.environ.get(SWITCH, "").strip().lower()
    if said in ("0", "off", "no", "false"):
        return f"{SWITCH}={said}"
    if said in ("1", "on", "yes", "true"):
        return ""
    if said:
        raise ToolchainError(f"{SWITCH}: {said!r}; rule: 1, 0 or not set; {_EXAMPLE}")
    if mirror.mirror_file().exists():
        return f"there is a mirror file; {SWITCH}=1 asks them for what it does not name"
    if PUBLIC_GOPROXY not in (go_proxy() or PUBLIC_GOPROXY):
        return f"GOPROXY names a module mirror of your own; {SWITCH}=1 asks them"
    return ""


def go_proxy() -> str:
    """Return GOPROXY as the go command has it; "" if nothing says it."""
    if said := os.environ.get("GOPROXY"):
        return said
    if shutil.which("go") is None:
        return ""
    done = subprocess.run(["go", "env", "GOPROXY"], text=True, capture_output=True, check=False)
    return done.stdout.strip()


def on_record(path: Path | None = None, machine: str | None = None) -> dict[str, Official]:
    """Read the file for one platform, every family of ours in it; all its faults are one ToolchainError."""
    path, machine = path or sources_file(), machine or this_platform()
    entries = families_of(path, _EXAMPLE)
    faults = [fault for name, entry in entries.items() for fault in _faults(name, entry)]
    faults += [f"families.{name}: missing; rule: files, or built with the reason" for name in FAMILIES.keys() - entries]
    if faults:
        raise ToolchainError("\n".join(f"{path}: {fault}" for fault in faults))
    return {name: _official(family, entries[name], machine) for name, family in FAMILIES.items()}


def _official(family: Family, entry: Any, machine: str) -> Official:
    if "built" in entry:
        return Official(built=str(entry["built"]))
    if str(entry["version"]) != family.version:
        return Official(built=f"the sums on record are those of version {entry['version']}, not of {family.version}")
    found = entry["files"].get(machine)
    if not found:
        return Official(built=f"no sums for {machine} on record, only for {', '.join(entry['files'])}")
    records = tuple(tuple(Record(**record) for record in file["read"]) for file in found)
    return Official(
        files=tuple(file_from(file, str(read[0])) for file, read in zip(found, records, strict=True)),
        records=records,
    )


def _faults(name: str, entry: Any) -> Iterator[str]:
    where = f"families.{name}"
    if name not in FAMILIES:
        yield f"{where}: rule: one of {', '.join(FAMILIES)}"
    elif not isinstance(entry, dict) or set(entry) not in ({"built"}, {"version", "files"}):
        yield f"{where}: rule: `version` and `files`, or `built`"
    elif "files" in entry:
        if not isinstance(entry["files"], dict) or not all(
            isinstance(files, list) for files in entry["files"].values()
        ):
            yield f"{where}.files: rule: a list of files for each platform"
            return
        for machine, files in entry["files"].items():
            for index, file in enumerate(files):
                at = f"{where}.files.{machine}[{index}]"
                yield from file_faults(at, file, FAMILIES[name], frozenset({"read"}))
                yield from _record_faults(f"{at}.read", file.get("read") if isinstance(file, dict) else None)


def _record_faults(where: str, records: object) -> Iterator[str]:
    """Say what is wrong with the documents of a sum: a sum that nobody else states is not used."""
    if not isinstance(records, list) or not records:
        yield f"{where}: missing; rule: where the sum was read: repository, path, commit"
        return
    for index, record in enumerate(records):
        keys = set(record) if isinstance(record, dict) else set()
        if not {"repository", "path", "commit"} <= keys <= {"repository", "path", "commit", "written"}:
            yield f"{where}[{index}]: rule: repository, path, commit, and `written` if it is not hexadecimal there"
        elif not re.fullmatch(r"[0-9a-f]{40}", str(record["commit"])):
            yield f"{where}[{index}].commit: {record['commit']!r}; rule: 40 hexadecimal digits"
