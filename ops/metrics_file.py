"""Numbers of a command as a file that Prometheus' node exporter reads, or that goes to a Pushgateway.

A command writes the file only when it could look at everything that it was asked for, and whole or not at all: what
could not be looked at is a time that gets old, and never a number.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from infra.faults import Fault, FaultsError
from ops.whole_file import put

_MODE = 0o644
"""Node exporter reads as another user."""


@dataclass(frozen=True, kw_only=True)
class Metric:
    """A gauge: values by those of `labels`, in their order."""

    name: str
    text: str
    labels: tuple[str, ...]
    values: Mapping[tuple[str, ...], float]


def option(parser: argparse.ArgumentParser) -> None:
    """Add `--metrics`."""
    text = "write numbers for Prometheus there, in its text format; the name ends in .prom for node exporter"
    parser.add_argument("--metrics", type=Path, metavar="FILE", help=text)


def checked_at(name: str, environment: str) -> Metric:
    """The time of now, in seconds since 1970, as the metric `name`."""
    text = "When the command last looked at everything that it was asked for."
    return Metric(name=name, text=text, labels=("environment",), values={(environment,): time.time()})


def write(path: Path, *metrics: Metric) -> None:
    """Replace the file, or a link that stands there; raise FaultsError where it cannot be, and what was there stays."""
    from prometheus_client import CollectorRegistry, Gauge, generate_latest  # noqa: PLC0415 - most runs do without

    registry = CollectorRegistry()
    for metric in metrics:
        gauge = Gauge(metric.name, metric.text, metric.labels, registry=registry)
        for values, number in metric.values.items():
            gauge.labels(*values).set(number)
    try:
        put(path, generate_latest(registry), _MODE)
    except OSError as error:
        rule, example = f"must be a file that can be written: {error.strerror}", "/var/lib/node-exporter/kitchen.prom"
        raise FaultsError("--metrics", [Fault(path="--metrics", value=str(path), rule=rule, example=example)]) from None
