"""`kitchen drift --stack`: one look at cluster, store and servers, told as a table, as JSON and in numbers."""

from __future__ import annotations

import argparse
import re
import sys
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

from infra.faults import Fault, FaultsError, printable
from ops import metrics_file
from ops.audit.models import addresses, token
from ops.forge.errors import ForgeError
from ops.tell.drift import tell_drift
from tools.drift_report import reviewed
from tools.drift_report.findings import Look, Seen, Unjudged, ordered
from tools.drift_report.objects import of_cluster
from tools.drift_report.served import kitchens, of_servers
from tools.drift_report.sources import Source, source
from tools.drift_report.store import of_store
from tools.drift_report.table import as_json, for_forge, metrics, summary, text
from tools.kube import KubeError
from tools.local.errors import LocalError

_KIND = re.compile(r"[A-Z][A-Za-z0-9]{0,62}")
_UNREACHED = 4


def run(options: argparse.Namespace) -> int:
    """Look and tell; 0 no drift, 1 drift, 4 not everything could be looked at. Raises FaultsError."""
    try:
        found = look(options)
    except LocalError as error:
        print(printable(f"drift: {error}"), file=sys.stderr)
        return _UNREACHED
    print(as_json(found) if options.json else text(found), flush=True)
    if options.json:
        print(printable(f"{found.environment}: {summary(found)}"), file=sys.stderr)
    if options.metrics is not None and found.unread:
        why = f"not written, {len(found.unread)} things could not be looked at"
        print(printable(f"--metrics {options.metrics}: {why}"), file=sys.stderr)
    elif options.metrics is not None:
        metrics_file.write(options.metrics, *metrics(found))
    return found.status if not options.tell or _told(found) else found.status or _UNREACHED


def _told(found: Look) -> bool:
    """Say it at the forge; whether that went well. Raise FaultsError for variables that are wrong."""
    try:
        said = tell_drift(found.environment, len(found.findings), found.unread, for_forge(found))
    except ForgeError as error:
        print(printable(f"drift: not told: {error}"), file=sys.stderr)
        return False
    print(printable(f"{found.environment}: {said}"), file=sys.stderr)
    return True


def look(options: argparse.Namespace) -> Look:
    """One look; raise FaultsError with every fault of what was given, LocalError where there is no state to be had."""
    began = time.monotonic()
    skipped = frozenset(options.skip)
    wrong = [kind for kind in options.skip if not _KIND.fullmatch(kind)]
    faults = [Fault(path="--skip", value=kind, rule="must be the name of a kind", example="Secret") for kind in wrong]
    bearer, more = token(options.models_token_file)
    faults += more
    before: list[Unjudged] | None = None
    found: Source | None = None
    urls: dict[str, str] = {}
    try:
        found = source(options.stack)
        said = kitchens(found.settings)
        urls, more = addresses(options.models, [kitchen.name for kitchen in said.kitchens])
        faults += more
        before = reviewed.read(options.reviewed, found.environment) if options.reviewed is not None else None
    except FaultsError as error:
        faults += error.faults
    if faults or found is None:
        raise FaultsError("drift", faults)
    with ThreadPoolExecutor(2) as beside:
        prefix = found.settings.object_store.bucket_prefix
        store = beside.submit(
            of_store,
            found.resources,
            endpoint=found.store,
            key=found.key,
            prefix=prefix,
            environment=found.environment,
            way=found.way,
        )
        servers = beside.submit(of_servers, said, urls, bearer)
        cluster = _of_cluster(found, options.context, skipped)
    return _joined(found, [cluster, store.result(), servers.result()], before, skipped, began)


def _joined(
    found: Source, seen: Sequence[Seen], before: Sequence[Unjudged] | None, skipped: frozenset[str], began: float
) -> Look:
    cut = [f"the state itself: {found.cut}; `{found.way.command}` goes on from there"] if found.cut else []
    unread = [*cut, *(line for place in seen for line in place.unread)]
    unjudged = [one for place in seen for one in place.unjudged]
    more, known = reviewed.judged(unjudged, before, whole=not unread, skipped=skipped)
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
        is_reviewed=before is not None,
        seconds=time.monotonic() - began,
    )


def _of_cluster(found: Source, context: str | None, skipped: frozenset[str]) -> Seen:
    try:
        with found.kube(context) as kube:
            return of_cluster(
                found.resources,
                kube,
                manager=found.manager,
                environment=found.environment,
                way=found.way,
                skipped=skipped,
            )
    except KubeError as error:
        return Seen(unread=[f"the cluster: {error}"])
