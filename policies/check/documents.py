"""Kubernetes objects out of YAML and JSON files: as kubectl reads them, and each with its file and line."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

from policies.check.errors import CheckError
from policies.check.files import KUSTOMIZATIONS, text_of
from policies.judging.subject import KUBERNETES, Subject
from policies.reading.places import Place
from policies.reading.stream import Read, read_stream

_KUSTOMIZATION = {"apiVersion": "kustomize.config.k8s.io/v1beta1", "kind": "Kustomization"}
"""What kustomize takes a file of its name for that says neither."""

_SHOWN_KEYS = 5


@dataclass(frozen=True, kw_only=True)
class Document:
    """An object and where it stands: `line` counts from 1 and is that of its document.

    `read` is what it was read from, if it was, and `path` where it stands in that. Protection and secrecy are the
    engine's: of plain YAML `protect` is not held against it, and what a Secret holds counts as secret.
    """

    file: str
    line: int
    subject: Subject
    protect: bool = True
    secrets: frozenset[str] = frozenset()
    read: Read | None = None
    path: str = ""

    @cached_property
    def _place(self) -> Place:
        return Place(self.line) if self.read is None else self.read.place.at(self.path)

    def line_of(self, path: str) -> int:
        """The line of a field of the object: of the path with which the text begins, as far as there is one."""
        return self._place.at(path.partition(": ")[0]).line


@dataclass(kw_only=True)
class Passed:
    """What was not judged, one line each: `faults` could not be read, `no_objects` are no Kubernetes objects.

    `lenient` says whether these are two things; else all are faults.
    """

    lenient: bool = False
    faults: list[str] = field(default_factory=list)
    no_objects: list[str] = field(default_factory=list)


def documents(files: Sequence[Path], passed: Passed) -> Iterator[Document]:
    """Yield the objects of files; `-` is standard input. What cannot be read is told in `passed`; the rest goes on."""
    for file in files:
        try:
            text = text_of(file)
        except CheckError as error:
            passed.faults.append(str(error))
            continue
        for read in read_stream(text):
            yield from _documents(file, read, passed)


def _documents(file: Path, read: Read, passed: Passed) -> Iterator[Document]:
    value = read.value
    if file.name in KUSTOMIZATIONS and isinstance(value, dict) and not value.keys() & _KUSTOMIZATION.keys():
        value = _KUSTOMIZATION | value
    if passed.lenient and value is not None and not _holds_objects(value):
        passed.no_objects.append(f"{file}:{read.line}: {_shown(value)}")
    elif read.refused is not None:
        passed.faults.append(f"{file}:{read.refused.line}: {read.refused.text}")
    else:
        for entry, path in _objects(value, f"{file}:{read.line}", "", passed.faults):
            yield Document(
                file=str(file), line=read.line, subject=_subject(entry), secrets=_held(entry), read=read, path=path
            )


def _holds_objects(value: object) -> bool:
    """Whether it is an object, or a list with one in it."""
    return any(_is_object(entry) for entry in (value if isinstance(value, list) else [value]))


def _is_object(value: object) -> bool:
    return isinstance(value, dict) and all(isinstance(value.get(key), str) and value[key] for key in _KUSTOMIZATION)


def _objects(value: Any, where: str, path: str, faults: list[str]) -> Iterator[tuple[dict[str, Any], str]]:
    """The object itself, or the items of a list of whatever kind, each with its path.

    For kubectl everything with `items` is a list, and an item without kind and version gets those of its list. What
    calls itself otherwise may also be an object with such a field, and is judged as well.
    """
    if isinstance(value, list):
        for index, entry in enumerate(value):
            yield from _objects(entry, where, f"{path}[{index}]", faults)
        return
    if not _is_object(value):
        faults.append(
            f"{where}: {path + ': ' if path else ''}{_shown(value)}: is no Kubernetes object; rule: apiVersion and kind"
            " are texts; example: apiVersion: v1, kind: Service; what is no manifest: --lenient or --exclude"
        )
        return
    items = value.get("items")
    if isinstance(items, list):
        held = {"apiVersion": value["apiVersion"], "kind": value["kind"].removesuffix("List")}
        entries = [entry | held if held["kind"] and _lacks_all(entry) else entry for entry in items]
        yield from _objects(entries, where, f"{path}.items".removeprefix("."), faults)
    if not (isinstance(items, list) and value["kind"].endswith("List")):
        yield value, path


def _lacks_all(entry: object) -> bool:
    return isinstance(entry, dict) and not any(entry.get(key) for key in _KUSTOMIZATION)


def _shown(value: object) -> str:
    return f"keys {', '.join(sorted(value)[:_SHOWN_KEYS])}" if isinstance(value, dict) else f"a {type(value).__name__}"


def _subject(entry: dict[str, Any]) -> Subject:
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
