"""What readers of YAML disagree on: one value, which is kubectl's, or a refusal by name."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from policies.reading import yaml_text
from policies.reading.stream import Read, read_stream
from tests.policy.reading.texts import READ, REFUSED
from tests.policy.support.kubectl import read_by_kubectl, same

HEAD = "apiVersion: v1\nkind: Thing\nmetadata: {name: %s}\ndata: %s"


def reads(text: str) -> list[Read]:
    return list(read_stream(text))


def values(text: str) -> list[Any]:
    assert [read.refused for read in reads(text) if read.refused] == []
    return [read.value for read in reads(text)]


@pytest.mark.parametrize("name", READ)
def test_a_text_has_its_value(name: str) -> None:
    body, expected = READ[name]
    (value,) = values(HEAD % ("x", body))
    assert same(value["data"], expected), value["data"]


def test_that_value_is_kubectl_s(tmp_path: Path) -> None:
    texts = {f"t{number}": body for number, (body, _) in enumerate(READ.values())}
    found = read_by_kubectl(tmp_path, {name: HEAD % (name, body) for name, body in texts.items()})
    other = [
        (body, expected, seen)
        for (body, expected), seen in zip(READ.values(), found.values(), strict=True)
        if seen.refused or [same(entry["data"], expected) for entry in seen.objects] != [True]
    ]
    assert other == []


@pytest.mark.parametrize("name", REFUSED)
def test_a_text_is_refused_with_its_line(name: str) -> None:
    body, said = REFUSED[name]
    text = HEAD % ("x", body)
    refused = [read.refused for read in reads(text) if read.refused]
    assert [said in error.text for error in refused] == [True], refused
    assert 4 <= refused[0].line <= text.count("\n") + 2


def test_many_directives_are_refused_before_they_are_compared() -> None:
    """libyaml compares each with those before: a text of 1.6 MB took minutes."""
    text = "".join(f"%TAG !a{number}! b\n" for number in range(100_000)) + "---\na: 1\n"
    started = time.process_time()
    refused = [read.refused for read in reads(text) if read.refused]
    assert ["more than 50 directives" in error.text for error in refused] == [True]
    assert refused[0].line == 51
    assert time.process_time() - started < 5, "the work must not grow faster than the text"


def test_a_long_tag_is_named_in_a_short_sentence() -> None:
    (read,) = reads("a: " + "!" * 1_000_000 + "\n")
    assert read.refused is not None
    assert len(read.refused.text) < 200


def test_what_is_just_shallow_enough_is_read() -> None:
    (value,) = values("[" * 200 + "]" * 200)
    assert len(str(value)) == 400
    (value,) = values('{"a": ' * 200 + "1" + "}" * 200)
    assert str(value).count("{") == 200


def test_levels_by_aliases_are_counted() -> None:
    def nested(levels: int) -> str:
        """Two thirds of them by an alias, which itself stands for half of them by an alias."""
        third = levels // 3
        deep = ["[" * third, "]" * third]
        return f"[&a {deep[0]}{deep[1]}, &b {deep[0]}*a{deep[1]}, {deep[0]}*b{deep[1]}]"

    (value,) = values(nested(198))
    assert str(value[2]) == "[" * 198 + "]" * 198
    assert "too deeply" in str(reads(nested(201))[0].refused)
    (value,) = values(f"[{nested(150)}, [&c {nested(30)}, *c]]")
    assert value[1][0] == value[1][1]


def test_aliases_are_counted_before_they_are_copied(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(yaml_text, "MAX_NODES", 50)
    assert values("[" + "a, " * 48 + "b]")
    (read,) = reads("[" + "a, " * 49 + "b]")
    assert "stands for more than 50 values" in str(read.refused)
    text = "a: &a {k: x, l: x, m: x}\nb:\n" + "".join(f"- {{<<: *a, n: {number}}}\n" for number in range(20))
    (read,) = reads(text)
    assert read.refused is not None
    assert read.line == read.refused.line == 7


STREAMS: dict[str, tuple[str, list[Any]]] = {
    "two objects of JSON in a row": ('{"a": 1} {"a": 2}', [{"a": 1}, {"a": 2}]),
    "on two lines": ('{"a": 1}\n{"a": 2}\n', [{"a": 1}, {"a": 2}]),
    "without anything between": ('{"a": 1}{"a": 2}{"a": 3}', [{"a": 1}, {"a": 2}, {"a": 3}]),
    "JSON, and then YAML": ('{"a": 1}\n---\na: 2\n', [{"a": 1}, {"a": 2}]),
    "JSON, remarks, and then YAML": ('{"a": 1}\n# c\n\n  # d\n---\na: 2\n', [{"a": 1}, {"a": 2}]),
    "JSON with half characters that fit": ('{"a": "\\ud83d\\ude00"}', [{"a": "😀"}]),
    "a mapping that looks like JSON": ("{a: 1}\n---\n{a: 2}\n", [{"a": 1}, {"a": 2}]),
    "lines between documents": ("---\n--- # c\n\na: 1\n---\n# no\n---\t\na: 2\n---\n", [{"a": 1}, {"a": 2}]),
    "a byte order mark before YAML": ("\ufeff---\na: 1\n", [{"a": 1}]),
    "a byte order mark before JSON": ('\ufeff{"a": 1}', [{"a": 1}]),
    "a byte order mark before JSON in a row": ('\ufeff{"a": 1}{"a": "x\x85"}', [{"a": 1}, {"a": "x\x85"}]),
    "the end of a document": ("a: 1\n...\n---\na: 2\n", [{"a": 1}, {"a": 2}]),
    "dashes in a block": ("a: |\n  ---\n  b\n", [{"a": "---\nb\n"}]),
    "nothing": ("\n---\n# nothing\n---\nnull\n", []),
}


@pytest.mark.parametrize("name", STREAMS)
def test_a_stream_is_parted(name: str) -> None:
    text, expected = STREAMS[name]
    assert values(text) == expected


ONE_BAD: dict[str, tuple[str, int, list[Any]]] = {
    "in the middle": ("a: 1\n---\nb: [\n---\nc: 3\n", 4, [{"a": 1}, {"c": 3}]),
    "first": ("a: {\n---\nb: 2\n---\nc: 3\n", 2, [{"b": 2}, {"c": 3}]),
    "a key twice": ("a: 1\n---\nb: 1\nb: 2\n---\nc: 3\n", 4, [{"a": 1}, {"c": 3}]),
    "a directive": ("a: 1\n---\n%YAML 1.1\n---\nc: 3\n", 4, [{"a": 1}, {"c": 3}]),
    "in JSON": ('{"a": 1}\n{"b": 1, "b": 2}\n{"c": 3}', 2, [{"a": 1}, {"c": 3}]),
    "half a character": ('{"a": 1}{"b": "\\ud83d"}{"c": 3}', 1, [{"a": 1}, {"c": 3}]),
    "JSON that is too deep": ('{"a": 1}\n{"b":' + "[" * 5000 + "]" * 5000 + "}", 2, [{"a": 1}]),
    "JSON that does not end": ('{"a": 1}\n{"b": [}\n---\nc: 3\n', 2, [{"a": 1}, {"c": 3}]),
    "a number that is too large": ('{"a": 1}{"b": 1e999}{"c": 3}', 1, [{"a": 1}, {"c": 3}]),
    "a mapping behind JSON": ('{"a": 1}\n  b:\n  d: 1\n---\nc: 3\n', 2, [{"a": 1}, {"c": 3}]),
    "a mapping behind JSON and a strange space": ('{"a": 1}\u00a0b: 1\n---\nc: 3\n', 1, [{"a": 1}, {"c": 3}]),
    "YAML in braces behind JSON": ('{"a": 1}\n{b: 1}\n---\nc: 3\n', 2, [{"a": 1}, {"c": 3}]),
    "a line of --- that is none": ('{"a": 1}---\n{"b": 1}\n---\nc: 3\n', 1, [{"a": 1}, {"c": 3}]),
    "a remark with a line break of its own": ('{"a": 1}\n# c\x85b: 1\n---\nc: 3\n', 2, [{"a": 1}, {"c": 3}]),
    "many remarks in a remark": ('{"a": 1}\n' + "# " * 5000 + "\nb: 1\n---\nc: 3\n", 2, [{"a": 1}, {"c": 3}]),
    "a word of JavaScript": ('{"a": 1}\n{"b": NaN}\n---\nc: 3\n', 2, [{"a": 1}, {"c": 3}]),
    "a strange space first": ("\u00a0{}", 1, []),
}


@pytest.mark.parametrize("name", ONE_BAD)
def test_a_document_that_cannot_be_read_does_not_hide_the_others(name: str) -> None:
    text, line, expected = ONE_BAD[name]
    found = reads(text)
    refused = [read.refused.line for read in found if read.refused]
    assert [read.value for read in found if not read.refused] == expected
    assert len(refused) == 1
    assert abs(refused[0] - line) <= 1


JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**63 - 1)
    # Between these a float is a whole number to JSON, which is written with fewer digits.
    | st.floats(allow_nan=False, allow_infinity=False).filter(lambda value: not 2**53 < abs(value) < 2**64)
    | st.text(st.characters(exclude_categories=["Cs"]), max_size=20),
    lambda held: (
        st.lists(held, max_size=4)
        | st.dictionaries(st.text(st.characters(exclude_categories=["Cs"]), max_size=6), held, max_size=4)
    ),
    max_leaves=20,
)


@settings(max_examples=300, deadline=None, derandomize=True)
@given(st.dictionaries(st.text(st.characters(exclude_categories=["Cs"]), max_size=6), JSON, max_size=4), st.booleans())
def test_what_is_written_as_json_comes_back(value: dict[str, Any], only_ascii: bool) -> None:
    text = json.dumps(value, ensure_ascii=only_ascii)
    assert values(text) == [value]
    first, second = values(f"{text}\n{text}")
    assert first == second == value


def test_lines_are_those_of_the_file() -> None:
    found = reads("# c\n\na: 1\n--- # d\n# e\nb: 2\n---\n---\nc: 3\n")
    assert [read.line for read in found] == [3, 6, 9]
    assert [read.line for read in reads('\n{"a": 1}\n\n{"b": 2}')] == [2, 4]
