"""The resources of a stack's state, as `pulumi stack export` writes it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from policies.check.documents import Document
from policies.check.errors import CheckError
from policies.check.files import text_of
from policies.judging.subject import Subject
from policies.judging.values import UNKNOWN, JsonValue
from policies.reading.own import json_document

_SIGNATURE = "4dabf18193072939515e22adb298388d"
"""Key of a value that is more than plain JSON: a secret, an asset (sdk/go/common/resource/properties.go)."""


def state_documents(path: Path) -> Iterator[Document]:
    """Yield every resource of an exported state, `-` for standard input; raise CheckError for anything else.

    A secret's value is encrypted there and stays so: it is judged as unknown, which no mandatory rule lets pass where
    it would have to read it.
    """
    try:
        content = json_document(text_of(path))
    except ValueError as error:
        raise CheckError(
            f"{path}: is no exported state: {error}; example: pulumi stack export --file state.json"
        ) from error
    deployment = content.get("deployment", content) if isinstance(content, dict) else None
    said = isinstance(content, dict) and bool(content.keys() & {"deployment", "resources"})  # one of nothing has none
    resources = deployment.get("resources", []) if said and isinstance(deployment, dict) else None
    if not isinstance(resources, list):
        raise CheckError(f"{path}: holds no resources; example: pulumi stack export --file state.json")
    for number, resource in enumerate(resources):
        try:
            yield _document(path, resource)
        except RecursionError as error:
            raise CheckError(f"{path}: resource {number} is nested too deeply to be read") from error


def _document(path: Path, resource: Any) -> Document:
    subject = _subject(path, resource)
    return Document(
        file=str(path),
        line=1,
        subject=subject,
        protect=bool(resource.get("protect")),
        secrets=frozenset(_secrets(resource.get("inputs"), "")),
    )


def _subject(path: Path, resource: Any) -> Subject:
    if not isinstance(resource, dict) or not all(isinstance(resource.get(key), str) for key in ("urn", "type")):
        raise CheckError(f"{path}: a resource without urn and type; rule: what pulumi stack export writes")
    inputs = _value(resource.get("inputs") or {})
    return Subject(
        resource_type=resource["type"],
        name=resource["urn"].rpartition("::")[2],
        inputs=inputs if isinstance(inputs, dict) else {},
    )


def _value(value: Any) -> JsonValue:
    if isinstance(value, dict):
        return UNKNOWN if _SIGNATURE in value else {key: _value(entry) for key, entry in value.items()}
    if isinstance(value, list):
        return [_value(entry) for entry in value]
    return value


def _secrets(value: Any, path: str) -> Iterator[str]:
    """Paths of what is encrypted."""
    if isinstance(value, dict) and _SIGNATURE in value:
        yield path
    elif isinstance(value, dict):
        for key, entry in value.items():
            yield from _secrets(entry, f"{path}.{key}" if path else key)
    elif isinstance(value, list):
        for index, entry in enumerate(value):
            yield from _secrets(entry, f"{path}[{index}]")
