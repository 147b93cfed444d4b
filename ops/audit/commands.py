"""Arguments and run of `kitchen audit`."""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path

from infra.catalog import FOLDER, load_catalog
from infra.declared import declared
from infra.faults import FaultsError, printable
from infra.load import settings_from_file
from infra.settings import Settings
from ops import metrics_file, models_options
from ops.audit.bucket import Bucket, bucket_rows
from ops.audit.cluster import RESOURCES, look
from ops.audit.live import object_rows, undeclared_rows
from ops.audit.metrics import metrics
from ops.audit.models import addresses, models_row, token
from ops.audit.pods import pod_rows
from ops.audit.report import as_json, counts, table
from ops.audit.signatures import signature_rows
from ops.audit.state import State, read_state, state_rows
from ops.audit.verdicts import OUT_OF_REACH, Row, exit_status, is_out_of_reach
from ops.store import ACCESS_KEY, SECRET_KEY, StoreError, client

_NO_KEYS = f"{ACCESS_KEY} and {SECRET_KEY} are not set"


def arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options."""
    parser.add_argument("--settings", type=Path, required=True, metavar="FILE", help="Pulumi.<stack>.yaml")
    parser.add_argument(
        "--state", type=Path, metavar="FILE", help="what `pulumi stack export` wrote; - is standard input"
    )
    parser.add_argument("--context", metavar="NAME", help="of the kubeconfig, if not the settings' own")
    parser.add_argument("--endpoint", metavar="URL", help="the store, if not the settings' own")
    models_options.arguments(parser)
    parser.add_argument("--full", action="store_true", help="download and hash every file in the bucket")
    parser.add_argument("--allow-unproven", action="store_true", help="end with 0 when nothing differs")
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--catalog", type=Path, default=FOLDER, metavar="DIR", help="the catalog's folder")
    metrics_file.option(parser)


def run(options: argparse.Namespace) -> int:
    """Compare and print; 0 all proven, 1 something differs, 3 something is not proven. Raise FaultsError."""
    rows = audit(options)
    print(as_json(rows) if options.json else table(rows), flush=True)
    if options.json:
        _say(counts(rows))
    if options.metrics is not None:
        _tell(options, rows)
    return exit_status(rows, allow_unproven=options.allow_unproven)


def _tell(options: argparse.Namespace, rows: list[Row]) -> None:
    """Numbers of an audit that saw what it was to see; otherwise the last ones stay, and their time gets old.

    The store is always to be seen: a schedule whose Secret has lost the keys looks like one that was never asked.
    """
    unseen = sum(map(is_out_of_reach, rows))
    why = f"{unseen} lines are out of reach" if unseen else ""
    if not unseen and not _has_keys():
        why = f"the store was not asked: {_NO_KEYS}"
    if why:
        _say(f"--metrics {printable(str(options.metrics))}: not written, {why}")
        return
    environment = settings_from_file(options.settings, load_catalog(options.catalog)).environment
    metrics_file.write(options.metrics, *metrics(environment, rows))


def audit(options: argparse.Namespace) -> list[Row]:
    """Every row; raise FaultsError with every fault of what was given, before anything is looked at."""
    catalog = load_catalog(options.catalog)
    settings = settings_from_file(options.settings, catalog)
    said = declared(settings, catalog)
    urls, faults = addresses(options.models, [kitchen.name for kitchen in said.kitchens])
    bearer, more = token(options.models_token_file)
    faults += more
    state: State | None = None
    try:
        state = None if options.state is None else read_state(options.state)
    except FaultsError as error:
        faults += error.faults
    bucket: Bucket | None = None
    try:
        bucket = _bucket(options, settings)
    except FaultsError as error:
        faults += error.faults
    if faults or bucket is None:
        raise FaultsError("audit", faults)
    _say(f"reading {len(said.namespaces)} namespaces")
    cluster = look(said.namespaces, _kinds(settings), options.context or settings.cluster_context)
    rows: list[Row] = []
    for kitchen in said.kitchens:
        rows += [*object_rows(kitchen, cluster), *pod_rows(kitchen, cluster)]
        rows += [*state_rows(kitchen, state, cluster), *bucket_rows(said, kitchen, bucket)]
        rows += signature_rows(settings, said, kitchen, bucket)
        rows.append(models_row(kitchen, urls.get(kitchen.name), bearer))
    return rows + undeclared_rows(said, cluster)


def _kinds(settings: Settings) -> list[str]:
    """A kind that the cluster need not know is read only where the settings say that it does."""
    return [kind for kind in RESOURCES if kind != "LLMInferenceService" or settings.llm_inference_service]


def _bucket(options: argparse.Namespace, settings: Settings) -> Bucket:
    store = settings.object_store
    if not _has_keys():
        return Bucket(None, _NO_KEYS, full=False, progress=_say)
    try:
        made = client(options.endpoint or store.endpoint, store.region)
    except StoreError as error:
        return Bucket(None, str(error), full=False, progress=_say, reason=OUT_OF_REACH)
    return Bucket(made, "", full=options.full, progress=_say)


def _has_keys() -> bool:
    return bool(os.environ.get(ACCESS_KEY) or os.environ.get(SECRET_KEY))


def _say(line: str) -> None:
    print(line, file=sys.stderr)
