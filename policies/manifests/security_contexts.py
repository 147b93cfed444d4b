"""Security contexts of a pod and its containers, as both Pod Security Standards read them."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from policies.judging.values import JsonValue
from policies.manifests.fields import Fault, at
from policies.manifests.pods import Pod

CAPABILITIES = (
    *("AUDIT_WRITE", "CHOWN", "DAC_OVERRIDE", "FOWNER", "FSETID", "KILL", "MKNOD", "NET_BIND_SERVICE", "SETFCAP"),
    *("SETGID", "SETPCAP", "SETUID", "SYS_CHROOT"),
)
"""Capabilities that a container may add (pod-security-admission v0.34.2, policy/check_capabilities_baseline.go)."""

Check = Callable[[Pod], Iterator[Fault]]


def contexts(pod: Pod) -> Iterator[tuple[str, JsonValue]]:
    """Path and security context of the pod and of each of its containers."""
    yield f"{pod.path}.securityContext", at(pod.spec, "securityContext")
    for container in pod.containers():
        yield f"{container.path}.securityContext", at(container.spec, "securityContext")
