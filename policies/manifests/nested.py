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
from policies.manifests.coded import in_base64
from policies.manifests.expressions import marked, processed
from policies.manifests.generated import GENERATORS, generated, generates
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
_WORDS = ("apiVersion", "kind")
_LINES = tuple(re.compile(rf"(?:^|[\n{{,])[ \t-]*[\"']?{word}[\"']?[ \t]*:") for word in _WORDS)
_IN_TEMPLATES = tuple(re.compile(rf"[\"'`]{word}[\"'`]|(?<![\w.$]){word}[ \t]*:") for word in _WORDS)
"""The words as templates write them, where their program puts the colon behind them."""

_MANIFESTS = {
    *("manifest", "manifests", "rawManifest", "manifestTemplate", "object-templates-raw", "objectDefinition"),
    *("resourcetemplates", "resourceTemplates"),
}
"""Fields whose texts are manifests and nothing else."""

_NAMING = ("Ref", "Refs", "Reference", "References", "Selector", "Selectors")
_NAMES = {
    "kinds",
    "gvk",
    "typeMeta",
    "schema",
    "target",
    "targets",
    "involvedObject",
    "regarding",
    "gvks",
    "owner",
    "paramKind",
}
"""Ends of fields, and fields, in which version and kind alone name a kind of object."""
_ESCAPED = re.compile(r"\"[^\"\n]*\\[xuU][0-9a-fA-F]{2}")
"""A text in double quotes with a letter by its number."""

_BARE = {"apiVersion", "kind"}
_DEPTH = 4
"""Texts within texts that are read."""


@dataclass(frozen=True, kw_only=True)
class Nested:
    """An object at a path of another one; `subject` is None where a text looks like a manifest and cannot be read.

    `by_text` tells that it stands in a text, `is_whole` that it is a document of one, and `secret` that it stands in a
    Secret, so that no message may show it. `packed` is an archive that cannot be opened.
    """

    path: str
    subject: Subject | None
    by_text: bool = False
    is_whole: bool = False
    secret: bool = False
    packed: bool = False


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
        makes = generates(subject)
        for key, value in subject.inputs.items():
            if key not in _NO_CHILDREN and not (makes and key in GENERATORS):
                yield from self._walk(value, key)
        for path, made in generated(subject) if makes else ():
            yield from self._within(made, path)
        if (subject.group, subject.kind) == ("", "ConfigMap"):
            for field in ("data", "binaryData"):
                for key, value in mapping(subject.inputs.get(field)).items():
                    yield from self._packed(value, f"{field}.{key}")

    def _walk(self, value: JsonValue, path: str) -> Iterator[Nested]:
        if isinstance(value, str) or value is UNKNOWN:
            yield from self._said(value, path)
        elif isinstance(value, list):
            for index, entry in enumerate(value):
                yield from self._entry(entry, f"{path}[{index}]", path)
        elif isinstance(value, dict):
            if is_manifest(value) or (value.keys() == _BARE and self._is_bare(value, path)):
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
        yield from self._within(subject_of(self.subject, processed(self.subject, value)), path)

    def _within(self, inside: Subject, path: str) -> Iterator[Nested]:
        yield Nested(path=path, subject=inside)
        for entry in _Search(subject=inside, depth=self.depth).run():
            yield dataclasses.replace(entry, path=f"{path}.{entry.path}")

    def _is_bare(self, value: dict[str, JsonValue], path: str) -> bool:
        """Whether version and kind alone declare an object: what else it has comes from somewhere else."""
        field = _field(path)
        known = field in _NAMES or field.endswith(_NAMING) or field.lower().endswith("ref")
        return not known and all(isinstance(entry, str) for entry in value.values())

    def _said(self, value: JsonValue, path: str) -> Iterator[Nested]:
        """A text, or a place where it is not known."""
        found = list(self._text(value, path)) if isinstance(value, str) else []
        yield from found
        is_open = value is UNKNOWN or (isinstance(value, str) and marked(value))
        if not found and is_open and _field(path) in _MANIFESTS:
            yield Nested(path=path, subject=None, by_text=True)

    def _packed(self, value: JsonValue, path: str, *, secret: bool = False) -> Iterator[Nested]:
        data = in_base64(value) if isinstance(value, str) else None
        if data is None:
            return
        from policies.manifests.archives import unpacked  # noqa: PLC0415 - 10 ms that few environments need

        for found in unpacked(data):
            if found.text is None:
                yield Nested(path=path, subject=None, by_text=True, secret=secret, packed=True)
            else:
                yield from self._text(found.text, path, secret=secret)

    def _text(self, text: str, path: str, *, secret: bool = False) -> Iterator[Nested]:
        if not ("apiVersion" in text and "kind" in text) and not _ESCAPED.search(text):
            return
        found = documents(text) if self.depth < _DEPTH else None
        if found is None and _looks_like_manifests(text):
            yield Nested(path=path, subject=None, by_text=True, secret=secret)
        for document in found or ():
            for value in entries(document) if isinstance(document, list) else [document]:
                for entry in _Search(subject=self.subject, depth=self.depth + 1)._walk(value, path):
                    is_whole = entry.is_whole or entry.path == path
                    yield dataclasses.replace(entry, by_text=True, is_whole=is_whole, secret=secret or entry.secret)

    def _secret(self) -> Iterator[Nested]:
        for field in ("data", "stringData"):
            for key, value in mapping(self.subject.inputs.get(field)).items():
                if isinstance(value, str) and field == "stringData":
                    yield from self._text(value, f"{field}.{key}", secret=True)
                yield from self._packed(value, f"{field}.{key}", secret=True)


def _looks_like_manifests(text: str) -> bool:
    """Whether a text that is no YAML is one of manifests: of templates, or with a mistake."""
    if all(line.search(text) for line in _LINES):
        return True
    return "{{" in text and all(word.search(text) for word in _IN_TEMPLATES)


def _field(path: str) -> str:
    return path.rpartition(".")[2].partition("[")[0]
