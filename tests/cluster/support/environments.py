"""`make up` and `make down` in a folder of the test's own, updates by the engine, and what the cluster holds then."""

from __future__ import annotations

import os
import re
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tests.cluster.support.kubectl import Kubectl
from tests.support.signals import hear_sigint
from tests.support.stacks import prepare
from tools.cluster import Cluster
from tools.engine.checkpoints import WITHOUT
from tools.local.up import LocalKitchen
from tools.local.workspace import REPOSITORY, Workspace

KINDS = (
    "namespaces,resourcequotas,limitranges,networkpolicies,serviceaccounts,secrets,configmaps,"
    "persistentvolumeclaims,jobs,roles,rolebindings,priorityclasses,poddisruptionbudgets,servingruntimes,inferenceservices"
)
OURS = ("--all-namespaces", "--selector", "app.kubernetes.io/part-of=private-ai-kitchen,app.kubernetes.io/managed-by")


_COUNTED = re.compile(r"nothing change[sd]: |(?=\b\d+ objects?(?::| made| updated| replaced| deleted| to ))")
_ENGINE_S = {
    "as declared": "unchanged",
    **{"made": "created", "updated": "updated", "replaced": "replaced", "deleted": "deleted"},
    **{"to make": "create", "to update": "update", "to replace": "replace", "to delete": "delete"},
}
"""Words of a screen, and those of the engine for the same."""

OPTIONS = ("--yes", "--skip-preview", "--suppress-outputs", "--non-interactive")


def engine(workspace: Workspace, variables: Mapping[str, str], *words: str) -> str:
    """What a command of the engine on the workspace's stack prints; it must succeed."""
    done = subprocess.run(
        ["pulumi", *words, "--stack", workspace.stack],
        cwd=workspace.project,
        env=workspace.environment() | WITHOUT | variables,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
        timeout=900,
    )
    print(done.stderr)  # shown when a test fails
    assert done.returncode == 0, done.stdout
    return done.stdout


def updated(workspace: Workspace, variables: Mapping[str, str], *more: str) -> dict[str, int]:
    """Update the stack as it is prepared; what the engine counted."""
    text = engine(workspace, variables, "up", "--config-file", str(workspace.config_file), *OPTIONS, *more)
    print(text)
    return summary(text)


class UpdatedEnvironment:
    """An environment that a test changes by `settings` and the engine's updates, in a cluster that is there already."""

    def __init__(self, cluster: Cluster, workspace: Workspace, settings: dict[str, Any], **variables: str) -> None:
        self.settings = settings
        self._workspace = workspace
        self._environment = {
            **variables,
            "KITCHEN_OBJECT_STORE_ACCESS_KEY": cluster.minio_access_key,
            "KITCHEN_OBJECT_STORE_SECRET_KEY": cluster.minio_secret_key,
        }

    def up(self, *more: str) -> dict[str, int]:
        """Update; what the engine counted."""
        prepare(self._workspace, self.settings)
        return updated(self._workspace, self._environment, *more)


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
    text, _ = process.communicate(timeout=1800)
    assert process.returncode == 0, text
    assert "Traceback" not in text, text
    return text


def summary(text: str) -> dict[str, int]:
    """The last summary of the engine or of a screen, such as `{"created": 12, "unchanged": 40}`.

    After an update that succeeded the engine still counts a plugin as errored that did not say goodbye within five
    seconds (pulumi v3.259.0, pkg/host/host.go), as on a busy machine: no resource failed.
    """
    if "Resources:" not in text:
        return _of_screen(text)
    last = text.rpartition("Resources:")[2]
    counted = {what: int(count) for count, what in re.findall(r"^    .*?(\d+) (\w+)", last, re.MULTILINE)}
    if "exited prematurely" in text:
        counted.pop("errored", None)
    return counted


def _of_screen(text: str) -> dict[str, int]:
    """What the last line of a screen or preview that counts objects says."""
    lines = [line for line in text.splitlines() if _COUNTED.search(line)]
    found = re.findall(r"(\d+) (?:objects? )?(as declared|(?:to )?\w+)", _COUNTED.split(lines[-1], maxsplit=1)[1])
    return {_ENGINE_S.get(what, what): int(count) for count, what in found if what in _ENGINE_S}


def objects(kubectl: Kubectl) -> set[tuple[str, str, str]]:
    """Kind, namespace and name of every object of the kitchen, the adapters' sums included."""
    found = kubectl.get(KINDS, *OURS)["items"]
    return {(item["kind"], item["metadata"].get("namespace", ""), item["metadata"]["name"]) for item in found}


def recorded(kitchen: LocalKitchen) -> dict[str, Any]:
    """The stack's state as the engine keeps it."""
    return kitchen.workspace.latest()
