"""The house's reader of YAML: one meaning for all readers, one line for the rest, and no more work than the text."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from infra.documents import DocumentError, read
from infra.strict_yaml import MAX_BYTES, YamlError, dump, parse
from policies.reading.own import yaml_document
from tools.local.workspace import REPOSITORY

BOMB = "\n".join(["a0: &a0 [1, 2]", *(f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 12))])

BAD = {
    "holds itself": ("a: &a [*a]", "a value does not hold itself"),
    "holds itself in a mapping": ("a: &a {b: {c: *a}}", "line 1: a.b.c: "),
    "bomb": (BOMB, "aliases written out"),
    "bomb of texts": (f"a: &a {'x' * 1000}\nb: [{', '.join(['*a'] * 100_000)}]", "aliases written out"),
    "bomb of merges": (
        "a: &a {" + ", ".join(f"k{n}: 1" for n in range(1000)) + "}\nb:\n" + "- {<<: *a}\n" * 1000,
        "aliases written out",
    ),
    "deep": ("[" * 100_000, "nested too deeply"),
    "deep blocks": ("- " * 100_000, "nested too deeply"),
    "deep mappings": ("{a: " * 100_000, "nested too deeply"),
    "deep by aliases": ("a0: &a0 [1]\n" + "\n".join(f"a{n}: &a{n} [*a{n - 1}]" for n in range(1, 80)), "too deeply"),
    "many values": ("[" + "1," * 1_000_000 + "]", "at most 400000"),
    "key twice": ("a: {b: 1, b: 2}", 'line 1: a.b: "stands twice"'),
    "key twice as texts": ("a: 1\n'a': 2", "stands twice"),
    "merge behind": ("a: &a {x: 1}\nb: {z: 2, <<: *a}", "stands first"),
    "merge twice": ("a: &a {x: 1}\nb: {<<: *a, <<: *a}", "stands first"),
    "merge of a text": ("b: {<<: x}", "names mappings"),
    "alias of nothing": ("a: *b", "an alias names an anchor above it"),
    "tag of Python": ("a: !!python/object/apply:os.system [id]", "no tags"),
    "tag of a text": ("a: !!str 1", "no tags"),
    "own tag": ("a: !x 1", "no tags"),
    "no tag": ("a: ! 1", "no tags"),
    "tag of a key": ("!!binary aG9zdFBJRA==: true", "keys are texts"),
    "alias as a key": ("a: &a x\n*a : 1", "keys are texts"),
    "list as a key": ("? [a]\n: 1", "keys are texts"),
    "number as a key": ("1: a", "keys are texts"),
    "null as a key": ("~: a", "keys are texts"),
    "two documents": ("a: 1\n---\nb: 2", "one document"),
    "directive": ("%YAML 1.1\n---\na: 1", "a directive"),
    "many directives": ("%TAG !a! tag:x\n" * 300_000, "a directive"),
    "directives behind": ("a: 1\n...\n" + "%TAG !a! tag:x\n" * 300_000, "line 3: has a directive"),
    "unknown directive": ("%FOO\na: 1", "unknown directive"),
    "NUL": ("a: x\0y", "U+0000"),
    "a key behind a remark": ("# a remark\u2028prod: true\na: 1", "line 1: has the character U+2028"),
    "a paragraph": ("a: 1 # x\u2029b: 2", "U+2029"),
    "a next line": ("a: 1\nc: 2 # x\x85b: 2", "line 2: has the character U+0085"),
    "a carriage return": ("a: 1 # x\rb: 2", "U+000D"),
    "escape": ("a: \x1b[31m", "U+001B"),
    "tab": ("\ta: 1", "is no YAML"),
    "open": ("a: [1", "is no YAML"),
    "byte order": ("\ufeffa: 1", "byte order mark"),
    "date": ("a: 2026-02-30", 'line 1: a: "2026-02-30"; rule: is a date for some'),
    "moment": ("a: 2026-02-03T24:00:00Z", "is a date for some"),
    "yes": ("a: yes", "is a truth value for some"),
    "y": ("a: y", "is a truth value for some"),
    "on as a key": ("on: 1", "is a truth value for some"),
    "octal": ("a: 0777", "is this number for some"),
    "octal of JavaScript": ("a: 0o17", "is this number for some"),
    "hexadecimal": ("a: 0x1F", "is this number for some"),
    "underscores": ("a: 1_000", "is this number for some"),
    "minutes": ("a: 1:30", "is this number for some"),
    "exponent": ("a: 1e5", "is this number for some"),
    "large": ("a: 1.5e+400", "is this number for some"),
    "half a number": ("a: .5", "is this number for some"),
    "infinite": ("a: -.inf", "is this number for some"),
    "no number": ("a: .NaN", "is this number for some"),
    "merge as a value": ("a: <<", "is more than a text for some"),
    "equals": ("a: =", "is more than a text for some"),
    "huge": ("a: " + "9" * 1_000_000, "is this number for some"),
    "too long": ("a: " + "x" * MAX_BYTES, "is too long"),
}


@pytest.mark.parametrize("case", BAD)
def test_what_bites_is_one_short_line_at_once(case: str) -> None:
    text, told = BAD[case]
    started = time.process_time()
    with pytest.raises(YamlError) as caught:
        parse(text.encode())
    assert time.process_time() - started < 2, "the work must not grow faster than the text"
    said = str(caught.value)
    assert told in said
    assert "rule: " in said or "is no YAML: " in said
    assert said.isprintable()
    assert len(said) < 500


@pytest.mark.parametrize("content", [b"\xff\xfea\0:\0 \x001\0", b"\xfe\xff\0a\0:\0 \x001", b"a: \xc3\x28", b"\x80"])
def test_other_encodings_are_named(content: bytes) -> None:
    with pytest.raises(YamlError, match="rule: UTF-8"):
        parse(content)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("", None),
        ("# nothing\n", None),
        ("a: {b: [1, -2, 0.5, 1.5e+3, true, null, ~, x, '1', \"yes\"]}", None),
        ("base: &base {x: 1, z: 2}\nb: {<<: *base, z: 3}", {"base": {"x": 1, "z": 2}, "b": {"x": 1, "z": 3}}),
        ("b: {<<: [{x: 1}, {x: 2, w: 3}], v: 4}", {"b": {"x": 1, "w": 3, "v": 4}}),
        ("a: &a [1]\nb: *a", {"a": [1], "b": [1]}),
        ("a: 1.2.3\nb: 10.0.0.0/8\nc: 8Gi\nd: 2026-02-03.1\ne: v1:abc=\nf: -x\ng: 12:99\nh: sha256:0e1", None),
        ("a: |\n  x\n\n  y\nb: >\n  x\n  y\n", {"a": "x\n\ny\n", "b": "x y\n"}),
        ("---\na: 1\n...\n", {"a": 1}),
    ],
)
def test_what_all_readers_read_alike_is_read(text: str, value: Any) -> None:
    expected = yaml.safe_load(text)
    assert value is None or value == expected
    assert parse(text) == expected


def test_our_own_files_are_read_as_before() -> None:
    for path in (*REPOSITORY.glob("Pulumi*.yaml"), *(REPOSITORY / "infra" / "catalog").glob("*.yaml")):
        assert read(path) == yaml.safe_load(path.read_text()), path


_WORDS = st.text(alphabet="abxyYnNoOeE0123456789_.:-+~TZ {}[],&*!%#'\"|>\n<", max_size=24)


def _exact(value: Any) -> Any:
    """A value as it is compared: true is no 1, and 1.0 is."""
    if isinstance(value, dict):
        return {key: _exact(entry) for key, entry in value.items()}
    if isinstance(value, list):
        return [_exact(entry) for entry in value]
    return str(value) if isinstance(value, bool) or value is None else (type(value) is str, value)


@given(_WORDS)
def test_the_pack_reads_the_same_or_nothing(text: str) -> None:
    """The pack has a reader of its own, by kubectl's rules: a file of ours never has two meanings."""
    text += "\n"  # what a text without the last line end means, differs
    try:
        value = parse(text)
    except YamlError:
        return
    try:
        other = yaml_document(text)
    except ValueError:
        return
    assert _exact(other) == _exact(value)


@given(_WORDS)
def test_nothing_is_read_otherwise_than_by_pyyaml(text: str) -> None:
    text += "\n"  # what a text without the last line end means, differs
    try:
        value = parse(text)
    except YamlError:
        return
    loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    assert str(value) == str(yaml.load(text, Loader=loader))  # noqa: S506 (a safe loader)


_PLAIN = st.recursive(
    st.none() | st.booleans() | st.integers(-(10**18), 10**18) | st.text(max_size=12) | _WORDS,
    lambda below: st.lists(below, max_size=3) | st.dictionaries(_WORDS, below, max_size=3),
    max_leaves=8,
)


@given(st.dictionaries(_WORDS, _PLAIN, max_size=4))
def test_what_is_written_is_read_back_by_every_reader(value: Any) -> None:
    text = dump(value)
    assert parse(text) == value
    assert yaml.safe_load(text) == value
    assert yaml_document(text) == value


def test_a_secret_is_not_shown() -> None:
    for text in ("config:\n  kitchen:password: 0042", "a:\n  jwks:\n    k: 0042", "entry:\n  api_key: 2026-01-01"):
        with pytest.raises(YamlError) as caught:
            parse(text)
        assert "(not shown)" in str(caught.value)
        assert "0042" not in str(caught.value)
        assert "2026-01-01" not in str(caught.value)


def test_files(tmp_path: Path) -> None:
    for name, text in (("a.json", '{"a": 1, "a": 2}'), ("a.json", "a: 1"), ("a.yaml", "a: &a [*a]")):
        (tmp_path / name).write_text(text)
        with pytest.raises(DocumentError):
            read(tmp_path / name)
    (tmp_path / "a.json").write_text('{"a": "\\u0041"}')
    assert read(tmp_path / "a.json") == {"a": "A"}
    for path in (tmp_path, tmp_path / "nowhere.yaml", Path("/dev/zero"), Path("/dev/zero.json")):
        with pytest.raises(DocumentError):
            read(path)
