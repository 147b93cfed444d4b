"""Words every violation of a JSON Schema as a Fault: for data that is known not to fit (`infra.schema_fit`)."""

from __future__ import annotations

import difflib
import json
import math
import re
from collections.abc import Iterator, Mapping
from typing import Any

from jsonschema import Draft202012Validator
from jsonschema.exceptions import ValidationError
from jsonschema.validators import extend

from infra.faults import MISSING, Fault


def violations(schema: Mapping[str, Any], data: object) -> Iterator[Fault]:
    """Every violation of the schema."""
    for error in _Validator(schema).iter_errors(data):
        if not (error.validator == "enum" and _is_told_by_its_type(error)):
            yield from _faults(error)


def _is_told_by_its_type(error: ValidationError) -> bool:
    """Whether a value is none of a list because it is of another type, which is a violation of its own."""
    kind = error.schema.get("type") if isinstance(error.schema, dict) else None
    return kind is not None and not _Validator({"type": kind}).is_valid(error.instance)


def _whole(_validator: Any, pattern: str, instance: object, _schema: Any) -> Iterator[ValidationError]:
    """JSON Schema searches, and Python's `$` stands before a last line break too: here the whole text must match."""
    if isinstance(instance, str) and not re.fullmatch(pattern, instance):
        yield ValidationError(f"{instance!r} does not match {pattern!r}")


def _number(_checker: Any, instance: object) -> bool:
    """YAML has `.nan` and `.inf`, which are no numbers that one could pay, scale or compare by."""
    if isinstance(instance, bool):
        return False
    return isinstance(instance, int) or (isinstance(instance, float) and math.isfinite(instance))


def _integer(_checker: Any, instance: object) -> bool:
    """A whole number without a point: 2.0 is none, as `infra.schema_fit` has it."""
    return isinstance(instance, int) and not isinstance(instance, bool)


_Validator = extend(  # type: ignore[no-untyped-call]  # as the stubs have it
    Draft202012Validator,
    {"pattern": _whole},
    type_checker=Draft202012Validator.TYPE_CHECKER.redefine_many({"number": _number, "integer": _integer}),
)


def _faults(error: ValidationError) -> Iterator[Fault]:
    path = [str(part) for part in error.absolute_path]
    where = error.schema if isinstance(error.schema, dict) else {}
    if error.validator == "required" and isinstance(error.instance, dict):
        # One error a key comes from the validator already: the key is the first word of the message.
        key = error.message.split("'")[1]
        part = where.get("properties", {}).get(key, {})
        rule = "this key must be there: " + str(part.get("description", ""))
        yield Fault(path=".".join([*path, key]), value=MISSING, rule=rule, example=f"{key}: {_example(part)}")
    elif error.validator == "additionalProperties" and isinstance(error.instance, dict):
        known = list(where.get("properties", {}))
        for key in error.instance:
            if key not in known:
                yield _unknown_key(path, str(key), error.instance[key], known)
    elif error.validator == "propertyNames":
        yield Fault(path=".".join(path), value=error.instance, rule=_rule(error), example=_example(where))
    else:
        yield Fault(path=".".join(path) or "(all)", value=error.instance, rule=_rule(error), example=_example(where))


def _unknown_key(path: list[str], key: str, value: object, known: list[str]) -> Fault:
    close = difflib.get_close_matches(key, known, n=1)
    rule = f"unknown key; known here: {', '.join(known)}"
    return Fault(path=".".join([*path, key]), value=value, rule=rule, example=close[0] if close else known[0])


_FINITE = ", a finite one"


def _rule(error: ValidationError) -> str:
    where = error.schema if isinstance(error.schema, dict) else {}
    texts = {
        "type": f"must be of type {error.validator_value}{_FINITE if error.validator_value == 'number' else ''}",
        "enum": f"must be one of {error.validator_value}",
        "pattern": f"must match {error.validator_value}",
        "minimum": f"must be at least {error.validator_value}",
        "maximum": f"must be at most {error.validator_value}",
        "minItems": f"must have at least {error.validator_value} entries",
        "minProperties": f"must have at least {error.validator_value} entries",
        "maxItems": f"must have at most {error.validator_value} entries",
        "maxProperties": f"must have at most {error.validator_value} entries",
        "uniqueItems": "must not repeat an entry",
        "maxLength": f"must have at most {error.validator_value} characters",
    }
    rule = texts.get(str(error.validator), error.message)
    if error.validator_value == "integer" and isinstance(error.instance, float) and error.instance.is_integer():
        rule = f"must be a whole number, written without a point: {error.instance:.0f}"
    description = where.get("description")
    return f"{rule} ({description})" if description else rule


def _example(where: dict[str, Any]) -> str:
    examples = where.get("examples")
    if examples:
        return json.dumps(examples[0], ensure_ascii=False)
    if "enum" in where:
        return json.dumps(where["enum"][0])
    return json.dumps(
        {key: part["examples"][0] for key, part in where.get("properties", {}).items() if part.get("examples")}
    )
