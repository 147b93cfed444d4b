"""What the rendered branch holds, and what a real API server makes of it."""

from __future__ import annotations

import json
from typing import Any

import yaml

from tests.cluster.support.kubectl import Kubectl
from tests.delivery.support.scratch import Scratch

BRANCH = "rendered/dev"
Name = tuple[str, str, str]
"""Kind as kubectl takes it, namespace and name."""

_OF_THE_SERVER = ("creationTimestamp", "generation", "managedFields", "resourceVersion", "uid")
_OF_ARGOCD = "argocd.argoproj.io/"


def point_at(scratch: Scratch, store: str, repository: str) -> None:
    """The dev settings as `make up` changes them for the embedded store, and Argo CD's file for this repository."""
    path = scratch.root / "Pulumi.dev.yaml"
    content = yaml.safe_load(path.read_text())
    said = content["config"]["kitchen:objectStore"]
    content["config"]["kitchen:objectStore"] = {k: v for k, v in said.items() if k != "tls"} | {"endpoint": store}
    path.write_text(yaml.safe_dump(content, sort_keys=False))
    scratch.change("deploy/argocd/dev.yaml", "https://git.kitchen.example/platform/kitchen.git", repository)
    written = scratch.kitchen("gitops", "--stack", "dev", "--project")
    assert written.returncode == 0, written.stderr
    assert "unchanged" in written.stdout, "the address is the organisation's own word, and is kept"
    scratch.commit("dev on this machine")


def gitops(scratch: Scratch, *words: str, status: int = 0) -> str:
    done = scratch.kitchen("gitops", "--stack", "dev", *words)
    assert done.returncode == status, done.stdout + done.stderr
    return done.stdout


def rendered(scratch: Scratch) -> list[Name]:
    """Kind, namespace and name of each manifest of the branch."""
    found = []
    for one in manifests(scratch):
        group = one["apiVersion"].rpartition("/")[0]
        kind = f"{one['kind']}.v1.{group}" if group in ("apps", "batch") else one["kind"]
        found.append((kind, one["metadata"].get("namespace", ""), one["metadata"]["name"]))
    return found


def live(kubectl: Kubectl, names: list[Name]) -> dict[Name, Any]:
    """What the API server holds, without what it and Argo CD say of themselves."""
    found = {}
    for kind, namespace, name in names:
        where = ("--namespace", namespace) if namespace else ()
        one = kubectl.get(*where, kind, name)
        found[kind, namespace, name] = reduced(one)
    return found


def reduced(one: dict[str, Any]) -> dict[str, Any]:
    one = json.loads(json.dumps(one))
    one.pop("status", None)
    metadata = one["metadata"]
    for key in _OF_THE_SERVER:
        metadata.pop(key, None)
    marks = metadata.get("annotations", {})
    metadata["annotations"] = {key: value for key, value in marks.items() if not key.startswith(_OF_ARGOCD)}
    if one["kind"] == "Job":  # the controller writes the Job's own identifier into it
        one["spec"].pop("selector", None)
        for labels in (metadata["labels"], one["spec"]["template"]["metadata"]["labels"]):
            for key in [key for key in labels if "controller-uid" in key]:
                del labels[key]
    if one["kind"] == "PersistentVolumeClaim":  # which volume it has been bound to, and where
        one["spec"].pop("volumeName", None)
        metadata["annotations"].pop("volume.kubernetes.io/selected-node", None)
    return one


def manifests(scratch: Scratch) -> list[dict[str, Any]]:
    """Each object of the branch."""
    names = scratch.git("ls-tree", "-r", "--name-only", BRANCH, "--", "manifests").splitlines()
    return [yaml.safe_load(scratch.git("show", f"{BRANCH}:{name}")) for name in names]
