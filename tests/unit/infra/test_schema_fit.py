"""The quick check of data against a schema is of one opinion with the `jsonschema` package."""

from __future__ import annotations

import copy
import random
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from infra.catalog import FILES, FOLDER
from infra.documents import read
from infra.load import read_stack_file
from infra.schema_fit import fits, known_keywords
from infra.secret_settings import take_secrets
from infra.validate import SCHEMAS, schema, schema_faults
from infra.violations import violations
from tests.bench.settings import of_tenants
from tools.local.workspace import REPOSITORY

NAMES = sorted(path.name.removesuffix(".schema.json") for path in SCHEMAS.glob("*.json"))
ODD = [None, True, False, 0, 1, 1.0, 1.5, -1, 10**12, "", "x", "x\n", "\n", [], {}, [1, True], ["a", "a"], {"a": 1}]
ODD += [float("nan"), float("inf")]
"""Values that are wrong in most places, and the ones on which validators differ."""


def parts(value: Any) -> Iterator[dict[str, Any]]:
    """Every schema within a schema, itself included, that is no boolean."""
    if isinstance(value, bool):
        return
    yield value
    for part in value.get("properties", {}).values():
        yield from parts(part)
    for key in ("items", "additionalProperties", "propertyNames", "if", "then", "else"):
        if isinstance(value.get(key), dict):
            yield from parts(value[key])


def right() -> dict[str, list[Any]]:
    """Data that fits, by schema."""
    catalog: dict[str, Any] = {}
    for name in FILES:
        catalog |= read(FOLDER / name)
    stacks = [take_secrets(read_stack_file(path))[0] for path in sorted(REPOSITORY.glob("Pulumi.*.yaml"))]
    generated = {key.removeprefix("kitchen:"): value for key, value in of_tenants(2, last_is_hot=True).items()}
    return {"catalog": [catalog], "settings": [*stacks, generated]}


RIGHT = right()


def spots(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """The path of every value within a value."""
    entries = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, entry in entries:
        yield (*path, key)
        yield from spots(entry, (*path, key))


def spoilt(value: Any, chance: random.Random) -> Any:
    """A copy with one value replaced, left out, doubled or added."""
    made = copy.deepcopy(value)
    path = chance.choice(list(spots(made)))
    above = made
    for key in path[:-1]:
        above = above[key]
    way = chance.choice(["replace", "remove", "add", "double"])
    if way == "remove":
        del above[path[-1]]
    elif way == "add" and isinstance(above, dict):
        above[chance.choice(["unknown", "x y", "UPPER", ""])] = chance.choice(ODD)
    elif way == "double" and isinstance(above, list):
        above.append(copy.deepcopy(above[path[-1]]))
    else:
        above[path[-1]] = chance.choice(ODD)
    return made


def agree(name: str, data: Any) -> bool:
    """Whether the data fits, which both must say."""
    quick, slow = fits(schema(name), data), not list(violations(schema(name), data))
    assert quick is slow, data
    return quick


@pytest.mark.parametrize("name", sorted(RIGHT))
def test_both_take_what_is_right(name: str) -> None:
    assert all(agree(name, data) for data in RIGHT[name])


@pytest.mark.parametrize("name", sorted(RIGHT))
def test_both_are_of_one_opinion_on_what_is_spoilt(name: str) -> None:
    chance = random.Random(7)  # noqa: S311 - the same spoilt data in every run
    found = [agree(name, spoilt(chance.choice(RIGHT[name]), chance)) for _ in range(300)]
    assert 20 < sum(found) < 280, "some are still right, many are not"


@pytest.mark.parametrize("name", NAMES)
def test_both_are_of_one_opinion_on_every_part_with_odd_values(name: str) -> None:
    for part in parts(schema(name)):
        for value in [*ODD, *part.get("examples", ()), *part.get("enum", ())]:
            assert fits(part, value) is not list(violations(part, value)), (part, value)


_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-2, 3) | st.sampled_from([0.0, 1.0, 0.5]) | st.sampled_from(["", "a", "b"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from("ab"), inner, max_size=2),
    max_leaves=6,
)


@settings(max_examples=300, deadline=None)
@given(st.lists(_VALUES, min_size=1, max_size=4), _VALUES)
def test_equality_is_that_of_json(entries: list[Any], value: Any) -> None:
    for part in ({"uniqueItems": True}, {"enum": entries}, {"const": value}):
        for data in (entries, value):
            assert fits(part, data) is not bool(list(violations(part, data))), (part, data)


@pytest.mark.parametrize("name", NAMES)
def test_every_keyword_of_the_schemas_is_known(name: str) -> None:
    for part in parts(schema(name)):
        assert set(part) <= known_keywords()


def test_a_keyword_that_is_not_known_is_refused() -> None:
    with pytest.raises(KeyError, match="anyOf"):
        fits({"anyOf": [{"type": "string"}]}, "x")


def test_faults_are_those_of_the_whole_validator() -> None:
    data = {**RIGHT["settings"][0], "phase": 9, "unknown": 1}
    assert [fault.path for fault in schema_faults("settings", data)] == ["unknown", "phase"]


def test_right_settings_are_checked_without_the_slow_packages() -> None:
    """The SDK and jsonschema are half a second of imports."""
    text = (
        "import sys; from tools.pipeline.__main__ import main; main(['settings']); "
        "print(sorted({'pulumi', 'jsonschema', 'boto3', 'grpc'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", text], cwd=REPOSITORY, capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "[]"


def test_the_folder_of_schemas_is_the_one_that_is_tested() -> None:
    assert Path(SCHEMAS).is_dir()
    assert set(NAMES) >= {"settings", "catalog", "bundle", "bring-in"}


@pytest.mark.parametrize("key", ["gpuHour", "thousandTokens"])
@pytest.mark.parametrize("value", ["nan", "inf", "-inf"])
def test_a_number_is_finite(key: str, value: str) -> None:
    prices = {"thousandTokens": float(value)} if key == "thousandTokens" else {"gpuHour": {"l40s": float(value)}}
    data = {**RIGHT["settings"][0], "prices": prices}
    told = [str(fault) for fault in schema_faults("settings", data)]
    assert any(line.startswith(f"prices.{key}") and "must be of type number, a finite one" in line for line in told)
