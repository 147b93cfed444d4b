"""What becomes of each object between two programs, or between a recorded state and a program."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from components import restarts
from tools.engine.change import CREATE, DELETE, REPLACE, UPDATE
from tools.engine.places import is_object
from tools.plan.planned import SECRET, UNKNOWN, Planned, sum_of

_FIXED: Mapping[str, tuple[str, ...]] = {
    "ClusterRoleBinding": ("roleRef",),
    "RoleBinding": ("roleRef",),
    "DaemonSet": ("spec.selector",),
    "Deployment": ("spec.selector",),
    "StatefulSet": (
        "spec.podManagementPolicy",
        "spec.revisionHistoryLimit",
        "spec.selector",
        "spec.serviceName",
        "spec.volumeClaimTemplates",
    ),
    "Job": ("spec.completions", "spec.parallelism", "spec.selector", "spec.template"),
    "LLMInferenceService": ("spec.labels",),
    "PersistentVolumeClaim": ("spec.accessModes", "spec.selector", "spec.storageClassName", "spec.volumeName"),
    "PriorityClass": ("value", "preemptionPolicy"),
    "ResourceQuota": ("spec.scopes",),
    "Secret": ("type",),
    "Service": ("spec.clusterIP",),
    "StorageClass": ("parameters", "provisioner"),
    "S3Bucket": ("bucket",),
    "MinioUser": ("user", "accessKey"),
    "MinioQuota": ("bucket",),
    "RandomPassword": ("keepers", "length", "special"),
}
"""Properties that cannot change in place, with what lies below them, by kind: the object is replaced.

Of the Kubernetes provider (pkg/provider/diff.go), of the program's `replace_on_changes` and of its own providers. A
test holds it against the real engine.
"""

_CONTENT = ("data", "stringData", "binaryData")
"""Of a ConfigMap or Secret that is immutable these cannot change either."""

_PLACE = ("apiVersion", "metadata.name", "metadata.namespace")
_LOCK, _STORE = "objectLockDays", "endpoint"
_TRUE = sum_of(True)
_NONE = (None, sum_of(0))
_DATA = frozenset({"S3Bucket", "PersistentVolumeClaim", "PersistentVolume", "Namespace", "StatefulSet"})
_KEYS = frozenset({"Secret", "MinioUser", "RandomPassword"})


@dataclass(frozen=True, kw_only=True)
class Difference:
    """One resource that differs: `operation` is create, update, replace or delete, `paths` what differs, sorted.

    `fixed` are those of `paths` for which it is replaced.
    """

    operation: str
    resource: Planned
    before: Planned | None = None
    paths: tuple[str, ...] = ()
    fixed: tuple[str, ...] = ()

    @property
    def holds_data(self) -> bool:
        """Whether what people have stored goes with it."""
        return self.resource.kind in _DATA

    @property
    def is_key(self) -> bool:
        """Whether it is a key, or who has one."""
        return self.resource.kind in _KEYS

    @property
    def leaves_data(self) -> bool:
        """Whether it is made in another store, and what people have stored stays in the old one."""
        return self.operation == UPDATE and self.resource.kind == "S3Bucket" and _STORE in self.paths

    @property
    def is_red(self) -> bool:
        """Whether it is deleted or replaced and holds data or a key."""
        return self.operation in (DELETE, REPLACE) and (self.holds_data or self.is_key)

    @property
    def restarts(self) -> tuple[str, ...]:
        """Parts of its pods that differ where it is updated in place; nothing where no pod restarts."""
        if self.operation != UPDATE or self.before is None:
            return ()
        return tuple(restarts.changed(self.before.pods, self.resource.pods))


def differences(
    before: Mapping[str, Planned], after: Mapping[str, Planned], told: Mapping[str, str] | None = None
) -> list[Difference]:
    """Every resource that differs, in a fixed order; `told` are the engine's own words by URN, where it compared."""
    found = []
    for urn in sorted({*before, *after}):
        old, new = before.get(urn), after.get(urn)
        if old is None and new is not None:
            found.append(Difference(operation=CREATE, resource=new, paths=tuple(sorted(new.leaves))))
        elif new is None and old is not None:
            found.append(Difference(operation=DELETE, resource=old, before=old))
        elif old is not None and new is not None and (paths := changed_paths(old, new)):
            fixed = tuple(path for path in paths if is_fixed(old, new, path))
            said = (told or {}).get(urn)
            replaced = said == REPLACE if said in (UPDATE, REPLACE) else bool(fixed)
            found.append(
                Difference(
                    operation=REPLACE if replaced else UPDATE,
                    resource=new,
                    before=old,
                    paths=paths,
                    fixed=fixed if replaced else (),
                )
            )
    return sorted(found, key=lambda one: (one.resource.type, one.resource.namespace, one.resource.name))


def changed_paths(before: Planned, after: Planned) -> tuple[str, ...]:
    """Paths that differ; what neither side knows, or what is hidden on both, is not compared."""
    old, new = before.leaves, after.leaves
    return tuple(
        sorted(
            path
            for path in {*old, *new}
            if old.get(path) != new.get(path) and UNKNOWN not in (old.get(path), new.get(path))
        )
    )


def is_fixed(before: Planned, after: Planned, path: str) -> bool:
    """Whether a property that differs cannot change in place."""
    places = [*_FIXED.get(after.kind, ()), *(_PLACE if is_object(after.type) else ())]
    if after.leaves.get("immutable") == _TRUE == before.leaves.get("immutable"):
        places += _CONTENT
    if any(path == place or path.startswith((f"{place}.", f"{place}[")) for place in places):
        return True
    # Whether a bucket has a lock is fixed for life; how long it holds is not.
    locked = [side.leaves.get(_LOCK) not in _NONE for side in (before, after)]
    return after.kind == "S3Bucket" and path == _LOCK and locked[0] != locked[1]


def digest(
    changes: Sequence[Difference],
    sealed: Mapping[str, str] | None = None,
    code: Mapping[str, str] | None = None,
    approvals: Sequence[str] = (),
) -> str:
    """Sum of what is done: operation, type, name, and each property with the sum of its new value, none of a secret.

    `sealed` are sums of encrypted settings that change, as they stand in Git, and `code` those of files of the program:
    a provider's code does something without any property that says so. `approvals` are who must approve: a plan that
    was shown with fewer is another one, as where somebody has forged the base. The same on every machine, and on each
    day, for the same two programs.
    """
    told = [
        [
            one.operation,
            one.resource.type,
            one.resource.name,
            [[path, _told(one.resource.leaves.get(path))] for path in one.paths],
        ]
        for one in changes
    ]
    every = [sorted(told), dict(sealed or {}), dict(code or {}), sorted(approvals)]
    text = json.dumps(every, sort_keys=True, separators=(",", ":"))
    return "sha256:" + hashlib.sha256(text.encode()).hexdigest()


def _told(mark: str | None) -> str:
    return "gone" if mark is None else "" if mark in (SECRET, UNKNOWN) else mark
