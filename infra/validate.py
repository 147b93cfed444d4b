"""Checks data against one of the project's JSON Schemas; every violation is a Fault."""

from __future__ import annotations

import json
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

from infra.faults import HIDDEN, Fault
from infra.schema_fit import fits

SCHEMAS = Path(__file__).resolve().parent / "schema"


@cache
def schema(name: str) -> dict[str, Any]:
    """Return `infra/schema/<name>.schema.json`."""
    loaded: dict[str, Any] = json.loads((SCHEMAS / f"{name}.schema.json").read_text())
    return loaded


def schema_faults(name: str, data: object) -> list[Fault]:
    """Return every violation of the named schema, or an empty list."""
    try:
        return _faults(name, data)
    except RecursionError:
        example = f"as in docs/{'configuration' if name == 'settings' else 'catalog'}.md"
        return [Fault(path="(all)", value=HIDDEN, rule="is nested too deeply", example=example)]


def _faults(name: str, data: object) -> list[Fault]:
    if faults := list(_key_faults((), data)):
        return faults
    if fits(schema(name), data):
        return []
    # A tenth of a second that whoever has made no mistake need not wait.
    from infra.violations import violations  # noqa: PLC0415

    return list(violations(schema(name), data))


def _key_faults(path: tuple[str, ...], data: object) -> Iterator[Fault]:
    """YAML reads `1:` as a number and `on:` as true: no schema can say what is wrong with such a key."""
    if isinstance(data, dict):
        for key, value in data.items():
            if isinstance(key, str):
                yield from _key_faults((*path, key), value)
            else:
                rule = "a key must be text: put it in quotes"
                yield Fault(path=".".join((*path, str(key))), value=key, rule=rule, example=f'"{key}"')
    elif isinstance(data, list):
        for index, entry in enumerate(data):
            yield from _key_faults((*path, str(index)), entry)
