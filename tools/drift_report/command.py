"""`kitchen drift --stack`: one look at cluster, store and servers, told as a table, as JSON and in numbers."""

from __future__ import annotations

import argparse
import re
import sys
import time

from infra.faults import Fault, FaultsError, printable
from ops import metrics_file
from ops.audit.models import addresses, token
from ops.forge.errors import ForgeError
from ops.tell.drift import tell_drift
from tools.drift_report import reviewed
from tools.drift_report.findings import Look, Unjudged
from tools.drift_report.looking import Asked, looked
from tools.drift_report.sources import Source, source
from tools.drift_report.table import as_json, for_forge, metrics, summary, text
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
        urls, more = addresses(options.models, [*found.settings.kitchens])
        faults += more
    except FaultsError as error:
        faults += error.faults
    try:
        environment = found.environment if found is not None else None
        before = reviewed.read(options.reviewed, environment) if options.reviewed is not None else None
    except FaultsError as error:
        faults += error.faults
    if faults or found is None:
        raise FaultsError("drift", faults)
    asked = Asked(context=options.context, skipped=skipped, urls=urls, bearer=bearer, before=before)
    return looked(found, asked, began)
