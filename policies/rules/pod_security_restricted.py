"""Rule: every pod meets the restricted Pod Security Standard of Kubernetes 1.34; what baseline forbids is that rule's.

KServe puts a pod together out of two objects, so each half must bring what only it can say:

- a ServingRuntime's containers carry their whole context, runAsNonRoot too: the type has no context of the pod;
- an InferenceService that uses a runtime carries runAsNonRoot and the seccomp profile for the whole pod, whatever its
  `model` says; that it leaves out the container's fields is right only where it names the runtime.
"""

from __future__ import annotations

from collections.abc import Iterator

from pulumi_policy import Severity

from policies.judging.rule import Case, Rule
from policies.judging.subject import entries
from policies.manifests.fields import Fault, at, judged_pods, listed, missing, shown
from policies.manifests.pods import Pod
from policies.manifests.security_contexts import CAPABILITIES, Check, contexts

VOLUMES = (
    *("configMap", "csi", "downwardAPI", "emptyDir", "ephemeral", "image", "persistentVolumeClaim", "projected"),
    "secret",
)
_EXAMPLE = (
    "securityContext: {runAsNonRoot: true, seccompProfile: {type: RuntimeDefault}} of the pod,"
    " {allowPrivilegeEscalation: false, capabilities: {drop: [ALL]}} of the container"
)


def _linux(pod: Pod) -> bool:
    """The API refuses these fields for Windows, and kubelets refuse such pods elsewhere."""
    return bool(at(pod.spec, "os", "name") != "windows")


def _allow_privilege_escalation(pod: Pod) -> Iterator[Fault]:
    for container in pod.containers():
        value = at(container.spec, "securityContext", "allowPrivilegeEscalation")
        if value is False or not _linux(pod) or (value is None and pod.leaves_to_runtime(container)):
            continue
        yield Fault(path=f"{container.path}.securityContext.allowPrivilegeEscalation", text=missing(value))


def _capabilities(pod: Pod) -> Iterator[Fault]:
    if not _linux(pod):
        return
    for container in pod.containers():
        path = f"{container.path}.securityContext.capabilities"
        capabilities = at(container.spec, "securityContext", "capabilities")
        drop = at(capabilities, "drop")
        left = drop is None and pod.leaves_to_runtime(container)
        if not left and "ALL" not in entries(drop):
            yield Fault(path=f"{path}.drop", text=missing(drop))
        for where, value in listed(at(capabilities, "add"), f"{path}.add"):
            if value in CAPABILITIES and value != "NET_BIND_SERVICE":
                yield Fault(path=where, text=shown(value))


def _volumes(pod: Pod) -> Iterator[Fault]:
    for path, volume in listed(at(pod.spec, "volumes"), f"{pod.path}.volumes"):
        if isinstance(volume, dict) and volume.get("hostPath") is None:
            types = sorted(key for key, value in volume.items() if key != "name" and value is not None)
            # One without a type becomes an emptyDir.
            if types and not set(types) & set(VOLUMES):
                yield Fault(path=path, text=f"is of the type {' '.join(types)}")


def _run_as_non_root(pod: Pod) -> Iterator[Fault]:
    whole = at(pod.spec, "securityContext", "runAsNonRoot")
    if whole not in (None, True) or (whole is None and pod.is_merged):
        yield Fault(path=f"{pod.path}.securityContext.runAsNonRoot", text=missing(whole))
        return
    for container in pod.containers():
        value = at(container.spec, "securityContext", "runAsNonRoot")
        if value not in (None, True) or (value is None and (whole is None or pod.is_runtime)):
            yield Fault(path=f"{container.path}.securityContext.runAsNonRoot", text=missing(value))


def _run_as_user(pod: Pod) -> Iterator[Fault]:
    for path, context in contexts(pod):
        value = at(context, "runAsUser")
        if value is not None and (not isinstance(value, int | float) or value == 0):
            yield Fault(path=f"{path}.runAsUser", text=shown(value))


def _seccomp(pod: Pod) -> Iterator[Fault]:
    if not _linux(pod) or pod.is_runtime or at(pod.spec, "securityContext", "seccompProfile") is not None:
        return
    if pod.is_merged:
        yield Fault(path=f"{pod.path}.securityContext.seccompProfile", text=missing(None))
        return
    for container in pod.containers():
        if at(container.spec, "securityContext", "seccompProfile") is None:
            yield Fault(path=f"{container.path}.securityContext.seccompProfile", text=missing(None))


CHECKS: dict[str, Check] = {
    "allowPrivilegeEscalation": _allow_privilege_escalation,
    "capabilities_restricted": _capabilities,
    "restrictedVolumes": _volumes,
    "runAsNonRoot": _run_as_non_root,
    "runAsUser": _run_as_user,
    "seccompProfile_restricted": _seccomp,
}
"""The checks, by the names of pod-security-admission."""


def _faults(pod: Pod) -> Iterator[Fault]:
    for check in CHECKS.values():
        yield from check(pod)


def judge(case: Case) -> Iterator[str]:
    """Yield one message for each field that the restricted standard wants otherwise."""
    return judged_pods(case, "pods meet the restricted Pod Security Standard", _EXAMPLE, _faults)


RULE = Rule(
    id="pod-security-restricted",
    title="Every pod meets the restricted Pod Security Standard of Kubernetes 1.34.",
    severity=Severity.HIGH,
    reason="Tenants share nodes: who takes a container over must find no root, no capability, no open system call.",
    remedy="State the security context of the pod and of each container; images must run with any user.",
    reference="https://kubernetes.io/docs/concepts/security/pod-security-standards/#restricted",
    judge=judge,
)
