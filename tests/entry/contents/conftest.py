"""An entry whose tenant `sales` has an approval: the real Envoy, the check, what encrypts, and a server."""

from __future__ import annotations

import base64
import json
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest

from components.entry.envoy.records import OPTIONS
from components.entry.plan import EntryPlan
from tests.entry.counter import parts
from tests.entry.counter.callers import LocalIssuer
from tests.entry.counter.conftest import plan_of
from tests.entry.counter.upstream import Upstream
from tests.support.lines import json_lines
from tests.support.pod_package import HOME, started
from tests.support.ports import free_ports
from tests.support.readers import Reader, reader

FAR = "2999-12-31"


@dataclass
class Running:
    plan: EntryPlan
    contents: parts.Part
    envoy: parts.Part
    upstream: Upstream
    issuer: LocalIssuer
    folder: Path
    sales: Reader

    def token(self) -> str:
        return self.issuer.token(sub="ana", groups=["callers"])

    def calls(self, count: int) -> list[dict[str, Any]]:
        """Lines of the record of calls, as soon as there are so many."""
        return _lines(self.folder / "calls.jsonl", count)

    def pieces(self, count: int) -> list[dict[str, Any]]:
        """Encrypted pieces on the disk, as soon as there are so many."""
        return _lines(self.folder / "contents.jsonl", count)

    def read(self, piece: Mapping[str, Any]) -> bytes:
        return self.sales.decrypt(base64.b64decode(piece["cms"]))


def _lines(path: Path, count: int) -> list[dict[str, Any]]:
    deadline = time.monotonic() + 60
    while len(found := json_lines(path)) < count and time.monotonic() < deadline:
        time.sleep(0.05)
    if len(found) >= count:
        return found
    raise AssertionError(f"{len(found)} lines")


class Contents(parts.Part):
    """What encrypts, started as in a pod: the package and nothing else of the program."""

    def start(self) -> None:
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(self._argv, cwd=HOME, env=self._env, stdout=log, stderr=log)
        parts.wait_for_port(self.port, self._process, self.log)


def contents(folder: Path, plan: EntryPlan, approved: Mapping[str, Any], *more: str) -> Contents:
    table = folder / "contents.json"
    table.write_text(json.dumps(approved))
    argv = [*started("record_contents"), "--table", table, "--folder", folder / "entry-0", *more]
    argv += ["--port", str(plan.ports.contents)]
    return Contents(folder, "contents", argv, plan.ports.contents, {"PATH": str(Path(sys.executable).parent)})


Start = Callable[..., Running]


@pytest.fixture(scope="session")
def sales(tmp_path_factory: pytest.TempPathFactory) -> Reader:
    return reader(tmp_path_factory.mktemp("keys"), "sales")


@pytest.fixture
def start(tmp_path: Path, sales: Reader) -> Iterator[Start]:
    with ExitStack() as stack:

        def make(until: str = FAR, *options: str, **changed: Any) -> Running:
            folder = tmp_path / "entry-0"
            folder.mkdir()
            issuer, upstream = LocalIssuer(), stack.enter_context(Upstream())
            made = plan_of(tmp_path, upstream.port, [issuer.issuer()], counter="local")
            (port,) = free_ports(1)
            plan = replace(
                made,
                record_path=str(folder / "calls.jsonl"),
                ports=replace(made.ports, contents=port),
                **{"contents": ["sales"], **changed},
            )
            approved = {"sales": {"certificate": sales.certificate, "until": until}}
            recorder = stack.enter_context(contents(tmp_path, plan, approved, *options))
            stack.enter_context(parts.check(tmp_path, plan))
            envoy = stack.enter_context(parts.envoy(tmp_path, plan, OPTIONS))
            return Running(plan, recorder, envoy, upstream, issuer, folder, sales)

        yield make


@pytest.fixture
def entry(start: Start) -> Running:
    return start()
