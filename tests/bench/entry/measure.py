"""Measures rounds: the real Envoy with the check of bodies, a server, and a generator, each a process of its own."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any

from tests.bench.entry.generator import Measured
from tests.bench.processes import cpu_seconds
from tests.entry.rows.row import JSON, chat
from tests.entry.support.callers import request
from tests.entry.support.plan import CHAT
from tests.entry.support.running import Entry, end, wait_for_port
from tests.entry.support.tokens import Providers
from tests.entry.support.upstream import Upstream
from tests.support.ports import free_ports
from tools.local.workspace import REPOSITORY

RATE, CONTROL_RATE = 100, 400
"""Calls a second of each way."""

SECONDS, RUNS = 15, 4
BODY_KIB = 1024
"""As the settings have it where they say nothing."""

DIRECT, ENTRY = "direct", "entry"
_CONNECTIONS = 400
"""Of each way, made before the round: far more than are busy at once."""


@dataclass(frozen=True)
class Size:
    """A chat of `messages` with `characters` each."""

    name: str
    messages: int
    characters: int

    @property
    def body(self) -> bytes:
        """What is asked, as the body of a call whose answer is streamed."""
        said = [{"role": "user", "content": "x" * self.characters} for _ in range(self.messages)]
        return chat(stream=True, messages=said)


SIZES = (Size("one line", 1, 100), Size("20 messages, 8 KB", 20, 400), Size("one prompt of 32 KB", 1, 32_000))


@dataclass(frozen=True, kw_only=True)
class Round:
    """One round of the generator: `cpu` is CPU seconds by process, `seconds` how long it called."""

    size: Size
    ways: Mapping[str, Measured]
    cpu: Mapping[str, float]
    seconds: float = SECONDS
    rate: float = RATE


def _main_of(module: str) -> list[str]:
    """Words that start a module of this folder."""
    return [sys.executable, "-c", f"from tests.bench.entry.{module} import main; main()"]


class Measuring:
    """What runs during the rounds; a context manager. It ends the bench where a call fails."""

    def __init__(self, folder: Path) -> None:
        """Start nothing yet."""
        (self._port,) = free_ports(1)
        providers, server = Providers(), Upstream("support", port=self._port)
        self._token = providers.of_idp(groups=["helpdesk"])
        servers = {"support": server, "legal": server}
        self._entry = Entry(folder / "entry", providers, servers, body_kib=BODY_KIB)

    def __enter__(self) -> Measuring:
        """Start the server, the check and Envoy."""
        self._server = subprocess.Popen([*_main_of("server"), str(self._port)], cwd=REPOSITORY)
        try:
            wait_for_port(self._port, self._server)
            self._entry.start()
        except BaseException:
            self.__exit__(None, None, None)
            raise
        return self

    def __exit__(
        self, _kind: type[BaseException] | None, _error: BaseException | None, _at: TracebackType | None
    ) -> None:
        """End them."""
        self._entry.stop()
        end(self._server)

    def round(self, size: Size, seed: int) -> Round:
        """Both ways beside each other."""
        return self._round(size, {DIRECT: self._port, ENTRY: self._entry.port}, RATE, seed)

    def control(self) -> Round:
        """The server alone, at several times the rate: whether generator and server are what is measured."""
        return self._round(SIZES[0], {DIRECT: self._port}, CONTROL_RATE, RUNS)

    def _round(self, size: Size, ports: Mapping[str, int], rate: float, seed: int) -> Round:
        before = self._cpu()
        asked: dict[str, Any] = {
            "ports": dict(ports),
            "request": self._request(size),
            **{"rate": rate, "seconds": SECONDS, "seed": seed, "connections": _CONNECTIONS},
        }
        done = subprocess.run(
            _main_of("generator"), input=json.dumps(asked), capture_output=True, text=True, cwd=REPOSITORY, check=False
        )
        if done.returncode != 0:
            sys.exit(f"bench: the generator ended with {done.returncode}:\n{done.stderr[-2000:]}")
        said = json.loads(done.stdout)
        ways = {name: Measured(**each) for name, each in said["measured"].items()}
        failed = [text for each in ways.values() for text in each.failed]
        if failed:
            sys.exit(f"bench: {len(failed)} calls failed, such as: {failed[0]}")
        used = {name: seconds - before[name] for name, seconds in self._cpu().items()}
        return Round(size=size, ways=ways, cpu={**used, "generator": said["cpuSeconds"]}, rate=rate)

    def _cpu(self) -> dict[str, float]:
        pids = {"server": self._server.pid, "Envoy": self._entry.envoy.pid, "check": self._entry.check.pid}
        return {name: cpu_seconds(pid) for name, pid in pids.items()}

    def _request(self, size: Size) -> str:
        who = ("authorization", f"Bearer {self._token}")
        return request("POST", CHAT, (who, *JSON), size.body).decode()
