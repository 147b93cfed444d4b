"""Rule: servers say how they are probed."""

from __future__ import annotations

from collections.abc import Iterator

from pulumi_policy import EnforcementLevel, Severity

from policies.judging.rule import Case, Rule
from policies.judging.values import UNKNOWN
from policies.manifests.fields import Fault, at, judged_pods, listed, shown
from policies.manifests.objects import each_object
from policies.manifests.pods import RUNTIMES, Container, Pod

_WORKLOADS = ("Deployment", "StatefulSet", "DaemonSet", "ReplicaSet", "ReplicationController")
_MORE_WORKLOADS = {("apps.openshift.io", "DeploymentConfig"), ("argoproj.io", "Rollout")}
_KSERVE = (*RUNTIMES, "InferenceService", "LLMInferenceService", "LLMInferenceServiceConfig")
_MAIN = ("kserve-container", "main")
_PROBES = ("readinessProbe", "livenessProbe", "startupProbe")
_HANDLERS = ("httpGet", "tcpSocket", "grpc", "exec")
_EXAMPLE = "readinessProbe: {httpGet: {path: /health, port: 8080}}, and a livenessProbe or startupProbe"


@each_object
def judge(case: Case) -> Iterator[str]:
    """Yield one message for each probe that a server lacks, and for each that leads nowhere."""
    kind, group = case.subject.kind, case.subject.group
    if kind in _WORKLOADS or kind in _KSERVE or (group, kind) in _MORE_WORKLOADS:
        rule = "servers have a readiness probe and a liveness or startup probe, sidecars a readiness probe"
        yield from judged_pods(case, rule, _EXAMPLE, _faults)


def _faults(pod: Pod) -> Iterator[Fault]:
    servers = [c for c in pod.containers() if c.group == "containers" or c.is_native_sidecar or _may_be_sidecar(c)]
    # A model's probes are its runtime's.
    main = next((c for c in servers if c.name in _MAIN), None)
    if main is None and not pod.is_merged:
        main = next((c for c in servers if c.group == "containers"), None)
    for container in servers:
        yield from _missing(container, container is main)
    for container in pod.containers():
        for probe in _PROBES:
            yield from _lost(container, probe)


def _may_be_sidecar(container: Container) -> bool:
    return container.group == "initContainers" and container.spec.get("restartPolicy") is UNKNOWN


def _missing(container: Container, main: bool) -> Iterator[Fault]:
    if not _has(container, "readinessProbe"):
        yield Fault(path=f"{container.path}.readinessProbe", text="is missing")
    if main and not _has(container, "livenessProbe") and not _has(container, "startupProbe"):
        yield Fault(path=f"{container.path}.livenessProbe", text="is missing, and so is startupProbe")


def _has(container: Container, probe: str) -> bool:
    """Whether it is there and does something; an unknown one is told as such."""
    found = container.spec.get(probe)
    return found is UNKNOWN or any(at(found, handler) is not None for handler in _HANDLERS)


def _lost(container: Container, probe: str) -> Iterator[Fault]:
    path = f"{container.path}.{probe}"
    if container.spec.get(probe) is UNKNOWN:
        yield Fault(path=path, text=shown(UNKNOWN))
        return
    names = [at(port, "name") for _, port in listed(container.spec.get("ports"), path)]
    for handler in _HANDLERS:
        found = at(container.spec, probe, handler)
        port = at(found, "port")
        if UNKNOWN in (found, port):
            yield Fault(path=f"{path}.{handler}", text=shown(UNKNOWN))
        elif isinstance(port, str) and not port.isdigit() and port not in names:
            text = f"is {port!r}, which is no port of the container"
            yield Fault(path=f"{path}.{handler}.port", text=text)


RULE = Rule(
    id="pods-have-probes",
    title="Servers have a readiness probe and a liveness or startup probe, sidecars a readiness probe.",
    severity=Severity.MEDIUM,
    reason="Without probes traffic reaches servers that still load, and hung ones stay; a trial in dev may do without.",
    remedy="Add the probes; one that names its port names a port of the container.",
    reference="https://kubernetes.io/docs/concepts/configuration/liveness-readiness-startup-probes/",
    judge=judge,
    dev_level=EnforcementLevel.ADVISORY,
)
