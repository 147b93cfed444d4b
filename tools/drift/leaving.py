"""Objects that somebody has removed and that are not gone yet: waited for, with the reason and a limit that is told."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from tools.drift.compare import Leaving
from tools.drift.recorded import Entry
from tools.kube import Kind, Kube, KubeError, Object

_STEP_SECONDS, _TELL_SECONDS = 0.5, 10.0
_POD = Kind("v1", "Pod")
_CLAIM_IN_USE = "kubernetes.io/pvc-protection"
_CONDITIONS = (
    "NamespaceDeletionDiscoveryFailure",
    "NamespaceDeletionGroupVersionParsingFailure",
    "NamespaceDeletionContentFailure",
    "NamespaceContentRemaining",
    "NamespaceFinalizersRemaining",
)


class Wait:
    """Waits for objects to go."""

    def __init__(self, kube: Kube, say: Callable[[str], None], patience: float, jobs: Sequence[Entry] = ()) -> None:
        """Wait at most `patience` seconds for all of them together, and tell the reason from time to time.

        Pods of `jobs` hold nothing: what mends removes those Jobs.
        """
        self._jobs = {(job.namespace, job.name) for job in jobs}
        self._kube = kube
        self._say = say
        self._patience = patience

    def held(self, rows: Sequence[Leaving]) -> list[Leaving]:
        """Claims that pods hold for as long as those are there: to wait for them is no use."""
        return [row for row in rows if self._pods(row)]

    def until_gone(self, rows: Sequence[Leaving]) -> list[Leaving]:
        """Those that are still there in the end."""
        left = list(rows)
        if left:
            names = ", ".join(str(row.entry) for row in left[:3]) + (", ..." if len(left) > 3 else "")
            self._say(f"waiting until {names} {'is' if len(left) == 1 else 'are'} gone, at most {self._patience:.0f} s")
        limit = time.monotonic() + self._patience
        tell = time.monotonic() + _TELL_SECONDS
        while left := self._still_there(left):
            if time.monotonic() > limit:
                break
            if time.monotonic() > tell:
                tell += _TELL_SECONDS
                self._say(f"still waiting for {left[0].entry}: {self._why(left[0])}")
            time.sleep(_STEP_SECONDS)
        return left

    def verdict(self, row: Leaving, command: str) -> str:
        """What to do about one that does not go."""
        entry = row.entry
        inside = f" -n {entry.namespace}" if entry.namespace else ""
        if pods := self._pods(row):
            return (
                f"{entry}: somebody has removed it, and it goes when the pods that mount it are gone; way out: "
                f"kubectl delete pod{inside} {' '.join(pods)}, then `{command}` makes it again and loads it"
            )
        return (
            f"{entry}: somebody has removed it, and it is not gone after {self._patience:.0f} s: {self._why(row)}; "
            f"look: kubectl get {entry.kind.kind.lower()}{inside} {entry.name} -o yaml; when it is gone, run "
            f"`{command}` again"
        )

    def _still_there(self, rows: Sequence[Leaving]) -> list[Leaving]:
        answers = self._kube.get_all([(row.entry.kind, row.entry.namespace, row.entry.name) for row in rows])
        return [
            Leaving(entry=row.entry, live=row.live if isinstance(answer, KubeError) else answer)
            for row, answer in zip(rows, answers, strict=True)
            if isinstance(answer, KubeError) or (answer and _same(answer, row.live))
        ]

    def _why(self, row: Leaving) -> str:
        return "; ".join(reasons(row.live)) or "nothing says why"

    def _pods(self, row: Leaving) -> list[str]:
        """Pods that hold a claim; they are asked for anew each time."""
        if row.entry.kind.kind != "PersistentVolumeClaim" or _CLAIM_IN_USE not in finalizers(row.live):
            return []
        try:
            found = self._kube.listing([_POD], inside=row.entry.namespace).objects
        except KubeError:
            return []
        pods = (pod for _, pod in found if _holds(pod, row.entry.name) and not self._is_of_a_job(pod))
        return sorted(pod["metadata"]["name"] for pod in pods)

    def _is_of_a_job(self, pod: Object) -> bool:
        metadata = pod["metadata"]
        owners = [owner["name"] for owner in metadata.get("ownerReferences") or [] if owner["kind"] == "Job"]
        return any((metadata.get("namespace", ""), name) in self._jobs for name in owners)


def reasons(live: Object) -> Iterator[str]:
    """What keeps an object that is being removed: a namespace's own words, else the finalizers."""
    conditions = {entry["type"]: entry for entry in live.get("status", {}).get("conditions") or []}
    told = [conditions[name]["message"] for name in _CONDITIONS if conditions.get(name, {}).get("status") == "True"]
    if told:
        yield from told
        return
    for name in finalizers(live):
        yield f"held by the finalizer {name}: the controller that set it removes it; is that controller running?"


def finalizers(live: Object) -> list[str]:
    """Finalizers of an object; a namespace has its own in `spec`."""
    return [*(live["metadata"].get("finalizers") or []), *(live.get("spec", {}).get("finalizers") or [])]


def _same(live: Object, before: Object) -> bool:
    return bool(live["metadata"].get("uid") == before["metadata"].get("uid"))


def _holds(pod: Object, claim: str) -> bool:
    """As Kubernetes decides: every pod that has a node, also one that has ended (`podUsesPVC`, pvcprotection, 1.34)."""
    spec = pod.get("spec", {})
    volumes: Sequence[Mapping[str, Any]] = spec.get("volumes") or []
    mounts = any((volume.get("persistentVolumeClaim") or {}).get("claimName") == claim for volume in volumes)
    return mounts and bool(spec.get("nodeName"))
