"""Kubernetes objects out of YAML and JSON files: strict, bounded, and each with its file and line."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from policies.check.errors import CheckError
from policies.judging.subject import KUBERNETES, Subject

MAX_FILE_MIB = 64
MAX_NODES = 2_000_000
"""Most values of one document with its aliases written out: a few lines of aliases can stand for billions."""

MAX_DEPTH = 500
_NESTING = ("[", "{", "- -", "? ?")
_SUSPECT_MARKS = 5000

SUFFIXES = (".yaml", ".yml", ".json")
_MIB = 1024 * 1024
_BASE: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


@dataclass(frozen=True, kw_only=True)
class Document:
    """An object and where it stands: `line` counts from 1 and is that of its document.

    Protection and secrecy are the engine's: of plain YAML `protect` is not held against it, and what a Secret holds
    counts as secret.
    """

    file: str
    line: int
    subject: Subject
    protect: bool = True
    secrets: frozenset[str] = frozenset()


class _Loader(_BASE):  # type: ignore[misc]  # which base it is, is known at run time only
    """Refuses a key that stands twice: readers differ on which of the two counts."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        """Build a mapping; raise yaml.constructor.ConstructorError for a key that stands twice."""
        keys = [key.value for key, _ in node.value if isinstance(key, yaml.ScalarNode)]
        if len(set(keys)) != len(keys):
            twice = next(key for key in keys if keys.count(key) > 1)
            raise yaml.constructor.ConstructorError(None, None, f"the key {twice!r} stands twice", node.start_mark)
        built: dict[Any, Any] = super().construct_mapping(node, deep=deep)
        return built


def documents(paths: Iterable[Path], faults: list[str]) -> Iterator[Document]:
    """Yield the objects of files and folders (all YAML and JSON below them); `-` is standard input.

    What cannot be read is added to `faults`, one line each, and the rest goes on.
    """
    for path in paths:
        for file in _files(path, faults):
            try:
                yield from _read(file)
            except CheckError as error:
                faults.append(str(error))


def _files(path: Path, faults: list[str]) -> list[Path]:
    # Also a pipe, as a shell's <(...) is one.
    if str(path) == "-" or (path.exists() and not path.is_dir()):
        return [path]
    if not path.is_dir():
        faults.append(f"{path}: is not there; rule: a file, a folder or - for standard input")
        return []
    found = sorted(file for file in path.rglob("*") if file.suffix.lower() in SUFFIXES and file.is_file())
    if not found:
        faults.append(f"{path}: holds no file that ends in {', '.join(SUFFIXES)}")
    return found


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
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise CheckError(f"{path}: is not UTF-8 text ({error.reason} at byte {error.start})") from error


def _read(path: Path) -> Iterator[Document]:
    text = text_of(path)
    loader = _Loader(text)
    try:
        _refuse_abyss(text, path)
        while loader.check_node():
            node = loader.get_node()
            line = node.start_mark.line + 1
            where = f"{path}:{line}"
            content = loader.construct_document(node)
            if content is None:
                continue
            _bound(content, where)
            for entry in _objects(content, where):
                yield Document(file=str(path), line=line, subject=_subject(entry, where), secrets=_held(entry))
    except yaml.YAMLError as error:
        raise CheckError(f"{path}: is no YAML that can be used: {' '.join(str(error).split())}") from error
    except RecursionError as error:
        raise CheckError(f"{path}: is nested too deeply to be read") from error
    except ValueError as error:  # a date that cannot be, a number of too many digits
        raise CheckError(f"{path}: holds a value that cannot be read: {error}") from error
    finally:
        loader.dispose()


def _refuse_abyss(text: str, path: Path) -> None:
    """Look at the depth where marks of nesting abound: libyaml's composer recurses without a limit of its own."""
    if sum(map(text.count, _NESTING)) < _SUSPECT_MARKS:
        return
    depth = 0
    for event in yaml.parse(text, Loader=_Loader):
        if isinstance(event, yaml.CollectionStartEvent):
            depth += 1
            if depth > MAX_DEPTH:
                raise CheckError(f"{path}: is nested too deeply to be read; rule: at most {MAX_DEPTH} levels")
        elif isinstance(event, yaml.CollectionEndEvent):
            depth -= 1


def _bound(content: object, where: str) -> None:
    """Refuse aliases that would make a walk endless: of themselves, or of more than MAX_NODES values."""
    sizes: dict[int, int] = {}

    def size(value: object) -> int:
        if not isinstance(value, dict | list):
            return 1
        known = sizes.get(id(value))
        if known == 0:
            raise CheckError(f"{where}: an alias stands inside the value that it names; rule: values end")
        if known is not None:
            return known
        sizes[id(value)] = 0
        count = 1 + sum(map(size, value.values() if isinstance(value, dict) else value))
        sizes[id(value)] = count
        if count > MAX_NODES:
            raise CheckError(f"{where}: stands for more than {MAX_NODES} values with its aliases written out")
        return count

    size(content)


def _objects(content: object, where: str) -> Iterator[dict[str, Any]]:
    """The object itself, or the items of a List."""
    for entry in content if isinstance(content, list) else [content]:
        if not isinstance(entry, dict) or not _word(entry.get("apiVersion")) or not _word(entry.get("kind")):
            shown = sorted(map(str, entry))[:5] if isinstance(entry, dict) else type(entry).__name__
            raise CheckError(
                f"{where}: {shown}: is no Kubernetes object; rule: apiVersion and kind are texts; example: "
                "apiVersion: v1, kind: Service"
            )
        items = entry.get("items")
        if entry["kind"].endswith("List") and isinstance(items, list):
            yield from _objects(items, where)
        else:
            yield entry


def _word(value: object) -> bool:
    return isinstance(value, str) and bool(value)


def _subject(entry: dict[str, Any], where: str) -> Subject:
    if any(not isinstance(key, str) for key in entry):
        raise CheckError(f"{where}: a key is no text; rule: put it in quotes")
    version = entry["apiVersion"]
    token = f"{KUBERNETES}{'core/v1' if version == 'v1' else version}:{entry['kind']}"
    metadata = entry.get("metadata")
    name = metadata.get("name") if isinstance(metadata, dict) else None
    return Subject(resource_type=token, name=str(name or "(unnamed)"), inputs=entry)


def _held(entry: dict[str, Any]) -> frozenset[str]:
    """Paths of what a Secret of the core group holds."""
    if (entry["apiVersion"], entry["kind"]) != ("v1", "Secret"):
        return frozenset()
    fields = {field: entry.get(field) for field in ("data", "stringData")}
    return frozenset(f"{field}.{key}" for field, held in fields.items() if isinstance(held, dict) for key in held)
