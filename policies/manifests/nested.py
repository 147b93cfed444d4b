"""Manifests inside an object: every mapping with `apiVersion` and `kind` declares an object, wherever it stands.

Lists and Templates hold objects, and so do the kinds of many projects: their controllers create what stands there.
A text can hold manifests too (a ConfigMap that a controller applies), and is read where it looks like one.
"""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Iterator
from dataclasses import dataclass

from policies.judging.pace import once
from policies.judging.subject import KUBERNETES, Subject, entries, mapping
from policies.judging.values import UNKNOWN, JsonValue
from policies.manifests.expressions import processed
from policies.manifests.secret_looks import decoded
from policies.manifests.yaml_text import documents

HOLDERS = ("items", "objects")
"""Fields of Lists and Templates that hold whole objects."""

_REFERENCE = {
    *("apiVersion", "kind", "name", "namespace", "uid", "resourceVersion", "fieldPath", "controller", "apiGroup"),
    *("blockOwnerDeletion", "optional", "sectionName", "port", "weight", "group"),
}
"""Fields of a mapping that only names an object."""

_NO_CHILDREN = ("metadata", "status")
_DEFINITIONS = "apiextensions.k8s.io"
_LINES = tuple(re.compile(rf"(?:^|[\n{{,])[ \t-]*[\"']?{word}[\"']?[ \t]*:") for word in ("apiVersion", "kind"))
_ESCAPED = re.compile(r"\"[^\"\n]*\\[xuU][0-9a-fA-F]{2}")
"""A text in double quotes with a letter by its number."""

_DEPTH = 4
"""Texts within texts that are read."""


@dataclass(frozen=True, kw_only=True)
class Nested:
    """An object at a path of another one; `subject` is None where a text looks like a manifest and cannot be read.

    `by_text` tells that it stands in a text, `is_whole` that it is a document of one, and `secret` that it stands in a
    Secret, so that no message may show it.
    """

    path: str
    subject: Subject | None
    by_text: bool = False
    is_whole: bool = False
    secret: bool = False


def nested(subject: Subject) -> tuple[Nested, ...]:
    """Every object inside an object, those inside of these too; the object itself is not among them."""
    found: tuple[Nested, ...] = _nested(subject)
    return found


@once
def _nested(subject: Subject) -> tuple[Nested, ...]:
    return tuple(_Search(subject=subject).run()) if subject.is_kubernetes else ()


def is_manifest(value: JsonValue) -> bool:
    """Whether a value is a mapping that declares an object, and not one that only names it."""
    if not isinstance(value, dict):
        return False
    if not (isinstance(value.get("apiVersion"), str) and isinstance(value.get("kind"), str)):
        return False
    if value.keys() <= _REFERENCE:
        return False
    inner = any(isinstance(entry, dict | list) or entry is UNKNOWN for entry in value.values())
    return inner or not isinstance(value.get("name"), str)


def subject_of(holder: Subject, entry: dict[str, JsonValue]) -> Subject:
    """An object inside another one as rules see it."""
    version, kind = entry.get("apiVersion"), entry.get("kind")
    token = (
        f"{KUBERNETES}{version if isinstance(version, str) else 'v1'}:{kind if isinstance(kind, str) else 'Unknown'}"
    )
    return Subject(resource_type=token, name=holder.name, inputs=entry)


def list_entry(holder: Subject, entry: dict[str, JsonValue]) -> dict[str, JsonValue]:
    """An entry of a list of one kind, which need not repeat its kind."""
    if "kind" in entry or holder.kind == "List" or not holder.kind.endswith("List"):
        return entry
    return {"apiVersion": holder.inputs.get("apiVersion"), "kind": holder.kind.removesuffix("List"), **entry}


@dataclass(frozen=True, kw_only=True)
class _Search:
    subject: Subject
    depth: int = 0

    def run(self) -> Iterator[Nested]:
        subject = self.subject
        if subject.group == _DEFINITIONS:
            return
        if (subject.group, subject.kind) == ("", "Secret"):
            yield from self._secret()
            return
        for key, value in subject.inputs.items():
            if key not in _NO_CHILDREN:
                yield from self._walk(value, key)
        if (subject.group, subject.kind) == ("", "ConfigMap"):
            for key, value in mapping(subject.inputs.get("binaryData")).items():
                yield from self._text(_in_base64(value), f"binaryData.{key}")

    def _walk(self, value: JsonValue, path: str) -> Iterator[Nested]:
        if isinstance(value, str):
            yield from self._text(value, path)
        elif isinstance(value, list):
            for index, entry in enumerate(value):
                yield from self._entry(entry, f"{path}[{index}]", path)
        elif isinstance(value, dict):
            if is_manifest(value):
                yield from self._object(value, path)
            else:
                for key, entry in value.items():
                    yield from self._walk(entry, f"{path}.{key}")

    def _entry(self, entry: JsonValue, path: str, field: str) -> Iterator[Nested]:
        listed = field in HOLDERS and self.subject.kind.endswith(("List", "Template"))
        if listed and isinstance(entry, dict):
            yield from self._object(list_entry(self.subject, entry), path)
        else:
            yield from self._walk(entry, path)

    def _object(self, value: dict[str, JsonValue], path: str) -> Iterator[Nested]:
        inside = subject_of(self.subject, processed(self.subject, value))
        yield Nested(path=path, subject=inside)
        for entry in _Search(subject=inside, depth=self.depth).run():
            yield dataclasses.replace(entry, path=f"{path}.{entry.path}")

    def _text(self, text: str, path: str, *, secret: bool = False) -> Iterator[Nested]:
        if not ("apiVersion" in text and "kind" in text) and not _ESCAPED.search(text):
            return
        found = documents(text) if self.depth < _DEPTH else None
        if found is None and all(line.search(text) for line in _LINES):
            yield Nested(path=path, subject=None, by_text=True, secret=secret)
        for document in found or ():
            for value in entries(document) if isinstance(document, list) else [document]:
                for entry in _Search(subject=self.subject, depth=self.depth + 1)._walk(value, path):
                    is_whole = entry.is_whole or entry.path == path
                    yield dataclasses.replace(entry, by_text=True, is_whole=is_whole, secret=secret or entry.secret)

    def _secret(self) -> Iterator[Nested]:
        for field in ("data", "stringData"):
            for key, value in mapping(self.subject.inputs.get(field)).items():
                text = value if field == "stringData" and isinstance(value, str) else _in_base64(value)
                yield from self._text(text, f"{field}.{key}", secret=True)


def _in_base64(value: JsonValue) -> str:
    return decoded(value) if isinstance(value, str) else ""
