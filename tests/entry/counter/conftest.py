"""Two Envoys, one counter, one store of numbers, one server."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from components.entry.envoy.records import OPTIONS
from components.entry.plan import EntryPlan, Grant, Issuer, Limits, Ports, Server
from tests.entry.counter import parts
from tests.entry.counter.callers import PATH, LocalIssuer
from tests.entry.counter.upstream import Upstream
from tests.support.lines import json_lines
from tests.support.ports import free_ports
from tests.support.waiting import until
from tools.toolchain import ENTRY, ensure


@dataclass
class Entry:
    """What runs: ports of the Envoys, and what can be stopped."""

    ports: list[int]
    envoys: list[parts.Part]
    upstream: Upstream
    issuer: LocalIssuer
    other_issuer: LocalIssuer
    valkey: parts.Part | None = None
    valkey_password: str = ""
    ratelimit: parts.Part | None = None
    records: list[Path] = field(default_factory=list)
    plans: list[EntryPlan] | None = None

    def counted(self) -> Counter[bytes]:
        """What the counter has counted of all callers: requests, and tokens that it was told of."""
        assert self.valkey is not None
        return parts.counted(self.valkey.port, self.valkey_password)

    def lines(self, count: int) -> list[dict[str, Any]]:
        """Lines of the records, once there are so many: Envoy writes them after the answer."""

        def found() -> list[dict[str, Any]]:
            return [line for path in self.records for line in json_lines(path)]

        return until(lambda: lines if len(lines := found()) >= count else [], found)


SHARES = {"sales": 2, "legal": 2}


def grants(port: int, shares: Mapping[str, int] = SHARES) -> list[Grant]:
    def grant(name: str, tenant: str, limits: Limits) -> Grant:
        server = Server(name="support", host="127.0.0.1", port=port, shares=shares, facts={"baseModel": "base/v1"})
        facts: dict[str, object] = {"tenant": tenant}
        if name != "lawyers":  # who calls the base model itself
            facts |= {"adapters": {"support": f"{name}/v2"}, "adapterSums": {"support": "a" * 64}}
        return Grant(
            name=f"support/{name}/0",
            model=name,
            groups=["callers"],
            paths=[PATH],
            servers=[server],
            limits=limits,
            tenant=tenant,
            facts=facts,
        )

    return [
        grant("few-requests", "sales", Limits(requests_per_minute=6)),
        grant("few-tokens", "sales", Limits(tokens_per_minute=40)),
        grant("few-a-month", "sales", Limits(tokens_per_month=40)),
        grant("lightly", "sales", Limits(tokens_per_month=1_000_000)),
        grant("free", "sales", Limits()),
        grant("lawyers", "legal", Limits()),
    ]


Start = Callable[..., Entry]


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    """Start everything: `counter`, `closed` and `shares` as in the plan, `envoys` of them; a server may be `away`."""
    with ExitStack() as stack:

        def make(
            *,
            counter: str = "shared",
            closed: bool = True,
            envoys: int = 2,
            counters: int = 1,
            shares: Mapping[str, int] = SHARES,
            away: bool = False,
        ) -> Entry:
            ensure(ENTRY)
            upstream = stack.enter_context(Upstream())
            issuers = LocalIssuer("idp"), LocalIssuer("other")
            hosts = [f"127.0.0.{number + 1}" for number in range(counters)]
            (counter_port,) = free_ports(1)
            (nobody,) = free_ports(1)
            plans = [
                plan_of(
                    tmp_path,
                    nobody if away else upstream.port,
                    [one.issuer() for one in issuers],
                    counter=counter,
                    closed=closed,
                    counter_port=counter_port,
                    shares=shares,
                )
                for _ in range(envoys)
            ]
            made = Entry([plan.ports.callers for plan in plans], [], upstream, *issuers)
            made.plans = plans
            made.records = [Path(plan.record_path) for plan in plans]
            if counter == "shared":
                made.valkey_password = key = parts.password()
                made.valkey = stack.enter_context(parts.valkey(tmp_path, key))
                for host in hosts:
                    limiter = parts.ratelimit(tmp_path, plans[0], made.valkey.port, key, host)
                    made.ratelimit = stack.enter_context(limiter)
            for plan in plans:
                stack.enter_context(parts.check(tmp_path, plan))
                made.envoys.append(stack.enter_context(parts.envoy(tmp_path, plan, OPTIONS, counters=hosts)))
            return made

        yield make


def plan_of(
    folder: Path,
    upstream: int,
    issuers: list[Issuer],
    *,
    counter: str,
    closed: bool = True,
    counter_port: int = 1,
    shares: Mapping[str, int] = SHARES,
) -> EntryPlan:
    callers, admin, metrics, check = free_ports(4)
    return EntryPlan(
        environment="dev",
        issuers=issuers,
        grants=grants(upstream, shares),
        counter=counter,
        counter_host="127.0.0.1",
        counter_port=counter_port,
        counter_closed=closed,
        ports=Ports(callers=callers, admin=admin, metrics=metrics, check=check),
        tls_folder=None,
        record_path=str(folder / f"calls-{callers}.jsonl"),
    )
