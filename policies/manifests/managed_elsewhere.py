"""Jobs that another controller runs, in another cluster: nothing of what is judged here holds there."""

from __future__ import annotations

from collections.abc import Iterator

from policies.judging.subject import Subject
from policies.judging.values import UNKNOWN, JsonValue
from policies.manifests.fields import Fault, at, listed, shown

MANAGED = ("batch", "jobset.x-k8s.io", "kubeflow.org", "ray.io", "workload.codeflare.dev")
"""Groups whose kinds can be given to another controller by `managedBy`."""

_OWN = (
    *(None, "", "kubernetes.io/job-controller", "jobset.sigs.k8s.io/jobset-controller"),
    *("kubeflow.org/training-operator", "kubeflow.org/trainer", "ray.io/kuberay-operator"),
)
"""The kinds' own controllers, in the same cluster."""


def managed_elsewhere(subject: Subject) -> Iterator[Fault]:
    """Where an object, or a job in it, is given to a controller that is not its kind's own."""
    spec = subject.inputs.get("spec")
    holders: list[tuple[str, JsonValue]] = [
        ("spec", spec),
        ("spec.runPolicy", at(spec, "runPolicy")),
        ("spec.jobTemplate.spec", at(spec, "jobTemplate", "spec")),
    ]
    for path, entry in listed(at(spec, "replicatedJobs"), "spec.replicatedJobs"):
        holders.append((f"{path}.template.spec", at(entry, "template", "spec")))
    for path, holder in holders:
        # What is not known is told by the rules on pods.
        value = at(holder, "managedBy")
        if value not in _OWN and (value is not UNKNOWN or holder is not UNKNOWN):
            yield Fault(path=f"{path}.managedBy", text=f"{shown(value)}: what runs it, and where, cannot be seen here")
