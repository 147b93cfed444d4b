"""Which files are looked at, and their text."""

from __future__ import annotations

import codecs
import os
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from pathlib import Path

from policies.check.errors import CheckError

MAX_FILE_MIB = 64
SUFFIXES = (".yaml", ".yml", ".json")
KUSTOMIZATIONS = ("kustomization.yaml", "kustomization.yml", "Kustomization")
"""Names by which kustomize finds its file, whatever stands in it."""

_MIB = 1024 * 1024


@dataclass(frozen=True, kw_only=True)
class Chosen:
    """The files of some paths without those that a pattern excludes; `unused` are patterns that excluded nothing.

    A pattern is a name or a path, below the folder that was given, of a file or of a folder; `*` in it is any text.
    """

    files: list[Path] = field(default_factory=list)
    unused: list[str] = field(default_factory=list)
    excluded: int = 0


def chosen(paths: Sequence[Path], patterns: Sequence[str], faults: list[str]) -> Chosen:
    """The files of files and folders (all YAML and JSON below them); `-` is standard input.

    What is not there is a line of `faults`.
    """
    used: set[str] = set()
    files: list[Path] = []
    excluded = 0
    for given in paths:
        for file in _files(given, faults):
            hits = {pattern for pattern in patterns if any(fnmatchcase(name, pattern) for name in _names(file, given))}
            used |= hits
            if hits:
                excluded += 1
            else:
                files.append(file)
    return Chosen(files=files, unused=[pattern for pattern in patterns if pattern not in used], excluded=excluded)


def _names(file: Path, given: Path) -> Iterator[str]:
    """The names and paths by which a pattern finds a file: its own, and those of each folder that it lies in."""
    yield file.as_posix()
    below = file.relative_to(given) if file != given else Path(file.name)
    for part in (below, *below.parents[:-1]):
        yield part.as_posix()
        yield part.name


def _files(path: Path, faults: list[str]) -> list[Path]:
    # Also a pipe, as a shell's <(...) is one.
    if str(path) == "-" or (path.exists() and not path.is_dir()):
        return [path]
    if not path.is_dir():
        faults.append(f"{path}: is not there; rule: a file, a folder or - for standard input")
        return []
    unseen: list[OSError] = []
    found = sorted(
        file
        for folder, _, names in os.walk(path, onerror=unseen.append)
        for name in names
        if _is_looked_at(file := Path(folder) / name) and (file.is_file() or not file.exists())
    )
    faults.extend(f"{error.filename}: cannot be read: {error.strerror}" for error in unseen)
    if not found and not unseen:
        faults.append(f"{path}: holds no file that ends in {', '.join(SUFFIXES)}")
    return found


def _is_looked_at(file: Path) -> bool:
    return file.suffix.lower() in SUFFIXES or file.name in KUSTOMIZATIONS


def text_of(path: Path) -> str:
    """The text of a file, or of standard input for `-`; raise CheckError when it cannot be read or is too long."""
    try:
        if str(path) == "-":
            raw = sys.stdin.buffer.read(MAX_FILE_MIB * _MIB + 1)
        else:
            with path.open("rb") as file:
                raw = file.read(MAX_FILE_MIB * _MIB + 1)
    except OSError as error:
        raise CheckError(f"{path}: cannot be read: {error.strerror}") from error
    if len(raw) > MAX_FILE_MIB * _MIB:
        raise CheckError(f"{path}: more than {MAX_FILE_MIB} MiB; rule: at most {MAX_FILE_MIB} MiB a file; split it")
    # kubectl takes UTF-16 as well, as PowerShell writes it, where a mark of the byte order stands first.
    encoding = "UTF-16" if raw.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)) else "UTF-8"
    try:
        return raw.decode(encoding)
    except UnicodeDecodeError as error:
        raise CheckError(f"{path}: is not {encoding} text ({error.reason} at byte {error.start})") from error
