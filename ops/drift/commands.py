"""Arguments and run of `kitchen drift`: one look at a stack, or what a preview of the engine would change, counted."""

from __future__ import annotations

import argparse
import sys
from collections import Counter
from importlib import import_module
from pathlib import Path
from typing import Any

from infra.faults import MISSING, Fault, FaultsError
from infra.strict_json import MAX_OBJECT_DEPTH, JsonError, parse
from ops import metrics_file, models_options
from ops.metrics_file import Metric, checked_at

SAME, OTHER = "same", "other"
OPERATIONS = ("create", "update", "replace", "delete")
"""What the engine says of a resource that is not as declared (sdk/go/common/apitype of Pulumi); the rest is `other`."""

_MOST = 10**9
"""No stack has more resources; what says so is no preview."""

_MOST_BYTES = 256 * 1024**2
_EXAMPLE = "pulumi preview --refresh --json --stack prod | kitchen drift --environment prod -"


def arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of both forms."""
    parser.add_argument("--stack", metavar="NAME", help="look at cluster, object store and servers of this stack now")
    parser.add_argument("--context", metavar="NAME", help="of the kubeconfig, if not the recorded one")
    parser.add_argument("--json", action="store_true", help="one JSON document (infra/schema/drift-report.schema.json)")
    models_options.arguments(parser)
    parser.add_argument("--tell", action="store_true", help="as one issue at the forge (KITCHEN_FORGE_TOKEN)")
    parser.add_argument(
        "--skip", action="append", default=[], metavar="KIND", help="do not look at objects of this kind; repeatable"
    )
    parser.add_argument(
        "--reviewed",
        type=Path,
        metavar="FILE",
        help="an earlier --json report that people have looked through: what it leaves to them is drift only if new",
    )
    counted = parser.add_argument_group("the other form: count what a preview would change")
    counted.add_argument("preview", nargs="?", type=Path, metavar="FILE", help="of `pulumi preview --json`; - is stdin")
    counted.add_argument("--environment", metavar="NAME", help="as the settings call it")
    metrics_file.option(parser)


def run(options: argparse.Namespace) -> int:
    """Look or count, and print; 0 no drift, 1 drift, 4 not everything could be looked at. Raise FaultsError."""
    if faults := _mixed(options):
        raise FaultsError("drift", faults)
    if options.stack is not None:
        # The look needs the engine's state and the ways to a cluster, which lie with the tools.
        return int(import_module("tools.drift_report.command").run(options))
    return _count(options)


def _mixed(options: argparse.Namespace) -> list[Fault]:
    """The two forms have no option in common but `--metrics`."""
    looks = {
        name: getattr(options, name)
        for name in ("context", "json", "models", "models_token_file", "skip", "tell", "reviewed")
    }
    counts = {"FILE": options.preview, "--environment": options.environment}
    if options.stack is not None:
        odd = [name for name, value in counts.items() if value is not None]
        rule = "--stack looks by itself, and reads no preview"
    else:
        odd = [f"--{name.replace('_', '-')}" for name, value in looks.items() if value]
        rule = "belongs to --stack"
    faults = [Fault(path=name, value="given", rule=rule, example="kitchen drift --stack dev") for name in odd]
    if options.stack is None and not odd:
        missing = [name for name, value in counts.items() if value is None]
        rule = "either --stack, or FILE and --environment"
        faults = [Fault(path=name, value=MISSING, rule=rule, example="kitchen drift --stack dev") for name in missing]
    return faults


def _count(options: argparse.Namespace) -> int:
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
    text = "What is not as declared, by what an update would do: create, update, replace, delete, other."
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
