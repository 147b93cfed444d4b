"""An environment of real parts that somebody watches: what runs, what is scraped, and the rules over it."""

from __future__ import annotations

import http.client
import itertools
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from components.entry.envoy.records import OPTIONS
from components.entry.plan import EntryPlan
from components.observability.facts import DeclaredAdapter, KitchenFacts, RuleFacts
from tests.cluster.support.sidecar import Sidecar, beside_a_server
from tests.entry.counter import parts
from tests.entry.counter.callers import LocalIssuer, call
from tests.entry.counter.conftest import plan_of
from tests.entry.counter.upstream import Upstream
from tests.entry.record.shipping import Shipper
from tests.entry.record.store import AuditStore
from tests.monitoring.support.certificates import pair
from tests.monitoring.support.prometheus import Job
from tests.support.minio_server import MinioServer
from tools.toolchain import CLUSTER, ENTRY, ensure

BUCKET, TENANT, KITCHEN = "dev-lora", "sales", "support"
_OURS = {"environment": "dev"}
_POD = {**_OURS, "tenant": TENANT, "kitchen": KITCHEN, "namespace": "sales-dev", "pod": "support-predictor-0"}
_PAUSE = 0.4
_STORE = "object-store"


@dataclass
class Watched:
    """The parts. `adapters` are those that Git declares for the kitchen, and what the sidecar is told."""

    store: MinioServer
    sidecar: Sidecar
    envoy: parts.Part
    secure_envoy: parts.Part
    tls: Path
    plan: EntryPlan
    jobs: list[Job]
    issuer: LocalIssuer
    adapters: dict[str, dict[str, Any]] = field(default_factory=dict)

    def facts(self) -> RuleFacts:
        """What the table has to know: a kitchen whose servers may be none, for none of them runs here."""
        refs = [ref.partition("/") for ref in self.adapters]
        kitchen = KitchenFacts(
            name=KITCHEN,
            tenant=TENANT,
            namespace="sales-dev",
            replicas=0,
            max_loras=2,
            hot=True,
            adapters=[DeclaredAdapter(name=name, version=version) for name, _, version in refs],
        )
        return RuleFacts(
            environment="dev",
            kitchens=[kitchen],
            entry=True,
            counter="local",
            store=True,
            parts={"entry": "entry-dev", "record": "entry-dev", "store": _STORE},
            gpus=False,
        )

    def declare(self) -> None:
        """Tell the sidecar what Git declares."""
        self.sidecar.declare(*self.adapters.values())

    def ask(self, groups: list[str], model: str) -> int:
        """One call; its status, 0 where nobody answers."""
        with suppress(OSError, http.client.HTTPException):
            return call(self.plan.ports.callers, self.issuer.token(sub="ana", groups=groups), model).status
        return 0


@contextmanager
def watched(folder: Path) -> Iterator[Watched]:
    """Start all parts, with a caller who goes on calling; they end with the block."""
    ensure([*ENTRY, *(name for name in CLUSTER if name == "minio")])
    with ExitStack() as stack:
        store = stack.enter_context(MinioServer(folder / "minio"))
        upstream, issuer = stack.enter_context(Upstream()), LocalIssuer()
        plan, envoy, secure, tls = _entry(stack, folder, upstream, issuer)
        shipper = _shipper(stack, folder, store, plan)
        store.client().create_bucket(Bucket=BUCKET)
        (folder / "sidecar").mkdir()
        sidecar = stack.enter_context(beside_a_server(Sidecar(folder / "sidecar", store, BUCKET)))
        ports = ((plan, "0"), (secure, "1"))
        entries = [
            Job(name=f"entry-{number}", ports=[one.ports.metrics], path="/stats/prometheus", labels=_entry_pod(number))
            for one, number in ports
        ]
        jobs = [
            *entries,
            Job(name="record", ports=[shipper.port], labels={**_entry_pod("0"), "part": "record"}),
            # No fault here stops the shipper: it stands for a server of the kitchen that answers its scrapes.
            Job(name="server", ports=[shipper.port], labels={**_POD, "part": "server"}),
            Job(name="adapters", ports=[sidecar.port], labels={**_POD, "part": "adapters"}),
            Job(
                name="store",
                ports=[store.port],
                path="/minio/v2/metrics/cluster",
                labels={**_OURS, "part": "store", "namespace": _STORE},
            ),
        ]
        made = Watched(store, sidecar, envoy, stack.enter_context(_started(folder, secure)), tls, plan, jobs, issuer)
        made.adapters["good/v1"] = sidecar.publish("good/v1")
        made.declare()
        sidecar.start()
        sidecar.wait(lambda: sidecar.states() == {"good": "loaded"})
        stack.enter_context(_caller(made))
        yield made


def _entry(
    stack: ExitStack, folder: Path, upstream: Upstream, issuer: LocalIssuer
) -> tuple[EntryPlan, parts.Part, EntryPlan, Path]:
    """Two pods of an entry: one that is called here, and one with a certificate."""
    tls, home = folder / "tls", folder / "entry"
    tls.mkdir()
    home.mkdir()
    pair(tls)
    plans = []
    for number in range(2):
        (folder / f"entry-{number}").mkdir()
        one = plan_of(folder / f"entry-{number}", upstream.port, [issuer.issuer()], counter="local")
        record = folder / f"entry-{number}" / "calls.jsonl"
        plans.append(replace(one, record_path=str(record), tls_folder=str(tls) if number else None))
    stack.enter_context(parts.check(home, plans[0]))
    return plans[0], stack.enter_context(parts.envoy(home, plans[0], OPTIONS)), plans[1], tls


def _started(folder: Path, plan: EntryPlan) -> parts.Part:
    return parts.envoy(folder, plan, OPTIONS)


def _entry_pod(number: str) -> dict[str, str]:
    return {**_OURS, "part": "entry", "namespace": "entry-dev", "pod": f"entry-{number}"}


def _shipper(stack: ExitStack, folder: Path, store: MinioServer, plan: EntryPlan) -> Shipper:
    (folder / "audit").mkdir()
    made = Shipper(Path(plan.record_path).parent, AuditStore(store, folder / "audit"), plan.ports.admin)
    made.start()
    stack.callback(made.kill)
    made.wait_until_up()
    return made


@contextmanager
def _caller(made: Watched) -> Iterator[None]:
    """Somebody of another tenant who is served all the time."""
    ended = threading.Event()

    def go_on() -> None:
        for _ in itertools.count():
            made.ask(["callers"], "lawyers")
            if ended.wait(_PAUSE):
                return

    thread = threading.Thread(target=go_on)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join()
