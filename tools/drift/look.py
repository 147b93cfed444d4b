"""One look at cluster and store before an update: lists by label, and what they do not show asked by name."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from components.labels import DOMAIN, PART_OF
from tools.drift.compare import Drift, StoreDrift, compare, key_of
from tools.drift.recorded import Entry, recorded
from tools.kube import Kind, Kube, KubeError, Listing, Object

MADE = (
    Kind("v1", "Namespace"),
    Kind("v1", "ConfigMap"),
    Kind("v1", "LimitRange"),
    Kind("v1", "PersistentVolumeClaim"),
    Kind("v1", "ResourceQuota"),
    Kind("v1", "Secret"),
    Kind("v1", "Service"),
    Kind("v1", "ServiceAccount"),
    Kind("apps/v1", "StatefulSet"),
    Kind("batch/v1", "Job"),
    Kind("networking.k8s.io/v1", "NetworkPolicy"),
    Kind("policy/v1", "PodDisruptionBudget"),
    Kind("rbac.authorization.k8s.io/v1", "Role"),
    Kind("rbac.authorization.k8s.io/v1", "RoleBinding"),
    Kind("scheduling.k8s.io/v1", "PriorityClass"),
    Kind("serving.kserve.io/v1alpha1", "ServingRuntime"),
    Kind("serving.kserve.io/v1beta1", "InferenceService"),
)
"""Kinds in which an interrupted update may have left what no state knows. Others are looked at where recorded."""

StoreLook = Callable[[Iterable[Mapping[str, Any]]], tuple[Sequence[StoreDrift], Sequence[str]]]
"""Looks at the recorded buckets, users and quotas; returns what differs and what was not compared."""


def look(
    resources: Sequence[Mapping[str, Any]],
    kube: Kube,
    *,
    manager: str,
    environment: str,
    store: StoreLook | None = None,
) -> Drift:
    """Hold a state's `resources` against cluster and store. Raises KubeError when the cluster gives no answer.

    `manager` is `<project>-<stack>`, `environment` the one of the stack's settings.
    """
    entries = recorded(resources)
    with ThreadPoolExecutor(1) as beside:
        of_store = beside.submit(store, resources) if store else None
        there = present(kube, entries, environment)
        differs, unread = of_store.result() if of_store else ((), ())
    return compare(entries, there, manager=manager, store=differs, unread=unread)


def present(kube: Kube, entries: Sequence[Entry], environment: str, made: Iterable[Kind] = MADE) -> Listing:
    """What the cluster holds of an environment, and every recorded object that is there without its labels.

    `made` are kinds that are listed beside the recorded ones.

    Kinds that the program can make and the cluster does not serve are passed over, unless the state has such objects.
    """
    declared = {entry.kind for entry in entries}
    namespaces = sorted({entry.namespace for entry in entries if entry.namespace})
    labels = {PART_OF: "private-ai-kitchen", f"{DOMAIN}/environment": environment}
    found = kube.listing({*declared, *made}, selector=labels, namespaces=namespaces)
    there = {key_of(kind, live) for kind, live in found.objects}
    # A label may have been taken off by hand, and a list may be forbidden where a look at one object is not.
    asked = [entry for entry in entries if entry.key not in there]
    more: list[tuple[Kind, Object]] = []
    refused: dict[Kind, str] = {}
    for entry, answer in zip(asked, kube.get_all([(e.kind, e.namespace, e.name) for e in asked]), strict=True):
        if isinstance(answer, KubeError):
            refused[entry.kind] = str(answer)
        elif answer is not None:
            more.append((entry.kind, answer))
    # Every object of the kind was asked for by name: then the list is not needed.
    not_served = {kind: why for kind, why in found.unread.items() if kind in declared and kind not in kube.served()}
    return Listing(objects=[*found.objects, *more], unread={**not_served, **refused})
