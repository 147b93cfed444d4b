"""The pack's configuration file, as `pulumi --policy-pack-config` takes it: levels and properties by rule."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from pulumi_policy import EnforcementLevel

from policies.check.errors import CheckError
from policies.check.files import text_of
from policies.check.findings import Configured
from policies.judging.rule import Rule
from policies.judging.stack_rule import StackRule
from policies.reading.own import json_document

LEVELS = {level.value: level for level in EnforcementLevel}
_EXAMPLE = '{"all": "mandatory", "images-pinned-by-digest": {"enforcementLevel": "advisory"}}'
_TYPES = {"array": list, "object": dict, "string": str, "boolean": bool, "integer": int, "number": (int, float)}


def configured(rules: Sequence[Rule | StackRule], environment: str, path: Path | None) -> list[Configured]:
    """Each rule with its level and properties; raise CheckError that names every fault of the file."""
    said = {} if path is None else _read(path)
    faults = [
        f"{path}: {name}: unknown rule; known: all, {', '.join(sorted(rule.id for rule in rules))}"
        for name in said
        if name != "all" and name not in {rule.id for rule in rules}
    ]
    base = _level(path, "all", said.get("all"), faults)
    found = []
    for rule in rules:
        own = said.get(rule.id)
        level = _level(path, rule.id, own, faults) or base or rule.level_in(environment)
        found.append(Configured(rule=rule, level=level, properties=_properties(path, rule, own, faults)))
    if faults:
        raise CheckError("\n".join(faults))
    return found


def _read(path: Path) -> dict[str, Any]:
    try:
        content = json_document(text_of(path))
    except ValueError as error:
        raise CheckError(f"{path}: cannot be read as JSON: {error}; example: {_EXAMPLE}") from error
    if not isinstance(content, dict):
        raise CheckError(f"{path}: must be an object of rules; example: {_EXAMPLE}")
    return content


def _level(path: Path | None, name: str, said: Any, faults: list[str]) -> EnforcementLevel | None:
    level = said.get("enforcementLevel") if isinstance(said, dict) else said
    if level is None:
        return None
    if level not in LEVELS:
        faults.append(f"{path}: {name}: {level!r}; rule: one of {', '.join(LEVELS)}; example: {_EXAMPLE}")
        return None
    return LEVELS[level]


def _properties(path: Path | None, rule: Rule | StackRule, said: Any, faults: list[str]) -> Mapping[str, Any]:
    properties = {name: schema["default"] for name, schema in rule.config_schema.items() if "default" in schema}
    for name, value in said.items() if isinstance(said, dict) else ():
        if name == "enforcementLevel":
            continue
        schema = rule.config_schema.get(name)
        if schema is None:
            known = ", ".join(["enforcementLevel", *rule.config_schema])
            faults.append(f"{path}: {rule.id}.{name}: unknown property; known: {known}")
        elif not isinstance(value, _TYPES.get(schema.get("type", ""), object)):  # type: ignore[arg-type]  # a type or a tuple
            faults.append(f"{path}: {rule.id}.{name}: {value!r}; rule: must be of type {schema['type']}")
        properties[name] = value
    return properties
