"""Ports that tests are given."""

from __future__ import annotations

import ast
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support import ports
from tests.support.ports import free_ports

_HOME = Path(__file__).parents[2]
_ASKED = (".getsockname()", ".server_address", ".server_port")
_TAKE = "from tests.support.ports import free_ports; print(*free_ports(1500), flush=True); input()"


def test_nobody_is_given_a_port_twice_and_ports_come_back_with_their_process() -> None:
    with subprocess.Popen([sys.executable, "-c", _TAKE], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as other:
        assert other.stdout is not None
        theirs = set(map(int, other.stdout.readline().split()))
        ours = [*free_ports(1500), *free_ports(1500)]
        other.communicate(b"\n")
    assert len(theirs) == 1500
    assert len({*ours, *theirs}) == 4500


def test_a_port_of_either_address_is_taken() -> None:
    for address in ("127.0.0.1", "127.0.0.2"):
        with socket.socket() as taken:
            (port,) = free_ports(1)
            assert ports.is_free(port)
            taken.bind((address, port))
            assert not ports.is_free(port)


def test_no_port_of_the_kernel_is_let_go_for_a_server_to_be_started() -> None:
    """The kernel may give it to another server meanwhile: `Address already in use`, once in a hundred runs."""
    found = [
        f"{path.relative_to(_HOME)}:{line}: let go at once; rule: a server's port is of free_ports"
        for folder in ("tests", "tools")
        for path in sorted((_HOME / folder).rglob("*.py"))
        for line in _let_go(path.read_text())
    ]
    assert found == []


def test_tests_have_their_ports_from_where_nobody_is_given_one_twice() -> None:
    """What a command asks for is free at that moment, and may be given to a server of another worker at the next."""
    found = [
        f"{path.relative_to(_HOME)}:{node.lineno}: {node.module}; rule: a test's ports are of tests.support.ports"
        for path in sorted((_HOME / "tests").rglob("*.py"))
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.ImportFrom)
        and node.module != "tests.support.ports"
        and {alias.name for alias in node.names} & {"free_ports", "fresh"}
    ]
    assert found == []


@pytest.mark.parametrize(
    ("text", "count"),
    [
        ("with socket.socket() as free:\n    free.bind((HOST, 0))\n    port = free.getsockname()[1]", 1),
        ("with socket.create_server((HOST, 0)) as free:\n    self.port = int(free.getsockname()[1])", 1),
        (
            "def port():\n    with socket.socket() as s:\n        s.bind((HOST, 0))\n        return s.getsockname()[1]",
            1,
        ),
        ("with socket.socket() as held:\n    held.bind((HOST, 0))\n    held.listen()\n    use(held.getsockname())", 0),
        ("with socket.create_server((HOST, 0)) as held:\n    yield held.getsockname()[1]", 0),
        ("with HTTPServer((HOST, 0), Handler) as server:\n    port = server.server_address[1]", 1),
        ("with HTTPServer((HOST, 0), Handler) as server:\n    port = server.server_port\n    call(port)", 0),
    ],
)
def test_what_counts_as_let_go(text: str, count: int) -> None:
    assert len(list(_let_go(text))) == count


def _let_go(text: str) -> Iterator[int]:
    """The lines of `with` blocks that do nothing but ask a socket for the name that it was given."""
    for block in ast.walk(ast.parse(text)):
        if isinstance(block, ast.With) and all(_only_asks(line) for line in block.body):
            yield block.lineno


def _only_asks(line: ast.stmt) -> bool:
    said = ast.unparse(line)
    asks = isinstance(line, ast.Assign | ast.Return) and any(word in said for word in _ASKED)
    return asks or (isinstance(line, ast.Expr) and (".bind(" in said or ".setsockopt(" in said))
