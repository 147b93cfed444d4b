"""What is in the cluster, as `kubectl get` shows it to whoever asks. Nothing is written, no Secret is read."""

from __future__ import annotations

import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from infra.faults import printable
from infra.strict_json import MAX_OBJECT_DEPTH, parse

RESOURCES = {
    "InferenceService": "inferenceservices.v1beta1.serving.kserve.io",
    "LLMInferenceService": "llminferenceservices.v1alpha2.serving.kserve.io",
    "ServingRuntime": "servingruntimes.v1alpha1.serving.kserve.io",
    "ConfigMap": "configmaps",
    "Job": "jobs.batch",
    "Pod": "pods",
}
"""What an audit reads, each kind under the name that kubectl takes."""

_REQUEST_SECONDS = 20
_LONGEST_SECONDS = 120
_MOST_BYTES = 256 * 1024**2

Object = Mapping[str, Any]


class UnseenError(Exception):
    """Objects could not be read; `str()` says why, in one line."""


@dataclass(frozen=True, kw_only=True)
class Cluster:
    """What was read: by namespace and kind the objects, or why there are none."""

    read: Mapping[tuple[str, str], Sequence[Object] | str]

    def objects(self, namespace: str, kind: str) -> Sequence[Object]:
        """All objects of a kind; raise UnseenError where they could not be read."""
        found = self.read.get((namespace, kind), "this kind was not read")
        if isinstance(found, str):
            raise UnseenError(found)
        return found

    def one(self, namespace: str, kind: str, name: str) -> Object | None:
        """The object of this name, None where there is none; raise UnseenError where it could not be read."""
        return next((entry for entry in self.objects(namespace, kind) if name_of(entry) == name), None)


def look(namespaces: Sequence[str], kinds: Sequence[str], context: str | None) -> Cluster:
    """Read every kind in every namespace; `context` is one of the kubeconfig that kubectl finds by itself."""
    read: dict[tuple[str, str], Sequence[Object] | str] = {}
    for namespace in namespaces:
        read |= _namespace(namespace, kinds, context)
    return Cluster(read=read)


def name_of(entry: Object) -> str:
    """Name of an object."""
    return str(entry["metadata"]["name"])


def content_of(entry: Object) -> dict[str, Any]:
    """All that an object says beside its metadata and its status: a ConfigMap may have more than its `data`."""
    return {key: value for key, value in entry.items() if key not in ("apiVersion", "kind", "metadata", "status")}


def _namespace(namespace: str, kinds: Sequence[str], context: str | None) -> dict[tuple[str, str], Any]:
    try:
        found = _get(namespace, kinds, context)
    except UnseenError as error:
        if len(kinds) == 1 or "(Forbidden)" not in str(error):
            return {(namespace, kind): str(error) for kind in kinds}
        # One kind that may not be read must not hide the others.
        singly = (_namespace(namespace, [kind], context) for kind in kinds)
        return {key: value for part in singly for key, value in part.items()}
    return {(namespace, kind): [entry for entry in found if entry.get("kind") == kind] for kind in kinds}


def _get(namespace: str, kinds: Sequence[str], context: str | None) -> list[Object]:
    words = ["kubectl", "get", ",".join(RESOURCES[kind] for kind in kinds), "--namespace", namespace, "-o", "json"]
    words += [f"--request-timeout={_REQUEST_SECONDS}s", *([f"--context={context}"] if context else [])]
    try:
        done = subprocess.run(
            words, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False, timeout=_LONGEST_SECONDS
        )
    except subprocess.TimeoutExpired:
        raise UnseenError(f"kubectl gave no answer in {_LONGEST_SECONDS} s") from None
    except OSError as error:
        raise UnseenError(f"kubectl cannot be started: {error.strerror}") from None
    if done.returncode != 0:
        lines = done.stderr.strip().splitlines() or [f"kubectl ended with {done.returncode}"]
        raise UnseenError(printable(lines[-1]))
    try:
        items = parse(done.stdout, most=_MOST_BYTES, depth=MAX_OBJECT_DEPTH)["items"]
        return [entry for entry in items if isinstance(entry["metadata"]["name"], str)]
    except (ValueError, KeyError, TypeError):
        raise UnseenError("kubectl's answer is no list of objects") from None
