"""What makes a test fail once in a hundred runs and can be told from its text; and what tests wait with."""

from __future__ import annotations

import ast
import socket
import threading
from collections.abc import Callable, Iterator
from functools import cache
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from types import SimpleNamespace

import pytest

from tests.support import waiting
from tests.support.lines import json_lines, whole_lines
from tests.support.quiet_server import QuietServer
from tests.support.waiting import early_in, until

_TESTS = Path(__file__).parents[1]
_APART = ("quiet_server.py", "stand_in_server.py")
"""What quiet servers are made of, and a program that is a process of its own."""

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
    """With a clock of its own: threads that other tests have left sleep too."""
    slept: list[float] = []
    for now in (30.0, 119.0, 121.0):
        monkeypatch.setattr(waiting, "time", SimpleNamespace(time=lambda now=now: now, sleep=slept.append))
        early_in(60, 25)
    assert slept == [1.0]


def test_files_that_are_written_meanwhile_are_read_by_whole_lines() -> None:
    """Of a file that another process writes, the last line may be half there: no JSON, once in a hundred runs."""
    assert _found(_torn) == []


def test_nothing_has_to_be_done_within_seconds() -> None:
    """A slow machine is no fault: own work is measured by `process_time`, that of others is waited for."""
    assert _found(_within) == []


def test_servers_of_tests_say_nothing_of_callers_that_go_away() -> None:
    """What their threads say a second later would be another test's."""
    assert _found(_loud) == []


def test_a_caller_that_goes_away_is_no_word_and_a_fault_is_one(capfd: pytest.CaptureFixture[str]) -> None:
    went = threading.Event()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            assert went.wait(60)
            if self.path == "/fault":
                raise KeyError("here")
            for _ in range(100):
                self.wfile.write(b"x" * 1_000_000)

        def log_message(self, *_: object) -> None:
            """Nothing."""

    def at_work() -> set[threading.Thread]:
        return {thread for thread in threading.enumerate() if thread.is_alive()}

    def said(path: str) -> str:
        """What was said when a call has ended whose caller went away at once."""
        went.clear()
        before = at_work()
        with socket.create_connection(server.server_address[:2]) as made:
            made.sendall(f"GET {path} HTTP/1.0\r\n\r\n".encode())
            (thread,) = until(lambda: at_work() - before)
        went.set()
        thread.join(60)
        return capfd.readouterr().err

    with QuietServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
        assert said("/") == ""
        assert "KeyError: 'here'" in said("/fault")
        server.shutdown()


@cache
def _texts() -> dict[str, ast.Module]:
    """Every file of the tests but those of the bench, which measures, and those that are apart."""
    paths = [path for path in sorted(_TESTS.rglob("*.py")) if path.name not in _APART]
    return {
        str(path.relative_to(_TESTS.parent)): ast.parse(path.read_text())
        for path in paths
        if "bench" not in path.relative_to(_TESTS).parts
    }


def _found(look: Callable[[ast.AST], Iterator[int]]) -> list[str]:
    return [f"{path}:{line}" for path, tree in _texts().items() for line in look(tree)]


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


def _loud(tree: ast.AST) -> Iterator[int]:
    """Where a server of the library is taken that tells of callers that go away."""
    for node in ast.walk(tree):
        name = node.id if isinstance(node, ast.Name) else node.attr if isinstance(node, ast.Attribute) else ""
        if name in ("HTTPServer", "ThreadingHTTPServer"):
            yield node.lineno


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
