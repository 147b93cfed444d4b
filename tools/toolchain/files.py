"""Files on a server, each with the sum that decides whether it is used, as the two YAML files name them."""

from __future__ import annotations

import re
import urllib.parse
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

import yaml

from tools.toolchain.errors import ToolchainError
from tools.toolchain.family import Family

DIGITS = {"sha256": 64, "sha512": 128}
"""The sums that are understood, and how many hexadecimal digits each has."""

_HOST_SCRIPTS = ("pulumi-language-python-exec", "pulumi-resource-pulumi-python")


@dataclass(frozen=True, kw_only=True)
class RemoteFile:
    """A `.tar.gz`, or with a `name` one plain executable; `said_by` is the document that its sum comes from."""

    url: str
    algorithm: str
    digest: str
    said_by: str
    name: str = ""

    @property
    def host(self) -> str:
        """Host and port, as they stand in the address."""
        return urllib.parse.urlsplit(self.url).netloc.rpartition("@")[2]

    @property
    def label(self) -> str:
        """The last part of the address, for progress lines."""
        return PurePosixPath(urllib.parse.urlsplit(self.url).path).name or self.host


def executables(family: Family) -> frozenset[str]:
    """File names that a family's archive may bring as executables."""
    extra = _HOST_SCRIPTS if family.name == "language-python" else ()
    return frozenset({*(binary.name for binary in family.binaries), *extra})


def data_folders(family: Family) -> frozenset[str]:
    """Folders of a family's data files, relative to its own."""
    return frozenset(files.target for source in family.data for files in source.files)


def families_of(path: Path, example: str) -> dict[str, object]:
    """Read the mapping below `families` of a YAML file; raise ToolchainError if it is none."""
    try:
        content = yaml.safe_load(path.read_text()) or {}
    except (OSError, yaml.YAMLError, ValueError) as error:
        raise ToolchainError(f"{path}: not readable as YAML: {error}") from error
    entries = content.get("families") if isinstance(content, dict) else None
    if not isinstance(entries, dict):
        raise ToolchainError(f"{path}: families: rule: a mapping of tool family to what it consists of; {example}")
    return {str(name): entry for name, entry in entries.items()}


def file_faults(where: str, entry: object, family: Family, more: frozenset[str] = frozenset()) -> Iterator[str]:
    """Say what is wrong with one entry: keys other than `url`, `name`, a sum and `more`, and their values."""
    if not isinstance(entry, dict):
        yield f"{where}: {entry!r}; rule: a mapping with url and sha256"
        return
    for key in entry:
        if key not in {"url", "name", *DIGITS, *more}:
            yield f"{where}.{key}: unknown key"
    if urllib.parse.urlsplit(str(entry.get("url", ""))).scheme not in ("http", "https"):
        yield f"{where}.url: {str(entry.get('url', ''))!r}; rule: an http or https address"
    if "name" in entry and entry["name"] not in executables(family):
        known = ", ".join(sorted(executables(family))) or "none, its files come in a .tar.gz"
        yield f"{where}.name: {entry['name']!r}; rule: an executable of this family: {known}"
    yield from _sum_faults(where, entry)


def _sum_faults(where: str, entry: Mapping[str, Any]) -> Iterator[str]:
    given = [key for key in DIGITS if entry.get(key) is not None]
    if not given:
        yield f"{where}.sha256: missing; rule: no checksum, no use"
    elif len(given) > 1:
        yield f"{where}: sha256 and sha512; rule: one of them"
    elif not re.fullmatch(rf"[0-9a-f]{{{DIGITS[given[0]]}}}", str(entry[given[0]])):
        key = given[0]
        yield f"{where}.{key}: {str(entry[key])!r}; rule: {DIGITS[key]} lower-case hexadecimal digits"


def file_from(entry: Mapping[str, Any], said_by: str) -> RemoteFile:
    """Make the file of an entry without faults."""
    algorithm = next(key for key in DIGITS if entry.get(key) is not None)
    return RemoteFile(
        url=str(entry["url"]),
        algorithm=algorithm,
        digest=str(entry[algorithm]),
        said_by=said_by,
        name=str(entry.get("name", "")),
    )
