"""An entry whose record is shipped: the real Envoy with the check, and a server that keeps counters of its own."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from components.entry.envoy.records import OPTIONS
from components.entry.plan import EntryPlan, Server
from infra.payload.call_files import BEGINS
from tests.entry.counter import parts
from tests.entry.counter.callers import LocalIssuer
from tests.entry.counter.conftest import plan_of
from tests.entry.counter.upstream import Upstream
from tests.support.lines import whole_lines


@dataclass
class Running:
    plan: EntryPlan
    envoy: parts.Part
    upstream: Upstream
    issuers: list[LocalIssuer]
    folder: Path

    def token(self, **claims: Any) -> str:
        return self.issuers[0].token(**{"sub": "ana", "groups": ["callers", "x"], **claims})

    def lines(self, count: int) -> list[dict[str, Any]]:
        """The first lines of the file, as soon as there are so many."""
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline:
            found = whole_lines(self.folder / "calls.jsonl")
            if len(found) >= count:
                assert all(text.startswith(BEGINS) for text in found)
                return [json.loads(text) for text in found]
            time.sleep(0.05)
        raise AssertionError(f"{len(found)} lines")


@contextmanager
def running(home: Path, *, shares: bool = True) -> Iterator[Running]:
    """Start it; without `shares` a tenant may have any number of calls at once."""
    folder = home / "entry-0"
    folder.mkdir()
    issuers = [LocalIssuer("idp"), LocalIssuer("other")]
    with Upstream() as upstream:
        made = plan_of(home, upstream.port, [issuer.issuer() for issuer in issuers], counter="local")
        plan = replace(made, record_path=str(folder / "calls.jsonl"))
        if not shares:
            plan = replace(plan, grants=[replace(grant, servers=[_open(grant.servers[0])]) for grant in plan.grants])
        with parts.check(home, plan), parts.envoy(home, plan, OPTIONS) as envoy:
            yield Running(plan, envoy, upstream, issuers, folder)


def _open(server: Server) -> Server:
    return replace(server, shares={})
