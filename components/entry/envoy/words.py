"""Words of Envoy's configuration that several parts share."""

from __future__ import annotations

from typing import Any

CLAIMS = "claims"
"""Key below which the token's filter leaves the payload in its metadata."""

JWT = "envoy.filters.http.jwt_authn"
CALL = "kitchen.call"
"""Metadata about a call: its model, as Envoy itself has read it out of the body."""

USAGE = "kitchen.usage"
"""Metadata about an answer: the tokens that the server told."""

_TYPES = "type.googleapis.com/envoy."


def typed(kind: str, **fields: Any) -> dict[str, Any]:
    """A typed configuration; `kind` is the message's name below `envoy.`."""
    return {"@type": f"{_TYPES}{kind}", **fields}


def named(name: str, kind: str, **fields: Any) -> dict[str, Any]:
    """A filter or extension with its typed configuration."""
    return {"name": name, "typed_config": typed(kind, **fields)}


def of_metadata(filter_: str, *path: str, most: int | None = None) -> str:
    """What a format writes for a value of the metadata; of a text that a caller chose, `most` characters."""
    return f"%DYNAMIC_METADATA({':'.join((filter_, *path))}){'' if most is None else f':{most}'}%"


def is_metadata(filter_: str, path: list[str], text: str, *, in_list: bool = False) -> dict[str, Any]:
    """A matcher: the value of the metadata is this text, or a list that has it."""
    value: dict[str, Any] = {"string_match": {"exact": text}}
    if in_list:
        value = {"list_match": {"one_of": value}}
    return {"filter": filter_, "path": [{"key": key} for key in path], "value": value}


def has_entries(filter_: str, path: list[str]) -> dict[str, Any]:
    """A matcher: the value of the metadata is a list that is not empty."""
    value = {"list_match": {"one_of": {"present_match": True}}}
    return {"filter": filter_, "path": [{"key": key} for key in path], "value": value}


def address(host: str, port: int) -> dict[str, Any]:
    """A socket's address."""
    return {"socket_address": {"address": host, "port_value": port}}
