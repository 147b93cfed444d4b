"""One look at everything that a stack has: cluster and store beside each other, and servers."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

from tools.drift_report import reviewed
from tools.drift_report.findings import Look, Seen, Unjudged, ordered
from tools.drift_report.objects import of_cluster
from tools.drift_report.served import of_servers
from tools.drift_report.sources import Source
from tools.drift_report.store import of_store
from tools.drift_report.whole_cluster import BINDING, ROLE
from tools.kube import KubeError


@dataclass(frozen=True, kw_only=True)
class Asked:
    """What is wanted of a look; `before` is what people have judged, `urls` are addresses of servers by kitchen."""

    context: str | None = None
    skipped: frozenset[str] = frozenset()
    urls: Mapping[str, str] = field(default_factory=dict)
    bearer: str = field(default="", repr=False)
    before: Sequence[Unjudged] | None = None


def looked(found: Source, asked: Asked, began: float | None = None) -> Look:
    """Look once; what does not answer is named, and ends nothing."""
    began = time.monotonic() if began is None else began
    with ThreadPoolExecutor(2) as beside:
        store = beside.submit(
            of_store,
            found.resources,
            endpoint=found.store,
            key=found.key,
            prefix=found.settings.object_store.bucket_prefix,
            environment=found.environment,
            way=found.way,
        )
        servers = beside.submit(of_servers, found.settings, asked.urls, asked.bearer)
        cluster = _of_cluster(found, asked)
    return _joined(found, [cluster, store.result(), servers.result()], asked, began)


def _joined(found: Source, seen: Sequence[Seen], asked: Asked, began: float) -> Look:
    cut = [f"the state itself: {found.cut}; `{found.way.command}` goes on from there"] if found.cut else []
    unread = [*cut, *(line for place in seen for line in place.unread)]
    unjudged = [one for place in seen for one in place.unjudged]
    # Without roles nobody knows what a binding allows: that it is not named is then no sign that it is gone.
    skipped = asked.skipped | ({BINDING} if ROLE in asked.skipped else set())
    more, known = reviewed.judged(unjudged, asked.before, whole=not unread, skipped=skipped)
    for place in seen:
        known += place.known
    return Look(
        stack=found.stack,
        environment=found.environment,
        against=found.against,
        findings=ordered([*(one for place in seen for one in place.findings), *more]),
        known=known,
        unread=unread,
        unasked=[line for place in seen for line in place.unasked],
        unjudged=unjudged,
        is_reviewed=asked.before is not None,
        seconds=time.monotonic() - began,
    )


def _of_cluster(found: Source, asked: Asked) -> Seen:
    try:
        with found.kube(asked.context) as kube:
            return of_cluster(
                found.resources,
                kube,
                manager=found.manager,
                environment=found.environment,
                way=found.way,
                skipped=asked.skipped,
            )
    except KubeError as error:
        return Seen(unread=[f"the cluster: {error}"])
