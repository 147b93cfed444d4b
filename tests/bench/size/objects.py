"""The same objects for kubectl: rendered files, in an order in which a cluster takes them."""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from typing import Any

import yaml

from tests.bench.processes import Done, run

_FIRST = (
    "Namespace",
    "PriorityClass",
    "ResourceQuota",
    "LimitRange",
    "ServiceAccount",
    "Role",
    "RoleBinding",
    "Secret",
    "ConfigMap",
    "NetworkPolicy",
    "PersistentVolumeClaim",
    "Job",
    "ServingRuntime",
)
"""Kinds that others need; every other kind comes after them."""

_OURS = ("--selector", "app.kubernetes.io/part-of=private-ai-kitchen")
_DIFFERENCES = 1
"""Exit status of `kubectl diff` when it finds any."""


class Objects:
    """Rendered objects as one folder, `kubectl apply -f`'s way, with a kustomization beside it."""

    def __init__(self, rendered: Path, folder: Path, kubeconfig: Path | None = None) -> None:
        """Copy the files of `rendered` into `folder`, named so that their order is the one above."""
        self._folder = folder
        self._env = {**os.environ, **({} if kubeconfig is None else {"KUBECONFIG": str(kubeconfig)})}
        loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
        found = [(yaml.load(path.read_text(), Loader=loader), path) for path in rendered.rglob("*.yaml")]  # noqa: S506
        found.sort(key=lambda entry: (_place(entry[0]["kind"]), entry[1].name))
        shutil.rmtree(folder, ignore_errors=True)
        for part in ("all", "namespaces"):
            (folder / part).mkdir(parents=True)
        names = []
        for number, (content, path) in enumerate(found):
            names.append(f"all/{number:05}-{path.name}")
            shutil.copy(path, folder / names[-1])
            if content["kind"] == "Namespace":
                shutil.copy(path, folder / "namespaces")
        self.count = len(names)
        (folder / "kustomization.yaml").write_text(yaml.safe_dump({"resources": names}))

    def kustomize(self) -> Done:
        """`kubectl kustomize`: read every file, print one stream."""
        return self._kubectl("kustomize", str(self._folder))

    def apply(self, part: str = "all") -> Done:
        """`kubectl apply --server-side`."""
        return self._kubectl("apply", "--server-side", "-f", str(self._folder / part))

    def diff(self) -> Done:
        """`kubectl diff --server-side`; the namespaces must be there."""
        words = ("diff", "--server-side", "-f", str(self._folder / "all"))
        return self._kubectl(*words, allowed=(0, _DIFFERENCES))

    def wait(self) -> Done:
        """`kubectl wait` until every server is Ready, as an update of the engine waits."""
        ready = ("wait", "--for=condition=Ready", "inferenceservices", "--all-namespaces", "--timeout=900s")
        return self._kubectl(*ready, *_OURS)

    def remove(self) -> None:
        """Remove whatever is ours and wait until it is gone."""
        self._kubectl("delete", "namespaces,priorityclasses", *_OURS, "--ignore-not-found", "--timeout=600s")

    def _kubectl(self, *words: str, allowed: tuple[int, ...] = (0,)) -> Done:
        return run(["kubectl", *words], self._folder, self._env, allowed)


def _place(kind: str) -> int:
    return _FIRST.index(kind) if kind in _FIRST else len(_FIRST)
