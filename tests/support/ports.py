"""Ports of loopback for servers that a test starts."""

from __future__ import annotations

import contextlib
import fcntl
import os
import random
import socket
import tempfile
from functools import cache
from pathlib import Path

_FIRST, _END = 10_000, 20_000
"""Below what the kernel gives to those who bind to port 0 (net.ipv4.ip_local_port_range: from 32768 on), and below the
embedded cluster's: a port of the kernel's, once let go, may be another server's before its own server binds it."""

_ADDRESSES = ("127.0.0.1", "127.0.0.2")
_OURS: set[int] = set()
_ANY = random.SystemRandom()  # tests that are given a seed give it to all


def free_ports(count: int) -> list[int]:
    """Different ports that nobody has at this moment; raise AssertionError where there are not so many.

    Nobody is given one of them again as long as this process lives, by whatever test run of this user.
    """
    found: list[int] = []
    for port in _ANY.sample(range(_FIRST, _END), _END - _FIRST):
        if len(found) == count:
            break
        if port not in _OURS and is_free(port) and _is_kept(port):
            found.append(port)
    assert len(found) == count, f"{count} free ports of loopback"
    return found


def is_free(port: int) -> bool:
    """Whether nobody has it, on any address that our servers listen on."""
    for address in _ADDRESSES:
        with socket.socket() as tried:
            try:
                tried.bind((address, port))
            except OSError:
                return False
    return True


def _is_kept(port: int) -> bool:
    """Whether it is ours alone from now on: each port is a byte of a file, and a lock on it ends with its process."""
    with contextlib.suppress(OSError):
        fcntl.lockf(_shared(), fcntl.LOCK_EX | fcntl.LOCK_NB, 1, port)
        _OURS.add(port)
        return True
    return False


@cache
def _shared() -> int:
    """Open once: to close it anywhere in the process would end all its locks."""
    path = Path(tempfile.gettempdir()) / f"kitchen-test-ports-{os.getuid()}"
    return os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
