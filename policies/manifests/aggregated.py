"""Rights that the cluster adds to other roles: a ClusterRole's labels name the roles that get its rules."""

from __future__ import annotations

from collections.abc import Iterator

from policies.judging.subject import Subject, entries, mapping
from policies.judging.values import UNKNOWN
from policies.manifests.fields import NOT_KNOWN, Fault, at, shown

_AGGREGATES = "aggregate-to-"
_DOMAIN = "rbac.authorization.k8s.io/aggregate-to-"
_READING = ("view", "cluster-reader")
_WRITING = ("edit", "admin")
_READS = ("get", "list", "watch")


def aggregated(subject: Subject) -> Iterator[Fault]:
    """Faults of the labels by which a role's rules come into other roles."""
    labels = subject.metadata.get("labels")
    if labels is UNKNOWN:
        yield Fault(path="metadata.labels", text=NOT_KNOWN)
    for name, value in mapping(labels).items():
        if _AGGREGATES not in name or value in ("false", False):
            continue
        path, role = f"metadata.labels.{name}", name.removeprefix(_DOMAIN)
        if role in _READING:
            if not _reads(subject):
                text = f"{shown(value)}: everybody who may look would get rights to change something"
                yield Fault(path=path, text=text)
        elif role not in _WRITING:
            yield Fault(path=path, text=f"{shown(value)}: into which role its rights come is not understood")


def _reads(subject: Subject) -> bool:
    rules = entries(subject.inputs.get("rules"))
    return all(verb in _READS for rule in rules for verb in entries(at(rule, "verbs")))
