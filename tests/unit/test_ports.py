"""Ports that tests are given."""

from __future__ import annotations

import socket
import subprocess
import sys

from tests.support import ports
from tests.support.ports import free_ports

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
