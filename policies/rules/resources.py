"""Rule: every container says what it needs and where its memory ends."""

from __future__ import annotations

from collections.abc import Iterator

from pulumi_policy import Severity

from policies.judging.rule import Case, Rule
from policies.judging.values import UNKNOWN, JsonValue
from policies.manifests.fields import Fault, at, judged_pods, missing, shown
from policies.manifests.pods import Container, Pod
from policies.manifests.quantities import quantity

_DEMANDED = (("requests", "cpu"), ("requests", "memory"), ("limits", "memory"))
_EXAMPLE = "resources: {requests: {cpu: '1', memory: 2Gi}, limits: {memory: 2Gi}}"


def judge(case: Case) -> Iterator[str]:
    """Yield one message for each figure that is missing, unreadable or contradicts another."""
    rule = "containers request CPU and memory, limit their memory, and ask for no more than their limits"
    return judged_pods(case, rule, _EXAMPLE, _faults)


def _faults(pod: Pod) -> Iterator[Fault]:
    for container in pod.containers():
        if container.group != "ephemeralContainers":
            yield from _missing(pod, container)
            yield from _contradictions(container)


def _missing(pod: Pod, container: Container) -> Iterator[Fault]:
    """A runtime's server gets its figures from the service that uses it, whose `model` must state them."""
    if pod.is_runtime and container.name == "kserve-container":
        return
    for part, resource in _DEMANDED:
        value = at(container.spec, "resources", part, resource)
        # What is unknown or unreadable is told below, once.
        amount = quantity(value)
        if value is None or (amount is not None and amount <= 0):
            text = missing(value)
            yield Fault(path=f"{container.path}.resources.{part}.{resource}", text=text)


def _contradictions(container: Container) -> Iterator[Fault]:
    path = f"{container.path}.resources"
    requests, limits = (at(container.spec, "resources", part) for part in ("requests", "limits"))
    unread = False
    for part, figures in (("requests", requests), ("limits", limits)):
        if figures is not None and not isinstance(figures, dict):
            unread = True
            text = shown(UNKNOWN) if figures is UNKNOWN else f"{shown(figures)}, which is no mapping"
            yield Fault(path=f"{path}.{part}", text=text)
    if unread:
        return
    names = dict.fromkeys((*(requests or {}), *(limits or {})))
    for name in names:
        yield from _pair(path, name, at(requests, name), at(limits, name))


def _pair(path: str, name: str, request: JsonValue, limit: JsonValue) -> Iterator[Fault]:
    unread = False
    for part, value in (("requests", request), ("limits", limit)):
        if value is not None and quantity(value) is None:
            unread = True
            text = shown(value) if value is UNKNOWN else f"{shown(value)}, which is no quantity"
            yield Fault(path=f"{path}.{part}.{name}", text=text)
    if unread:
        return
    asked, allowed = quantity(request), quantity(limit)
    if is_device(name):
        if asked != allowed or asked is None or asked != int(asked):
            text = f"{request!r} requested and {limit!r} as limit; devices need the same whole number in both"
            yield Fault(path=f"{path}.limits.{name}", text=text)
    elif asked is not None and allowed is not None and asked > allowed:
        yield Fault(path=f"{path}.requests.{name}", text=f"is {request!r}, above its limit {limit!r}")


def is_device(resource: str) -> bool:
    """Whether it is an extended resource, as GPUs and slices of them (`nvidia.com/mig-1g.10gb`) are."""
    return "/" in resource and not resource.startswith("hugepages-")


RULE = Rule(
    id="pods-state-resources",
    title="Every container requests CPU and memory, limits its memory, and asks for devices in whole, equal numbers.",
    severity=Severity.HIGH,
    reason="A container without figures is placed blindly and takes its neighbours' memory when it grows.",
    remedy="State requests for cpu and memory and a limit for memory; write GPUs into requests and limits alike.",
    reference="https://kubernetes.io/docs/concepts/configuration/manage-resources-containers/",
    judge=judge,
)
