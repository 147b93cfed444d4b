"""A resource is read out of the engine's message as the SDK reads it."""

from __future__ import annotations

from typing import Any

import pytest
from google.protobuf import struct_pb2  # type: ignore[import-untyped]
from hypothesis import given
from hypothesis import strategies as st
from pulumi_policy import deserialize, proxy

from policies.judging.messages import read, read_marked
from policies.judging.values import UNKNOWN

MARK, SECRET, ASSET = deserialize.SPECIAL_SIG_KEY, deserialize.SPECIAL_SECRET_SIG, deserialize.SPECIAL_ASSET_SIG
_TEXTS = st.text() | st.sampled_from([proxy.UNKNOWN_STRING_VALUE, proxy.UNKNOWN_OBJECT_VALUE])
_NUMBERS = st.floats(allow_nan=False, allow_infinity=False) | st.integers(-(2**53), 2**53).map(float)
_PLAIN = st.recursive(
    st.none() | st.booleans() | _NUMBERS | _TEXTS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
)
_MARKED = st.recursive(
    _PLAIN,
    lambda inner: (
        st.fixed_dictionaries({MARK: st.just(SECRET), "value": inner})
        | st.lists(inner, max_size=3)
        | st.dictionaries(st.text(), inner, max_size=3)
    ),
    max_leaves=8,
)


def message(content: dict[str, Any]) -> Any:
    made = struct_pb2.Struct()
    made.update(content)
    made.fields["nothing"].SetInParent()
    return made


def kinds(value: Any) -> Any:
    """The value with the kinds of its parts: 1, 1.0 and True are equal in Python."""
    if isinstance(value, dict):
        return {key: kinds(entry) for key, entry in value.items()}
    if isinstance(value, list):
        return [kinds(entry) for entry in value]
    return value, "text" if isinstance(value, str) else type(value).__name__


@given(st.dictionaries(st.text(), _PLAIN, max_size=5))
def test_what_has_no_marks_is_read_in_one_pass_with_the_same_result(content: dict[str, Any]) -> None:
    fast, slow = read(message(content)), read_marked(message(content))
    assert (kinds(fast[0]), fast[1]) == (kinds(slow[0]), slow[1])


@given(st.dictionaries(st.text(), _MARKED, max_size=4))
def test_what_has_marks_is_read_with_the_paths_of_its_secrets(content: dict[str, Any]) -> None:
    fast, slow = read(message(content)), read_marked(message(content))
    assert (kinds(fast[0]), fast[1]) == (kinds(slow[0]), slow[1])


def test_secrets_that_are_known_and_not_known() -> None:
    secret = {MARK: SECRET, "value": [proxy.UNKNOWN_STRING_VALUE, "told"]}
    inputs, secrets = read(message({"data": {"a": secret}, "b": 80.0, "c": proxy.UNKNOWN_OBJECT_VALUE}))
    assert inputs == {"data": {"a": [UNKNOWN, "told"]}, "b": 80, "c": UNKNOWN, "nothing": None}
    assert secrets == {"data.a[0]", "data.a[1]"}


@pytest.mark.parametrize("number", [float("nan"), float("inf"), float("-inf")])
def test_a_number_that_json_does_not_have_is_refused(number: float) -> None:
    made = struct_pb2.Struct()
    made.fields["n"].number_value = number
    with pytest.raises(ValueError, match=str(number)):
        read(made)


def test_a_mark_that_nobody_knows_is_refused() -> None:
    with pytest.raises(AssertionError, match="Unrecognized signature"):
        read(message({"a": {MARK: "something"}}))
