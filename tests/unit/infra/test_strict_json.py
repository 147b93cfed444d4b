"""The house's reader of JSON: one meaning for all readers, one phrase for the rest, at once."""

from __future__ import annotations

import json
import time
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from infra.strict_json import MAX_BYTES, JsonError, TwiceError, parse, read

BAD = {
    "empty": ("", "is empty"),
    "blank": (" \n", "is empty"),
    "deep": ("[" * 100_000, "nested deeper than 64"),
    "deep objects": ('{"a":' * 100_000, "nested deeper than 64"),
    "a bit deep": ("[" * 66 + "]" * 66, "nested deeper than 64"),
    "twice": ('{"a": 1, "a": 2}', 'the key "a" twice'),
    "twice by escapes": ('{"a": 1, "\\u0061": 2}', 'the key "a" twice'),
    "twice, long": ('{"' + "a" * 99999 + '": 1, "' + "a" * 99999 + '": 2}', "aaa... twice"),
    "NaN": ("[NaN]", "has NaN"),
    "infinite": ("-Infinity", "has -Infinity"),
    "large": ("1e400", "too large for 64 bits"),
    "huge": ("9" * 5_000_000, "a number of 5000000 digits"),
    "huge fraction": ("0." + "1" * 5_000_000, "a number of 5000002 characters"),
    "huge exponent": ("1e" + "9" * 5_000_000, "a number of 5000002 characters"),
    "minus zero": ("-0", "the number -0"),
    "half a character": ('{"a\\ud800": 1}', "half of a surrogate pair"),
    "two values": ("{}{}", "is not JSON: Extra data"),
    "cut": ('{"a": [1', "is not JSON"),
    "comma": ("[1,]", "is not JSON"),
    "remark": ("{} // x", "is not JSON"),
    "quotes": ("{'a': 1}", "is not JSON"),
    "NUL": ('"\0"', "is not JSON"),
    "line break": ('"\n"', "is not JSON"),
    "byte order": ("\ufeff{}", "begins with a byte order mark"),
    "many values": ("[" + "0," * 1_000_000 + "0]", "has more than 419430 values"),
    "too long": (" " * MAX_BYTES + "1", "has more than"),
}


@pytest.mark.parametrize("case", BAD)
def test_what_bites_is_one_short_phrase_at_once(case: str) -> None:
    text, told = BAD[case]
    started = time.process_time()
    with pytest.raises(JsonError) as caught:
        parse(text.encode())
    assert time.process_time() - started < 2, "the work must not grow faster than the text"
    assert told in str(caught.value)
    assert str(caught.value).isprintable()
    assert len(str(caught.value)) < 200


@pytest.mark.parametrize("content", ['{"a": 1}'.encode("utf-16"), b'"\xc3\x28"', b"\x80"])
def test_other_encodings_are_named(content: bytes) -> None:
    with pytest.raises(JsonError, match="is not UTF-8 at byte"):
        parse(content)


_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63), 2**63) | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(exclude_categories=["Cs"])),
    lambda below: st.lists(below, max_size=4)
    | st.dictionaries(st.text(st.characters(exclude_categories=["Cs"])), below),
    max_leaves=10,
)  # fmt: skip


@given(_VALUES)
def test_what_others_write_is_read(value: object) -> None:
    text = json.dumps(value)
    assert parse(text) == json.loads(text) == value
    assert parse(json.dumps(value, ensure_ascii=False, indent=1).encode()) == value


def test_more_is_read_on_request(tmp_path: Path) -> None:
    assert parse("[" * 100 + "]" * 100, depth=200)
    (tmp_path / "large.json").write_text(f'"{"x" * MAX_BYTES}"')
    with pytest.raises(JsonError, match="has more than 8388608 bytes"):
        read(tmp_path / "large.json")
    assert len(read(tmp_path / "large.json", most=2 * MAX_BYTES)) == MAX_BYTES
    with pytest.raises(JsonError, match="has more than"):
        read(Path("/dev/zero"))


def test_long_whole_numbers_are_exactly_doubles() -> None:
    assert parse(str(int(1e30))) == int(1e30)
    with pytest.raises(JsonError, match="a number of 31 digits"):
        parse(str(int(1e30) + 1))


def test_the_key_that_stands_twice_is_known() -> None:
    with pytest.raises(TwiceError) as caught:
        parse('{"b": {"x": 1, "x": 1}}')
    assert caught.value.key == "x"
