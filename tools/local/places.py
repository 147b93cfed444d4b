"""The end of `make up`: what runs, where, what of it is not real, and what to type next. It fits on one screen."""

from __future__ import annotations

import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from tools.engine.words import WIDTH, columns, counted, some, wrapped
from tools.local.logs import shown

_MOST_KITCHENS = 12
"""Rows of the table; of a larger environment those that are Ready are counted from there on."""
HEADER = ("KITCHEN", "NAMESPACE", "GPU, MEMORY", "READY", "MODELS")
REAL = "real: API server, scheduler, KServe with its webhooks, object store and what is in it"
NOT_REAL = "NOT real: nodes, GPUs and pods are simulated; no model runs, so nothing answers at"
NEXT = "next:"


def places(
    outputs: Mapping[str, Any],
    ready: Mapping[tuple[str, str], str],
    kubeconfig: Path,
    object_store: str,
    prefix: str = "",
) -> str:
    """Return the screen's last part; `ready` is each service's state, `prefix` what comes before a make command."""
    kitchens: Mapping[str, Any] = outputs.get("kitchens", {})
    lines = _table(kitchens, ready) if kitchens else ["no kitchens are declared"]
    buckets = ", ".join(sorted(outputs.get("buckets", {}).values()))
    where = [("object store", object_store), ("buckets", buckets), ("kubeconfig", shown(kubeconfig))]
    lines += ["", *columns(("PLACE", "WHERE"), where), "", REAL]
    addresses = [str(kitchens[name]["url"]) for name in sorted(kitchens)]
    lines += wrapped(f"{NOT_REAL} {addresses[0]}" if addresses else NOT_REAL.partition(";")[0])
    return "\n".join([*lines, "", NEXT, *(f"  {line}" for line in _next(kubeconfig, prefix))])


def _table(kitchens: Mapping[str, Any], ready: Mapping[tuple[str, str], str]) -> list[str]:
    """Kitchens that are not Ready come first, and none of them is left out."""
    states = {name: ready.get((kitchen["namespace"], name), "absent") for name, kitchen in kitchens.items()}
    order = sorted(kitchens, key=lambda name: (states[name] == "True", name))
    most = max(_MOST_KITCHENS, sum(state != "True" for state in states.values()))
    rows = [_row(name, kitchens[name], states[name]) for name in order[:most]]
    lines = columns(HEADER[:-1], [row[:-1] for row in rows])
    room = WIDTH - max(map(len, lines)) - 2
    lines = columns(HEADER, [(*row[:-1], _fitting(row[-1].split(", "), room)) for row in rows])
    return lines + ([f"and {counted(len(order) - most, 'kitchen')} more, Ready"] if len(order) > most else [])


def _row(name: str, kitchen: Mapping[str, Any], state: str) -> tuple[str, ...]:
    memory = kitchen.get("gpuMemory", {})
    gpu = f"{kitchen['pool']}, {memory['percent']:.0f} %" if "percent" in memory else str(kitchen["pool"])
    return name, str(kitchen["namespace"]), gpu, state, ", ".join(kitchen["models"])


def _fitting(models: Sequence[str], room: int) -> str:
    most = len(models)
    while most > 1 and len(some(models, most)) > room:
        most -= 1
    return some(models, most)


def _next(kubeconfig: Path, prefix: str) -> list[str]:
    """Three commands that work as they stand, in this folder."""
    look = f"kubectl --kubeconfig {shown(kubeconfig)} get inferenceservices,pods -A"
    rows = [
        (look, "") if shutil.which("kubectl") else (f"{prefix}make preview", "what a change would do"),
        (f"{prefix}make preview STACK=prod", "what production would be"),
        (f"{prefix}make down", "remove all of this"),
    ]
    width = max(len(command) for command, what in rows if what)
    return [f"{command:<{width}}   # {what}" if what else command for command, what in rows]
