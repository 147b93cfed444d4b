"""The real parts of a kitchen that need no model: two entries, their counter, shipper and sidecar, and the store.

One entry counts alone, the other by the shared counter. The calls of `used` make every kind of outcome once.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
from botocore.exceptions import ClientError

from components.entry.envoy.records import OPTIONS
from components.entry.plan import EntryPlan, Grant
from tests.cluster.support.sidecar import Sidecar, beside_a_server
from tests.entry.counter import parts
from tests.entry.counter.callers import LocalIssuer, call
from tests.entry.counter.conftest import plan_of
from tests.entry.counter.upstream import Upstream
from tests.entry.record.shipping import Shipper
from tests.entry.record.store import AuditStore
from tests.monitoring.support.base_load import base_load
from tests.monitoring.support.commands import command_files
from tests.monitoring.support.prometheus import Job, Prometheus
from tests.support.minio_server import MinioServer
from tests.support.ports import free_ports
from tools.toolchain import CLUSTER, ENTRY, ensure

ADAPTERS = "dev-lora"


@dataclass
class Parts:
    """What runs, and where Prometheus finds it; the jobs have the labels that the program's monitors give."""

    plans: list[EntryPlan]
    issuer: LocalIssuer
    store: MinioServer
    sidecar: Sidecar
    shipper: Shipper
    jobs: list[Job]


@contextmanager
def quick_parts(folder: Path) -> Iterator[Parts]:
    """Start all of them; they end with the block."""
    ensure([*ENTRY, *(name for name in CLUSTER if name == "minio")])
    with ExitStack() as stack:
        store = stack.enter_context(MinioServer(folder / "minio"))
        upstream = stack.enter_context(Upstream())
        issuer = LocalIssuer("idp")
        plans = [_plan(folder, counter, upstream, issuer) for counter in ("local", "shared")]
        counted = _counter(stack, folder, plans[1])
        for plan in plans:
            stack.enter_context(parts.check(folder, plan))
            stack.enter_context(parts.envoy(folder, plan, OPTIONS, counters=["127.0.0.1"]))
        shipper = _shipper(stack, folder, store, plans[0])
        sidecar = _sidecar(stack, folder, store)
        without_drive = stack.enter_context(MinioServer(folder / "minio-without-drive"))
        _without_drive(without_drive)
        written = stack.enter_context(command_files(folder / "written"))
        load = stack.enter_context(base_load(folder / "load"))
        own, entry = {"environment": "dev"}, {"namespace": "entry-dev"}
        kitchen = {"tenant": "sales", "kitchen": "summary", "namespace": "sales-dev"}
        jobs = [
            Job(
                name="envoy",
                ports=[plan.ports.metrics for plan in plans],
                path="/stats/prometheus",
                labels={**own, **entry, "part": "entry"},
            ),
            Job(name="ratelimit", ports=[counted], labels={**own, **entry, "part": "counter"}),
            Job(name="shipper", ports=[shipper.port], labels={**own, **entry, "part": "record"}),
            Job(name="sidecar", ports=[sidecar.port], labels={**own, **kitchen, "part": "adapters"}),
            Job(
                name="minio",
                ports=[store.port, without_drive.port],
                path="/minio/v2/metrics/cluster",
                labels={**own, "namespace": "object-store", "part": "store"},
            ),
            Job(
                name="load",
                ports=[load.port],
                labels={**own, "tenant": "sales", "namespace": "sales-dev", "part": "load"},
            ),
            written,
        ]
        yield Parts(plans, issuer, store, sidecar, shipper, jobs)


def _plan(folder: Path, counter: str, upstream: Upstream, issuer: LocalIssuer) -> EntryPlan:
    home = folder / f"entry-{counter}"
    home.mkdir()
    (port,) = free_ports(1)
    made = plan_of(home, upstream.port, [issuer.issuer()], counter=counter, counter_port=port)
    grants = [replace(grant, facts=_versioned(grant)) for grant in made.grants]
    return replace(made, grants=grants, record_path=str(home / "calls.jsonl"))


def _versioned(grant: Grant) -> dict[str, object]:
    """A grant's facts with what the program adds for an adapter: its name, and its version on each server."""
    if "adapters" not in grant.facts:
        return {**grant.facts}
    return {**grant.facts, "adapter": grant.model, "versions": {server.name: "v2" for server in grant.servers}}


def _counter(stack: ExitStack, folder: Path, plan: EntryPlan) -> int:
    key = parts.password()
    numbers = stack.enter_context(parts.valkey(folder, key))
    (metrics,) = free_ports(1)
    stack.enter_context(parts.ratelimit(folder, plan, numbers.port, key, metrics=metrics))
    return metrics


def _shipper(stack: ExitStack, folder: Path, store: MinioServer, plan: EntryPlan) -> Shipper:
    (folder / "audit").mkdir()
    made = Shipper(Path(plan.record_path).parent, AuditStore(store, folder / "audit"), plan.ports.admin)
    made.start()
    stack.callback(made.kill)
    made.wait_until_up()
    return made


def _sidecar(stack: ExitStack, folder: Path, store: MinioServer) -> Sidecar:
    """One adapter that loads, one with a wrong sum, one that the server refuses."""
    (folder / "sidecar").mkdir()
    store.client().create_bucket(Bucket=ADAPTERS)
    made = stack.enter_context(beside_a_server(Sidecar(folder / "sidecar", store, ADAPTERS)))
    stack.callback(_end, made)
    made.server.refuse["refused"] = (400, "no")
    made.declare(made.publish("good/v1"), made.publish("spoilt/v1", damage=True), made.publish("refused/v1"))
    made.start()
    made.wait(lambda: {"good", "spoilt"} <= set(made.states()))
    made.passes(2)
    return made


def _end(sidecar: Sidecar) -> None:
    """Also where a later part does not start: `beside_a_server` ends it after a good test alone."""
    if sidecar.process is not None and sidecar.process.poll() is None:
        sidecar.end()


def _without_drive(store: MinioServer) -> None:
    """Put a file in the place of its drive: its answers are errors of the store. A missing object is the caller's."""
    client = store.client()
    client.create_bucket(Bucket=ADAPTERS)
    with pytest.raises(ClientError, match="404"):
        client.head_object(Bucket=ADAPTERS, Key="nothing")
    data = store.folder / "data"
    data.rename(data.with_name("away"))
    data.write_bytes(b"")
    with pytest.raises(ClientError, match=r"InternalError|SlowDown"):
        client.put_object(Bucket=ADAPTERS, Key="lost", Body=b"x")


def used(made: Parts) -> None:
    """Calls of every outcome: answers, streams, limits, and refusals of the entry and of the check."""
    token = made.issuer.token(sub="ana", groups=["callers", "x"])
    for plan in made.plans:
        port = plan.ports.callers
        for model in ("free", "lawyers", "lightly"):
            call(port, token, model, 3)
            call(port, token, model, 3, stream=True)
        for _ in range(8):
            call(port, token, "few-requests")
        call(port, token, "few-tokens", 60)
        call(port, token, "few-tokens", 60)
        call(port, token, "nobody-s")
        call(port, "no.good.token", "free")
        call(port, token, "free", 99_999_999)
        call(port, token, "free", unknown_word=1)


def wait_for_counter(prometheus: Prometheus) -> None:
    """Until the counter has told what it counted: it does so every few seconds, and not when it is asked."""
    series = "ratelimit_service_rate_limit_over_limit > 0"
    prometheus.found(series)
