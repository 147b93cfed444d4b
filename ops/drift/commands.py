"""Arguments and run of `kitchen drift`: what a preview of the engine would change, counted."""

from __future__ import annotations

import argparse
import sys
from collections import Counter
from pathlib import Path
from typing import Any

from infra.faults import Fault, FaultsError
from infra.strict_json import MAX_OBJECT_DEPTH, JsonError, parse
from ops import metrics_file
from ops.metrics_file import Metric, checked_at

SAME, OTHER = "same", "other"
OPERATIONS = ("create", "update", "replace", "delete")
"""What the engine says of a resource that is not as declared (sdk/go/common/apitype of Pulumi); the rest is `other`."""

_MOST = 10**9
"""No stack has more resources; what says so is no preview."""

_MOST_BYTES = 256 * 1024**2
_EXAMPLE = "pulumi preview --refresh --json --stack prod | kitchen drift --environment prod -"


def arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options."""
    parser.add_argument("preview", type=Path, metavar="FILE", help="what `pulumi preview --json` wrote; - is stdin")
    parser.add_argument("--environment", required=True, metavar="NAME", help="as the settings call it")
    metrics_file.option(parser)


def run(options: argparse.Namespace) -> int:
    """Count and print; 0 nothing would change, 1 something would. Raise FaultsError."""
    changes = changed(_read(options.preview))
    found = ", ".join(f"{count} {operation}" for operation, count in changes.items() if count)
    print(f"{options.environment}: {found or 'no changes'}")
    if options.metrics is not None:
        metrics_file.write(options.metrics, *metrics(options.environment, changes))
    return 1 if sum(changes.values()) else 0


def changed(preview: Any) -> Counter[str]:
    """By operation how many resources are not as declared; raise FaultsError for what is no whole preview."""
    summary = preview.get("changeSummary") if isinstance(preview, dict) else None
    if not isinstance(summary, dict):
        raise _fault("must have `changeSummary`: a preview that failed has none")
    if not all(type(count) is int and 0 <= count <= _MOST for count in summary.values()):
        raise _fault("must count resources in `changeSummary`, with whole numbers from 0 on")
    told = preview.get("diagnostics") or []
    if any(isinstance(one, dict) and one.get("severity") == "error" for one in told):
        raise _fault("must be of a preview that ended: this one has errors")
    changes = Counter(dict.fromkeys((*OPERATIONS, OTHER), 0))
    for operation, count in summary.items():
        if operation != SAME:
            changes[operation if operation in OPERATIONS else OTHER] += count
    return changes


def metrics(environment: str, changes: Counter[str]) -> list[Metric]:
    """Changes by operation, those that are 0 too."""
    values: dict[tuple[str, ...], float] = {
        (environment, operation): float(count) for operation, count in changes.items()
    }
    text = "Resources that an update would change, by operation: create, update, replace, delete, other."
    made = Metric(name="kitchen_drift_changes", text=text, labels=("environment", "operation"), values=values)
    return [made, checked_at("kitchen_drift_checked_timestamp_seconds", environment)]


def _read(path: Path) -> Any:
    try:
        content = sys.stdin.buffer.read(_MOST_BYTES + 1) if str(path) == "-" else path.read_bytes()
        return parse(content, most=_MOST_BYTES, depth=MAX_OBJECT_DEPTH)
    except OSError as error:
        raise _fault(f"must be a file that can be read: {error.strerror}") from None
    except JsonError as error:
        raise _fault(f"must be one JSON value: it {error}") from None


def _fault(rule: str) -> FaultsError:
    return FaultsError("drift", [Fault(path="preview", value="(not shown)", rule=rule, example=_EXAMPLE)])
