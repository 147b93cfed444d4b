"""Arguments and run of `kitchen merged`: since when each kitchen declares its adapters' versions."""

from __future__ import annotations

import argparse
import sys
import time
from pathlib import Path

from infra.catalog import FOLDER, load_catalog
from infra.faults import printable
from infra.load import settings_from_file
from ops import metrics_file
from ops.merged.history import MOST, Served, merged
from ops.metrics_file import Metric
from ops.rollback.git import GitError

_NOTHING = "the last commit of these settings declares no adapter, cannot be read, or is not there: nothing is told"


def arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options."""
    text = "Pulumi.<stack>.yaml, as it is committed in a clone with its history"
    parser.add_argument("--settings", type=Path, required=True, metavar="FILE", help=text)
    parser.add_argument("--catalog", type=Path, default=FOLDER, metavar="DIR", help="the catalog's folder")
    metrics_file.option(parser)


def run(options: argparse.Namespace) -> int:
    """Print a line for each; 0, or 1 where Git fails. Raise FaultsError."""
    environment = settings_from_file(options.settings, load_catalog(options.catalog)).environment
    try:
        found = merged(options.settings)
    except GitError as error:
        print(f"merged: {error}", file=sys.stderr)
        return 1
    for (kitchen, ref), seconds in sorted(found.items()):
        print(printable(f"{kitchen}  {ref}  {_shown(seconds)}"))
    if not found:
        print(printable(f"{environment}: {_NOTHING}"))
    if options.metrics is not None:
        metrics_file.write(options.metrics, metric(environment, found))
    return 0


def metric(environment: str, found: dict[Served, int | None]) -> Metric:
    """Times that are known; what is not known has no number."""
    return Metric(
        name="kitchen_merged_timestamp_seconds",
        text="When the adapter's version came into the committed settings.",
        labels=("environment", "kitchen", "adapter", "version"),
        values={
            (environment, kitchen, *ref.split("/", 1)): seconds
            for (kitchen, ref), seconds in found.items()
            if seconds is not None
        },
    )


def _shown(seconds: int | None) -> str:
    if seconds is None:
        return f"not known: older than this clone's history, or than {MOST} commits"
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(seconds))
