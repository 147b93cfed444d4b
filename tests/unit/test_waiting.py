"""What makes a test fail once in a hundred runs and can be told from its text; and what tests wait with."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.support import waiting
from tests.support.lines import json_lines, whole_lines
from tests.support.waiting import early_in, until

_TESTS = Path(__file__).parents[1]
_CLOCKS = ("monotonic", "perf_counter", "time")


def test_a_line_that_is_being_written_is_none(tmp_path: Path) -> None:
    path = tmp_path / "lines"
    assert whole_lines(path) == []
    path.write_bytes(b'{"a": 1}\n{"b": "' + "é".encode()[:1])
    assert (whole_lines(path), json_lines(path)) == (['{"a": 1}'], [{"a": 1}])
    path.write_bytes(b'{"a": 1}')
    assert json_lines(path) == []


def test_what_is_waited_for_is_given_and_what_does_not_come_is_told() -> None:
    found = iter(["", "", "here"])
    assert until(lambda: next(found)) == "here"
    with pytest.raises(AssertionError, match="because"):
        until(lambda: False, lambda: "because", seconds=0.05)


def test_a_period_that_ends_soon_is_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    slept: list[float] = []
    monkeypatch.setattr(waiting.time, "sleep", slept.append)
    for now in (30.0, 119.0, 121.0):
        monkeypatch.setattr(waiting.time, "time", lambda now=now: now)
        early_in(60, 25)
    assert slept == [1.0]


def test_files_that_are_written_meanwhile_are_read_by_whole_lines() -> None:
    """Of a file that another process writes, the last line may be half there: no JSON, once in a hundred runs."""
    assert _found(_torn) == []


def test_nothing_has_to_be_done_within_seconds() -> None:
    """A slow machine is no fault: own work is measured by `process_time`, that of others is waited for."""
    assert _found(_within) == []


def _found(look: Callable[[ast.AST], Iterator[int]]) -> list[str]:
    return [
        f"{path.relative_to(_TESTS.parent)}:{line}"
        for path in sorted(_TESTS.rglob("*.py"))
        if "bench" not in path.relative_to(_TESTS).parts
        for line in look(ast.parse(path.read_text()))
    ]


@pytest.mark.parametrize(
    ("text", "count"),
    [
        ("[json.loads(line) for line in path.read_text().splitlines()]", 1),
        ("for line in path.read_text().splitlines():\n    found.take(json.loads(line))", 1),
        ("[json.loads(line) for line in done.stdout.splitlines()]", 0),
        ("[line for line in path.read_text().splitlines() if line]", 0),
    ],
)
def test_what_counts_as_torn(text: str, count: int) -> None:
    assert len(list(_torn(ast.parse(text)))) == count


@pytest.mark.parametrize(
    ("text", "count"),
    [
        ("assert time.monotonic() - began < 3", 1),
        ("assert 0.3 <= time.perf_counter() - began <= LIMIT", 1),
        ("assert 3 > time.time() - began", 1),
        ("assert time.monotonic() - began >= 0.3", 0),
        ("assert time.process_time() - began < 2", 0),
        ("while not done():\n    assert time.monotonic() - began < 60", 0),
        ("while not done():\n    assert time.monotonic() < limit", 0),
        ("assert reset - time.time() <= slept", 0),
    ],
)
def test_what_counts_as_within_seconds(text: str, count: int) -> None:
    assert len(list(_within(ast.parse(text)))) == count


def _torn(tree: ast.AST) -> Iterator[int]:
    """Where each line of a file's text is read as JSON."""
    for node in ast.walk(tree):
        if isinstance(node, ast.ListComp | ast.SetComp | ast.GeneratorExp):
            source, work = node.generators[0].iter, ast.unparse(node.elt)
        elif isinstance(node, ast.For):
            source, work = node.iter, "\n".join(map(ast.unparse, node.body))
        else:
            continue
        if ast.unparse(source).endswith(".read_text().splitlines()") and "json.loads(" in work:
            yield source.lineno


def _within(tree: ast.AST) -> Iterator[int]:
    """Where the time that has passed must be less than some seconds; in a loop that is how long it is waited."""
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, ast.Assert):
            yield from (pair.lineno for pair in ast.walk(node.test) if isinstance(pair, ast.Compare) and _is_less(pair))
        elif not isinstance(node, ast.While):
            yield from _within(node)


def _is_less(compared: ast.Compare) -> bool:
    sides = [compared.left, *compared.comparators]
    return any(
        (isinstance(how, ast.Lt | ast.LtE) and _is_passed(one))
        or (isinstance(how, ast.Gt | ast.GtE) and _is_passed(other))
        for one, how, other in zip(sides, compared.ops, sides[1:], strict=False)
    )


def _is_passed(side: ast.expr) -> bool:
    clock = isinstance(side, ast.BinOp) and isinstance(side.op, ast.Sub) and ast.unparse(side.left)
    return clock in {f"time.{name}()" for name in _CLOCKS}
