"""`make up` and `make down` in a folder of the test's own, and what the cluster holds afterwards."""

from __future__ import annotations

import os
import re
import subprocess
from pathlib import Path
from typing import Any

from tests.cluster.cluster_tools import Kubectl, hear_sigint
from tools.local.up import LocalKitchen
from tools.local.workspace import REPOSITORY

KINDS = (
    "namespaces,resourcequotas,limitranges,networkpolicies,serviceaccounts,secrets,configmaps,"
    "persistentvolumeclaims,jobs,roles,rolebindings,priorityclasses,poddisruptionbudgets,servingruntimes,inferenceservices"
)
OURS = ("--all-namespaces", "--selector", "app.kubernetes.io/part-of=private-ai-kitchen,app.kubernetes.io/managed-by")


def environment(folder: Path) -> dict[str, str]:
    """The user's environment, less what an outer `make` or a shell for another cluster put there."""
    taken = ("MAKEFLAGS", "MAKELEVEL", "MFLAGS", "KUBECONFIG", "PULUMI_BACKEND_URL")
    return {key: value for key, value in os.environ.items() if key not in taken} | {"KITCHEN_DIRECTORY": str(folder)}


def start(target: str, folder: Path, *words: str, **options: Any) -> subprocess.Popen[str]:
    """Start a make target; its output comes as one text."""
    return subprocess.Popen(
        ["make", "--no-print-directory", target, *words],
        cwd=REPOSITORY,
        env=environment(folder),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        preexec_fn=hear_sigint,  # noqa: PLW1509 - one thread, one call
        **options,
    )


def make(target: str, folder: Path, *words: str) -> str:
    """Run a make target that must succeed and return what it said."""
    process = start(target, folder, *words)
    text, _ = process.communicate(timeout=600)
    assert process.returncode == 0, text
    assert "Traceback" not in text, text
    return text


def summary(text: str) -> dict[str, int]:
    """The engine's last summary, such as `{"created": 12, "unchanged": 40}`.

    After an update that succeeded the engine still counts a plugin as errored that did not say goodbye within five
    seconds (pulumi v3.259.0, pkg/host/host.go), as on a busy machine: no resource failed.
    """
    last = text.rpartition("Resources:")[2]
    counted = {what: int(count) for count, what in re.findall(r"^    .*?(\d+) (\w+)", last, re.MULTILINE)}
    if "exited prematurely" in text:
        counted.pop("errored", None)
    return counted


def objects(kubectl: Kubectl) -> set[tuple[str, str, str]]:
    """Kind, namespace and name of every object of the kitchen, the adapters' sums included."""
    found = kubectl.get(KINDS, *OURS)["items"]
    return {(item["kind"], item["metadata"].get("namespace", ""), item["metadata"]["name"]) for item in found}


def recorded(kitchen: LocalKitchen) -> dict[str, Any]:
    """The stack's state as the engine keeps it."""
    return kitchen.workspace.latest()
